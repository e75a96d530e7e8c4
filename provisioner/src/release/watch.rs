//! A shift watched to its end: what is told of it, and what stops it.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use spoke_contract::functions::Function;

use super::shift::{Ended, Route, alarm_names, stop};
use super::traffic::Traffic;
use super::verdict::{Answered, Probes};
use super::watchdog::Watchdog;
use crate::cloud::cloudwatch::Alarm;
use crate::cloud::codedeploy::{Deployment, Phase};
use crate::context::Context;
use crate::failure::{Blame as _, Failure, codes};
use crate::template::shift::{self, Shift};
use crate::ui::live::Live;
use crate::ui::{bold, clock, dim, green, red, yellow};

/// Watches a deployment until nothing more happens, sending `probes` to the new version once it has traffic.
pub async fn watch(ctx: &Context, id: &str, route: &Route, probes: u32) -> Result<Ended, Failure> {
    let mut watch = Watch::new(ctx, id, route).await;
    let mut watchdog = Watchdog::default();
    let mut probes = Probes::new(probes);
    let (mut dead, mut probe, mut worse) = (None, None, None);
    let mut blind = 0;
    loop {
        let seen = match watch.look().await {
            Ok(seen) => seen,
            Err(failure) => {
                blind += 1;
                // An ended session does not come back by being tried again.
                if blind == BLIND || failure.is_expired() || ctx.interrupted.seen() {
                    watch.live.clear();
                    return Err(unseen(ctx, id, failure));
                }
                if blind == 1 {
                    watch.tell(format!("{} {}; looking again", yellow("!"), failure.what));
                }
                tokio::time::sleep(Duration::from_secs(2)).await;
                continue;
            }
        };
        blind = 0;
        if seen.deployment.is_over() {
            watch.live.clear();
            watch.look_back(&seen.deployment).await?;
            watch.traffic.read_now(ctx).await;
            return Ok(Ended {
                answered: watch.answered(&probes),
                probe,
                worse,
                deployment: seen.deployment,
                phases: seen.phases,
                ringing: watch.rang,
                highest: watch.highest,
                dead,
            });
        }
        if dead.is_none()
            && let Some((hook, reason)) = watchdog.look(ctx, &seen.phases).await
        {
            watch.tell(format!("{} {} is dead: {reason}", red("!"), hook.name()));
            stop(ctx, id).await?;
            dead = Some((hook, reason));
        }
        if watch.weight > 0
            && probe.is_none()
            && let Err(reason) = probes.send(ctx, route).await
        {
            watch.tell(format!("{} a probe failed: {reason}", red("!")));
            stop(ctx, id).await?;
            probe = Some(reason);
        }
        if watch.weight > 0
            && watch.rang.is_empty()
            && worse.is_none()
            && let Some(reason) = watch.traffic.verdict()
        {
            watch.tell(format!("{} the new version is worse: {reason}", red("!")));
            stop(ctx, id).await?;
            worse = Some(reason);
        }
        if ctx.interrupted.seen() {
            watch.live.clear();
            return Err(detached(ctx, id, &watch));
        }
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
}

/// Looks in vain, one after the other, until the shift is left to itself. The SDK has tried each call three times.
const BLIND: u32 = 5;

/// The shift needs nobody who looks: alarms and hooks decide.
fn unseen(ctx: &Context, id: &str, failure: Failure) -> Failure {
    failure
        .state(format!(
            "deployment {id} goes on without us; alarms and hooks still watch over it"
        ))
        .state("whoever deploys next watches it to its end and records it")
        .next(format!("spokectl status{}", ctx.flag()))
        .next(format!("spokectl deploy{}", ctx.flag()))
}

fn detached(ctx: &Context, id: &str, watch: &Watch<'_>) -> Failure {
    Failure::new(
        codes::DETACHED,
        format!("deployment {id} goes on without us"),
    )
    .why("you asked to leave")
    .state(format!(
        "version {} has {} % of the traffic; alarms and hooks still watch over it",
        watch.route.to, watch.weight
    ))
    .state("whoever deploys next watches it to its end and records it")
    .next(format!("spokectl status{}", ctx.flag()))
    .next(format!("spokectl deploy{}", ctx.flag()))
}

struct Watch<'a> {
    ctx: &'a Context,
    id: &'a str,
    route: &'a Route,
    shift: Shift,
    live: Live,
    started: Instant,
    since: DateTime<Utc>,
    said: Instant,
    phase: String,
    weight: u8,
    highest: u8,
    weights_since: Option<Instant>,
    rang: Vec<Alarm>,
    traffic: Traffic,
}

struct Seen {
    deployment: Deployment,
    phases: Vec<Phase>,
}

impl<'a> Watch<'a> {
    async fn new(ctx: &'a Context, id: &'a str, route: &'a Route) -> Self {
        Self {
            ctx,
            id,
            route,
            shift: shift::parse(&ctx.stage.release.shift).unwrap_or(Shift::AllAtOnce),
            live: Live::new(&ctx.ui),
            started: Instant::now(),
            since: Utc::now(),
            said: Instant::now(),
            phase: String::new(),
            weight: 0,
            highest: 0,
            weights_since: None,
            rang: Vec::new(),
            traffic: Traffic::new(ctx, route).await,
        }
    }

    /// One look at everything; a sentence for what changed, and the block redrawn.
    async fn look(&mut self) -> Result<Seen, Failure> {
        let what = format!("deployment {} cannot be read", self.id);
        let cloud = &self.ctx.cloud;
        let deployment = cloud
            .deployments
            .get(self.id)
            .await
            .blame(codes::SHIFT_UNREADABLE, &what)?;
        let phases = cloud
            .deployments
            .phases(self.id)
            .await
            .blame(codes::SHIFT_UNREADABLE, &what)?;
        let weight = self
            .read_weight()
            .await
            .blame(codes::SHIFT_UNREADABLE, &what)?;
        let alarms = cloud
            .metrics
            .alarms(&format!("spoke-{}-web-", self.ctx.stage.name))
            .await
            .blame(codes::SHIFT_UNREADABLE, &what)?;
        self.traffic.read(self.ctx).await;
        self.tell_phase(&phases);
        self.tell_weight(weight);
        self.tell_alarms(alarms);
        self.draw(&deployment);
        Ok(Seen { deployment, phases })
    }

    /// The new version's share in percent, from the alias itself.
    async fn read_weight(&self) -> anyhow::Result<u8> {
        let web = Function::Web.lambda_name(&self.ctx.stage.name);
        let alias = self.ctx.cloud.functions.live(&web).await?;
        Ok(match alias.second {
            Some((version, share)) if version == self.route.to => percent(share),
            Some((_, share)) if alias.version == self.route.to => 100 - percent(share),
            _ if alias.version == self.route.to => 100,
            _ => 0,
        })
    }

    fn tell_phase(&mut self, phases: &[Phase]) {
        let now = phases
            .iter()
            .find(|phase| phase.status == "InProgress")
            .or_else(|| phases.iter().find(|phase| phase.status == "Failed"));
        let Some(now) = now else { return };
        if now.name == self.phase {
            return;
        }
        self.phase.clone_from(&now.name);
        self.tell(format!(
            "{} {}",
            dim(&self.clock()),
            phase_sentence(&now.name)
        ));
    }

    fn tell_weight(&mut self, weight: u8) {
        if weight == self.weight {
            return;
        }
        let forward = weight > self.weight;
        self.weight = weight;
        self.highest = self.highest.max(weight);
        if forward {
            self.weights_since.get_or_insert_with(Instant::now);
            let (step, steps) = self.step();
            self.tell_traffic();
            self.tell(format!(
                "{} {} of the traffic on version {}, step {step}/{steps}{}",
                dim(&self.clock()),
                bold(&format!("{weight} %")),
                self.route.to,
                self.remaining()
                    .map_or_else(String::new, |left| format!(", about {} left", clock(left)))
            ));
        } else {
            self.tell(format!(
                "{} {} of the traffic on version {}: going back",
                dim(&self.clock()),
                yellow(&format!("{weight} %")),
                self.route.to
            ));
        }
    }

    /// How the versions compare, where no block on the screen says it all the time.
    fn tell_traffic(&mut self) {
        if self.ctx.ui.is_terminal() || self.traffic.new_version().calls <= 0.0 {
            return;
        }
        for line in self.traffic.lines() {
            self.tell(dim(&line));
        }
    }

    fn tell_alarms(&mut self, alarms: Vec<Alarm>) {
        let watched = alarm_names(&self.ctx.stage.name);
        for alarm in alarms {
            if !alarm.rings() || !watched.contains(&alarm.name) {
                continue;
            }
            if !self.rang.iter().any(|known| known.name == alarm.name) {
                self.tell(format!(
                    "{} alarm {} rings: {}",
                    red("!"),
                    alarm.name,
                    alarm.reason
                ));
                self.rang.push(alarm);
            }
        }
    }

    /// With short periods an alarm may have rung and fallen quiet between two looks.
    async fn look_back(&mut self, deployment: &Deployment) -> Result<(), Failure> {
        if !self.rang.is_empty() || deployment.error.as_deref() != Some("ALARM_ACTIVE") {
            return Ok(());
        }
        let since = deployment.created.unwrap_or(self.since);
        for name in alarm_names(&self.ctx.stage.name) {
            let rang = self.ctx.cloud.metrics.rang(&name, since).await.blame(
                codes::SHIFT_UNREADABLE,
                format!("alarm {name} cannot be read"),
            )?;
            self.rang.extend(rang);
        }
        Ok(())
    }

    fn answered(&self, probes: &Probes) -> Answered {
        let new = self.traffic.new_version();
        Answered {
            requests: whole(new.calls),
            errors: whole(new.errors),
            probes: probes.sent(),
        }
    }

    fn tell(&mut self, line: String) {
        self.said = Instant::now();
        self.live.say(&self.ctx.ui, line);
    }

    fn draw(&mut self, deployment: &Deployment) {
        let (step, steps) = self.step();
        let left = self.remaining().map_or_else(
            || format!("normally {} min", self.shift.minutes()),
            |left| format!("about {} left", clock(left)),
        );
        let mut lines = vec![format!(
            "{} {}  {}  version {} {}",
            bold(&deployment.id),
            deployment.status,
            phase_word(&self.phase),
            self.route.to,
            bar(self.weight)
        )];
        lines.push(format!(
            "  step {step}/{steps}, {} so far, {left}; alarms {}",
            self.clock(),
            if self.rang.is_empty() {
                green("quiet")
            } else {
                red("ringing")
            }
        ));
        lines.extend(self.traffic.lines());
        if !self.ctx.ui.is_terminal() && self.said.elapsed() > Duration::from_secs(15) {
            self.tell(format!(
                "{} still {}; {left}",
                dim(&self.clock()),
                phase_word(&self.phase)
            ));
            self.tell_traffic();
        }
        self.live.draw(lines);
    }

    fn clock(&self) -> String {
        clock(self.started.elapsed().as_secs())
    }

    fn step(&self) -> (usize, usize) {
        let weights = self.shift.weights();
        let step = weights
            .iter()
            .filter(|weight| **weight <= self.weight)
            .count();
        (step, weights.len())
    }

    /// Seconds left by the pace so far; nothing is promised before there is a pace.
    fn remaining(&self) -> Option<u64> {
        let (step, steps) = self.step();
        let since = self.weights_since?;
        if step < 2 || step >= steps {
            return None;
        }
        let (done, left) = (
            u32::try_from(step - 1).ok()?,
            u32::try_from(steps - step).ok()?,
        );
        Some((since.elapsed() / done * left).as_secs())
    }
}

/// A sum of counts as what it is.
fn whole(count: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts are whole, not negative, and far below 2^53"
    )]
    let whole = count.max(0.0).round() as u64;
    whole
}

fn percent(share: f64) -> u8 {
    // A share is between 0 and 1, so the rounded percentage fits.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 to 100"
    )]
    let percent = (share.clamp(0.0, 1.0) * 100.0).round() as u8;
    percent
}

fn bar(weight: u8) -> String {
    let full = usize::from(weight / 10);
    format!(
        "{}{} {weight:>3} %",
        green(&"█".repeat(full)),
        dim(&"░".repeat(10 - full))
    )
}

fn phase_word(phase: &str) -> &'static str {
    match phase {
        "BeforeAllowTraffic" => "migrating",
        "AllowTraffic" => "shifting",
        "AfterAllowTraffic" => "moving the rest",
        _ => "starting",
    }
}

fn phase_sentence(phase: &str) -> String {
    match phase {
        "BeforeAllowTraffic" => "preflight runs the migrations".to_owned(),
        "AllowTraffic" => "traffic shifts; every page still names the old bundle".to_owned(),
        "AfterAllowTraffic" => "postflight moves the other functions, then the bundle".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn shares_become_whole_percents() {
        assert_eq!(percent(0.1), 10);
        assert_eq!(percent(0.3 + 1e-9), 30);
        assert_eq!(percent(1.0), 100);
    }
}
