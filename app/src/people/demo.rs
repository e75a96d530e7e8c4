//! The demonstration organization: an owner, an admin, two texters, and a campaign ready to text.

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::access::Role;
use crate::app::App;
use crate::contacts::zones;
use crate::db::campaign::{Changes, Position};
use crate::db::contact_line::Batch;
use crate::db::interaction_step::Step;
use crate::db::user::NewUser;
use crate::db::{self, Connection};
use crate::people::password;

/// The organization's uuid: how a second run knows that the first one was here.
const ORGANIZATION: Uuid = Uuid::from_u128(0x5b0c_e000_0000_4000_8000_0000_0000_0001);
const CONTACTS: i32 = 1000;
/// Stages whose instance is real.
const REAL_STAGES: [&str; 2] = ["prod", "production"];

/// The worker's command.
#[derive(Clone, Debug, Deserialize)]
pub struct Wanted {
    /// Who shall be able to sign in: one owner, one admin and texters.
    pub accounts: Vec<NewAccount>,
}

/// Somebody to be made.
#[derive(Clone, Deserialize)]
pub struct NewAccount {
    /// `owner`, `admin`, `supervolunteer` or `texter`.
    pub role: String,
    pub email: String,
    pub password: String,
}

impl std::fmt::Debug for NewAccount {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", self.role, self.email)
    }
}

/// What is there afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Demo {
    pub organization_id: i32,
    pub campaign_id: i32,
    pub join_path: String,
    pub accounts: Vec<Account>,
    /// Whether it was made now.
    pub is_new: bool,
}

/// Somebody who can sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub email: String,
    pub role: String,
}

/// Names for people, taken in order.
const PEOPLE: [(&str, &str); 6] = [
    ("Olivia", "Owens"),
    ("Adam", "Archer"),
    ("Tess", "Taylor"),
    ("Theo", "Tanaka"),
    ("Nina", "Novak"),
    ("Omar", "Okafor"),
];

const SCRIPT: &str = "Hi {first_name}, it's {texter_first_name} with Get Out the Vote! The election is on Tuesday. \
Your polling place is {polling_place}. Can we count on you to vote?";

const RESPONSES: [(&str, &str); 4] = [
    (
        "Thanks!",
        "Wonderful, thank you {first_name}! Polls at {polling_place} are open from 7 to 8.",
    ),
    (
        "Where do I vote?",
        "You vote at {polling_place}, {ward}. Bring a friend!",
    ),
    (
        "Already voted",
        "That's great, thank you {first_name}! Would you remind a friend?",
    ),
    (
        "Wrong person",
        "Sorry about that! We'll take this number off our list.",
    ),
];

/// Makes it, unless it is there.
///
/// # Errors
/// On a real stage, when a password is missing, or when the database does not answer.
pub async fn seed(app: &App, wanted: &Wanted) -> anyhow::Result<Demo> {
    let stage = app.config.stage.as_str();
    if REAL_STAGES.contains(&stage) {
        bail!("stage {stage} is a real one: no demonstration is made in it");
    }
    let mut tx = app.db.begin().await?;
    // Two seeds at once: the second waits and finds everything done.
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(77_653_i64 + 1)
        .execute(&mut *tx)
        .await?;
    if let Some(demo) = find(&mut tx).await? {
        return Ok(demo);
    }
    let organization_id = db::organization::insert(&mut *tx, "Get Out the Vote", ORGANIZATION)
        .await?
        .id;
    let mut people = Vec::new();
    for (account, names) in wanted.accounts.iter().zip(PEOPLE.iter().cycle()) {
        people.push(insert_person(&mut tx, organization_id, account, *names).await?);
    }
    let creator = people
        .iter()
        .find(|(_, role)| *role >= Role::Admin)
        .context("the accounts hold neither an owner nor an admin")?;
    let campaign_id = insert_campaign(app, &mut tx, organization_id, creator.0).await?;
    insert_contacts(&mut tx, organization_id, campaign_id).await?;
    for (texter, _) in people.iter().filter(|(_, role)| *role == Role::Texter) {
        db::assignment::insert(&mut *tx, *texter, campaign_id, None).await?;
    }
    let service = app.config.twilio_messaging_service_sid.as_deref();
    let token = app.ids.token();
    if !db::campaign::start(&mut *tx, campaign_id, app.clock.now(), &token, service).await? {
        bail!("the campaign could not be started");
    }
    let demo = find(&mut tx)
        .await?
        .context("the demonstration is not there")?;
    tx.commit().await?;
    Ok(Demo {
        is_new: true,
        ..demo
    })
}

async fn find(tx: &mut Connection) -> anyhow::Result<Option<Demo>> {
    let Some(organization_id) = db::organization::find_by_uuid(&mut *tx, ORGANIZATION).await?
    else {
        return Ok(None);
    };
    let filter = db::campaign::Filter {
        organization_id,
        ..db::campaign::Filter::default()
    };
    let order = db::campaign::Order::IdAscending;
    let campaigns =
        db::campaign::list_page(&mut *tx, &filter, order, Position::Offset(0), 1).await?;
    let campaign = campaigns
        .into_iter()
        .next()
        .context("the demonstration's campaign is gone")?;
    let token = campaign
        .join_token
        .context("the demonstration's campaign was not started")?;
    Ok(Some(Demo {
        organization_id,
        campaign_id: campaign.id,
        join_path: format!("/join-campaign/{token}"),
        accounts: db::membership::list(&mut *tx, organization_id)
            .await?
            .into_iter()
            .map(|(email, role)| Account {
                email,
                role: role.name().to_owned(),
            })
            .collect(),
        is_new: false,
    }))
}

async fn insert_person(
    tx: &mut Connection,
    organization_id: i32,
    account: &NewAccount,
    (first_name, last_name): (&str, &str),
) -> anyhow::Result<(i32, Role)> {
    let role = Role::from_name(&account.role.to_uppercase())
        .with_context(|| format!("there is no role \"{}\"", account.role))?;
    let email = account.email.to_lowercase();
    let id = if let Some(known) = db::user::find_credentials(&mut *tx, &email).await? {
        known.id
    } else {
        let user = NewUser {
            first_name,
            last_name,
            email: &email,
            cell: None,
            password_hash: &password::hash(&account.password).await?,
        };
        db::user::insert(&mut *tx, user).await?
    };
    db::membership::insert(tx, id, organization_id, role).await?;
    Ok((id, role))
}

async fn insert_campaign(
    app: &App,
    tx: &mut Connection,
    organization_id: i32,
    creator: i32,
) -> anyhow::Result<i32> {
    let zone = app.config.reference_zone.name();
    let file = Some("demonstration.csv");
    let id = db::campaign::insert(
        &mut *tx,
        organization_id,
        creator,
        "Get out the vote",
        zone,
        file,
    )
    .await?;
    let changes = Changes {
        description: Some("Ask people whether they will vote, and tell them where.".to_owned()),
        due_by: Some(Some(app.clock.now() + chrono::TimeDelta::days(60))),
        primary_color: Some("#1f3a8a".to_owned()),
        // A demonstration is looked at by day and by night.
        override_organization_texting_hours: Some(true),
        texting_hours_enforced: Some(false),
        ..Changes::default()
    };
    db::campaign::update(&mut *tx, id, &changes).await?;
    let step = Step {
        parent_interaction_id: None,
        question: "",
        script: SCRIPT,
        answer_option: "",
        answer_actions: "",
    };
    db::interaction_step::insert(&mut *tx, id, step).await?;
    for (order, (title, text)) in (0..).zip(RESPONSES) {
        db::canned_response::insert(&mut *tx, id, title, text, order).await?;
    }
    let fields = ["polling_place".to_owned(), "ward".to_owned()];
    db::campaign::update_contacts(tx, id, CONTACTS, &fields, "demonstration.csv").await?;
    Ok(id)
}

const FIRST_NAMES: [&str; 20] = [
    "Ana", "Ben", "Carla", "Dmitri", "Elena", "Farid", "Grace", "Hiro", "Ines", "Jamal", "Keiko",
    "Luis", "Maya", "Noah", "Olga", "Priya", "Quinn", "Rosa", "Sam", "Tala",
];
const LAST_NAMES: [&str; 25] = [
    "Adams", "Baker", "Chen", "Diaz", "Evans", "Flores", "Garcia", "Hall", "Ito", "Jones", "Khan",
    "Lopez", "Miller", "Nguyen", "Ortiz", "Patel", "Reyes", "Smith", "Torres", "Usman", "Vega",
    "Wilson", "Xu", "Young", "Zhang",
];
const PLACES: [&str; 6] = [
    "Lincoln School",
    "the Public Library",
    "Fire Station 4",
    "City Hall",
    "Oak Street Church",
    "the Senior Center",
];
const STATES: [&str; 6] = ["NY", "OH", "TX", "AZ", "CA", "FL"];

async fn insert_contacts(
    tx: &mut Connection,
    organization_id: i32,
    campaign_id: i32,
) -> anyhow::Result<()> {
    let mut batch = Batch::default();
    let pick = |list: &[&'static str], number: i32| {
        let position = usize::try_from(number).unwrap_or(0) % list.len();
        list[position]
    };
    for number in 0..CONTACTS {
        let cell = format!("+1555{:07}", 1_000_000 + number * 37);
        let state = pick(&STATES, number);
        batch.lines.push(number + 2);
        batch
            .first_names
            .push(pick(&FIRST_NAMES, number).to_owned());
        batch
            .last_names
            .push(pick(&LAST_NAMES, number / 20).to_owned());
        batch.external_ids.push(format!("demo-{number}"));
        batch.external_id_types.push(Some("demo".to_owned()));
        batch.state_codes.push(Some(state.to_owned()));
        batch.zips.push(String::new());
        batch
            .timezones
            .push(zones::find("", Some(state), &cell).map(str::to_owned));
        batch.custom_fields.push(serde_json::json!({
            "polling_place": pick(&PLACES, number / 3),
            "ward": format!("Ward {}", number % 9 + 1),
        }));
        batch.cells.push(cell);
    }
    // No job has this number: rows of jobs are numbered from 1.
    let job = -campaign_id;
    db::contact_line::insert(&mut *tx, job, &batch).await?;
    db::contact_line::move_into_campaign(&mut *tx, job, campaign_id, organization_id, false)
        .await?;
    db::contact_line::delete(tx, job).await?;
    Ok(())
}
