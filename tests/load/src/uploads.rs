//! Files of contacts: from the browser's first byte to contacts in the campaign.

use std::fmt::Write;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};

use crate::figures::Figures;
use crate::instance::Instance;
use crate::texter::Texter;

const LINK: &str = "mutation ($id: String!) { createPresignedUploadUrl(organizationId: $id) }";
const CREATE: &str = "mutation ($campaign: CampaignInput!, $key: String!) {
    createCampaign(campaign: $campaign, contactsS3Key: $key) { id } }";
const STATE: &str = "query ($id: String!) { campaign(id: $id) {
    contactsCount contactImportJob { status resultMessage } } }";

/// Uploads a file of so many rows; the application is started anew, so that its memory is its own.
pub(crate) async fn measure(
    instance: &mut Instance,
    admin: &Texter,
    rows: u32,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    instance.restart().await?;
    let web = reqwest::Client::new();
    let organization = json!({"id": "1"});
    let link = admin.ask(LINK, organization).await?;
    let link = link["createPresignedUploadUrl"]
        .as_str()
        .context("no link")?;
    let link: Value = serde_json::from_str(link)?;
    let address = link["presignedPutUrl"].as_str().context("no address")?;
    let file = file(rows);
    let answer = web
        .put(address)
        .header("content-type", "text/csv")
        .body(file)
        .send()
        .await?;
    anyhow::ensure!(answer.status().is_success(), "putting the file: {answer:?}");
    let (before, started) = (instance.cpu()?, Instant::now());
    let campaign = json!({"title": "Uploaded", "organizationId": "1"});
    let wanted = json!({"campaign": campaign, "key": link["s3Key"]});
    let made = admin.ask(CREATE, wanted).await?;
    let id = &made["createCampaign"]["id"];
    loop {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let state = admin.ask(STATE, json!({"id": id})).await?;
        let job = &state["campaign"]["contactImportJob"];
        match job["status"].as_str() {
            Some("DONE") => {
                let count = &state["campaign"]["contactsCount"];
                anyhow::ensure!(*count == rows, "{count} of {rows} were loaded: {job}");
                break;
            }
            Some("FAILED") => anyhow::bail!("the upload failed: {job}"),
            _ => {}
        }
    }
    let took = started.elapsed();
    let used = instance.cpu()?.since(before);
    figures.add(
        format!("upload of {rows} rows"),
        format!("{:.1} s", took.as_secs_f64()),
    );
    figures.add("  peak memory of the application", instance.peak()?);
    figures.add(
        "  application CPU",
        format!("{:.1} s", used.app.as_secs_f64()),
    );
    figures.add(
        "  PostgreSQL CPU",
        format!("{:.1} s", used.postgres.as_secs_f64()),
    );
    Ok(())
}

fn file(rows: u32) -> String {
    let mut file = "first_name,last_name,cell,external_id,state,zip,city,note\n".to_owned();
    for row in 0..rows {
        let (area, rest) = (201 + row / 1_000_000, row % 1_000_000);
        let line = writeln!(
            file,
            "Ana,Diaz,({area}) 2{:02}-{:04},v{row},MA,02139,Cambridge,\"likes tea, and you\"",
            rest / 10_000,
            rest % 10_000
        );
        debug_assert!(line.is_ok());
    }
    file
}
