//! A release that somebody began and nobody finished: found, and brought to its end.

use spoke_contract::functions::Function;
use spoke_contract::release::Release;

use super::positions::{self, Positions};
use super::shift::{self, Route};
use super::{attempt, record, watch};
use crate::cloud::codedeploy::Deployment;
use crate::context::Context;
use crate::failure::{Blame as _, Failure, Kind, codes};

/// How an unfinished release ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// There was none, or it had never begun to shift.
    Nothing,
    /// It succeeded and is recorded.
    Recorded,
    /// It failed or was stopped; everything is back.
    TakenBack,
}

/// Brings an unfinished release to its end: watches what still shifts, records what succeeded,
/// checks and withdraws what failed.
pub async fn settle(ctx: &Context) -> Result<Settled, Failure> {
    end(ctx, false).await
}

/// The same for somebody who wants to go back: what still shifts is stopped, and its traffic goes back.
pub async fn stop(ctx: &Context) -> Result<Settled, Failure> {
    end(ctx, true).await
}

async fn end(ctx: &Context, is_stopped: bool) -> Result<Settled, Failure> {
    let stage = &ctx.stage.name;
    let Some(pending) = record::pending(ctx).await? else {
        return no_stranger(ctx).await.map(|()| Settled::Nothing);
    };
    let Some(deployment) = deployment_of(ctx, &pending).await? else {
        ctx.ui.notice(format!(
            "release {} was announced by an earlier run and never shifted; it is withdrawn",
            pending.number
        ));
        record::withdraw(ctx).await?;
        return no_stranger(ctx).await.map(|()| Settled::Nothing);
    };
    let release = Release {
        deployment_id: deployment.id.clone(),
        ..pending
    };
    let before = before(ctx).await?;
    let route = Route {
        from: before.versions.get("web").cloned().unwrap_or_default(),
        to: release.versions.get("web").cloned().unwrap_or_default(),
    };
    let is_stopped = is_stopped && !deployment.is_over();
    ctx.ui.notice(format!(
        "release {} of stage {stage} is unfinished (deployment {}, {}); {}",
        release.number,
        deployment.id,
        deployment.status,
        if is_stopped {
            "stopping it, its traffic goes back"
        } else {
            "finishing it first"
        }
    ));
    if is_stopped {
        shift::stop(ctx, &deployment.id).await?;
    }
    let ended = watch::watch(ctx, &deployment.id, &route, 0).await?;
    if ended.deployment.has_succeeded() {
        record::write(ctx, &release).await?;
        ctx.ui
            .done(format!("release {} is recorded", release.number));
        return Ok(Settled::Recorded);
    }
    let failure = attempt::failed(ctx, &release, &before, &ended).await?;
    if failure.kind != Kind::RolledBack {
        return Err(failure);
    }
    ctx.ui.notice(format!("release {} failed", release.number));
    ctx.ui.say(crate::ui::describe(&failure));
    Ok(Settled::TakenBack)
}

/// The deployment that shifts a pending release, if there ever was one.
async fn deployment_of(ctx: &Context, pending: &Release) -> Result<Option<Deployment>, Failure> {
    let unreadable = "the deployments of the stage cannot be read";
    let stage = &ctx.stage.name;
    let deployments = &ctx.cloud.deployments;
    let known = if pending.deployment_id.is_empty() {
        // The tool died between starting the deployment and writing its id down.
        let since = pending.at.parse().map_err(anyhow::Error::from)?;
        deployments
            .since(&shift::application(stage), &shift::group(stage), since)
            .await
            .blame(codes::SHIFT_UNREADABLE, unreadable)?
            .into_iter()
            .next()
    } else {
        Some(pending.deployment_id.clone())
    };
    let Some(id) = known else { return Ok(None) };
    let deployment = deployments
        .get(&id)
        .await
        .blame(codes::SHIFT_UNREADABLE, unreadable)?;
    // The deployment that goes back is not the one to wait for.
    match &deployment.rollback_of {
        Some(of) => deployments
            .get(of)
            .await
            .map(Some)
            .blame(codes::SHIFT_UNREADABLE, unreadable),
        None => Ok(Some(deployment)),
    }
}

/// Where things stood before the pending release: as recorded, or as the stack made them.
async fn before(ctx: &Context) -> Result<Positions, Failure> {
    let mut positions = positions::read(ctx).await?;
    positions.split.clear();
    if let Some(release) = record::current(ctx).await? {
        positions.versions = release
            .versions
            .into_iter()
            .filter(|(name, _)| {
                Function::from_name(name).is_some_and(|function| !function.is_hook())
            })
            .collect();
        positions.bundle = Some(release.assets);
    } else {
        // Only the web alias moves before the postflight hook, and it was made with version 1.
        for version in positions.versions.values_mut() {
            "1".clone_into(version);
        }
        positions.bundle = None;
    }
    Ok(positions)
}

/// A deployment that belongs to no release of ours must not be run over.
async fn no_stranger(ctx: &Context) -> Result<(), Failure> {
    let stage = &ctx.stage.name;
    if !ctx.stage.release.codedeploy {
        return Ok(());
    }
    if ctx
        .cloud
        .functions
        .find_live(&Function::Web.lambda_name(stage))
        .await?
        .is_none()
    {
        return Ok(());
    }
    let at_work = ctx
        .cloud
        .deployments
        .at_work(&shift::application(stage), &shift::group(stage))
        .await
        .blame(
            codes::SHIFT_UNREADABLE,
            "the deployments of the stage cannot be read",
        )?;
    let Some(id) = at_work.into_iter().next() else {
        return Ok(());
    };
    Err(Failure::new(
        codes::UNFINISHED,
        format!("deployment {id} of stage {stage} is at work, and spokectl did not start it"),
    )
    .state("nothing was touched")
    .next(format!(
        "aws deploy get-deployment --deployment-id {id} --region {}",
        ctx.stage.region
    )))
}
