//! Loaders: fields of many objects ask for one thing each, the database is asked once.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use async_graphql::dataloader::Loader;

use crate::app::App;
use crate::campaigns::stats::{self, Stats};
use crate::db;
use crate::db::assignment::Counts;
use crate::db::campaign::Campaign;
use crate::db::canned_response::CannedResponse;
use crate::db::contact::Remaining;
use crate::db::interaction_step::InteractionStep;
use crate::db::message::Message;
use crate::db::opt_out::OptOut;
use crate::db::organization::Organization;
use crate::db::user::User;

/// All of them: what is loaded is told by the type of the key.
pub struct Loaders {
    app: Arc<App>,
}

impl Loaders {
    /// Over the application's database.
    pub fn new(app: &Arc<App>) -> Self {
        Self { app: app.clone() }
    }
}

/// A failure every waiting field gets its own copy of.
pub type Failure = Arc<sqlx::Error>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OrganizationId(pub i32);
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CampaignId(pub i32);
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UserId(pub i32);
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ThreadOf(pub i32);
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CountsOf(pub i32);
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PoolOf(pub i32);
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RemainingOf(pub i32);
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StatsOf(pub i32);
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StepsOf(pub i32);
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ResponsesOf(pub i32);
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OptOutsOf(pub String);

/// One row a key.
macro_rules! one {
    ($key:ident, $row:ty, $list:path, |$value:ident| $of:expr) => {
        impl Loader<$key> for Loaders {
            type Value = $row;
            type Error = Failure;

            async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, $row>, Failure> {
                let ids: Vec<i32> = keys.iter().map(|key| key.0).collect();
                let rows = $list(&self.app.db, &ids).await?;
                Ok(rows.into_iter().map(|$value| ($key($of), $value)).collect())
            }
        }
    };
}

/// Many rows a key.
macro_rules! many {
    ($key:ident, $row:ty, $list:path, |$value:ident| $of:expr) => {
        impl Loader<$key> for Loaders {
            type Value = Vec<$row>;
            type Error = Failure;

            async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, Vec<$row>>, Failure> {
                let ids: Vec<_> = keys.iter().map(|key| key.0.clone()).collect();
                let rows = $list(&self.app.db, &ids).await?;
                Ok(group(rows, |$value| $key($of)))
            }
        }
    };
}

one!(
    OrganizationId,
    Organization,
    db::organization::list,
    |row| row.id
);
one!(CampaignId, Campaign, db::campaign::list, |row| row.id);
one!(UserId, User, db::user::list, |row| row.id);
one!(RemainingOf, Remaining, db::contact::list_remaining, |row| {
    row.campaign_id
});
many!(ThreadOf, Message, db::message::list, |row| row
    .campaign_contact_id);
many!(
    StepsOf,
    InteractionStep,
    db::interaction_step::list,
    |row| row.campaign_id
);
many!(
    ResponsesOf,
    CannedResponse,
    db::canned_response::list,
    |row| row.campaign_id
);
many!(OptOutsOf, OptOut, db::opt_out::list, |row| row.cell.clone());

impl Loader<CountsOf> for Loaders {
    type Value = Counts;
    type Error = Failure;

    async fn load(&self, keys: &[CountsOf]) -> Result<HashMap<CountsOf, Counts>, Failure> {
        let ids: Vec<i32> = keys.iter().map(|key| key.0).collect();
        let counts = db::assignment::count_contacts(&self.app.db, &ids).await?;
        Ok(counts
            .into_iter()
            .map(|(id, counts)| (CountsOf(id), counts))
            .collect())
    }
}

impl Loader<PoolOf> for Loaders {
    type Value = bool;
    type Error = Failure;

    async fn load(&self, keys: &[PoolOf]) -> Result<HashMap<PoolOf, bool>, Failure> {
        let ids: Vec<i32> = keys.iter().map(|key| key.0).collect();
        let full = db::assignment::list_with_pool(&self.app.db, &ids).await?;
        Ok(full.into_iter().map(|id| (PoolOf(id), true)).collect())
    }
}

impl Loader<StatsOf> for Loaders {
    type Value = Stats;
    type Error = Failure;

    async fn load(&self, keys: &[StatsOf]) -> Result<HashMap<StatsOf, Stats>, Failure> {
        let mut found = HashMap::new();
        for key in keys {
            found.insert(*key, stats::read(&self.app, key.0).await?);
        }
        Ok(found)
    }
}

fn group<Key: Eq + Hash, Row>(rows: Vec<Row>, key: impl Fn(&Row) -> Key) -> HashMap<Key, Vec<Row>> {
    let mut groups: HashMap<Key, Vec<Row>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}
