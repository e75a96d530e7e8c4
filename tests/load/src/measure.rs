//! The measures, each with what it cost the application and the database.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::Args;
use crate::figures::{Figures, each, percentiles, rate};
use crate::instance::Instance;
use crate::texter::Texter;

/// Sign-ins at once. One address may sign in 60 times a minute, and to a plain server everybody comes from one: these,
/// who signs up before them and who asks questions after them.
const AT_ONCE: u32 = 50;
/// After so long as many are let in again.
const MINUTE: Duration = Duration::from_secs(61);

/// Everybody comes and signs in.
pub(crate) async fn signing_in(
    instance: &Arc<Instance>,
    texters: u32,
    figures: &mut Figures,
) -> anyhow::Result<Vec<Texter>> {
    Texter::sign_up_all(instance).await?;
    let (mut signed_in, mut times) = (Vec::new(), Vec::new());
    for first in (0..texters).step_by(usize::try_from(AT_ONCE)?) {
        if first > 0 {
            figures.add(
                format!("{first} of {texters} are signed in"),
                "the others may in a minute",
            );
            tokio::time::sleep(MINUTE).await;
        }
        let mut coming = JoinSet::new();
        for number in first..texters.min(first + AT_ONCE) {
            let instance = instance.clone();
            coming.spawn(async move {
                let started = Instant::now();
                let texter = Texter::sign_in(&instance, number).await?;
                anyhow::Ok((texter, started.elapsed()))
            });
        }
        while let Some(came) = coming.join_next().await {
            let (texter, time) = came??;
            signed_in.push(texter);
            times.push(time);
        }
    }
    figures.add(
        format!("signing in, {} at once", texters.min(AT_ONCE)),
        percentiles(times),
    );
    Ok(signed_in)
}

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

/// Everybody goes through their conversations for a while.
pub(crate) async fn conversing(
    instance: &Instance,
    texters: Vec<Texter>,
    time: Duration,
    think: Duration,
    figures: &mut Figures,
) -> anyhow::Result<Vec<Texter>> {
    let at_once = texters.len();
    let (before, started) = (instance.cpu()?, Instant::now());
    let end = started + time;
    let mut working = JoinSet::new();
    for mut texter in texters {
        working.spawn(async move { texter.converse(end, think).await.map(|()| texter) });
    }
    let mut texters = Vec::new();
    while let Some(done) = working.join_next().await {
        texters.push(done??);
    }
    let (used, took) = (instance.cpu()?.since(before), started.elapsed());
    let all = |times: fn(&Texter) -> &Vec<Duration>| -> Vec<Duration> {
        texters.iter().flat_map(times).copied().collect()
    };
    let (replies, opt_outs) = (
        all(|texter| &texter.replies),
        all(|texter| &texter.opt_outs),
    );
    let count = replies.len() + opt_outs.len();
    figures.add(
        format!("conversations, {at_once} at once"),
        format!("{count}, {}", rate(count, took)),
    );
    figures.add("  opening one and replying", percentiles(replies));
    figures.add("  opting out", percentiles(opt_outs));
    figures.add("  application CPU a conversation", each(used.app, count));
    figures.add(
        "  PostgreSQL CPU a conversation",
        each(used.postgres, count),
    );
    Ok(texters)
}
