//! What the hooks know of releases: the pointer, the release being made, aliases, verdicts.

use anyhow::Context;
use aws_sdk_codedeploy::error::ProvideErrorMetadata;
use aws_sdk_codedeploy::operation::put_lifecycle_event_hook_execution_status::builders::PutLifecycleEventHookExecutionStatusFluentBuilder;
use aws_sdk_codedeploy::types::LifecycleEventStatus;
use aws_sdk_ssm::operation::delete_parameter::DeleteParameterError;
use aws_sdk_ssm::operation::get_parameter::GetParameterError;
use aws_sdk_ssm::types::ParameterType;
use futures::FutureExt;
use spoke_contract::functions::LIVE;
use spoke_contract::hooks::HookEvent;
use spoke_contract::names;
use spoke_contract::release::{AssetManifest, Release};
use spoke_contract::tables::TableSizes;

use crate::app::App;
use crate::aws::{Aws, describe};

/// The recorded bundle pointer; none before the first release.
///
/// # Errors
/// When the parameter cannot be read or is no pointer.
pub async fn pointer(app: &App) -> anyhow::Result<Option<AssetManifest>> {
    let Some(name) = &app.config.pointer_parameter else {
        return Ok(None);
    };
    let Some(text) = parameter(&app.aws, name).await? else {
        return Ok(None);
    };
    let manifest =
        serde_json::from_str(&text).with_context(|| format!("{name} is no bundle pointer"))?;
    Ok(Some(manifest))
}

/// Records the bundle pointer; none takes it away.
///
/// # Errors
/// When the parameter cannot be written.
pub async fn set_pointer(app: &App, manifest: Option<&AssetManifest>) -> anyhow::Result<()> {
    let name = app
        .config
        .pointer_parameter
        .as_deref()
        .context("POINTER_PARAMETER is not set")?;
    let outcome = match manifest {
        Some(manifest) => put_parameter(&app.aws, name, serde_json::to_string(manifest)?).await,
        None => match app
            .aws
            .ssm()
            .await
            .delete_parameter()
            .name(name)
            .send()
            .boxed()
            .await
        {
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DeleteParameterError::is_parameter_not_found) =>
            {
                Ok(())
            }
            Err(error) => Err(anyhow::Error::msg(describe(&error))),
        },
    };
    outcome.with_context(|| format!("writing {name}"))
}

/// Records how large the tables are, for whoever plans a migration.
///
/// # Errors
/// When the parameter cannot be written.
pub async fn set_table_sizes(app: &App, sizes: &TableSizes) -> anyhow::Result<()> {
    let name = names::tables_parameter(&app.config.stage);
    put_parameter(&app.aws, &name, serde_json::to_string(sizes)?)
        .await
        .with_context(|| format!("writing {name}"))
}

async fn put_parameter(aws: &Aws, name: &str, value: String) -> anyhow::Result<()> {
    aws.ssm()
        .await
        .put_parameter()
        .name(name)
        .value(value)
        .r#type(ParameterType::String)
        .overwrite(true)
        .send()
        .boxed()
        .await
        .map(drop)
        .map_err(|error| anyhow::Error::msg(describe(&error)))
}

/// The release being made; none when the stage names no parameter for it.
///
/// # Errors
/// When the parameter is not there or is no release.
pub async fn pending(app: &App) -> anyhow::Result<Option<Release>> {
    let Some(name) = &app.config.pending_release_parameter else {
        return Ok(None);
    };
    let text = parameter(&app.aws, name)
        .await?
        .with_context(|| format!("{name} is not there: no release is being made"))?;
    let release = serde_json::from_str(&text).with_context(|| format!("{name} is no release"))?;
    Ok(Some(release))
}

async fn parameter(aws: &Aws, name: &str) -> anyhow::Result<Option<String>> {
    match aws
        .ssm()
        .await
        .get_parameter()
        .name(name)
        .send()
        .boxed()
        .await
    {
        Ok(answer) => Ok(answer.parameter.and_then(|parameter| parameter.value)),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(GetParameterError::is_parameter_not_found) =>
        {
            Ok(None)
        }
        Err(error) => {
            Err(anyhow::anyhow!("{}", describe(&error))).with_context(|| format!("reading {name}"))
        }
    }
}

/// A bundle's manifest, from the asset bucket.
///
/// # Errors
/// When there is no such bundle.
pub async fn manifest(app: &App, bundle: &str) -> anyhow::Result<AssetManifest> {
    let bucket = app
        .config
        .asset_bucket
        .as_deref()
        .context("ASSET_BUCKET is not set")?;
    let key = names::bundle_object(bundle);
    let object = app.storage.find(bucket, &key).await?.with_context(|| {
        format!("s3://{bucket}/{key} is not there: the bundle was not uploaded")
    })?;
    serde_json::from_slice(&object.bytes)
        .with_context(|| format!("s3://{bucket}/{key} is no manifest"))
}

/// The version the function's live alias points at.
///
/// # Errors
/// When it has none.
pub async fn live_version(app: &App, function: &str) -> anyhow::Result<String> {
    app.aws
        .lambda()
        .await
        .get_alias()
        .function_name(function)
        .name(LIVE)
        .send()
        .boxed()
        .await
        .map_err(|error| anyhow::anyhow!("{}", describe(&error)))
        .and_then(|alias| alias.function_version.context("it names no version"))
        .with_context(|| format!("reading the alias {LIVE} of {function}"))
}

/// Points the function's live alias at a version.
///
/// # Errors
/// When it cannot be moved.
pub async fn move_live(app: &App, function: &str, version: &str) -> anyhow::Result<()> {
    app.aws
        .lambda()
        .await
        .update_alias()
        .function_name(function)
        .name(LIVE)
        .function_version(version)
        .send()
        .boxed()
        .await
        .map_err(|error| anyhow::anyhow!("{}", describe(&error)))
        .with_context(|| format!("moving the alias {LIVE} of {function} to version {version}"))?;
    Ok(())
}

/// What CodeDeploy answers about a deployment it does not know: it was reached, and we may ask.
const UNKNOWN_DEPLOYMENT: [&str; 4] = [
    "DeploymentDoesNotExistException",
    "InvalidDeploymentIdException",
    "InvalidLifecycleEventHookExecutionIdException",
    "InvalidLifecycleEventHookExecutionStatusException",
];

/// Reports about a deployment that does not exist, to learn whether a report would arrive.
///
/// # Errors
/// When CodeDeploy cannot be reached from here or refuses this role.
pub async fn prove(aws: &Aws, event: &HookEvent) -> anyhow::Result<()> {
    let answer = verdict(aws, event, LifecycleEventStatus::Succeeded)
        .await
        .send()
        .boxed()
        .await;
    let Err(error) = answer else { return Ok(()) };
    if error
        .code()
        .is_some_and(|code| UNKNOWN_DEPLOYMENT.contains(&code))
    {
        return Ok(());
    }
    Err(anyhow::anyhow!("{}", describe(&error)).context("reaching CodeDeploy from a hook"))
}

async fn verdict(
    aws: &Aws,
    event: &HookEvent,
    status: LifecycleEventStatus,
) -> PutLifecycleEventHookExecutionStatusFluentBuilder {
    aws.codedeploy()
        .await
        .put_lifecycle_event_hook_execution_status()
        .deployment_id(&event.deployment_id)
        .lifecycle_event_hook_execution_id(&event.lifecycle_event_hook_execution_id)
        .status(status)
}

/// Tells CodeDeploy how the hook went.
///
/// # Errors
/// When CodeDeploy does not take it.
pub async fn report(aws: &Aws, event: &HookEvent, has_succeeded: bool) -> anyhow::Result<()> {
    let status = if has_succeeded {
        LifecycleEventStatus::Succeeded
    } else {
        LifecycleEventStatus::Failed
    };
    verdict(aws, event, status)
        .await
        .send()
        .boxed()
        .await
        .map(drop)
        .map_err(|error| anyhow::anyhow!("{}", describe(&error)))
        .context("telling CodeDeploy the verdict")
}
