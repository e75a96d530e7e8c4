//! A thousand texters with the screen open, to whom nothing happens.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;

use crate::documents::operation;
use crate::figures::{Figures, each};
use crate::instance::Instance;
use crate::texter::Texter;

/// Screens open at once, and how often each asks: as our client does.
const SCREENS: u32 = 1000;
const EVERY: Duration = Duration::from_secs(5);
/// As long as a screen is remembered: afterwards the database is asked once more.
const MINUTE: Duration = Duration::from_mins(1);

/// Each texter holds the screens of as many assignments as it takes to make a thousand.
pub(crate) async fn measure(
    instance: &Instance,
    texters: &[Texter],
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let share = SCREENS.div_ceil(u32::try_from(texters.len())?);
    for texter in texters {
        open(instance, texter, share).await?;
    }
    let query = operation("Stamp")?;
    // Everybody has asked once before.
    poll(instance, texters, &query, EVERY).await?;
    let (before, started) = (instance.cpu()?, Instant::now());
    let count = poll(instance, texters, &query, MINUTE).await?;
    let (used, took) = (instance.cpu()?.since(before), started.elapsed());
    let core = used.postgres.as_secs_f64() / took.as_secs_f64() * 100.0;
    figures.add(
        format!(
            "{SCREENS} texters polling every {} s, PostgreSQL",
            EVERY.as_secs()
        ),
        format!("{core:.2} % of a core"),
    );
    figures.add("  a poll, application CPU", each(used.app, count));
    figures.add("  a poll, PostgreSQL CPU", each(used.postgres, count));
    Ok(())
}

/// Assignments of the texter's, in campaigns of their own.
async fn open(instance: &Instance, texter: &Texter, count: u32) -> anyhow::Result<()> {
    sqlx::query(
        "WITH made AS (
             INSERT INTO campaign (organization_id, title, description, status, started_at, join_token)
             SELECT 1, 'Poll', 'x', 'ACTIVE', now(), gen_random_uuid() FROM generate_series(1, $2) RETURNING id)
         INSERT INTO assignment (user_id, campaign_id) SELECT $1, id FROM made",
    )
    .bind(texter.id)
    .bind(i32::try_from(count)?)
    .execute(&instance.db)
    .await?;
    Ok(())
}

/// Every screen asks, spread evenly, for so long; how often they did.
async fn poll(
    instance: &Instance,
    texters: &[Texter],
    query: &str,
    time: Duration,
) -> anyhow::Result<usize> {
    let end = Instant::now() + time;
    let mut polling = JoinSet::new();
    for texter in texters {
        let assignments: Vec<i32> = sqlx::query_scalar(
            "SELECT a.id FROM assignment a JOIN campaign p ON p.id = a.campaign_id
             WHERE a.user_id = $1 AND p.title = 'Poll' ORDER BY a.id",
        )
        .bind(texter.id)
        .fetch_all(&instance.db)
        .await?;
        let pause = EVERY / u32::try_from(assignments.len())?;
        let (web, url, query) = (texter.web.clone(), texter.url.clone(), query.to_owned());
        polling.spawn(async move {
            let mut count = 0;
            let mut turn = tokio::time::interval(pause);
            for assignment in assignments.iter().cycle() {
                turn.tick().await;
                if Instant::now() >= end {
                    break;
                }
                let wanted = json!({"assignmentId": assignment.to_string()});
                crate::instance::ask(&web, &url, &query, wanted).await?;
                count += 1;
            }
            anyhow::Ok(count)
        });
    }
    let mut count = 0;
    while let Some(polled) = polling.join_next().await {
        count += polled??;
    }
    Ok(count)
}
