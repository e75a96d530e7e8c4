//! Reserving numbers for a campaign that has not been started: all of them, or none.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::db::{self, Connection};
use crate::error::{Error, Result};
use crate::numbers::MAX_PER_SERVICE;

/// Most area codes of one campaign.
const MAX_AREAS: usize = 3;

/// So many numbers of one area code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    pub area_code: String,
    pub count: i32,
}

/// How many numbers so many contacts need.
pub fn needed(contacts: i64, contacts_per_number: u32) -> i64 {
    let per_number = i64::from(contacts_per_number.max(1));
    (contacts + per_number - 1) / per_number
}

/// Puts the campaign's reservations back and makes these instead. It has no messaging service.
///
/// # Errors
/// [`Error::BadInput`] when the wishes break a limit, or the inventory has too few: then nothing
/// has changed.
pub async fn replace(
    tx: &mut Connection,
    campaign_id: i32,
    wishes: &[Wish],
    contacts_per_number: u32,
    now: DateTime<Utc>,
) -> Result<()> {
    let contacts = db::contact::count_of_campaign(&mut *tx, campaign_id).await?;
    check(wishes, needed(contacts, contacts_per_number))?;
    db::phone_number::free(&mut *tx, campaign_id).await?;
    for wish in wishes {
        let count = i64::from(wish.count);
        let area = &wish.area_code;
        let reserved = db::phone_number::reserve(&mut *tx, campaign_id, area, count, now).await?;
        if reserved < u64::try_from(count).unwrap_or(0) {
            return Err(wrong(format!(
                "Only {reserved} numbers of area code {area} are available; {count} were asked for. Nothing was changed."
            )));
        }
    }
    Ok(())
}

fn check(wishes: &[Wish], needed: i64) -> Result<()> {
    let areas: BTreeSet<&str> = wishes.iter().map(|wish| wish.area_code.as_str()).collect();
    if areas.len() > MAX_AREAS || areas.len() < wishes.len() {
        return Err(wrong("Name each area code once, three at the most."));
    }
    if let Some(wish) = wishes.iter().find(|wish| !is_area_code(&wish.area_code)) {
        return Err(wrong(format!("\"{}\" is no area code.", wish.area_code)));
    }
    if wishes.iter().any(|wish| wish.count < 1) {
        return Err(wrong("Ask for at least one number of each area code."));
    }
    let total: i64 = wishes.iter().map(|wish| i64::from(wish.count)).sum();
    if total > i64::from(MAX_PER_SERVICE) {
        return Err(wrong(format!(
            "A campaign can have {MAX_PER_SERVICE} numbers at the most."
        )));
    }
    if total > needed {
        return Err(wrong(format!(
            "The campaign's contacts need {needed} numbers; {total} were asked for."
        )));
    }
    Ok(())
}

/// Whether this is a North American area code.
pub fn is_area_code(text: &str) -> bool {
    text.len() == 3
        && text.bytes().all(|digit| digit.is_ascii_digit())
        && !text.starts_with(['0', '1'])
}

fn wrong(reason: impl Into<String>) -> Error {
    Error::bad_input("phoneNumbers", reason)
}

#[cfg(test)]
mod tests {
    use super::{Wish, check, needed};

    fn wish(area_code: &str, count: i32) -> Wish {
        Wish {
            area_code: area_code.to_owned(),
            count,
        }
    }

    #[test]
    fn the_ratio_rounds_up() {
        for (contacts, expected) in [(0, 0), (1, 1), (150, 1), (151, 2), (60_000, 400)] {
            assert_eq!(needed(contacts, 150), expected, "{contacts}");
        }
    }

    #[test]
    fn wishes_keep_to_the_limits() {
        assert!(check(&[wish("952", 2), wish("612", 1)], 3).is_ok());
        assert!(check(&[], 0).is_ok());
        assert!(check(&[wish("952", 400)], 400).is_ok());
        let bad = [
            vec![wish("952", 401)],
            vec![wish("952", 0)],
            vec![wish("052", 1)],
            vec![wish("95", 1)],
            vec![wish("952", 1), wish("952", 1)],
            vec![
                wish("952", 1),
                wish("612", 1),
                wish("651", 1),
                wish("763", 1),
            ],
        ];
        for wishes in bad {
            assert!(check(&wishes, 500).is_err(), "{wishes:?}");
        }
        assert!(check(&[wish("952", 4)], 3).is_err(), "more than are needed");
    }
}
