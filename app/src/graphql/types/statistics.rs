//! A campaign's numbers.

use async_graphql::{ID, Object, SimpleObject};

use crate::campaigns::stats::Stats;
use crate::db::contact_tally::Share;

pub struct CampaignStats(pub Stats);

#[Object]
impl CampaignStats {
    async fn texters_count(&self) -> i32 {
        self.0.texters()
    }

    async fn contacts_count(&self) -> i32 {
        self.0.sum(|share| share.total.into())
    }

    async fn messaged_count(&self) -> i32 {
        self.0
            .sum(|share| (share.total - share.needs_message).into())
    }

    async fn replied_count(&self) -> i32 {
        self.0
            .sum(|share| (share.convo + share.needs_response).into())
    }

    async fn skipped_count(&self) -> i32 {
        self.0.sum(|share| share.closed.into())
    }

    async fn opt_outs_count(&self) -> i32 {
        self.0.sum(|share| share.opted_out.into())
    }

    async fn sent_messages_count(&self) -> i32 {
        self.0.sum(|share| share.sent)
    }

    async fn received_messages_count(&self) -> i32 {
        self.0.sum(|share| share.received)
    }

    async fn needs_message_count(&self) -> i32 {
        self.0.sum(|share| share.needs_message.into())
    }

    async fn needs_response_count(&self) -> i32 {
        self.0.sum(|share| share.needs_response.into())
    }

    async fn error_count(&self) -> i32 {
        i32::try_from(self.0.failed).unwrap_or(i32::MAX)
    }
}

#[derive(SimpleObject)]
pub struct AssignmentSummary {
    assignment_id: ID,
    texter_id: ID,
    texter_first_name: String,
    texter_last_name: String,
    contacts_count: i32,
    unmessaged_count: i32,
    needs_response_count: i32,
    convo_count: i32,
    skipped_count: i32,
}

/// A page of the shares somebody has: what follows this assignment's, or all where it has none.
pub fn summaries(stats: Stats, after: Option<i32>, limit: usize) -> Vec<AssignmentSummary> {
    let mut shares = stats.shares;
    shares.retain(|share| share.assignment_id.is_some());
    let place = shares.iter().position(|share| share.assignment_id == after);
    let first = place.map_or(0, |place| place + 1);
    let page = shares.into_iter().skip(first).take(limit);
    page.filter_map(summary).collect()
}

fn summary(share: Share) -> Option<AssignmentSummary> {
    Some(AssignmentSummary {
        assignment_id: share.assignment_id?.into(),
        texter_id: share.texter_id?.into(),
        texter_first_name: share.first_name,
        texter_last_name: share.last_name,
        contacts_count: share.total,
        unmessaged_count: share.needs_message,
        needs_response_count: share.needs_response,
        convo_count: share.convo,
        skipped_count: share.closed,
    })
}
