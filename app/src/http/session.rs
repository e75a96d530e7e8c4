//! The session cookie: sealed, so that nobody reads or makes one; revoked by the user's row.

use axum_extra::extract::PrivateCookieJar;
use axum_extra::extract::cookie::{Cookie, Expiration, Key, SameSite};
use chrono::{DateTime, TimeDelta, Utc};

use crate::access::Session;
use crate::app::App;

const NAME: &str = "session";
const LIFETIME: TimeDelta = TimeDelta::days(7);

/// The session the request carries, unless it is older than seven days.
pub fn read(jar: &PrivateCookieJar<Key>, now: DateTime<Utc>) -> Option<Session> {
    parse(jar.get(NAME)?.value(), now)
}

/// A jar that signs the browser in.
pub fn write(app: &App, jar: PrivateCookieJar<Key>, session: Session) -> PrivateCookieJar<Key> {
    let issued = app.clock.now();
    let value = format!(
        "{}.{}.{}",
        session.user_id,
        session.epoch,
        issued.timestamp()
    );
    let end = std::time::SystemTime::from(issued + LIFETIME);
    let cookie = Cookie::build((NAME, value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(app.config.is_https())
        .expires(Expiration::from(Some(end.into())));
    jar.add(cookie)
}

/// Whether there is a session at all, however old.
pub fn is_there(jar: &PrivateCookieJar<Key>) -> bool {
    jar.get(NAME).is_some()
}

/// A jar that signs the browser out.
pub fn remove(jar: PrivateCookieJar<Key>) -> PrivateCookieJar<Key> {
    jar.remove(Cookie::build(NAME).path("/"))
}

fn parse(value: &str, now: DateTime<Utc>) -> Option<Session> {
    let mut parts = value.split('.');
    let user_id = parts.next()?.parse().ok()?;
    let epoch = parts.next()?.parse().ok()?;
    let issued = DateTime::from_timestamp(parts.next()?.parse().ok()?, 0)?;
    let is_current = now >= issued - TimeDelta::minutes(5) && now - issued < LIFETIME;
    is_current.then_some(Session { user_id, epoch })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::{Session, parse};

    #[test]
    fn a_session_lasts_seven_days() {
        let issued = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let session = Some(Session {
            user_id: 7,
            epoch: 2,
        });
        let value = "7.2.1800000000";
        assert_eq!(parse(value, issued), session);
        assert_eq!(
            parse(value, issued + TimeDelta::days(7) - TimeDelta::seconds(1)),
            session
        );
        assert_eq!(parse(value, issued + TimeDelta::days(7)), None);
        assert_eq!(parse("7.2", issued), None);
        assert_eq!(parse("x.y.z", issued), None);
    }
}
