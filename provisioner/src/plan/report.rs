//! The plan: data first, counted, then printed. `--output json` is the same data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::connections::Budget;
use super::consequence::{Consequence, Group};
use super::cost::Cost;
use super::difference::{Action, Property};
use super::migrations::{Class, Migration};
use super::signals::Signal;
use super::usual::{self, Way};
use crate::cloud::cloudformation::Drift;
use crate::scale::ledger::Active;
use crate::stage::Stage;
use crate::template::shift;

/// Where, who, of what, when.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Identity {
    /// 12 digits.
    pub account: String,
    /// Where.
    pub region: String,
    /// Which stage.
    pub stage: String,
    /// The caller's ARN.
    pub by: String,
    /// The commit of the working copy.
    pub revision: String,
    /// RFC 3339.
    pub at: String,
}

/// What the stacks would go through.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Infrastructure {
    /// Gravest first.
    pub changes: Vec<Consequence>,
    /// Stacks that stand where no change can begin, and their status.
    pub stuck: BTreeMap<String, String>,
}

/// What somebody changed by hand in a stack.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ByHand {
    /// Which stack.
    pub stack: String,
    /// What is not as the stack says.
    pub drift: Vec<Drift>,
}

/// Why a deploy would be refused.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refusal {
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
    /// What to do instead.
    pub next: String,
}

/// What a deploy would do.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Where, who, of what, when.
    pub identity: Identity,
    /// The live release.
    pub release: Option<u64>,
    /// The stacks.
    pub infrastructure: Infrastructure,
    /// What was changed by hand; none unless somebody asked to look.
    pub by_hand: Option<Vec<ByHand>>,
    /// The functions.
    pub code: Signal,
    /// The scaler; none where none is released.
    pub scaler: Option<Signal>,
    /// The front end.
    pub bundle: Signal,
    /// The migrations that would run.
    pub migrations: Vec<Migration>,
    /// Why a deploy would be refused.
    pub refusals: Vec<Refusal>,
    /// What is allowed, and should be meant.
    pub warnings: Vec<String>,
    /// Connections to the database.
    pub connections: Budget,
    /// The database is rendered larger than the stage file says: it was enlarged since.
    pub enlarged: Option<Active>,
    /// Expected minutes, from and to.
    pub minutes: (u64, u64),
    /// What the stage costs now.
    pub cost_before: Cost,
    /// What it would cost.
    pub cost_after: Cost,
    /// What it may cost a week.
    pub weekly_budget: Option<f64>,
    /// The oldest of the prices.
    pub price_date: &'static str,
}

impl Plan {
    /// Whether a deploy would change anything.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        !self.infrastructure.changes.is_empty()
            || !self.migrations.is_empty()
            || self.code.is_change()
            || self.scaler.as_ref().is_some_and(Signal::is_change)
            || self.bundle.is_change()
    }

    /// Whether somebody changed something by hand, as far as somebody looked.
    #[must_use]
    pub fn has_drift(&self) -> bool {
        self.by_hand
            .iter()
            .flatten()
            .any(|one| !one.drift.is_empty())
    }

    /// Keeps what was changed by hand, and tells of a property that changes what is there, in place of what the live
    /// template says of it.
    pub fn found_by_hand(&mut self, found: Vec<ByHand>) {
        for one in &mut self.infrastructure.changes {
            let of_stack = found.iter().filter(|by| by.stack == one.change.stack);
            let mut drift = of_stack.flat_map(|by| &by.drift);
            let Some(drift) = drift.find(|drift| drift.resource == one.change.resource) else {
                continue;
            };
            for property in &mut one.change.properties {
                let there = drift.properties.iter();
                let mut there = there.filter(|(path, _, _)| dotted(path) == property.path);
                let Some((_, _, real)) = there.next() else {
                    continue;
                };
                let said = property.told();
                property.before = Some(Value::String(real.clone()));
                property.by_hand = true;
                if one.sentence == said {
                    one.sentence = property.told();
                }
            }
        }
        self.by_hand = Some(found);
    }

    /// The groups that need a confirmation of their own, and are in this plan.
    #[must_use]
    pub fn grave(&self) -> Vec<Group> {
        Group::ALL
            .into_iter()
            .filter(|group| group.needs().is_some() && !self.told(*group).is_empty())
            .collect()
    }

    /// What the plan means of a group, a line each.
    #[must_use]
    pub fn told(&self, group: Group) -> Vec<String> {
        let changes = self.of(group).map(|one| {
            let change = &one.change;
            format!("{} ({}): {}", change.resource, change.stack, one.sentence)
        });
        changes.chain(self.statements(group)).collect()
    }

    /// What migrations mean of a group: nothing before the first release, when nobody is at work and there is no data.
    fn statements(&self, group: Group) -> Vec<String> {
        if self.release.is_none() {
            return Vec::new();
        }
        let all = self.migrations.iter().flat_map(|migration| {
            let of_group = migration.statements.iter();
            let of_group = of_group.filter(move |one| one.group() == Some(group));
            of_group.map(|one| format!("{}:{}: {}", migration.file, one.line, one.why))
        });
        all.collect()
    }

    fn of(&self, group: Group) -> impl Iterator<Item = &Consequence> {
        self.infrastructure
            .changes
            .iter()
            .filter(move |one| one.group == group)
    }

    fn weekly_change(&self) -> f64 {
        self.cost_after.weekly - self.cost_before.weekly
    }
}

/// A path as drift has it (`/Code/Layers/0`), in the plan's form (`Code.Layers[0]`).
fn dotted(path: &str) -> String {
    let mut text = String::new();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            text.extend(["[", part, "]"]);
        } else {
            text.extend([if text.is_empty() { "" } else { "." }, part]);
        }
    }
    text
}

/// What a stage file allows that somebody should mean: on AWS, where a release is more than a rehearsal.
#[must_use]
pub fn warnings(stage: &Stage) -> Vec<String> {
    let is_on_aws = stage.endpoint_file.is_none();
    if stage.release.codedeploy || !is_on_aws {
        return Vec::new();
    }
    vec![
        "release.codedeploy = false: functions are prepared but nothing is ever released, so there is no canary, and no \
         alarm that would bring a bad version back"
            .to_owned(),
    ]
}

/// The shortest and the longest usual time: in each stack the slowest resource counts, others go beside it. Migrations
/// count where the sizes of their tables are known.
#[must_use]
pub fn minutes(
    infrastructure: &Infrastructure,
    migrations: &[Migration],
    shift_name: Option<&str>,
) -> (u64, u64) {
    let mut slowest: BTreeMap<&str, u64> = BTreeMap::new();
    for one in &infrastructure.changes {
        let way = match one.change.action {
            Action::Add | Action::Replace => Way::Create,
            Action::Change => Way::Update,
            Action::Remove => Way::Delete,
        };
        let usual = usual::of(&one.change.kind, way).filter(|_| !one.already);
        let seconds = usual.map_or(10, |usual| usual.seconds);
        let stack = slowest.entry(&one.change.stack).or_default();
        *stack = seconds.max(*stack);
    }
    let stacks: u64 = slowest.values().map(|seconds| seconds + 20).sum();
    let statements = migrations.iter().flat_map(|one| &one.statements);
    let estimates = statements.filter_map(|one| one.estimate);
    let seconds = stacks + estimates.map(|one| one.seconds).sum::<u64>();
    let shift = shift_name
        .and_then(shift::parse)
        .map_or(0, |shift| shift.minutes());
    // Uploads, publishing, the hooks.
    let rest = 2;
    (
        seconds / 60 + shift + rest,
        seconds.div_ceil(30) + shift + 2 * rest,
    )
}

/// For people: only sections that hold something, and the counts last.
#[must_use]
pub fn text(plan: &Plan) -> String {
    let mut lines = Vec::new();
    for refusal in &plan.refusals {
        lines.push(format!("refused: {}", refusal.what));
        lines.push(format!("    why   {}", refusal.why));
        lines.push(format!("    next  {}", refusal.next));
    }
    for warning in &plan.warnings {
        lines.push(format!("warning: {warning}"));
    }
    for (stack, status) in &plan.infrastructure.stuck {
        lines.push(format!("stuck: the {stack} stack stands in {status}"));
    }
    for one in plan.by_hand.iter().flatten() {
        lines.extend(by_hand(one));
    }
    for group in Group::ALL {
        section(plan, group, &mut lines);
    }
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines.extend(signals(plan));
    lines.extend(numbers(plan));
    lines.join("\n")
}

/// A deploy leaves these as they are, unless the template changes the very property.
pub(super) fn by_hand(one: &ByHand) -> Vec<String> {
    let mut lines = Vec::new();
    for drift in &one.drift {
        let word = if drift.status == "DELETED" {
            "was deleted by hand"
        } else {
            "was changed by hand"
        };
        lines.push(format!(
            "drift: {} ({}, {}) {word}",
            drift.resource, one.stack, drift.kind
        ));
        for (path, template, real) in &drift.properties {
            lines.push(format!(
                "      {path}: the template says {template}, it is {real}"
            ));
        }
    }
    lines
}

fn section(plan: &Plan, group: Group, lines: &mut Vec<String>) {
    let changes: Vec<_> = plan.of(group).collect();
    let statements = plan.statements(group);
    let count = changes.len() + statements.len();
    if count == 0 {
        return;
    }
    lines.push(format!("{} ({count})", group.title()));
    lines.extend(statements.iter().map(|line| format!("  ! {line}")));
    // A first deploy adds a hundred things nobody needs to read one by one.
    let (added, others): (Vec<&Consequence>, Vec<&Consequence>) = changes
        .into_iter()
        .partition(|one| group == Group::Routine && one.change.action == Action::Add);
    let mut stacks: BTreeMap<&str, usize> = BTreeMap::new();
    for one in &added {
        *stacks.entry(&one.change.stack).or_default() += 1;
    }
    for (stack, count) in stacks {
        lines.push(format!("  + {stack}: {count} to add"));
    }
    for one in others {
        let (sign, word) = one.change.action.mark();
        lines.push(format!(
            "  {sign} {} ({}, {}) {word}",
            one.change.resource, one.change.stack, one.change.kind
        ));
        if !one.sentence.is_empty() {
            lines.push(format!("      {}", one.sentence));
        }
        let told = one.change.properties.iter().map(Property::told);
        lines.extend(
            told.filter(|line| *line != one.sentence)
                .map(|line| format!("      {line}")),
        );
    }
}

fn signals(plan: &Plan) -> Vec<String> {
    let changes = &plan.infrastructure.changes;
    let count = |action: Action| {
        changes
            .iter()
            .filter(|one| one.change.action == action)
            .count()
    };
    let counts: Vec<String> = [
        (count(Action::Add), "to add"),
        (count(Action::Change), "to change"),
        (count(Action::Replace), "to replace"),
        (count(Action::Remove), "to remove"),
    ]
    .iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{count} {word}"))
    .collect();
    let stacks = if counts.is_empty() {
        "no change".to_owned()
    } else {
        counts.join(", ")
    };
    let mut lines = vec![
        format!("code            {}", plan.code.sentence()),
        format!("bundle          {}", plan.bundle.sentence()),
        format!("migrations      {}", told(&plan.migrations)),
    ];
    if let Some(scaler) = &plan.scaler {
        lines.insert(1, format!("scaler          {}", scaler.sentence()));
    }
    for migration in &plan.migrations {
        let grave = migration
            .statements
            .iter()
            .filter(|one| one.class != Class::Safe);
        for statement in grave {
            let long = statement
                .estimate
                .map_or_else(String::new, |long| format!(" ({})", long.sentence()));
            lines.push(format!(
                "  {}:{}  {}{long}: {}",
                migration.file,
                statement.line,
                statement.class.word(),
                statement.why
            ));
        }
    }
    lines.push(format!("infrastructure  {stacks}"));
    if plan.by_hand.is_some() && !plan.has_drift() {
        lines.push("by hand         nothing was changed".to_owned());
    }
    lines
}

fn told(migrations: &[Migration]) -> String {
    if migrations.is_empty() {
        return "none to run".to_owned();
    }
    let gravest = migrations
        .iter()
        .map(Migration::class)
        .max()
        .unwrap_or(Class::Safe);
    format!("{} to run, {}", migrations.len(), gravest.word())
}

fn numbers(plan: &Plan) -> Vec<String> {
    let mut lines = vec![
        format!("connections     {}", plan.connections.sentence()),
        format!(
            "time            {} to {} minutes",
            plan.minutes.0, plan.minutes.1
        ),
        money(plan),
    ];
    if let Some(active) = &plan.enlarged {
        lines.insert(
            0,
            format!(
                "database        {}, enlarged from {} by {} until {}; the stage file does not make it smaller (spokectl scale down does)",
                active.rung,
                active.base,
                active.by,
                active.until.format("%Y-%m-%d")
            ),
        );
    }
    let unknown: Vec<_> = plan.cost_after.unknown.iter().map(String::as_str).collect();
    if !unknown.is_empty() {
        lines.push(format!(
            "                without a price: {}",
            unknown.join(", ")
        ));
    }
    if let Some(budget) = plan
        .weekly_budget
        .filter(|budget| plan.cost_after.weekly > *budget)
    {
        lines.push(format!(
            "                above the budget of ${budget:.2} a week"
        ));
    }
    lines
}

fn money(plan: &Plan) -> String {
    let after = &plan.cost_after;
    let most = if after.weekly_at_most > after.weekly {
        format!(
            " (${:.2} with the database at its highest)",
            after.weekly_at_most
        )
    } else {
        String::new()
    };
    format!(
        "cost            {}${:.2} a week: ${:.2} → ${:.2}{most}; prices of us-east-1, oldest {}; requests, traffic and texts come on top",
        if plan.weekly_change() < 0.0 { "-" } else { "+" },
        plan.weekly_change().abs(),
        plan.cost_before.weekly,
        after.weekly,
        plan.price_date
    )
}

#[cfg(test)]
mod tests;
