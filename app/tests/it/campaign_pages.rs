//! Pages of campaigns: the same rows in every order however they are paged, at the same cost wherever they lie.

use serde_json::{Value, json};

use crate::app::{Person, TestApp};
use crate::plans::counters;

const LIST: &str = "query ($o: String!, $cursor: OffsetLimitCursor, $page: CampaignsPage, $filter: CampaignsFilter,
        $sort: SortCampaignsBy) {
    organization(id: $o) { campaigns(cursor: $cursor, page: $page, campaignsFilter: $filter, sortBy: $sort) {
        campaigns { id } } } }";
const SORTS: [&str; 5] = [
    "ID_ASC",
    "ID_DESC",
    "DUE_DATE_ASC",
    "DUE_DATE_DESC",
    "TITLE",
];

/// Campaigns of two organizations, alternating: titles and due dates come several times, some have no date.
async fn campaigns(app: &TestApp, count: usize) -> (i32, Person) {
    let (here, there) = (app.organization().await, app.organization().await);
    app.sql(&format!(
        "INSERT INTO campaign (organization_id, title, timezone, status, due_by)
         SELECT CASE WHEN n % 2 = 0 THEN {here} ELSE {there} END, (ARRAY['b', 'A', 'c'])[1 + n % 3], 'UTC',
                CASE WHEN n % 10 < 4 THEN 'NOT_STARTED' ELSE 'ARCHIVED' END,
                CASE WHEN n % 7 > 0 THEN '2026-11-01'::timestamptz + n % 5 * interval '1 day' END
         FROM generate_series(1, {count}) AS n"
    ))
    .await;
    (here, app.member(here, "ADMIN").await)
}

async fn ids(app: &TestApp, by: Person, organization: i32, more: &Value) -> Vec<String> {
    let mut variables = json!({"o": organization.to_string()});
    variables
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let answer = app.graphql(Some(by), LIST, variables).await;
    let found = answer.ok()["organization"]["campaigns"]["campaigns"].clone();
    let rows = found.as_array().unwrap().iter();
    rows.map(|row| row["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn every_order_is_walked_forth_and_back_by_key() {
    let app = TestApp::new().await;
    let (here, admin) = campaigns(&app, 100).await;
    for (sort, filter) in SORTS
        .iter()
        .flat_map(|sort| [(sort, json!({})), (sort, json!({"status": "NOT_STARTED"}))])
    {
        let all = json!({"cursor": {"offset": 0, "limit": 500}, "sort": sort, "filter": filter});
        let all = ids(&app, admin, here, &all).await;
        assert!(all.len() == 50 || all.len() == 20, "{}", all.len());
        let page = async |page: Value| {
            let more = json!({"page": page, "sort": sort, "filter": filter});
            ids(&app, admin, here, &more).await
        };
        let mut forth = page(json!({"limit": 7})).await;
        while forth.len() < all.len() {
            let next = page(json!({"limit": 7, "afterId": forth.last()})).await;
            assert!(!next.is_empty(), "{sort} stops after {}", forth.len());
            forth.extend(next);
        }
        assert_eq!(forth, all, "{sort}");
        let mut back = vec![all.last().unwrap().clone()];
        while back.len() < all.len() {
            let mut previous = page(json!({"limit": 7, "beforeId": back[0]})).await;
            assert!(!previous.is_empty(), "{sort} stops before {}", back.len());
            previous.extend(back);
            back = previous;
        }
        assert_eq!(back, all, "{sort}");
        assert_eq!(
            page(json!({"limit": 7, "afterId": all.last()})).await.len(),
            0
        );
    }
    for wrong in [
        json!({"page": {"limit": 7, "afterId": "1", "beforeId": "2"}}),
        json!({"page": {"limit": 0}}),
        json!({"page": {"limit": 7}, "cursor": {"offset": 0, "limit": 7}}),
    ] {
        let mut variables = json!({"o": here.to_string()});
        variables
            .as_object_mut()
            .unwrap()
            .extend(wrong.as_object().unwrap().clone());
        let answer = app.graphql(Some(admin), LIST, variables).await;
        assert_eq!(answer.code(), "BAD_USER_INPUT", "{wrong}");
    }
}

/// Often enough that the database has settled on a plan.
const TIMES: usize = 8;

#[tokio::test]
async fn a_page_costs_the_same_wherever_it_lies() {
    let app = TestApp::new().await;
    let (here, admin) = campaigns(&app, 20_000).await;
    app.sql("ANALYZE campaign").await;
    let whole = json!({"cursor": {"offset": 5000, "limit": 1}, "sort": "ID_ASC"});
    let far = ids(&app, admin, here, &whole).await.remove(0);
    let places = [
        json!({"limit": 26}),
        json!({"limit": 26, "afterId": far}),
        json!({"limit": 26, "beforeId": far}),
    ];
    for sort in SORTS {
        for filter in [json!({}), json!({"status": "NOT_STARTED"})] {
            let (scans, rows) = counters(&app, &["campaign"]).await;
            for _ in 0..TIMES {
                for page in &places {
                    let more = json!({"page": page, "sort": sort, "filter": filter});
                    assert_eq!(ids(&app, admin, here, &more).await.len(), 26);
                }
            }
            let (scans_after, rows_after) = counters(&app, &["campaign"]).await;
            let each = (rows_after - rows) / i64::try_from(TIMES * places.len()).unwrap();
            println!("{sort} {filter}: {each} rows");
            assert_eq!(scans_after, scans, "{sort} {filter} reads the whole table");
            // By id the planner may as well walk over the other organization's, where those are no more.
            let bound = if sort.starts_with("ID") { 150 } else { 30 };
            assert!(each <= bound, "{sort} {filter} reads {each} rows");
        }
    }
}

#[tokio::test]
async fn the_texters_of_a_campaign_come_by_name_and_in_pages() {
    let app = TestApp::new().await;
    let texting = app.texting(3).await;
    let looking = app.member(texting.organization, "SUPERVOLUNTEER").await;
    for (name, contact) in [("Zoe", texting.contacts[1]), ("ann", texting.contacts[2])] {
        let texter = app.member(texting.organization, "TEXTER").await;
        let assignment = app.assignment(texting.campaign, texter).await;
        app.sql(&format!(
            "UPDATE \"user\" SET first_name = '{name}' WHERE id = {};
             UPDATE campaign_contact SET assignment_id = {assignment} WHERE id = {contact}",
            texter.id
        ))
        .await;
    }
    let page = async |after: Option<&str>, limit: Option<i32>| {
        let query = "query ($id: String!, $after: ID, $limit: Int) { campaign(id: $id) {
            assignmentSummaries(afterId: $after, limit: $limit) { assignmentId texterFirstName } } }";
        let variables = json!({"id": texting.campaign.to_string(), "after": after, "limit": limit});
        app.graphql(Some(looking), query, variables).await
    };
    let names = async |after: Option<&str>, limit: Option<i32>| {
        let answer = page(after, limit).await;
        let rows = answer.ok()["campaign"]["assignmentSummaries"].clone();
        let rows = rows.as_array().unwrap().iter();
        let names = rows.map(|row| row["texterFirstName"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(None, None).await, ["ann", "Pat", "Zoe"]);
    assert_eq!(names(None, Some(2)).await, ["ann", "Pat"]);
    let last = texting.assignment.to_string();
    assert_eq!(names(Some(&last), Some(2)).await, ["Zoe"]);
    assert_eq!(names(None, Some(0)).await, ["ann"]);
    // Whoever was the last of a page may have been relieved meanwhile.
    assert_eq!(names(Some("999999"), Some(2)).await, ["ann", "Pat"]);
    assert_eq!(page(Some("x"), None).await.code(), "NOT_FOUND");
}
