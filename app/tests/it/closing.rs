//! An evening on which texting hours end, and begin, while requests die and the carrier is away: nobody is texted
//! outside their hours, and what waited for too long is given up.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use carrier::Carrier;
use carrier::plan::{Fault, Outage, Rule};
use chrono::{DateTime, TimeDelta, Utc};
use spoke::functions::scheduled;
use uuid::Uuid;

use crate::app::TestApp;
use crate::builders::Texting;
use crate::carrier::app_with_carrier;
use crate::invariants;

/// Where people live, and from when until when it is from nine to nine there.
const ZONES: [(&str, &str, &str); 5] = [
    ("America/New_York", "2026-11-03T14:00:00Z", ENDS),
    // Nobody knows where: the campaign's zone.
    ("", "2026-11-03T14:00:00Z", ENDS),
    (
        "America/Los_Angeles",
        "2026-11-03T17:00:00Z",
        "2026-11-04T05:00:00Z",
    ),
    (
        "America/St_Johns",
        "2026-11-04T12:30:00Z",
        "2026-11-05T00:30:00Z",
    ),
    ("Asia/Bangkok", ENDS, "2026-11-04T14:00:00Z"),
];
const ENDS: &str = "2026-11-04T02:00:00Z";
const CONTACTS: i32 = 40;
/// Whoever has no answer by then gets none: the process has died. The second time nobody is in a hurry.
const PATIENCE: [Duration; 2] = [Duration::from_millis(300), Duration::from_secs(3)];

/// Two processes, one texter, and a clock that all of them and the carrier go by.
struct Evening {
    processes: [TestApp; 2],
    carrier: Carrier,
    texting: Texting,
    /// Whose first text was taken down.
    begun: Mutex<BTreeSet<i32>>,
}

impl Evening {
    async fn new() -> Self {
        let (app, carrier) = app_with_carrier(&[]).await;
        let texting = app.texting(CONTACTS).await;
        for contact in &texting.contacts {
            let (zone, ..) = ZONES[place(*contact)];
            app.sql(&format!(
                "UPDATE campaign_contact SET timezone = nullif('{zone}', '') WHERE id = {contact}"
            ))
            .await;
        }
        let faults = [
            Fault::HoldBefore,
            Fault::HoldAfter,
            Fault::LoseAnswer,
            Fault::HangUp,
            Fault::TakeAndFail,
            Fault::Refuse { code: 20_429 },
            Fault::ReportFirst,
        ];
        // One each, of its first text or of its second one.
        for (contact, fault) in texting.contacts.iter().zip(faults.iter().cycle()) {
            let rule = Rule::of(fault.clone()).times(1);
            carrier.fault(rule.to(&cell(*contact)));
        }
        Self {
            processes: [app.twin(&carrier, &[]).await, app],
            carrier,
            texting,
            begun: Mutex::default(),
        }
    }

    fn app(&self) -> &TestApp {
        &self.processes[1]
    }

    fn it_is(&self, time: &str) {
        for process in &self.processes {
            process.set_time(time);
        }
        self.carrier.set_time(self.app().now());
    }

    /// Everybody is texted, all at once; those whose hours do not allow it are not.
    async fn everybody_is_texted(&self) {
        let now = self.app().now();
        let clicks = self
            .texting
            .contacts
            .iter()
            .map(|contact| self.click(*contact));
        let answers = futures::future::join_all(clicks).await;
        for (contact, code) in self.texting.contacts.iter().zip(answers) {
            let (opens, ends) = hours(*contact);
            // The last half minute is left to the carrier.
            let is_open = opens <= now && now + TimeDelta::seconds(30) <= ends;
            let expected = if is_open { "OK" } else { "TEXTING_HOURS" };
            assert_eq!(code, expected, "{contact} at {now}");
        }
    }

    /// One click, which is dropped where it stands when nobody answers; then asked again with its key, as browsers do.
    async fn click(&self, contact: i32) -> String {
        let key = Some(Uuid::new_v4());
        let is_first = !self.begun.lock().unwrap().contains(&contact);
        let word = if is_first { "first" } else { "another" };
        let text = format!("{word} {contact} of {}", self.app().now());
        let (by, assignment) = (self.texting.texter, self.texting.assignment);
        for turn in 0..10 {
            let process = &self.processes[turn % 2];
            let click = process.send_text(by, assignment, contact, &text, is_first, key);
            let Ok(answer) = tokio::time::timeout(PATIENCE[turn.min(1)], click).await else {
                continue;
            };
            let code = answer.code().to_owned();
            if code == "OK" {
                self.begun.lock().unwrap().insert(contact);
            }
            if !["INTERNAL_SERVER_ERROR", "BUSY"].contains(&code.as_str()) {
                return code;
            }
        }
        panic!("nobody answers for {contact}");
    }

    /// The scheduled function's round, of both processes at once.
    async fn round(&self) {
        let [first, second] = &self.processes;
        let (first, second) = tokio::join!(
            scheduled::answer(&first.app),
            scheduled::answer(&second.app)
        );
        first.unwrap();
        second.unwrap();
        self.carrier.wait_idle().await;
    }

    /// The texts of which this is so.
    async fn texts(&self, what: &str) -> BTreeSet<String> {
        let query = format!(
            "SELECT m.text FROM message m JOIN campaign_contact c ON c.id = m.campaign_contact_id
             WHERE NOT m.is_from_contact AND {what}"
        );
        sqlx::query_scalar(sqlx::AssertSqlSafe(query))
            .fetch_all(&self.app().app.db)
            .await
            .unwrap()
            .into_iter()
            .collect()
    }
}

/// They are to people whose hours end this evening.
const ARE_LATE: &str = "coalesce(c.timezone, 'America/New_York') = 'America/New_York'";
const WAIT: &str = "m.send_status IN ('QUEUED', 'SENDING')";
const FAILED: &str = "m.send_status = 'ERROR'";

fn place(contact: i32) -> usize {
    usize::try_from(contact).unwrap() % ZONES.len()
}

/// As `contacts` makes them in a new database.
fn cell(contact: i32) -> String {
    format!("+1555{contact:07}")
}

/// When this person may be texted.
fn hours(contact: i32) -> (DateTime<Utc>, DateTime<Utc>) {
    let (_, opens, ends) = ZONES[place(contact)];
    (opens.parse().unwrap(), ends.parse().unwrap())
}

#[tokio::test]
async fn hours_end_while_processes_die_and_the_carrier_is_down() {
    let evening = Evening::new().await;
    let carrier = &evening.carrier;
    evening.it_is("2026-11-04T01:40:00Z");
    evening.everybody_is_texted().await;
    evening.it_is("2026-11-04T01:46:00Z");
    carrier.set_outage(Some(Outage::HangUp));
    evening.everybody_is_texted().await;
    evening.it_is("2026-11-04T01:50:00Z");
    evening.round().await;
    evening.it_is("2026-11-04T01:59:30Z");
    evening.everybody_is_texted().await;
    evening.it_is("2026-11-04T01:59:31Z");
    evening.everybody_is_texted().await;
    // Some it took before it went away, and nobody has heard of it yet.
    let taken = carrier.texts().into_iter().map(|text| text.body).collect();
    let late = &evening.texts(&format!("{ARE_LATE} AND {WAIT}")).await - &taken;
    assert!(late.len() >= 32, "two for each at least: {late:?}");
    // Nine in the evening in New York, in the morning in Bangkok.
    evening.it_is(ENDS);
    evening.everybody_is_texted().await;
    assert!(
        evening.texts(FAILED).await.is_empty(),
        "nobody has looked yet"
    );
    carrier.set_plan(|plan| {
        plan.outage = None;
        let is_held = |fault: &Fault| matches!(fault, Fault::HoldBefore | Fault::HoldAfter);
        plan.rules.retain(|rule| !is_held(&rule.fault));
    });
    for minute in (2..60).step_by(4) {
        evening.it_is(&format!("2026-11-04T02:{minute:02}:00Z"));
        evening.round().await;
    }

    invariants::hold(evening.app(), carrier).await;
    for text in carrier.texts() {
        let contact = text.to.strip_prefix("+1555").unwrap().parse().unwrap();
        let (opens, ends) = hours(contact);
        let validity = TimeDelta::seconds(text.validity.unwrap().into());
        let is_inside = opens <= text.created_at && text.created_at + validity < ends;
        assert!(is_inside, "{text:?} from {opens} to {ends}");
    }
    // What waited when its hours ended was given up, and says so; everything else came through.
    assert_eq!(evening.texts(FAILED).await, late);
    let unclear = format!("{FAILED} AND m.service_response NOT LIKE '%texting hours are over%'");
    assert!(evening.texts(&unclear).await.is_empty());
    // Five to each person in Los Angeles, one in Bangkok.
    let others = evening.texts(&format!("NOT {ARE_LATE}")).await;
    assert_eq!(others.len(), 8 * 5 + 8);
}
