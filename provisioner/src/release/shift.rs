//! The shift: a CodeDeploy deployment of the web alias, started, stopped, gone back from.

use std::time::{Duration, Instant};

use serde_json::json;
use spoke_contract::functions::{Function, LIVE};

use super::alarm;
use super::verdict::Answered;
use crate::cloud::cloudwatch::Alarm;
use crate::cloud::codedeploy::{Deployment, Phase, Start};
use crate::context::Context;
use crate::failure::{Blame as _, Failure, codes};
use crate::ui::yellow;

/// The `CodeDeploy` application of a stage.
#[must_use]
pub fn application(stage: &str) -> String {
    format!("spoke-{stage}")
}

/// Its deployment group.
#[must_use]
pub fn group(stage: &str) -> String {
    format!("spoke-{stage}-web")
}

/// The alarms over all versions that stop a shift: the deployment group's, of the app stack.
#[must_use]
pub fn stack_alarms(stage: &str) -> [String; 2] {
    ["web-errors", "web-5xx"].map(|name| format!("spoke-{stage}-{name}"))
}

/// Every alarm that stops a shift: those, and the one on the new version.
#[must_use]
pub fn alarm_names(stage: &str) -> [String; 3] {
    let [errors, answers] = stack_alarms(stage);
    [errors, answers, alarm::name(stage)]
}

/// From which version of the web function to which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Where the alias is.
    pub from: String,
    /// Where it goes.
    pub to: String,
}

/// How a shift ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The deployment.
    pub deployment: Deployment,
    /// Its phases.
    pub phases: Vec<Phase>,
    /// The alarms that rang, as they were when it ended.
    pub ringing: Vec<Alarm>,
    /// The highest share the new version had, in percent.
    pub highest: u8,
    /// The hook that died without a verdict, and how that is known; the shift was stopped for it.
    pub dead: Option<(Function, String)>,
    /// The probe that failed; the shift was stopped for it.
    pub probe: Option<String>,
    /// How the new version was worse than the old one; the shift was stopped for it.
    pub worse: Option<String>,
    /// What the new version answered.
    pub answered: Answered,
}

/// The `AppSpec` of a shift: JSON, with the hooks by name.
#[must_use]
pub fn app_spec(stage: &str, route: &Route) -> String {
    json!({
        "version": 0.0,
        "Resources": [{
            "web": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "Name": Function::Web.lambda_name(stage),
                    "Alias": LIVE,
                    "CurrentVersion": route.from,
                    "TargetVersion": route.to,
                },
            },
        }],
        "Hooks": [
            { "BeforeAllowTraffic": Function::Preflight.lambda_name(stage) },
            { "AfterAllowTraffic": Function::Postflight.lambda_name(stage) },
        ],
    })
    .to_string()
}

/// How long ringing alarms are waited for before a shift: several of their periods.
const QUIET: Duration = Duration::from_mins(5);

/// Waits until none of the alarms rings that would stop the shift in its first second: after a release that
/// failed they ring on until its errors leave their periods.
pub async fn wait_until_quiet(ctx: &Context) -> Result<(), Failure> {
    let watched = alarm_names(&ctx.stage.name);
    let started = Instant::now();
    let mut is_told = false;
    loop {
        let ringing: Vec<_> = ctx
            .cloud
            .metrics
            .alarms(&format!("spoke-{}-web-", ctx.stage.name))
            .await
            .blame(codes::SHIFT_UNREADABLE, "the alarms cannot be read")?
            .into_iter()
            .filter(|alarm| alarm.rings() && watched.contains(&alarm.name))
            .collect();
        let Some(first) = ringing.first() else {
            return Ok(());
        };
        if started.elapsed() > QUIET || ctx.interrupted.seen() {
            return Err(still_ringing(ctx, &ringing));
        }
        if !is_told {
            ctx.ui.notice(format!(
                "alarm {} rings and would stop the shift at once; waiting until it is quiet",
                first.name
            ));
            is_told = true;
        }
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
}

fn still_ringing(ctx: &Context, ringing: &[Alarm]) -> Failure {
    let mut failure = Failure::new(
        codes::ALARM_BEFORE,
        "an alarm that would stop the shift rings already",
    );
    failure
        .why
        .extend(ringing.iter().map(super::attempt::alarm_sentence));
    failure
        .state("nothing was shifted; what rings comes from the release that is live")
        .next(format!("spokectl status{}", ctx.flag()))
        .next(format!("spokectl rollback{}", ctx.flag()))
}

/// Starts a shift that the group's alarms can stop and, beside them, the one on the new version.
pub async fn start(ctx: &Context, route: &Route, description: &str) -> Result<String, Failure> {
    let stage = &ctx.stage.name;
    let (application, group) = (application(stage), group(stage));
    let deployments = &ctx.cloud.deployments;
    let started = async {
        let mut alarms = deployments.alarms(&application, &group).await?;
        alarms.push(alarm::name(stage));
        let start = Start {
            application: &application,
            group: &group,
            app_spec: &app_spec(stage, route),
            description,
            alarms: &alarms,
        };
        deployments.create(&start).await
    };
    started
        .await
        .blame(
            codes::SHIFT_REFUSED,
            "CodeDeploy did not take the deployment",
        )
        .map_err(|failure| {
            failure
                .state("traffic and bundle are where they were")
                .next(format!("spokectl status{}", ctx.flag()))
        })
}

/// Stops a deployment; its traffic goes back. One that ended meanwhile needs no stopping.
pub async fn stop(ctx: &Context, id: &str) -> Result<(), Failure> {
    let deployments = &ctx.cloud.deployments;
    let Err(error) = deployments.stop(id).await else {
        return Ok(());
    };
    let what = format!("deployment {id} could not be stopped");
    let now = deployments
        .get(id)
        .await
        .blame(codes::SHIFT_UNREADABLE, &what)?;
    if now.is_over() {
        return Ok(());
    }
    Err(error).blame(codes::SHIFT_UNREADABLE, what)
}

/// Waits until a deployment that takes another back has done so.
pub async fn wait_for_rollback(
    ctx: &Context,
    failed: &Deployment,
) -> Result<Option<Deployment>, Failure> {
    let reading = |id: &str| format!("deployment {id} cannot be read");
    let mut rollback = failed.rollback.clone();
    // CodeDeploy names the deployment that goes back a moment after the failure.
    for _ in 0..40 {
        if rollback.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
        let again = ctx
            .cloud
            .deployments
            .get(&failed.id)
            .await
            .blame(codes::SHIFT_UNREADABLE, reading(&failed.id))?;
        rollback = again.rollback;
    }
    let Some(id) = rollback else { return Ok(None) };
    ctx.ui
        .say(format!("{} going back: deployment {id}", yellow("↺")));
    loop {
        let deployment = ctx
            .cloud
            .deployments
            .get(&id)
            .await
            .blame(codes::SHIFT_UNREADABLE, reading(&id))?;
        if deployment.is_over() {
            return Ok(Some(deployment));
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::{Route, app_spec};

    #[test]
    fn the_app_spec_names_alias_versions_and_hooks() {
        let route = Route {
            from: "7".to_owned(),
            to: "8".to_owned(),
        };
        insta::assert_snapshot!(app_spec("prod", &route), @r#"{"version":0.0,"Resources":[{"web":{"Type":"AWS::Lambda::Function","Properties":{"Name":"spoke-prod-web","Alias":"Live","CurrentVersion":"7","TargetVersion":"8"}}}],"Hooks":[{"BeforeAllowTraffic":"CodeDeployHook_spoke-prod-preflight"},{"AfterAllowTraffic":"CodeDeployHook_spoke-prod-postflight"}]}"#);
    }
}
