//! Writing. Three beats each: who may, what happens, how it is told.

mod assignments;
mod campaigns;
mod numbers;
mod people;
mod texting;

use async_graphql::MergedObject;

#[derive(Default, MergedObject)]
pub struct Mutation(
    people::PeopleMutations,
    campaigns::CampaignMutations,
    assignments::AssignmentMutations,
    texting::TextingMutations,
    numbers::NumberMutations,
);
