//! Lists come page by page, as Twilio's do.

use std::collections::HashMap;

use crate::plan::Plan;

/// Twilio's own limits.
const USUAL: usize = 50;
const MOST: usize = 1000;

/// One page of a list: what is on it, and what the address of the next one asks for.
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<String>,
}

/// The page this query asks for; none when it asks for more than Twilio gives at once.
pub(crate) fn page<T>(
    query: &HashMap<String, String>,
    plan: &Plan,
    items: impl Iterator<Item = T>,
) -> Option<Page<T>> {
    let number =
        |name: &str, usual: usize| query.get(name).map_or(Some(usual), |it| it.parse().ok());
    let (size, page) = (number("PageSize", USUAL)?, number("Page", 0)?);
    if size == 0 || size > MOST {
        return None;
    }
    let size = size.min(plan.page_size);
    let mut items = items.skip(page.saturating_mul(size));
    let items_here = items.by_ref().take(size).collect();
    let next = items.next().map(|_| {
        let filters = query
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "PageSize" | "Page" | "PageToken"));
        let mut next = form_urlencoded::Serializer::new(String::new());
        next.extend_pairs(filters);
        next.append_pair("PageSize", &size.to_string());
        next.append_pair("Page", &(page + 1).to_string());
        next.append_pair("PageToken", "PT1");
        next.finish()
    });
    Some(Page {
        items: items_here,
        next,
    })
}
