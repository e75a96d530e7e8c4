//! People.

use sqlx::PgExecutor;

use crate::access::Session;
use crate::identity::claims::Claims;

/// A row of `user`, without the password's hash.
#[derive(Clone, Debug)]
pub struct User {
    pub id: i32,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub is_superadmin: bool,
    pub terms: bool,
    pub subscribed_to_reminders: bool,
    pub session_epoch: i32,
}

/// What signing in compares.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub id: i32,
    pub password_hash: Option<String>,
    pub session_epoch: i32,
}

/// A person to be added.
#[derive(Clone, Debug)]
pub struct NewUser<'a> {
    pub first_name: &'a str,
    pub last_name: &'a str,
    pub email: &'a str,
    pub cell: Option<&'a str>,
    pub password_hash: &'a str,
}

/// Broken when somebody has that e-mail address already.
pub const EMAIL_KEY: &str = "user_email_key";

pub async fn list(db: impl PgExecutor<'_>, ids: &[i32]) -> sqlx::Result<Vec<User>> {
    sqlx::query_as!(
        User,
        r#"SELECT id, first_name, last_name, email, is_superadmin, terms, subscribed_to_reminders,
                  session_epoch
           FROM "user" WHERE id = ANY($1)"#,
        ids
    )
    .fetch_all(db)
    .await
}

pub async fn find_credentials(
    db: impl PgExecutor<'_>,
    email: &str,
) -> sqlx::Result<Option<Credentials>> {
    sqlx::query_as!(
        Credentials,
        r#"SELECT id, password_hash, session_epoch FROM "user" WHERE email = lower($1)"#,
        email
    )
    .fetch_optional(db)
    .await
}

pub async fn insert(db: impl PgExecutor<'_>, user: NewUser<'_>) -> sqlx::Result<i32> {
    sqlx::query_scalar!(
        r#"INSERT INTO "user" (first_name, last_name, email, cell, password_hash)
           VALUES ($1, $2, lower($3), $4, $5) RETURNING id"#,
        user.first_name,
        user.last_name,
        user.email,
        user.cell,
        user.password_hash
    )
    .fetch_one(db)
    .await
}

/// Whom a provider calls `subject`, as they would be signed in.
pub async fn find_by_subject(
    db: impl PgExecutor<'_>,
    subject: &str,
) -> sqlx::Result<Option<Session>> {
    sqlx::query_as!(
        Session,
        r#"SELECT id AS user_id, session_epoch AS epoch FROM "user" WHERE auth0_id = $1"#,
        subject
    )
    .fetch_optional(db)
    .await
}

/// What the provider calls this person, if one does.
pub async fn find_subject(db: impl PgExecutor<'_>, id: i32) -> sqlx::Result<Option<String>> {
    let found = sqlx::query_scalar!(r#"SELECT auth0_id FROM "user" WHERE id = $1"#, id)
        .fetch_optional(db)
        .await?;
    Ok(found.flatten())
}

/// Adds somebody a provider vouches for; none if their e-mail address or subject is known.
pub async fn insert_of_provider(
    db: impl PgExecutor<'_>,
    claims: &Claims,
) -> sqlx::Result<Option<i32>> {
    sqlx::query_scalar!(
        r#"INSERT INTO "user" (first_name, last_name, email, cell, auth0_id)
           VALUES ($1, $2, lower($3), $4, $5) ON CONFLICT DO NOTHING RETURNING id"#,
        claims.first_name,
        claims.last_name,
        claims.email,
        claims.cell,
        claims.subject
    )
    .fetch_optional(db)
    .await
}

/// Hands the account with this address to whom a provider calls `subject`; what opened it until now does no more.
pub async fn update_subject(
    db: impl PgExecutor<'_>,
    email: &str,
    subject: &str,
) -> sqlx::Result<Option<Session>> {
    sqlx::query_as!(
        Session,
        r#"UPDATE "user" SET auth0_id = $2, password_hash = NULL, session_epoch = session_epoch + 1
           WHERE email = lower($1) AND auth0_id IS DISTINCT FROM $2
           RETURNING id AS user_id, session_epoch AS epoch"#,
        email,
        subject
    )
    .fetch_optional(db)
    .await
}

pub async fn update_terms(db: impl PgExecutor<'_>, id: i32) -> sqlx::Result<User> {
    sqlx::query_as!(
        User,
        r#"UPDATE "user" SET terms = true WHERE id = $1
           RETURNING id, first_name, last_name, email, is_superadmin, terms, subscribed_to_reminders,
                     session_epoch"#,
        id
    )
    .fetch_one(db)
    .await
}

pub async fn update_names(
    db: impl PgExecutor<'_>,
    id: i32,
    first_name: &str,
    last_name: &str,
    subscribed_to_reminders: bool,
) -> sqlx::Result<User> {
    sqlx::query_as!(
        User,
        r#"UPDATE "user" SET first_name = $2, last_name = $3, subscribed_to_reminders = $4 WHERE id = $1
           RETURNING id, first_name, last_name, email, is_superadmin, terms, subscribed_to_reminders,
                     session_epoch"#,
        id,
        first_name,
        last_name,
        subscribed_to_reminders
    )
    .fetch_one(db)
    .await
}

/// Sets the password and ends every session there is; answers the new epoch.
pub async fn update_password(
    db: impl PgExecutor<'_>,
    id: i32,
    password_hash: &str,
) -> sqlx::Result<i32> {
    sqlx::query_scalar!(
        r#"UPDATE "user" SET password_hash = $2, session_epoch = session_epoch + 1
           WHERE id = $1 RETURNING session_epoch"#,
        id,
        password_hash
    )
    .fetch_one(db)
    .await
}
