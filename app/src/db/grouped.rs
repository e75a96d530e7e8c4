//! The statements that are grouped: what each text costs.

use std::sync::Arc;

use crate::db::Db;
use crate::db::group::Group;
use crate::db::inbound_message::{self, Application, Kept, NewInbound};
use crate::db::known_texts::{self, Key, KnownText};
use crate::db::outcome::{self, Accepted};
use crate::db::sending::Written;

/// One group for each of them.
#[derive(Debug)]
pub struct Grouped {
    /// Texts to be written down: [`known_texts::insert`].
    pub texts: Group<Key, KnownText, Option<Written>>,
    /// Texts the carrier has taken: [`outcome::update_accepted`].
    pub accepted: Group<(), Accepted, ()>,
    /// Texts that came in, to be kept: [`inbound_message::insert`].
    pub inbound: Group<(), Arc<NewInbound>, Option<Kept>>,
    /// Texts that came in, to be put into threads: [`inbound_message::apply_together`].
    pub applied: Group<(), Application, bool>,
}

impl Grouped {
    /// Groups over that database.
    pub fn new(db: &Db) -> Self {
        Self {
            texts: Group::new(db, |db: Db, texts: Vec<KnownText>| async move {
                known_texts::insert(&db, &texts).await
            }),
            accepted: Group::new(db, |db: Db, texts: Vec<Accepted>| async move {
                outcome::update_accepted(&db, &texts).await?;
                Ok(vec![(); texts.len()])
            }),
            inbound: Group::new(db, |db: Db, texts: Vec<Arc<NewInbound>>| async move {
                inbound_message::insert(&db, &texts).await
            }),
            applied: Group::new(db, |db: Db, texts: Vec<Application>| async move {
                inbound_message::apply_together(&db, &texts).await
            }),
        }
    }
}
