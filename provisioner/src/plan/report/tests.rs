use serde_json::{Value, json};

use super::{ByHand, Infrastructure, Plan, dotted, minutes};
use crate::cloud::cloudformation::Drift;
use crate::plan::migrations::{self, estimate};
use crate::plan::{connections, consequence, cost, difference, signals};
use crate::template::Kind;

fn plan(live: &Value, wanted: &Value) -> Plan {
    let stage = include_str!("../../../tests/it/prod.toml");
    let stage = crate::stage::resolve("prod", stage).unwrap();
    let changes = difference::of(Kind::Network, Some(live), wanted);
    Plan {
        identity: super::Identity {
            account: String::new(),
            region: String::new(),
            stage: "prod".to_owned(),
            by: String::new(),
            revision: String::new(),
            at: String::new(),
        },
        release: None,
        infrastructure: Infrastructure {
            changes: changes.into_iter().map(consequence::of).collect(),
            ..Infrastructure::default()
        },
        by_hand: None,
        code: signals::Signal::Unchanged,
        scaler: None,
        bundle: signals::Signal::Unchanged,
        migrations: Vec::new(),
        refusals: Vec::new(),
        warnings: Vec::new(),
        connections: connections::Budget::of(&stage, None),
        enlarged: None,
        minutes: (0, 0),
        cost_before: cost::of(&[]),
        cost_after: cost::of(&[]),
        weekly_budget: None,
        price_date: "2026-01-01",
    }
}

#[test]
fn what_was_changed_by_hand_is_what_a_change_begins_from() {
    let queue = |seconds: u32| {
        json!({"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {
            "VisibilityTimeout": seconds, "RedrivePolicy": {"maxReceiveCount": seconds},
        }}}})
    };
    let mut plan = plan(&queue(30), &queue(60));
    let drift = Drift {
        resource: "Queue".to_owned(),
        kind: "AWS::SQS::Queue".to_owned(),
        status: "MODIFIED".to_owned(),
        properties: vec![(
            "/VisibilityTimeout".to_owned(),
            "30".to_owned(),
            "45".to_owned(),
        )],
    };
    plan.found_by_hand(vec![ByHand {
        stack: "network".to_owned(),
        drift: vec![drift],
    }]);
    let text = super::text(&plan);
    assert!(
        text.contains("VisibilityTimeout (changed by hand): 45 → 60"),
        "{text}"
    );
    assert!(
        text.contains("RedrivePolicy.maxReceiveCount: 30 → 60"),
        "{text}"
    );
    assert!(!text.contains("VisibilityTimeout: 30"), "{text}");
    assert_eq!(dotted("/Code/Layers/0/Arn"), "Code.Layers[0].Arn");
}

#[test]
fn migrations_of_known_size_take_their_time() {
    let sql = "CREATE INDEX i ON message (text);".to_owned();
    let mut judged = migrations::judge(&[("1_m.sql".to_owned(), sql)]);
    let nothing = Infrastructure::default();
    assert_eq!(minutes(&nothing, &judged, None), (2, 4));
    let message = json!({"rows": 1, "bytes": 30_u64 << 30});
    let counted = json!({"countedAt": "2026-01-01T00:00:00Z", "tables": {"message": message}});
    let sizes = serde_json::from_value(counted).unwrap();
    estimate::fill(&mut judged, &sizes);
    // 1229 seconds.
    assert_eq!(minutes(&nothing, &judged, None), (22, 45));
}
