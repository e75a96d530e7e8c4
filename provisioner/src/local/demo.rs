//! The demonstration organization: made by the worker function, once; passwords kept in `.spoke/`.

use rand::Rng as _;
use rand::distr::Alphanumeric;
use serde::{Deserialize, Serialize};
use serde_json::json;
use spoke_contract::functions::Function;

use crate::context::Context;
use crate::failure::{Blame as _, Failure, codes};

/// Somebody who can sign in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Account {
    /// What they may do.
    pub role: String,
    /// How they sign in.
    pub email: String,
    /// And with what.
    pub password: String,
}

/// Who is made: role and address.
const PEOPLE: [(&str, &str); 4] = [
    ("owner", "owner@example.com"),
    ("admin", "admin@example.com"),
    ("texter", "texter1@example.com"),
    ("texter", "texter2@example.com"),
];

/// The worker's answer, as far as it matters here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Seeded {
    is_new: bool,
}

/// What is there afterwards.
#[derive(Debug)]
pub struct Demo {
    /// Who can sign in.
    pub accounts: Vec<Account>,
    /// Whether it was made now.
    pub is_new: bool,
}

/// The accounts of earlier runs, or new ones.
fn accounts(ctx: &Context) -> Result<Vec<Account>, Failure> {
    let path = ctx.repository.local("demo.json");
    if let Ok(text) = std::fs::read(&path)
        && let Ok(accounts) = serde_json::from_slice(&text)
    {
        return Ok(accounts);
    }
    let accounts: Vec<Account> = PEOPLE
        .into_iter()
        .map(|(role, email)| Account {
            role: role.to_owned(),
            email: email.to_owned(),
            password: password(),
        })
        .collect();
    // Written before they are used: a password that was set and forgotten helps nobody.
    let text = serde_json::to_vec_pretty(&accounts).map_err(anyhow::Error::from)?;
    std::fs::write(&path, text).blame(codes::FOLDER, ".spoke/demo.json cannot be written")?;
    Ok(accounts)
}

fn password() -> String {
    rand::rng()
        .sample_iter(Alphanumeric)
        .take(12)
        .map(char::from)
        .collect()
}

/// Makes organization, people and campaign; the same ones when they are there already.
pub async fn seed(ctx: &Context) -> Result<Demo, Failure> {
    let what = "the demonstration data could not be made";
    let worker = Function::Worker.lambda_name(&ctx.stage.name);
    let accounts = accounts(ctx)?;
    let answer = ctx
        .cloud
        .functions
        .call(
            &worker,
            &json!({ "command": "seed_demo", "accounts": accounts }),
        )
        .await
        .blame(codes::DEMO, what)
        .map_err(|failure| {
            failure
                .state("the instance runs; only the demonstration is missing")
                .next("spokectl logs --function worker")
                .next("spokectl up")
        })?;
    let seeded: Seeded = serde_json::from_value(answer).blame(codes::DEMO, what)?;
    Ok(Demo {
        accounts,
        is_new: seeded.is_new,
    })
}
