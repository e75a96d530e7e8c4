//! The statements that are grouped: what each text costs.

use std::sync::Arc;

use crate::db::Db;
use crate::db::group::Group;
use crate::db::inbound_message::{self, Application, Kept, NewInbound};
use crate::db::new_text::{self, Entry, Key, NewText};
use crate::db::outcome::{self, Accepted};

/// One group for each of them.
#[derive(Debug)]
pub struct Grouped {
    /// Texts to be written down: [`new_text::insert`].
    pub texts: Group<Key, NewText, Entry>,
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
            texts: Group::new(db, |db: Db, texts: Vec<NewText>| async move {
                new_text::insert(&db, &texts).await
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
