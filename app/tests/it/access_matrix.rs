//! Every operation of the API with every role: who gets through, and what the others hear.

use std::collections::BTreeSet;

use async_graphql::parser::types::{FieldDefinition, TypeKind, TypeSystemDefinition};
use serde_json::{Value, json};

use crate::app::{Person, TestApp};
use crate::builders::Texting;

/// Who asks, in the order of the columns below: nobody, a stranger with an account, an owner of
/// another organization, a suspended member, a texter who holds the assignment, another texter,
/// a supervolunteer, an admin, an owner, a superadmin without a role.
const COLUMNS: usize = 10;

/// `y` passes the check, whatever comes after it; the other letters are the codes' first ones:
/// `UNAUTHORIZED`, `SUSPENDED`, `FORBIDDEN`, `NOT_FOUND`.
const MATRIX: [(&str, &str); 39] = [
    ("currentUser", "Uyyyyyyyyy"),
    ("currentUserWithAccess", "UFFSFFFyyF"),
    ("organization", "UFFyyyyyyy"),
    ("campaign", "UFFSFFyyyF"),
    ("campaigns", "UFFSFFyyyF"),
    ("assignment", "UFFSyFyyyy"),
    ("assignmentStamp", "UFFSyFyyyy"),
    ("contact", "UFFSyFyyyy"),
    ("contactsForAssignment", "UFFSyFyyyy"),
    ("backgroundJob", "UFFSFFyyyy"),
    ("createOrganization", "Uyyyyyyyyy"),
    ("createPresignedUploadUrl", "UFFSFFFyyy"),
    ("createCampaign", "UFFSFFFyyy"),
    ("editCampaign", "UFFSFFyyyF"),
    ("uploadContacts", "UFFSFFFyyy"),
    ("startCampaign", "UFFSFFFyyF"),
    ("updateCampaignStatus", "UFFSFFFyyF"),
    ("archiveCampaign", "UFFSFFFyyF"),
    ("archiveCampaigns", "UFFSFFFyyF"),
    ("unarchiveCampaign", "UFFSFFFyyF"),
    ("assignUserToCampaign", "UyySyyyyyy"),
    ("findNewCampaignContact", "UFFSyFFFFF"),
    ("releaseUnmessagedContacts", "UFFSyFFFFF"),
    ("sendMessage", "UFFSyNyyyF"),
    ("createOptOut", "UFFSyFFyyy"),
    ("editCampaignContactMessageStatus", "UFFSyFFyyy"),
    ("reassignCampaignContacts", "UFFSFFFyyy"),
    ("sendReply", "UFFSFFFyyF"),
    ("bulkCreateOptOuts", "UFFSFFFyyF"),
    ("importOptOuts", "UFFSFFFyyy"),
    ("exportOptOuts", "UFFSFFFyyy"),
    ("undoOptOut", "UFFSFFFyyF"),
    ("assignUnmatchedMessage", "UFFSFFFyyy"),
    ("enableCampaignPhoneNumbers", "UFFSFFFFyy"),
    ("buyNumbers", "UFFFFFFFFy"),
    ("editSelf", "Uyyyyyyyyy"),
    ("changeUserPassword", "Uyyyyyyyyy"),
    ("initiatePasswordReset", "UFFSyFFyyy"),
    ("userAgreeTerms", "Uyyyyyyyyy"),
];

async fn people(app: &TestApp, texting: &Texting) -> Vec<Option<Person>> {
    let elsewhere = app.organization().await;
    let here = texting.organization;
    vec![
        None,
        Some(app.person().await),
        Some(app.member(elsewhere, "OWNER").await),
        Some(app.member(here, "SUSPENDED").await),
        Some(texting.texter),
        Some(app.member(here, "TEXTER").await),
        Some(app.member(here, "SUPERVOLUNTEER").await),
        Some(app.member(here, "ADMIN").await),
        Some(app.member(here, "OWNER").await),
        Some(app.superadmin().await),
    ]
}

/// The operation's text, with the variables it needs.
fn text(name: &str) -> &'static str {
    match name {
        "currentUser" => "{ currentUser { id } }",
        "currentUserWithAccess" => {
            "query ($o: String!) { currentUserWithAccess(organizationId: $o, role: \"ADMIN\") { id } }"
        }
        "organization" => "query ($o: String!) { organization(id: $o) { id } }",
        "campaign" => "query ($c: String!) { campaign(id: $c) { id } }",
        "campaigns" => "query ($o: String!) { campaigns(organizationId: $o) { __typename } }",
        "assignment" => "query ($a: String!) { assignment(id: $a) { id } }",
        "assignmentStamp" => "query ($a: String!) { assignmentStamp(assignmentId: $a) }",
        "contact" => "query ($k: String!) { contact(id: $k) { id } }",
        "contactsForAssignment" => {
            "query ($a: String!) { contactsForAssignment(assignmentId: $a) { id } }"
        }
        "backgroundJob" => "{ backgroundJob(jobId: \"1\") { id } }",
        "createOrganization" => "mutation { createOrganization(name: \"x\") { id } }",
        "createPresignedUploadUrl" => {
            "mutation ($o: String!) { createPresignedUploadUrl(organizationId: $o) }"
        }
        "createCampaign" => {
            "mutation ($o: String!) { createCampaign(campaign: {organizationId: $o, timezone: \"x\"}, contactsS3Key: \"contactUploads/1/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\") { id } }"
        }
        "editCampaign" => {
            "mutation ($c: String!) { editCampaign(id: $c, campaign: {description: \"x\"}) { id } }"
        }
        "uploadContacts" => {
            "mutation ($c: String!) { uploadContacts(campaignId: $c, s3Key: \"contactUploads/1/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\") }"
        }
        "startCampaign" => "mutation ($c: String!) { startCampaign(id: $c) { id } }",
        "updateCampaignStatus" => {
            "mutation ($c: String!) { updateCampaignStatus(id: $c, status: ACTIVE) { id } }"
        }
        "archiveCampaign" => "mutation ($c: String!) { archiveCampaign(id: $c) { id } }",
        "archiveCampaigns" => "mutation ($c: String!) { archiveCampaigns(ids: [$c]) { id } }",
        "unarchiveCampaign" => "mutation ($c: String!) { unarchiveCampaign(id: $c) { id } }",
        "assignUserToCampaign" => "mutation { assignUserToCampaign(token: \"the-token\") { id } }",
        "findNewCampaignContact" => {
            "mutation ($a: String!) { findNewCampaignContact(assignmentId: $a) { found } }"
        }
        "releaseUnmessagedContacts" => {
            "mutation ($a: String!) { releaseUnmessagedContacts(assignmentId: $a) }"
        }
        "sendMessage" => {
            "mutation ($a: String!, $k: String!) { sendMessage(message: {text: \"Hi\", assignmentId: $a}, campaignContactId: $k) { id } }"
        }
        "createOptOut" => {
            "mutation ($a: String!, $k: String!) { createOptOut(optOut: {assignmentId: $a, cell: \"+15550000001\"}, campaignContactId: $k) { id } }"
        }
        "editCampaignContactMessageStatus" => {
            "mutation ($k: String!) { editCampaignContactMessageStatus(messageStatus: \"closed\", campaignContactId: $k) { id } }"
        }
        "reassignCampaignContacts" => {
            "mutation ($o: String!, $t: String!) { reassignCampaignContacts(organizationId: $o, campaignIdsContactIds: [], newTexterUserId: $t) { assignmentId } }"
        }
        "sendReply" => "mutation ($k: String!) { sendReply(id: $k, message: \"x\") { id } }",
        "bulkCreateOptOuts" => {
            "mutation ($o: String!) { bulkCreateOptOuts(cells: [], organizationId: $o, reasonCode: \"x\") }"
        }
        "importOptOuts" => {
            "mutation ($o: String!) { importOptOuts(organizationId: $o, s3Key: \"contactUploads/1/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\", reasonCode: \"x\") { id } }"
        }
        "exportOptOuts" => "mutation ($o: String!) { exportOptOuts(organizationId: $o) { id } }",
        "undoOptOut" => {
            "mutation ($o: String!) { undoOptOut(organizationId: $o, cell: \"+15559999999\", reason: \"x\") }"
        }
        "assignUnmatchedMessage" => {
            "mutation ($k: String!) { assignUnmatchedMessage(messageId: \"1\", campaignContactId: $k) { id } }"
        }
        "enableCampaignPhoneNumbers" => {
            "mutation ($o: String!) { enableCampaignPhoneNumbers(organizationId: $o) { campaignPhoneNumbersEnabled } }"
        }
        "buyNumbers" => "mutation { buyNumbers(areaCode: \"952\", limit: 3) { id } }",
        "editSelf" => {
            "mutation { editSelf(userData: {firstName: \"a\", lastName: \"b\", subscribedToReminders: true}) { id } }"
        }
        "changeUserPassword" => {
            "mutation ($me: String!) { changeUserPassword(userId: $me, formData: {email: \"x\", password: \"x\", newPassword: \"x\", passwordConfirm: \"x\"}) { id } }"
        }
        "initiatePasswordReset" => {
            "mutation ($o: String!, $t: String!) { initiatePasswordReset(organizationId: $o, userId: $t) }"
        }
        "userAgreeTerms" => "mutation { userAgreeTerms { id } }",
        other => panic!("{other} has no row"),
    }
}

/// The operation with arguments that are right for whoever may.
fn operation(name: &str, texting: &Texting, by: Option<Person>) -> (String, Value) {
    let text = text(name);
    let me = by.map_or(0, |person| person.id).to_string();
    let all = json!({"o": texting.organization.to_string(), "c": texting.campaign.to_string(),
        "a": texting.assignment.to_string(), "k": texting.contacts[0].to_string(), "me": me,
        "t": texting.texter.id.to_string()});
    let declared = text.split(['{']).next().unwrap_or("");
    let named = |name: &str| declared.contains(&format!("${name}:"));
    let variables = all
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| named(name));
    (
        text.to_owned(),
        Value::Object(
            variables
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        ),
    )
}

fn letter(code: &str, expected: char) -> char {
    match code {
        "UNAUTHORIZED" => 'U',
        "SUSPENDED" => 'S',
        "FORBIDDEN" => 'F',
        "NOT_FOUND" if expected == 'N' => 'N',
        // Past the check: what the work itself says is told by other tests.
        _ => 'y',
    }
}

#[tokio::test]
async fn every_operation_with_every_role() {
    let app = TestApp::with(&[("AWS_S3_BUCKET_NAME", "x")]).await;
    let texting = app.texting(1).await;
    assert_eq!(texting.organization, 1);
    let people = people(&app, &texting).await;
    app.sql("UPDATE campaign SET join_token = 'the-token'")
        .await;
    app.contacts(texting.campaign, 50).await;
    app.sql(&format!(
        "INSERT INTO background_job (type, organization_id, config) VALUES ('upload_contacts', {}, '{{}}')",
        texting.organization
    ))
    .await;
    let mut wrong = Vec::new();
    for (name, row) in &MATRIX {
        assert_eq!(row.len(), COLUMNS, "{name}");
        let mut found = String::new();
        for (person, expected) in people.iter().zip(row.chars()) {
            // Whoever joined a moment ago has become a texter.
            app.sql("UPDATE campaign SET status = 'ACTIVE'").await;
            app.sql(&format!(
                "UPDATE campaign_contact SET assignment_id = 1 WHERE id = {}",
                texting.contacts[0]
            ))
            .await;
            let (text, variables) = operation(name, &texting, *person);
            let answer = app.graphql(*person, &text, variables).await;
            found.push(letter(answer.code(), expected));
            let stranger = people[1].unwrap().id;
            let owner = people[2].unwrap().id;
            let superadmin = people[9].unwrap().id;
            app.sql(&format!(
                "DELETE FROM assignment WHERE id <> 1;
                 DELETE FROM user_organization WHERE organization_id = 1 AND user_id IN ({stranger}, {owner}, {superadmin})"
            ))
            .await;
        }
        if found != *row {
            wrong.push(format!("{name}: expected {row}, found {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The schema's queries and mutations.
pub(crate) fn every_operation() -> Vec<FieldDefinition> {
    let document = async_graphql::parser::parse_schema(spoke::graphql::sdl()).unwrap();
    let mut operations = Vec::new();
    for definition in document.definitions {
        if let TypeSystemDefinition::Type(found) = definition
            && ["Query", "Mutation"].contains(&found.node.name.node.as_str())
            && let TypeKind::Object(object) = found.node.kind
        {
            operations.extend(object.fields.into_iter().map(|field| field.node));
        }
    }
    operations
}

#[test]
fn the_matrix_lists_every_operation_of_the_schema() {
    let operations: BTreeSet<String> = every_operation()
        .iter()
        .map(|field| field.name.node.to_string())
        .collect();
    let listed: BTreeSet<String> = MATRIX.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(operations, listed);
}

/// Fields of a campaign that a texter reaches through their assignment.
#[tokio::test]
async fn texters_see_what_they_text_with_and_nothing_else_of_a_campaign() {
    let app = TestApp::new().await;
    let texting = app.texting(1).await;
    let ask = |field: &str| {
        let query =
            format!("query ($id: String!) {{ assignment(id: $id) {{ campaign {{ {field} }} }} }}");
        let id = json!({"id": texting.assignment.to_string()});
        let (app, texter) = (&app, texting.texter);
        async move {
            app.graphql(Some(texter), &query, id)
                .await
                .code()
                .to_owned()
        }
    };
    for open in [
        "title",
        "status",
        "interactionSteps { script }",
        "cannedResponses { text }",
        "customFields",
        "timezone",
    ] {
        assert_eq!(ask(open).await, "OK", "{open}");
    }
    for closed in [
        "contactsCount",
        "contactsPreview { cell }",
        "joinUrl",
        "stats { sentMessagesCount }",
        "hasUnassignedContacts",
        "hasUnsentInitialMessages",
        "assignmentSummaries { texterId }",
        "contactImport { rowsCount }",
        "startJob { id }",
        "contactImportJob { id }",
        "scriptPreview(script: \"x\") { text }",
        "creator { email }",
        "organization { campaigns { pageInfo { total } } }",
    ] {
        assert_eq!(ask(closed).await, "FORBIDDEN", "{closed}");
    }
}
