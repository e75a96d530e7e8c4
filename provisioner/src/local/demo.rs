//! The demonstration organization: made by the worker function, once; passwords kept in `.spoke/`.

use rand::Rng as _;
use rand::distr::Alphanumeric;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
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

const PEOPLE: [(&str, &str); 4] = [
    ("owner", "owner@example.org"),
    ("admin", "admin@example.org"),
    ("texter", "texter1@example.org"),
    ("texter", "texter2@example.org"),
];

/// The accounts of earlier runs, or new ones.
pub fn accounts(ctx: &Context) -> Result<Vec<Account>, Failure> {
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
pub async fn seed(ctx: &Context, accounts: &[Account]) -> Result<Value, Failure> {
    let worker = Function::Worker.lambda_name(&ctx.stage.name);
    ctx.cloud
        .functions
        .call(
            &worker,
            &json!({ "command": "seed_demo", "accounts": accounts }),
        )
        .await
        .blame(codes::DEMO, "the demonstration data could not be made")
        .map_err(|failure| {
            failure
                .state("the instance runs; only the demonstration is missing")
                .next("spokectl logs --function worker")
                .next("spokectl up")
        })
}
