//! Buying numbers: the `buy_numbers` job. A number that was paid for is never lost: whatever the
//! account owns under our name and the inventory lacks is taken in, by this run or the next.

use serde::{Deserialize, Serialize};

use crate::access::Operator;
use crate::app::App;
use crate::db;
use crate::db::job::{Job, NewJob};
use crate::error::{Error, Result};
use crate::jobs;
use crate::jobs::run::Running;
use crate::numbers::reserve::is_area_code;
use crate::numbers::{blame, carrier};
use crate::sms::twilio::Failure;
use crate::sms::twilio::numbers::Owned;

/// The job's type.
pub const KIND: &str = "buy_numbers";
/// Most numbers one job buys.
const MAX: i32 = 500;
/// Somebody else was quicker. Twilio: 21422.
const NOT_AVAILABLE: i32 = 21_422;

/// What was asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    pub area_code: String,
    pub limit: i32,
}

/// Enqueues the job.
///
/// # Errors
/// [`Error::BadInput`] for what is no area code or no number of numbers.
pub async fn order(app: &App, by: &Operator, area_code: &str, limit: i32) -> Result<Job> {
    if !is_area_code(area_code) {
        return Err(Error::bad_input(
            "areaCode",
            format!("\"{area_code}\" is no area code."),
        ));
    }
    if limit < 1 {
        return Err(Error::bad_input("limit", "Buy at least one number."));
    }
    carrier(app)?;
    let order = Order {
        area_code: area_code.to_owned(),
        limit: limit.min(MAX),
    };
    let job = NewJob {
        kind: KIND,
        campaign_id: None,
        organization_id: None,
        user_id: Some(by.user_id),
        config: serde_json::to_value(&order).map_err(anyhow::Error::from)?,
    };
    let id = db::job::insert(&app.db, job).await?;
    jobs::dispatch(app, id).await;
    db::job::find(&app.db, id)
        .await?
        .ok_or(Error::NotFound("There is no such job."))
}

/// The job's work.
///
/// # Errors
/// When the carrier refuses; what had been bought by then is in the inventory.
pub async fn run(running: &Running<'_>) -> Result<()> {
    let order: Order =
        serde_json::from_value(running.job.config.clone()).map_err(anyhow::Error::from)?;
    // A run before this one may have died with a number in its hands.
    take_in(running, &order.area_code).await?;
    let bought = buy(running, &order).await;
    if bought.is_err() {
        take_in(running, &order.area_code).await?;
    }
    bought?;
    let (app, job) = (running.app, running.job.id);
    let count = db::phone_number::count_bought(&app.db, job).await?;
    let mut message = format!("Bought {count} numbers of area code {}.", order.area_code);
    if count < i64::from(order.limit) {
        message.push_str(" No more are for sale.");
    }
    running.finish(&message).await
}

async fn buy(running: &Running<'_>, order: &Order) -> Result<()> {
    let app = running.app;
    let (twilio, web) = (carrier(app)?, app.web().await?);
    loop {
        let bought = db::phone_number::count_bought(&app.db, running.job.id).await?;
        let left = i64::from(order.limit) - bought;
        set_progress(running, bought, order.limit);
        if left <= 0 {
            return Ok(());
        }
        let offers = twilio
            .search_numbers(web, &order.area_code)
            .await
            .map_err(blame("Searching for numbers"))?;
        let mut has_bought = false;
        for number in offers
            .iter()
            .take(usize::try_from(left).unwrap_or(usize::MAX))
        {
            has_bought |= buy_one(running, &order.area_code, number).await?;
        }
        // Nothing is for sale, or everything is sold while we look.
        if !has_bought {
            return Ok(());
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share of at most 500")]
fn set_progress(running: &Running<'_>, bought: i64, limit: i32) {
    running.set_progress(bought as f32 / limit as f32);
}

async fn buy_one(running: &Running<'_>, area_code: &str, number: &str) -> Result<bool> {
    let app = running.app;
    let name = format!("{}{number}", prefix(app));
    let voice_url = app.config.twilio_voice_url.as_deref();
    let bought = carrier(app)?
        .buy_number(app.web().await?, number, &name, voice_url)
        .await;
    match bought {
        Ok(owned) => insert(running, area_code, &owned).await,
        Err(Failure::Refused {
            code: Some(NOT_AVAILABLE),
            ..
        }) => Ok(false),
        Err(failure) => Err(blame("Buying a number")(failure)),
    }
}

async fn insert(running: &Running<'_>, area_code: &str, owned: &Owned) -> Result<bool> {
    let (db, job) = (&running.app.db, running.job.id);
    let (sid, number) = (&owned.sid, &owned.phone_number);
    Ok(db::phone_number::insert(db, sid, number, area_code, job).await?)
}

/// Takes in what the account owns under our name and the inventory lacks.
async fn take_in(running: &Running<'_>, area_code: &str) -> Result<()> {
    let app = running.app;
    let owned = carrier(app)?
        .list_numbers(app.web().await?)
        .await
        .map_err(blame("Looking at the account's numbers"))?;
    let prefix = prefix(app);
    let start = format!("+1{area_code}");
    let ours = owned.iter().filter(|owned| {
        owned.friendly_name == format!("{prefix}{}", owned.phone_number)
            && owned.phone_number.starts_with(&start)
    });
    for owned in ours {
        if insert(running, area_code, owned).await? {
            tracing::info!(sid = owned.sid, "a number the account owned was taken in");
        }
    }
    Ok(())
}

/// What the name of every number of this instance begins with.
fn prefix(app: &App) -> String {
    format!("Managed by Spoke [{}]: ", app.config.base_url)
}
