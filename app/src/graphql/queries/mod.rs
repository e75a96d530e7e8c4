//! Reading.

mod campaigns;
mod people;
mod texting;

use async_graphql::MergedObject;

#[derive(Default, MergedObject)]
pub struct Query(
    people::PeopleQueries,
    campaigns::CampaignQueries,
    texting::TextingQueries,
);
