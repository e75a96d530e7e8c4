//! Organizations, and pages of their campaigns.

use async_graphql::{Context, ID, Object, SimpleObject, Union};
use chrono::{DateTime, Utc};
use tokio::sync::OnceCell;

use crate::access::Role;
use crate::app::App;
use crate::db;
use crate::db::campaign::{Filter, Order, Position};
use crate::error::{Error, Result};
use crate::graphql::context::{app, guard, id, viewer, wide_id};
use crate::graphql::types::campaign::Campaign;
use crate::graphql::types::contact::{Attachment, CampaignContact, OptOut};
use crate::graphql::types::inputs::{
    CampaignsFilter, CampaignsPage, OffsetLimitCursor, SortCampaignsBy,
};
use crate::graphql::types::scalars::Phone;
use crate::numbers;
use crate::texting::inbound;

/// Most rows of a page.
const MAX_PAGE: i32 = 500;
/// Most opt-outs of a page.
const MAX_OPT_OUTS: i32 = 1000;
/// Most contacts with one number.
const MAX_WITH_NUMBER: i64 = 50;
/// Most campaigns of a list without pages.
const MAX_LIST: i64 = 1000;

pub struct Organization(pub db::organization::Organization);

#[Object]
impl Organization {
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    async fn name(&self) -> &str {
        &self.0.name
    }

    /// By `cursor`, whose rows are counted from the beginning, or by `page`, whose cost is the same wherever it lies.
    async fn campaigns(
        &self,
        ctx: &Context<'_>,
        cursor: Option<OffsetLimitCursor>,
        page: Option<CampaignsPage>,
        campaigns_filter: Option<CampaignsFilter>,
        sort_by: Option<SortCampaignsBy>,
    ) -> Result<PaginatedCampaigns> {
        guard(ctx, self.0.id, Role::Supervolunteer).await?;
        let filter = campaigns_filter.unwrap_or_default().of(self.0.id);
        let (position, limit) = match (cursor, page) {
            (Some(_), Some(_)) => {
                return Err(Error::bad_input(
                    "page",
                    "Give a cursor or a page, not both.",
                ));
            }
            (Some(cursor), None) => (cursor.position(), cursor.limit),
            (None, Some(page)) => (page.position()?, page.limit),
            (None, None) => (Position::Offset(0), MAX_PAGE),
        };
        self::page(app(ctx), filter, order(sort_by), position, limit).await
    }

    async fn texting_hours_enforced(&self) -> bool {
        self.0.texting_hours_enforced
    }

    async fn texting_hours_start(&self) -> i32 {
        self.0.texting_hours_start.into()
    }

    async fn texting_hours_end(&self) -> i32 {
        self.0.texting_hours_end.into()
    }

    async fn max_contacts(&self, ctx: &Context<'_>) -> i32 {
        let limit = self
            .0
            .max_contacts()
            .unwrap_or(app(ctx).config.max_contacts);
        i32::try_from(limit).unwrap_or(i32::MAX)
    }

    /// By id, 1000 at a time: paging by key.
    async fn opt_outs(
        &self,
        ctx: &Context<'_>,
        after_id: Option<ID>,
        limit: Option<i32>,
    ) -> Result<Vec<OptOut>> {
        guard(ctx, self.0.id, Role::Admin).await?;
        let after = after_id.map_or(Ok(0), |after| id(&after))?;
        let limit = limit.unwrap_or(MAX_OPT_OUTS).clamp(1, MAX_OPT_OUTS);
        let rows = db::opt_out::list_page(&app(ctx).db, self.0.id, after, limit.into()).await?;
        Ok(rows.into_iter().map(OptOut).collect())
    }

    /// Texts that came in and matched no conversation, newest first.
    async fn unmatched_messages(
        &self,
        ctx: &Context<'_>,
        before_id: Option<ID>,
        limit: Option<i32>,
    ) -> Result<Vec<UnmatchedMessage>> {
        guard(ctx, self.0.id, Role::Admin).await?;
        let before = before_id.map_or(Ok(i64::MAX), |before| wide_id(&before))?;
        let limit = limit.unwrap_or(MAX_PAGE).clamp(1, MAX_PAGE);
        let sees_all = viewer(ctx).await?.is_superadmin();
        let (db, organization) = (&app(ctx).db, self.0.id);
        let rows =
            db::inbound_message::list_unmatched(db, organization, sees_all, before, limit.into())
                .await?;
        Ok(rows.into_iter().map(UnmatchedMessage::of).collect())
    }

    /// Contacts of its started campaigns with this number, the newest 50: whose an unmatched text may be.
    async fn contacts_with_number(
        &self,
        ctx: &Context<'_>,
        cell: Phone,
    ) -> Result<Vec<CampaignContact>> {
        guard(ctx, self.0.id, Role::Admin).await?;
        let db = &app(ctx).db;
        let rows = db::contact::list_by_cell(db, self.0.id, &cell.0, MAX_WITH_NUMBER).await?;
        Ok(rows.into_iter().map(CampaignContact).collect())
    }

    async fn campaign_phone_numbers_enabled(&self) -> bool {
        self.0.has_feature(numbers::FEATURE)
    }

    /// Numbers that may be reserved, by area code; none where campaigns have none of their own.
    async fn available_phone_numbers(&self, ctx: &Context<'_>) -> Result<Vec<AvailableNumbers>> {
        guard(ctx, self.0.id, Role::Admin).await?;
        if !self.0.has_feature(numbers::FEATURE) {
            return Ok(Vec::new());
        }
        let stock = db::phone_number::list_stock(&app(ctx).db).await?;
        let available = stock.into_iter().filter(|stock| stock.available > 0);
        Ok(available
            .map(|stock| AvailableNumbers {
                area_code: stock.area_code,
                available_count: stock.available,
            })
            .collect())
    }

    /// The whole inventory, by area code.
    async fn phone_numbers_by_status(&self, ctx: &Context<'_>) -> Result<Vec<NumbersByStatus>> {
        guard(ctx, self.0.id, Role::Supervolunteer).await?;
        let stock = db::phone_number::list_stock(&app(ctx).db).await?;
        Ok(stock
            .into_iter()
            .map(|stock| NumbersByStatus {
                area_code: stock.area_code,
                available_count: stock.available,
                reserved_count: stock.reserved,
                assigned_count: stock.assigned,
            })
            .collect())
    }

    async fn opt_out_message(&self, ctx: &Context<'_>) -> String {
        let own = self.0.feature("opt_out_message");
        own.unwrap_or(&app(ctx).config.opt_out_message).to_owned()
    }
}

/// A text nobody's conversation matched.
#[derive(SimpleObject)]
pub struct UnmatchedMessage {
    id: ID,
    contact_number: String,
    user_number: String,
    /// Empty when the carrier named none.
    messaging_service_sid: String,
    text: String,
    attachments: Vec<Attachment>,
    received_at: DateTime<Utc>,
}

impl UnmatchedMessage {
    fn of(row: db::inbound_message::Unmatched) -> Self {
        Self {
            id: row.id.into(),
            attachments: Attachment::list(inbound::attachments(&row.payload).as_ref()),
            contact_number: row.contact_number,
            user_number: row.user_number,
            messaging_service_sid: row.messaging_service_sid,
            text: row.text,
            received_at: row.received_at,
        }
    }
}

#[derive(SimpleObject)]
pub struct AvailableNumbers {
    area_code: String,
    available_count: i32,
}

#[derive(SimpleObject)]
pub struct NumbersByStatus {
    area_code: String,
    available_count: i32,
    reserved_count: i32,
    assigned_count: i32,
}

/// Where a page of campaigns lies. Whoever asks for neither `total` nor `next` has nobody count.
pub struct PageInfo {
    limit: i32,
    /// None: the page is one of those that lie before or after a campaign.
    offset: Option<i32>,
    filter: Filter,
    total: OnceCell<i32>,
}

#[Object]
impl PageInfo {
    async fn limit(&self) -> i32 {
        self.limit
    }

    async fn offset(&self) -> i32 {
        self.offset.unwrap_or(0)
    }

    /// The next page's offset.
    async fn next(&self, ctx: &Context<'_>) -> Result<Option<i32>> {
        let Some(offset) = self.offset else {
            return Ok(None);
        };
        let next = offset.saturating_add(self.limit);
        Ok((next < self.count(ctx).await?).then_some(next))
    }

    /// The previous page's offset.
    async fn previous(&self) -> Option<i32> {
        let offset = self.offset.filter(|offset| *offset > 0)?;
        Some((offset - self.limit).max(0))
    }

    async fn total(&self, ctx: &Context<'_>) -> Result<i32> {
        self.count(ctx).await
    }
}

impl PageInfo {
    async fn count(&self, ctx: &Context<'_>) -> Result<i32> {
        let count = async || {
            let count = db::campaign::count(&app(ctx).db, &self.filter).await?;
            Ok(i32::try_from(count).unwrap_or(i32::MAX))
        };
        self.total.get_or_try_init(count).await.copied()
    }
}

#[derive(SimpleObject)]
pub struct PaginatedCampaigns {
    campaigns: Vec<Campaign>,
    page_info: PageInfo,
}

#[derive(SimpleObject)]
pub struct CampaignsList {
    campaigns: Vec<Campaign>,
}

#[derive(Union)]
pub enum CampaignsReturn {
    Page(PaginatedCampaigns),
    List(CampaignsList),
}

/// The order a list comes in unless it is asked for otherwise.
pub fn order(sort: Option<SortCampaignsBy>) -> Order {
    sort.unwrap_or(SortCampaignsBy::IdDesc).into()
}

/// A page of campaigns.
///
/// # Errors
/// [`Error::BadInput`] for a page that cannot be.
pub async fn page(
    app: &App,
    filter: Filter,
    order: Order,
    position: Position,
    limit: i32,
) -> Result<PaginatedCampaigns> {
    let offset = match position {
        Position::Offset(offset) => i32::try_from(offset).ok(),
        Position::After(_) | Position::Before(_) => None,
    };
    if offset.is_some_and(|offset| offset < 0) || !(1..=MAX_PAGE).contains(&limit) {
        return Err(Error::bad_input(
            "cursor",
            format!("A page has 1 to {MAX_PAGE} rows."),
        ));
    }
    let rows = db::campaign::list_page(&app.db, &filter, order, position, limit.into()).await?;
    Ok(PaginatedCampaigns {
        campaigns: rows.into_iter().map(Campaign).collect(),
        page_info: PageInfo {
            limit,
            offset,
            filter,
            total: OnceCell::new(),
        },
    })
}

/// All campaigns that match.
///
/// # Errors
/// When the database does not answer.
pub async fn list(app: &App, filter: &Filter, order: Order) -> Result<CampaignsList> {
    let rows =
        db::campaign::list_page(&app.db, filter, order, Position::Offset(0), MAX_LIST).await?;
    Ok(CampaignsList {
        campaigns: rows.into_iter().map(Campaign).collect(),
    })
}
