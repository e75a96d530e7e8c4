//! What one texter or admin waits for, alone: the client's own questions.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::documents::operation;
use crate::figures::{Figures, each, milliseconds, percentiles};
use crate::instance::Instance;
use crate::seed::Seeded;
use crate::texter::{ADMIN, ALONE, Texter, email};

/// A question is asked so often, after as many to warm up.
const TIMES: u32 = 300;
/// Longer than statistics are kept.
const STALE: Duration = Duration::from_secs(20);

/// A texter with an assignment of 300 contacts.
pub(crate) async fn texters(
    instance: &Instance,
    seeded: &Seeded,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let mut texter = Texter::sign_in(instance, ALONE).await?;
    texter.join(&seeded.token).await?;
    texter.batch().await?;
    let page = json!({"assignmentId": texter.assignment, "limit": 50});
    let all = json!({"assignmentId": texter.assignment, "limit": 300});
    let questions = [
        ("next 50 contacts", "NextContacts", page),
        (
            "opening an assignment of 300 contacts",
            "InitialSend",
            all.clone(),
        ),
        ("  and all of its contacts", "NextContacts", all),
        (
            "a texter's to-do list",
            "Todos",
            json!({"organizationId": seeded.organization.to_string()}),
        ),
    ];
    for (what, name, variables) in questions {
        let query = operation(name)?;
        ask(&texter, &query, &variables).await?;
        let before = instance.cpu()?;
        let times = ask(&texter, &query, &variables).await?;
        let used = instance.cpu()?.since(before);
        let count = times.len();
        figures.add(what, percentiles(times));
        figures.add("  PostgreSQL CPU", each(used.postgres, count));
    }
    Ok(())
}

async fn ask(texter: &Texter, query: &str, variables: &Value) -> anyhow::Result<Vec<Duration>> {
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let started = Instant::now();
        texter.ask(query, variables.clone()).await?;
        times.push(started.elapsed());
    }
    Ok(times)
}

/// An admin looks at a campaign of 200,000 contacts and 100,000 texts.
pub(crate) async fn statistics(
    admin: &Texter,
    seeded: &Seeded,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let query = operation("CampaignStats")?;
    let variables = json!({"campaignId": seeded.statistics.to_string()});
    let mut counted = Vec::new();
    let mut kept = Vec::new();
    for _ in 0..3 {
        tokio::time::sleep(STALE).await;
        for times in [&mut counted, &mut kept] {
            let started = Instant::now();
            admin.ask(&query, variables.clone()).await?;
            times.push(started.elapsed());
        }
    }
    let first = milliseconds(counted.remove(0));
    figures.add(
        "statistics of a campaign of 200,000 contacts",
        percentiles(counted),
    );
    figures.add("  the first time", first);
    figures.add("  again while they are kept", percentiles(kept));
    Ok(())
}

/// Somebody who may do everything in the organization.
pub(crate) async fn admin(instance: &Instance, seeded: &Seeded) -> anyhow::Result<Texter> {
    let admin = Texter::sign_in(instance, ADMIN).await?;
    sqlx::query(
        "INSERT INTO user_organization (user_id, organization_id, role)
         SELECT id, $1, 'OWNER' FROM \"user\" WHERE email = $2",
    )
    .bind(seeded.organization)
    .bind(email(ADMIN))
    .execute(&instance.db)
    .await?;
    Ok(admin)
}
