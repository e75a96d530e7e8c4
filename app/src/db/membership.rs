//! Who belongs to which organization, in which role.

use sqlx::PgExecutor;

use crate::access::Role;
use crate::db::user::User;

/// A person with all roles they have.
#[derive(Clone, Debug)]
pub struct Person {
    pub user: User,
    /// Organization and role, by organization.
    pub roles: Vec<(i32, Role)>,
}

/// The person and their roles, in one statement: what every signed-in request begins with.
pub async fn find_person(db: impl PgExecutor<'_>, user_id: i32) -> sqlx::Result<Option<Person>> {
    let row = sqlx::query!(
        r#"SELECT u.id, u.first_name, u.last_name, u.email, u.is_superadmin, u.terms,
                  u.subscribed_to_reminders, u.session_epoch,
                  array(SELECT organization_id FROM user_organization
                        WHERE user_id = u.id ORDER BY organization_id) AS "organizations!",
                  array(SELECT role FROM user_organization
                        WHERE user_id = u.id ORDER BY organization_id) AS "roles!: Vec<Role>"
           FROM "user" u WHERE u.id = $1"#,
        user_id
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Person {
        user: User {
            id: row.id,
            first_name: row.first_name,
            last_name: row.last_name,
            email: row.email,
            is_superadmin: row.is_superadmin,
            terms: row.terms,
            subscribed_to_reminders: row.subscribed_to_reminders,
            session_epoch: row.session_epoch,
        },
        roles: row.organizations.into_iter().zip(row.roles).collect(),
    }))
}

/// Another person's role in an organization.
pub async fn find_role(
    db: impl PgExecutor<'_>,
    user_id: i32,
    organization_id: i32,
) -> sqlx::Result<Option<Role>> {
    sqlx::query_scalar!(
        r#"SELECT role AS "role: Role" FROM user_organization
           WHERE user_id = $1 AND organization_id = $2"#,
        user_id,
        organization_id
    )
    .fetch_optional(db)
    .await
}

/// E-mail address and role of everybody in the organization, in the order they came.
pub async fn list(
    db: impl PgExecutor<'_>,
    organization_id: i32,
) -> sqlx::Result<Vec<(String, Role)>> {
    let rows = sqlx::query!(
        r#"SELECT u.email, m.role AS "role: Role" FROM user_organization m JOIN "user" u ON u.id = m.user_id
           WHERE m.organization_id = $1 ORDER BY u.id"#,
        organization_id
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.email, row.role)).collect())
}

/// Adds the person unless they are in the organization already.
pub async fn insert(
    db: impl PgExecutor<'_>,
    user_id: i32,
    organization_id: i32,
    role: Role,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO user_organization (user_id, organization_id, role) VALUES ($1, $2, $3)
         ON CONFLICT ON CONSTRAINT user_organization_key DO NOTHING",
        user_id,
        organization_id,
        role as Role
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Sets the role; a suspended person's sessions end.
pub async fn update_role(
    db: impl PgExecutor<'_>,
    user_id: i32,
    organization_id: i32,
    role: Role,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"WITH changed AS (
               UPDATE user_organization SET role = $3 WHERE user_id = $1 AND organization_id = $2
               RETURNING user_id)
           UPDATE "user" SET session_epoch = session_epoch + 1
           WHERE id IN (SELECT user_id FROM changed) AND $3 = 'SUSPENDED'"#,
        user_id,
        organization_id,
        role as Role
    )
    .execute(db)
    .await?;
    Ok(())
}
