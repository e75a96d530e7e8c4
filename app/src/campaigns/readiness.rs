//! What a campaign lacks before it can start.

use crate::campaigns::script;
use crate::db::campaign::Campaign;
use crate::db::canned_response::CannedResponse;
use crate::db::interaction_step::InteractionStep;

/// Sentences, one a thing that is missing; none means ready.
pub fn missing(
    campaign: &Campaign,
    contacts: i64,
    steps: &[InteractionStep],
    responses: &[CannedResponse],
) -> Vec<String> {
    let mut missing = Vec::new();
    let mut lacks = |is_missing: bool, sentence: &str| {
        if is_missing {
            missing.push(sentence.to_owned());
        }
    };
    lacks(campaign.title.trim().is_empty(), "It has no title.");
    lacks(
        campaign.description.trim().is_empty(),
        "It has no description.",
    );
    lacks(campaign.due_by.is_none(), "It has no due date.");
    lacks(contacts == 0, "It has no contacts.");
    let initial = steps
        .iter()
        .find(|step| step.parent_interaction_id.is_none());
    let initial = initial.map_or("", |step| step.script.trim());
    lacks(initial.is_empty(), "It has no initial message.");
    let unknown = script::unknown_fields(initial, &campaign.custom_fields);
    if !unknown.is_empty() {
        missing.push(format!(
            "Its initial message names fields the contacts do not have: {}.",
            unknown.join(", ")
        ));
    }
    for response in responses.iter().filter(|response| !response.deleted) {
        let unknown = script::unknown_fields(&response.text, &campaign.custom_fields);
        if !unknown.is_empty() {
            missing.push(format!(
                "The response \"{}\" names fields the contacts do not have: {}.",
                response.title,
                unknown.join(", ")
            ));
        }
    }
    missing
}
