//! What people are told: cards that can be read on a phone, by mail and in Slack.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;

use super::Settings;
use super::decide::{Move, Refusal};
use super::ladder::Rung;
use super::ledger::Record;
use super::steps;
use crate::cloud::Cloud;
use crate::context::flag;
use crate::plan::prices;

/// A notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// One line.
    pub title: String,
    /// The rest.
    pub text: String,
}

/// What a move would mean, line by line.
#[must_use]
pub fn meaning(settings: &Settings, step: &Move) -> Vec<String> {
    let machine = settings.machine;
    let mut lines = step.why.clone();
    let (from, to) = (step.from.facts(machine), step.to.facts(machine));
    let size = |rung: &Rung| {
        rung.facts(machine).map_or_else(String::new, |facts| {
            format!(" ({} vCPU, {} GiB)", facts.vcpus, facts.memory_gib)
        })
    };
    lines.push(format!(
        "{}{} → {}{}",
        step.from,
        size(&step.from),
        step.to,
        size(&step.to)
    ));
    if let (Some(from), Some(to)) = (from, to) {
        lines.push(match (from.weekly, to.weekly) {
            (Some(before), Some(after)) => format!(
                "{} a week, ${after:.0} instead of ${before:.0} (prices of {}{})",
                signed(after - before),
                prices::DATE,
                if matches!(step.to, Rung::Capacity { .. }) {
                    ", at its most"
                } else {
                    ""
                }
            ),
            _ => "what it costs is not known here".to_owned(),
        });
        lines.push(steps::connections(
            machine.kind,
            from.max_connections,
            to.max_connections,
        ));
    }
    lines.push(format!(
        "interruption: {}",
        steps::interruption(machine.kind, machine.count > 1)
    ));
    if let Some(waits) = &step.waits {
        lines.push(format!("it waits for you because {waits}"));
    }
    lines
}

fn signed(dollars: f64) -> String {
    if dollars < 0.0 {
        format!("−${:.0}", -dollars)
    } else {
        format!("+${dollars:.0}")
    }
}

/// A proposal.
#[must_use]
pub fn proposal(settings: &Settings, step: &Move) -> Card {
    let grows = step.to.is_above(&step.from, settings.machine);
    let stage = &settings.stage;
    let mut text = meaning(settings, step).join("\n");
    let otherwise = if grows {
        "if nobody acts: it stays as it is; near 100 % everything behind it waits and falls over"
    } else {
        "if nobody acts: it stays as large as it is, and costs what it costs"
    };
    let _ = write!(
        text,
        "\n{otherwise}\n\napprove:  spokectl scale approve{flag}\nreject:   spokectl scale reject{flag}",
        flag = flag(stage)
    );
    Card {
        title: format!(
            "Spoke {stage}: shall the database become {}? {} → {}",
            if grows { "larger" } else { "smaller" },
            step.from,
            step.to
        ),
        text,
    }
}

/// A change that was begun by itself.
#[must_use]
pub fn begun(settings: &Settings, step: &Move) -> Card {
    let stage = &settings.stage;
    Card {
        title: format!("Spoke {stage}: the database becomes {}", step.to),
        text: format!(
            "{}\n\nwatch:  spokectl scale status{}",
            meaning(settings, step).join("\n"),
            flag(stage)
        ),
    }
}

/// A change that is over.
#[must_use]
pub fn ended(settings: &Settings, record: &Record) -> Card {
    let (stage, flag) = (&settings.stage, flag(&settings.stage));
    if let Some(why) = &record.failed {
        return Card {
            title: format!("Spoke {stage}: the database did not become {}", record.to),
            text: format!(
                "{why}\nnothing is tried again by itself\n\nlook:  spokectl scale status{flag}\nthen:  spokectl scale reject{flag}"
            ),
        };
    }
    Card {
        title: format!("Spoke {stage}: the database is {} now", record.to),
        text: outcome(record).join("\n"),
    }
}

/// What a change that is over has brought.
#[must_use]
pub fn outcome(record: &Record) -> Vec<String> {
    let percent = |value: Option<f64>| {
        value.map_or_else(
            || "not measured".to_owned(),
            |value| format!("{value:.0} %"),
        )
    };
    vec![
        format!(
            "change {}: {} → {}, by {}, in {} minutes",
            record.number,
            record.from,
            record.to,
            record.by,
            (record.ended - record.started).num_minutes()
        ),
        format!(
            "CPU {} → {}, {} connections, {} failed calls since it began",
            percent(record.cpu_before),
            percent(record.cpu_after),
            record
                .connections_after
                .map_or_else(|| "?".to_owned(), |count| format!("{count:.0}")),
            record
                .errors_after
                .map_or_else(|| "?".to_owned(), |count| format!("{count:.0}")),
        ),
        record.until.map_or_else(
            || "it is no larger than the stage file wants it".to_owned(),
            |until| {
                format!(
                    "it is to be looked at again on {}",
                    until.format("%Y-%m-%d")
                )
            },
        ),
    ]
}

/// Something should be done, and the scaler will not.
#[must_use]
pub fn refusal(settings: &Settings, refusal: &Refusal) -> Card {
    let stage = &settings.stage;
    Card {
        title: format!("Spoke {stage}: the database needs a person"),
        text: format!(
            "{refusal}\nwhat helps: {}\n\nlook:  spokectl scale status{}",
            refusal.remedy(),
            flag(stage)
        ),
    }
}

/// Tells everybody; what cannot be told is logged and stops nothing.
pub async fn tell(cloud: &Cloud, settings: &Settings, topic: &str, card: &Card) {
    let text = format!("{}\n\n{}", card.title, card.text);
    if let Err(error) = cloud.topics.publish(topic, &card.title, &text).await {
        tracing::error!(
            error = format!("{error:#}"),
            "a notice could not be published"
        );
    }
    let Some(secret) = &settings.scaling.slack_secret else {
        return;
    };
    if let Err(error) = slack(cloud, secret, card).await {
        tracing::error!(error = format!("{error:#}"), "a notice did not reach Slack");
    }
}

async fn slack(cloud: &Cloud, secret: &str, card: &Card) -> anyhow::Result<()> {
    let address = cloud.secrets.value(secret).await?;
    let http = reqwest::Client::builder()
        .timeout(Duration::from_secs(10))
        .build()?;
    let answer = http
        .post(address.trim())
        .json(&json!({
            "text": card.title,
            "blocks": [
                { "type": "header", "text": { "type": "plain_text", "text": short(&card.title) } },
                { "type": "section", "text": { "type": "mrkdwn", "text": format!("```{}```", card.text) } },
            ],
        }))
        .send()
        .await
        // The address is the secret.
        .map_err(reqwest::Error::without_url)
        .context("calling the webhook")?;
    anyhow::ensure!(
        answer.status().is_success(),
        "the webhook answers {}",
        answer.status()
    );
    Ok(())
}

/// Slack takes headers of 150 characters.
fn short(title: &str) -> String {
    title.chars().take(150).collect()
}

#[cfg(test)]
mod tests {
    use super::{Settings, proposal};
    use crate::scale::decide::Move;
    use crate::scale::ladder::{Machine, Rung};
    use crate::stage::{DatabaseKind, Scaling};

    #[test]
    fn a_card_says_everything_a_phone_needs() {
        let class = |class: &str| Rung::Class {
            class: class.to_owned(),
        };
        let settings = Settings {
            stage: "prod".to_owned(),
            machine: Machine {
                kind: DatabaseKind::Rds,
                count: 1,
            },
            base: class("db.r7g.large"),
            scaling: Scaling::default(),
        };
        let step = Move {
            from: class("db.r7g.large"),
            to: class("db.r7g.xlarge"),
            why: vec!["CPU is at 91 %, two of the last three values over 80 %".to_owned()],
            waits: None,
        };
        let card = proposal(&settings, &step);
        insta::assert_snapshot!(format!("{}\n\n{}", card.title, card.text), @"
        Spoke prod: shall the database become larger? db.r7g.large → db.r7g.xlarge

        CPU is at 91 %, two of the last three values over 80 %
        db.r7g.large (2 vCPU, 16 GiB) → db.r7g.xlarge (4 vCPU, 32 GiB)
        +$40 a week, $80 instead of $40 (prices of 2024-02-01)
        max_connections 1722 → 3477
        interruption: 3 to 15 minutes, while the database restarts on the new machine; texts wait and are sent afterwards
        if nobody acts: it stays as it is; near 100 % everything behind it waits and falls over

        approve:  spokectl scale approve --stage prod
        reject:   spokectl scale reject --stage prod
        ");
    }
}
