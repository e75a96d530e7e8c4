//! The measures, each with what it cost the application and the database.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;

use crate::Args;
use crate::figures::{Figures, each, milliseconds, percentiles, rate};
use crate::instance::Instance;
use crate::seed::Seeded;
use crate::texter::Texter;

/// A question is asked so often, after as many to warm up.
const TIMES: u32 = 200;
/// Polls of each texter.
const POLLS: u32 = 100;

/// Everybody sends for a while.
pub(crate) async fn sending(
    instance: &Instance,
    texters: Vec<Texter>,
    args: &Args,
    time: Duration,
    figures: &mut Figures,
) -> anyhow::Result<Vec<Texter>> {
    let think = Duration::from_millis(args.think_ms);
    // Plans, connections and caches are what they are in the middle of a day.
    let texters = work(texters, Duration::from_secs(3), think).await?;
    let (before, started) = (instance.cpu()?, Instant::now());
    let mut texters: Vec<Texter> = texters;
    for texter in &mut texters {
        texter.sends.clear();
        texter.pages.clear();
    }
    let texters = work(texters, time, think).await?;
    let (used, took) = (instance.cpu()?.since(before), started.elapsed());
    let sends: Vec<Duration> = texters
        .iter()
        .flat_map(|texter| texter.sends.clone())
        .collect();
    let pages: Vec<Duration> = texters
        .iter()
        .flat_map(|texter| texter.pages.clone())
        .collect();
    let count = sends.len();
    figures.add(
        format!("texts, {} at once", args.texters),
        format!("{count}, {}", rate(count, took)),
    );
    figures.add("  latency", percentiles(sends));
    figures.add("  application CPU a text", each(used.app, count));
    figures.add("  PostgreSQL CPU a text", each(used.postgres, count));
    figures.add("  next 50 contacts, meanwhile", percentiles(pages));
    Ok(texters)
}

async fn work(
    texters: Vec<Texter>,
    time: Duration,
    think: Duration,
) -> anyhow::Result<Vec<Texter>> {
    let end = Instant::now() + time;
    let mut working = JoinSet::new();
    for mut texter in texters {
        working.spawn(async move { texter.work(end, think).await.map(|()| texter) });
    }
    let mut texters = Vec::new();
    while let Some(done) = working.join_next().await {
        texters.push(done??);
    }
    Ok(texters)
}

/// What one texter waits for, alone.
pub(crate) async fn pages(
    instance: &Instance,
    texters: &[Texter],
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let Some(texter) = texters.first() else {
        return Ok(());
    };
    let questions = [
        (
            "next 50 contacts, alone",
            "query ($id: String!) { assignment(id: $id) { contacts(contactsFilter: {messageStatus: \"messaged\", limit: 50}) {
                 id firstName lastName cell messageStatus customFields } } }",
        ),
        (
            "opening an assignment of 300 contacts",
            "query ($id: String!) { assignment(id: $id) { id campaign { title interactionSteps { script } }
                 contacts(contactsFilter: {messageStatus: \"messaged\", limit: 300}) { id firstName messageStatus updatedAt } } }",
        ),
        (
            "a texter's to-do list",
            "query ($id: String!) { currentUser { assignmentSummaries(organizationId: \"1\") { id campaign { title }
                 contactCounts { needsMessage needsResponse } } } assignment(id: $id) { id } }",
        ),
    ];
    for (what, query) in questions {
        let (cpu, times) = ask(instance, texter, query).await?;
        figures.add(what, percentiles(times));
        figures.add("  PostgreSQL CPU", cpu);
    }
    Ok(())
}

async fn ask(
    instance: &Instance,
    texter: &Texter,
    query: &str,
) -> anyhow::Result<(String, Vec<Duration>)> {
    for _ in 0..TIMES {
        texter.ask(query, json!({"id": texter.assignment})).await?;
    }
    let before = instance.cpu()?;
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let started = Instant::now();
        texter.ask(query, json!({"id": texter.assignment})).await?;
        times.push(started.elapsed());
    }
    let used = instance.cpu()?.since(before);
    Ok((each(used.postgres, times.len()), times))
}

/// Everybody polls, and nothing is new.
pub(crate) async fn polling(
    instance: &Instance,
    texters: &[Texter],
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let query = "query ($id: String!) { assignmentStamp(assignmentId: $id) }";
    for texter in texters {
        texter.ask(query, json!({"id": texter.assignment})).await?;
    }
    let before = instance.cpu()?;
    let mut count = 0_u32;
    for texter in texters {
        for _ in 0..POLLS {
            texter.ask(query, json!({"id": texter.assignment})).await?;
            count += 1;
        }
    }
    let used = instance.cpu()?.since(before);
    let polls = usize::try_from(count)?;
    figures.add(
        "a poll with nothing new, application CPU",
        each(used.app, polls),
    );
    figures.add("  PostgreSQL CPU", each(used.postgres, polls));
    Ok(())
}

/// Everybody who was texted answers.
pub(crate) async fn receiving(
    instance: &Arc<Instance>,
    at_once: u32,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let numbers: Vec<String> = instance
        .carrier
        .texts()
        .into_iter()
        .map(|text| text.to)
        .collect();
    let share = numbers.len().div_ceil(usize::try_from(at_once)?).max(1);
    let (before, started) = (instance.cpu()?, Instant::now());
    let mut answering = JoinSet::new();
    for numbers in numbers.chunks(share) {
        let (instance, numbers) = (instance.clone(), numbers.to_vec());
        answering.spawn(async move {
            let mut taken = 0_usize;
            for number in &numbers {
                let is_taken = instance
                    .carrier
                    .reply(number, &instance.service, "Yes, of course!")
                    .await;
                taken += usize::from(is_taken);
            }
            taken
        });
    }
    let mut taken = 0;
    while let Some(done) = answering.join_next().await {
        taken += done?;
    }
    let (used, took) = (instance.cpu()?.since(before), started.elapsed());
    anyhow::ensure!(
        taken == numbers.len(),
        "{taken} of {} answers were taken",
        numbers.len()
    );
    figures.add(
        format!("incoming texts, {at_once} at once"),
        format!("{taken}, {}", rate(taken, took)),
    );
    figures.add("  application CPU a text", each(used.app, taken));
    figures.add("  PostgreSQL CPU a text", each(used.postgres, taken));
    Ok(())
}

/// An admin looks at the campaign.
pub(crate) async fn statistics(
    instance: &Instance,
    seeded: &Seeded,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let admin = Texter::sign_up(instance, 999).await?;
    sqlx::query(
        "INSERT INTO user_organization (user_id, organization_id, role)
         SELECT id, $1, 'ADMIN' FROM \"user\" WHERE email = 'texter999@example.org'",
    )
    .bind(seeded.organization)
    .execute(&instance.db)
    .await?;
    let query = "query ($id: String!) { campaign(id: $id) { stats { sentMessagesCount receivedMessagesCount needsMessageCount } } }";
    let mut times = Vec::new();
    for _ in 0..20 {
        let started = Instant::now();
        admin
            .ask(query, json!({"id": seeded.campaign.to_string()}))
            .await?;
        times.push(started.elapsed());
    }
    let first = times.first().copied().unwrap_or_default();
    figures.add("statistics of the campaign, first", milliseconds(first));
    figures.add("  again", percentiles(times));
    Ok(())
}
