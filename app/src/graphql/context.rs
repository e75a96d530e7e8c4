//! What every resolver asks for: the application, who is asking, and the loaders.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_graphql::Context;
use async_graphql::dataloader::DataLoader;
use tokio::sync::OnceCell;

use crate::access::{self, Role, Session, Superadmins, Viewer};
use crate::app::App;
use crate::db::assignment::Assignment;
use crate::db::contact::Contact;
use crate::db::opened::Opened;
use crate::error::{Error, Result};
use crate::graphql::loaders::Loaders;

/// One request.
pub struct Request {
    pub session: Option<Session>,
    viewer: OnceCell<Viewer>,
    /// A session the answer shall carry, when a mutation has ended the old one.
    renewed: Arc<Mutex<Option<Session>>>,
    loaders: DataLoader<Loaders>,
    /// What opening an assignment has brought along.
    opened: OnceCell<Opened>,
}

impl Request {
    /// For whoever has this session. `renewed` is where a new one is put.
    pub fn new(
        app: &Arc<App>,
        session: Option<Session>,
        renewed: Arc<Mutex<Option<Session>>>,
    ) -> Self {
        Self {
            session,
            viewer: OnceCell::new(),
            renewed,
            // No waiting: the question is asked when all fields of a level have said what they want, which is
            // when the request first pauses. The default's millisecond would be added level by level.
            loaders: DataLoader::new(Loaders::new(app), tokio::spawn).delay(Duration::ZERO),
            opened: OnceCell::new(),
        }
    }

    /// Gives the answer a new session.
    pub fn renew(&self, session: Session) {
        *self
            .renewed
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = Some(session);
    }
}

/// The application.
pub fn app<'a>(ctx: &Context<'a>) -> &'a Arc<App> {
    ctx.data_unchecked()
}

/// The request.
pub fn request<'a>(ctx: &Context<'a>) -> &'a Request {
    ctx.data_unchecked()
}

/// The loaders, which ask once for what many fields want.
pub fn loaders<'a>(ctx: &Context<'a>) -> &'a DataLoader<Loaders> {
    &request(ctx).loaders
}

/// Who is asking; read once a request.
///
/// # Errors
/// [`Error::SignedOut`].
pub async fn viewer<'a>(ctx: &Context<'a>) -> Result<&'a Viewer> {
    let request = request(ctx);
    request
        .viewer
        .get_or_try_init(|| access::viewer(app(ctx), request.session))
        .await
}

/// An assignment the viewer may look at. The first one of a request brings the viewer, its
/// campaign and its organization along, all in one statement.
///
/// # Errors
/// As [`access::opened_assignment`].
pub async fn open_assignment(ctx: &Context<'_>, id: i32) -> Result<Assignment> {
    let request = request(ctx);
    if request.viewer.initialized() || request.opened.initialized() {
        return access::readable_assignment(app(ctx), viewer(ctx).await?, id).await;
    }
    let (viewer, opened) = access::opened_assignment(app(ctx), request.session, id).await?;
    let assignment = opened.assignment.clone();
    // Another field of the same request may have been quicker: its values are as good.
    drop(request.viewer.set(viewer));
    drop(request.opened.set(opened));
    Ok(assignment)
}

/// A contact the viewer may look at. The first one of a request brings along the same, in two statements.
///
/// # Errors
/// As [`access::opened_contact`].
pub async fn open_contact(ctx: &Context<'_>, id: i32) -> Result<Contact> {
    let request = request(ctx);
    if request.viewer.initialized() || request.opened.initialized() {
        return access::readable_contact(app(ctx), viewer(ctx).await?, id).await;
    }
    let (viewer, opened, contact) = access::opened_contact(app(ctx), request.session, id).await?;
    drop(request.viewer.set(viewer));
    if let Some(opened) = opened {
        drop(request.opened.set(opened));
    }
    Ok(contact)
}

/// What has been opened in this request.
pub fn opened<'a>(ctx: &Context<'a>) -> Option<&'a Opened> {
    request(ctx).opened.get()
}

/// Refuses fields to whoever is below `role` in the organization; superadmins pass.
///
/// # Errors
/// As [`Viewer::require`].
pub async fn guard(ctx: &Context<'_>, organization_id: i32, role: Role) -> Result<()> {
    viewer(ctx)
        .await?
        .require(organization_id, role, Superadmins::Pass)
}

/// Ids are numbers that travel as text.
///
/// # Errors
/// [`Error::NotFound`]: what is no id belongs to nothing.
pub fn id(text: &str) -> Result<i32> {
    text.parse()
        .map_err(|_| Error::NotFound("There is nothing with this id."))
}

/// Ids of texts are more than thirty-two bits hold.
///
/// # Errors
/// As [`id`].
pub fn wide_id(text: &str) -> Result<i64> {
    text.parse()
        .map_err(|_| Error::NotFound("There is nothing with this id."))
}
