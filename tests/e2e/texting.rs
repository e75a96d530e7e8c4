//! People who text through whatever happens, and the reckoning afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use carrier::Carrier;

use crate::instance::{Instance, client, until};
use crate::people::{Person, Sent, Texter};

/// A pause between two texts: a thousand contacts last for ten minutes, and the story on a slow machine no longer.
const THINK: Duration = Duration::from_millis(1_200);

/// A texter, and what that one sent.
type Shift = (Texter, Vec<Sent>);

pub(crate) struct Texting {
    stop: Arc<AtomicBool>,
    count: Arc<AtomicUsize>,
    texters: Vec<tokio::task::JoinHandle<anyhow::Result<Shift>>>,
    visitors: Vec<tokio::task::JoinHandle<()>>,
}

/// What came of it.
pub(crate) struct Reckoning {
    pub(crate) texts: usize,
    /// Those that had to be asked for again, with their keys.
    pub(crate) repeated: usize,
    pub(crate) answers: usize,
}

impl Texting {
    /// Every texter of the demonstration sends, and others read.
    pub(crate) async fn start(instance: &Instance) -> anyhow::Result<Self> {
        let (stop, count) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let mut texters = Vec::new();
        for (email, password) in instance.accounts("TEXTER")? {
            let person = Person::sign_in(instance.url()?, &email, &password).await?;
            let texter = Texter::of(person).await?;
            texters.push(tokio::spawn(text(
                texter,
                Arc::clone(&stop),
                Arc::clone(&count),
            )));
        }
        let page = format!("{}/login", instance.url()?.trim_end_matches('/'));
        let visitors = (0..16).map(|_| tokio::spawn(visit(page.clone()))).collect();
        Ok(Self {
            stop,
            count,
            texters,
            visitors,
        })
    }

    /// Texts answered for so far.
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Stops, and holds what people did against what the carrier has and what is stored: every text exactly once, every
    /// answer exactly once.
    pub(crate) async fn reckon(self, carrier: &Carrier) -> anyhow::Result<Reckoning> {
        self.stop.store(true, Ordering::Relaxed);
        for visitor in self.visitors {
            visitor.abort();
        }
        let mut shifts = Vec::new();
        for texter in self.texters {
            shifts.push(texter.await?.context("texting met an error")?);
        }
        let all = || shifts.iter().flat_map(|(_, sent)| sent);
        let cells: BTreeSet<&str> = all().map(|sent| sent.cell.as_str()).collect();
        ensure!(!cells.is_empty(), "nobody texted");
        ensure!(cells.len() == all().count(), "somebody was texted twice");
        let taken = || {
            let mut taken = BTreeMap::new();
            for text in carrier.texts() {
                *taken.entry(text.to).or_insert(0_usize) += 1;
            }
            taken
        };
        // A text whose outcome nobody knows is asked for at the carrier, three minutes later.
        until("every text is with the carrier", PATIENCE, || async {
            let taken = taken();
            Ok(cells
                .iter()
                .all(|cell| taken.contains_key(*cell))
                .then_some(()))
        })
        .await?;
        let mut answers = 0;
        for (texter, sent) in &shifts {
            for sent in sent {
                let contact = &sent.contact;
                until("the answer is stored", PATIENCE, || async {
                    // As a person would: what does not answer is asked again.
                    let found = texter.messages_from(contact).await.unwrap_or_default();
                    Ok((found > 0).then_some(()))
                })
                .await
                .with_context(|| format!("contact {contact}"))?;
                let (to, from) = (
                    texter.messages_to(contact).await?,
                    texter.messages_from(contact).await?,
                );
                ensure!(
                    (to, from) == (1, 1),
                    "contact {contact} has {to} texts and {from} answers"
                );
                answers += from;
            }
        }
        let taken = taken();
        ensure!(
            taken.values().all(|count| *count == 1) && taken.len() == cells.len(),
            "{} texts were answered for, and the carrier has {taken:?}",
            cells.len()
        );
        Ok(Reckoning {
            texts: cells.len(),
            repeated: all().filter(|sent| sent.repeats > 0).count(),
            answers,
        })
    }
}

const PATIENCE: Duration = Duration::from_mins(8);

async fn text(
    texter: Texter,
    stop: Arc<AtomicBool>,
    count: Arc<AtomicUsize>,
) -> anyhow::Result<Shift> {
    let mut sent = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        // Nobody left: the others go on.
        let Some(one) = texter.send_surely().await? else {
            break;
        };
        sent.push(one);
        count.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(THINK).await;
    }
    Ok((texter, sent))
}

/// Somebody who keeps loading pages.
async fn visit(page: String) {
    let Ok(http) = client().build() else { return };
    loop {
        drop(http.get(&page).send().await);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
