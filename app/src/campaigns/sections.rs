//! The parts of a campaign that are rows of their own: the script and the canned responses.

use crate::db::canned_response::CannedResponse;
use crate::db::interaction_step::Step;
use crate::db::{self, Connection};
use crate::error::{Error, Result};
use crate::numbers::reserve::Wish;

/// Longest title or text of a canned response.
const MAX_RESPONSE: usize = 1500;

/// The sections that are given.
#[derive(Clone, Debug, Default)]
pub struct Sections {
    pub script: Option<StepTree>,
    pub canned_responses: Option<Vec<Response>>,
    pub phone_numbers: PhoneNumbers,
}

/// What becomes of the campaign's reserved numbers.
#[derive(Clone, Debug, Default)]
pub enum PhoneNumbers {
    /// They stay.
    #[default]
    Keep,
    /// They are given back, and these are reserved instead.
    Replace(Vec<Wish>),
}

/// A step of the script and those that follow it.
#[derive(Clone, Debug, Default)]
pub struct StepTree {
    /// None: new.
    pub id: Option<i32>,
    pub question: String,
    pub script: String,
    pub answer_option: String,
    pub answer_actions: String,
    pub is_deleted: bool,
    pub children: Vec<StepTree>,
}

/// A canned response as it shall be.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// None: new.
    pub id: Option<i32>,
    pub title: String,
    pub text: String,
    pub is_deleted: bool,
    /// None of its own fields changed, only its place.
    pub is_unchanged: bool,
}

/// Writes the sections that are given. Ids of other campaigns' rows are refused.
///
/// # Errors
/// [`Error::BadInput`].
pub async fn write(tx: &mut Connection, campaign_id: i32, sections: &Sections) -> Result<()> {
    if let Some(script) = &sections.script {
        write_steps(tx, campaign_id, script).await?;
    }
    if let Some(responses) = &sections.canned_responses {
        write_responses(tx, campaign_id, responses).await?;
    }
    Ok(())
}

async fn write_steps(tx: &mut Connection, campaign_id: i32, root: &StepTree) -> Result<()> {
    let mut left = vec![(None, root)];
    while let Some((parent, tree)) = left.pop() {
        let step = Step {
            parent_interaction_id: parent,
            question: &tree.question,
            script: &tree.script,
            answer_option: &tree.answer_option,
            answer_actions: &tree.answer_actions,
        };
        let id = match tree.id {
            None if tree.is_deleted => continue,
            None => db::interaction_step::insert(&mut *tx, campaign_id, step).await?,
            Some(id) => {
                let is_known =
                    db::interaction_step::update(&mut *tx, campaign_id, id, step, tree.is_deleted)
                        .await?;
                if !is_known {
                    return Err(Error::bad_input(
                        "interactionSteps",
                        "The campaign has no such step.",
                    ));
                }
                id
            }
        };
        left.extend(tree.children.iter().rev().map(|child| (Some(id), child)));
    }
    Ok(())
}

async fn write_responses(
    tx: &mut Connection,
    campaign_id: i32,
    responses: &[Response],
) -> Result<()> {
    for (place, response) in responses.iter().enumerate() {
        let order = i32::try_from(place).unwrap_or(i32::MAX);
        if !response.is_unchanged {
            write_response(tx, campaign_id, response, order).await?;
        }
    }
    // Places are given by the whole list; the new ones have theirs already.
    let places: Vec<i32> = responses
        .iter()
        .map(|response| response.id.unwrap_or(0))
        .collect();
    db::canned_response::update_order(tx, campaign_id, &places).await?;
    Ok(())
}

async fn write_response(
    tx: &mut Connection,
    campaign_id: i32,
    response: &Response,
    order: i32,
) -> Result<()> {
    let is_right = |text: &str| (1..=MAX_RESPONSE).contains(&text.trim().chars().count());
    let is_complete = is_right(&response.title) && is_right(&response.text);
    if !response.is_deleted && !is_complete {
        return Err(Error::bad_input(
            "cannedResponses",
            "Each response needs a title and a text of at most 1500 characters.",
        ));
    }
    let Some(id) = response.id else {
        if !response.is_deleted {
            db::canned_response::insert(tx, campaign_id, &response.title, &response.text, order)
                .await?;
        }
        return Ok(());
    };
    let row = CannedResponse {
        id,
        campaign_id,
        title: response.title.clone(),
        text: response.text.clone(),
        order,
        deleted: response.is_deleted,
    };
    if db::canned_response::update(tx, campaign_id, &row).await? {
        Ok(())
    } else {
        Err(Error::bad_input(
            "cannedResponses",
            "The campaign has no such response.",
        ))
    }
}
