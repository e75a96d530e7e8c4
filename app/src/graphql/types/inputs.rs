//! The API's inputs, and what they become on the work floor.

use async_graphql::{Enum, ID, InputObject, MaybeUndefined};

use crate::assignments::list::Wanted;
use crate::assignments::reassign::Place;
use crate::campaigns::sections::{PhoneNumbers, Response, Sections, StepTree};
use crate::contacts::mapping::{Field, Mapped};
use crate::db::campaign::{Changes, Filter, Order, Position};
use crate::error::{Error, Result};
use crate::graphql::context::id;
use crate::graphql::types::scalars::{Date, Phone};
use crate::numbers::reserve::Wish;
use crate::texting::status::CampaignStatus;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum SortCampaignsBy {
    DueDateAsc,
    DueDateDesc,
    IdAsc,
    IdDesc,
    Title,
}

impl From<SortCampaignsBy> for Order {
    fn from(sort: SortCampaignsBy) -> Self {
        match sort {
            SortCampaignsBy::DueDateAsc => Self::DueDateAscending,
            SortCampaignsBy::DueDateDesc => Self::DueDateDescending,
            SortCampaignsBy::IdAsc => Self::IdAscending,
            SortCampaignsBy::IdDesc => Self::IdDescending,
            SortCampaignsBy::Title => Self::Title,
        }
    }
}

/// A contact that is to be given to another texter.
#[derive(Clone, Debug, InputObject)]
pub struct CampaignIdContactId {
    pub campaign_id: String,
    pub campaign_contact_id: i32,
    /// Ignored: texts belong to the contact and go where it goes.
    #[graphql(default)]
    pub message_ids: Vec<Option<i32>>,
}

impl CampaignIdContactId {
    /// For the work floor.
    ///
    /// # Errors
    /// [`Error::BadInput`] when the campaign's id is none.
    pub fn place(&self) -> Result<Place> {
        Ok(Place {
            campaign_id: id(&self.campaign_id)?,
            contact_id: self.campaign_contact_id,
        })
    }
}

/// What a column of a contact file is.
#[derive(Clone, Debug, InputObject)]
pub struct ContactColumnInput {
    /// Its name in the file's first line.
    pub column: String,
    pub field: Field,
    /// What scripts call a CUSTOM field; the column's name when left out.
    pub name: Option<String>,
}

impl From<ContactColumnInput> for Mapped {
    fn from(input: ContactColumnInput) -> Self {
        Self {
            column: input.column,
            field: input.field,
            name: input.name,
        }
    }
}

#[derive(Clone, Copy, Debug, InputObject)]
pub struct OffsetLimitCursor {
    pub offset: i32,
    pub limit: i32,
}

impl OffsetLimitCursor {
    /// For the database.
    pub fn position(self) -> Position {
        Position::Offset(self.offset.into())
    }
}

/// The first rows of a list, or those beside a row of it.
#[derive(Clone, Debug, InputObject)]
pub struct CampaignsPage {
    /// At most this many.
    pub limit: i32,
    /// Those that follow the campaign with this id, in the list's order.
    pub after_id: Option<ID>,
    /// Those that come right before it.
    pub before_id: Option<ID>,
}

impl CampaignsPage {
    /// For the database.
    ///
    /// # Errors
    /// [`Error::BadInput`] where both sides are wanted; [`Error::NotFound`] for ids that are none.
    pub fn position(&self) -> Result<Position> {
        match (&self.after_id, &self.before_id) {
            (None, None) => Ok(Position::Offset(0)),
            (Some(after), None) => id(after).map(Position::After),
            (None, Some(before)) => id(before).map(Position::Before),
            (Some(_), Some(_)) => Err(Error::bad_input(
                "page",
                "A page lies after a campaign or before one.",
            )),
        }
    }
}

#[derive(Clone, Debug, Default, InputObject)]
pub struct CampaignsFilter {
    pub campaign_id: Option<i32>,
    pub campaign_ids: Option<Vec<i32>>,
    pub search_string: Option<String>,
    pub status: Option<CampaignStatus>,
}

impl CampaignsFilter {
    /// For the database.
    pub fn of(self, organization_id: i32) -> Filter {
        Filter {
            organization_id,
            ids: self.campaign_ids.or(self.campaign_id.map(|id| vec![id])),
            search: self.search_string.filter(|text| !text.is_empty()),
            status: self.status,
        }
    }
}

#[derive(Clone, Debug, Default, InputObject)]
pub struct ContactsFilter {
    pub contact_id: Option<ID>,
    pub message_status: Option<String>,
    pub is_opted_out: Option<bool>,
    pub valid_timezone: Option<bool>,
    pub include_past_due: Option<bool>,
    /// Only contacts after this id, by id: paging by key.
    pub after_id: Option<ID>,
    /// At most this many, 300 at the most.
    pub limit: Option<i32>,
}

impl ContactsFilter {
    /// For the work floor.
    ///
    /// # Errors
    /// [`Error::NotFound`] for ids that are none.
    pub fn wanted(&self) -> Result<Wanted> {
        let number = |text: &Option<ID>| text.as_ref().map(|text| id(text)).transpose();
        Ok(Wanted {
            contact_id: number(&self.contact_id)?,
            message_status: self.message_status.clone(),
            is_opted_out: self.is_opted_out,
            includes_past_due: self.include_past_due.unwrap_or(false),
            after_id: number(&self.after_id)?,
            is_paged: self.after_id.is_some() || self.limit.is_some(),
        })
    }
}

#[derive(Clone, Debug, Default, InputObject)]
pub struct InteractionStepInput {
    pub id: Option<String>,
    pub question_text: Option<String>,
    pub script: Option<String>,
    pub answer_option: Option<String>,
    pub answer_actions: Option<String>,
    pub parent_interaction_id: Option<String>,
    pub is_deleted: Option<bool>,
    pub interaction_steps: Option<Vec<InteractionStepInput>>,
}

impl InteractionStepInput {
    /// Ids that are no numbers ("new", "new1") are of steps that do not exist yet.
    fn tree(self) -> StepTree {
        StepTree {
            id: self.id.and_then(|id| id.parse().ok()),
            question: self.question_text.unwrap_or_default(),
            script: self.script.unwrap_or_default(),
            answer_option: self.answer_option.unwrap_or_default(),
            answer_actions: self.answer_actions.unwrap_or_default(),
            is_deleted: self.is_deleted.unwrap_or(false),
            children: self
                .interaction_steps
                .unwrap_or_default()
                .into_iter()
                .map(Self::tree)
                .collect(),
        }
    }
}

#[derive(Clone, Debug, Default, InputObject)]
pub struct CannedResponseInput {
    pub id: Option<String>,
    pub title: String,
    pub text: String,
    pub deleted: Option<bool>,
    pub is_new: Option<bool>,
    pub is_updated: Option<bool>,
}

impl CannedResponseInput {
    fn response(self) -> Response {
        let is_new = self.is_new.unwrap_or(false);
        Response {
            id: self.id.filter(|_| !is_new).and_then(|id| id.parse().ok()),
            title: self.title,
            text: self.text,
            is_deleted: self.deleted.unwrap_or(false),
            is_unchanged: !is_new && self.is_updated == Some(false),
        }
    }
}

#[derive(Clone, Debug, InputObject)]
pub struct CampaignPhoneNumberInput {
    pub area_code: String,
    pub count: i32,
    /// Ignored, as ever: saving reserves anew.
    pub reserved_at: Option<chrono::DateTime<chrono::Utc>>,
}

#[derive(Clone, Debug, Default, InputObject)]
pub struct CampaignInput {
    pub title: Option<String>,
    pub description: Option<String>,
    pub due_by: MaybeUndefined<Date>,
    pub logo_image_url: Option<String>,
    pub primary_color: Option<String>,
    pub intro_html: Option<String>,
    pub organization_id: Option<String>,
    pub interaction_steps: Option<InteractionStepInput>,
    pub canned_responses: Option<Vec<CannedResponseInput>>,
    /// Null gives all reserved numbers back.
    pub phone_numbers: MaybeUndefined<Vec<CampaignPhoneNumberInput>>,
    pub override_organization_texting_hours: Option<bool>,
    pub texting_hours_enforced: Option<bool>,
    pub texting_hours_start: Option<i32>,
    pub texting_hours_end: Option<i32>,
    pub timezone: Option<String>,
}

impl CampaignInput {
    /// For the work floor: the columns that change, and the sections.
    ///
    /// # Errors
    /// [`Error::BadInput`] for hours that are none.
    pub fn split(self) -> Result<(Changes, Sections)> {
        let changes = Changes {
            title: self.title,
            description: self.description,
            due_by: match self.due_by {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(date) => Some(Some(date.0)),
            },
            logo_image_url: self.logo_image_url,
            primary_color: self.primary_color,
            intro_html: self.intro_html,
            override_organization_texting_hours: self.override_organization_texting_hours,
            texting_hours_enforced: self.texting_hours_enforced,
            texting_hours_start: hour(self.texting_hours_start)?,
            texting_hours_end: hour(self.texting_hours_end)?,
            timezone: self.timezone,
        };
        let sections = Sections {
            script: self.interaction_steps.map(InteractionStepInput::tree),
            canned_responses: self.canned_responses.map(|responses| {
                responses
                    .into_iter()
                    .map(CannedResponseInput::response)
                    .collect()
            }),
            phone_numbers: match self.phone_numbers {
                MaybeUndefined::Undefined => PhoneNumbers::Keep,
                MaybeUndefined::Null => PhoneNumbers::Replace(Vec::new()),
                MaybeUndefined::Value(wishes) => {
                    PhoneNumbers::Replace(wishes.into_iter().map(wish).collect())
                }
            },
        };
        Ok((changes, sections))
    }
}

fn wish(input: CampaignPhoneNumberInput) -> Wish {
    Wish {
        area_code: input.area_code,
        count: input.count,
    }
}

fn hour(value: Option<i32>) -> Result<Option<i16>> {
    value
        .map(i16::try_from)
        .transpose()
        .map_err(|_| Error::bad_input("textingHoursStart", "Texting hours lie between 0 and 24."))
}

#[derive(Clone, Debug, InputObject)]
pub struct MessageInput {
    pub text: String,
    pub contact_number: Option<Phone>,
    pub assignment_id: String,
    pub canned_response_id: Option<i32>,
    pub is_initial_message: Option<bool>,
    /// One per click: the same key returns the first result. UUID.
    pub idempotency_key: Option<String>,
}

#[derive(Clone, Debug, InputObject)]
pub struct OptOutInput {
    pub assignment_id: String,
    pub cell: Phone,
    pub reason: Option<String>,
}

#[derive(Clone, Debug, InputObject)]
pub struct UserSelfInput {
    pub first_name: String,
    pub last_name: String,
    pub subscribed_to_reminders: bool,
}

#[derive(Clone, Debug, InputObject)]
pub struct UserPasswordChange {
    pub email: String,
    pub password: String,
    pub password_confirm: String,
    pub new_password: String,
}
