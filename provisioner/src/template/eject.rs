//! How ejected templates are deployed without this tool: a script and a page, in the words of the `aws` command.

use spoke_contract::functions::Function;
use spoke_contract::names;

use super::{Kind, shift};
use crate::scale::Settings;
use crate::stage::Stage;

/// The script that brings every stack up to its template, in order.
#[must_use]
pub fn script(stage: &Stage) -> String {
    let mut lines = vec![
        "#!/usr/bin/env bash".to_owned(),
        format!(
            "# Brings the stacks of stage {} up to the templates beside this script.",
            stage.name
        ),
        format!(
            "# usage: ./deploy.sh <function archive .zip> <release number> <bundle id>{}",
            if has_scaler(stage) {
                " <scaler archive .zip>"
            } else {
                ""
            }
        ),
        "set -euo pipefail".to_owned(),
        "archive=$(realpath \"${1:?the function archive, a .zip with the executable bootstrap}\")"
            .to_owned(),
        "release=${2:?the release number, 0 the first time}".to_owned(),
        "bundle=${3:?the bundle id, none the first time}".to_owned(),
        if has_scaler(stage) {
            "scaler=$(realpath \"${4:?the scaler's archive, a .zip with the executable bootstrap}\")"
                .to_owned()
        } else {
            String::new()
        },
        "cd \"$(dirname \"$0\")\"".to_owned(),
        String::new(),
        format!(
            "[[ $(aws sts get-caller-identity --query Account --output text) == {} ]] || {{ echo \"this is not account {}\" >&2; exit 1; }}",
            stage.account, stage.account
        ),
        String::new(),
        "output() { # stack, region, key".to_owned(),
        "    aws cloudformation describe-stacks --stack-name \"$1\" --region \"$2\" \\".to_owned(),
        "        --query \"Stacks[0].Outputs[?OutputKey=='$3'].OutputValue\" --output text"
            .to_owned(),
        "}".to_owned(),
        String::new(),
    ];
    for kind in stage.stacks() {
        if kind == Kind::App {
            lines.extend(upload(stage));
        }
        lines.extend(deploy(stage, kind));
    }
    lines.join("\n") + "\n"
}

fn has_scaler(stage: &Stage) -> bool {
    Settings::of(stage).is_some()
}

fn upload(stage: &Stage) -> Vec<String> {
    let mut lines = vec![
        "key=functions/$(sha256sum \"$archive\" | cut -d' ' -f1).zip".to_owned(),
        format!(
            "bucket=$(output {} {} ArtifactBucket)",
            Kind::Data.stack(&stage.name),
            stage.region
        ),
        format!(
            "aws s3 cp \"$archive\" \"s3://$bucket/$key\" --region {}",
            stage.region
        ),
    ];
    if has_scaler(stage) {
        lines.push("scaler_key=functions/$(sha256sum \"$scaler\" | cut -d' ' -f1).zip".to_owned());
        lines.push(format!(
            "aws s3 cp \"$scaler\" \"s3://$bucket/$scaler_key\" --region {}",
            stage.region
        ));
    }
    lines.push(String::new());
    lines
}

/// One stack. Its parameters are outputs of the ones before, and the three values of the release.
fn deploy(stage: &Stage, kind: Kind) -> Vec<String> {
    let region = stage.region_of(kind);
    let name = kind.stack(&stage.name);
    let mut command = vec![
        format!("aws cloudformation deploy --region {region} --stack-name {name} \\"),
        format!(
            "    --template-file {}.yaml --capabilities CAPABILITY_IAM --no-fail-on-empty-changeset \\",
            kind.name()
        ),
    ];
    if kind == Kind::App {
        command.push(String::from(
            "    --s3-bucket \"$bucket\" --s3-prefix templates \\",
        ));
    }
    let parameters = parameters(stage, kind);
    if !parameters.is_empty() {
        command.push("    --parameter-overrides \\".to_owned());
        for (parameter, value) in parameters {
            command.push(format!("        {parameter}=\"{value}\" \\"));
        }
    }
    command.push(format!(
        "    --tags stage={} owner=\"{}\"",
        stage.name, stage.owner
    ));
    command.push(String::new());
    command
}

/// Each parameter of a stack, and the shell's words for its value.
fn parameters(stage: &Stage, kind: Kind) -> Vec<(&'static str, String)> {
    let from = |source: Kind, key: &'static str| {
        (
            key,
            format!(
                "$(output {} {} {key})",
                source.stack(&stage.name),
                stage.region_of(source)
            ),
        )
    };
    let own_database = stage.database.existing.is_none();
    let mut parameters = Vec::new();
    match kind {
        Kind::Network | Kind::Edge => {}
        Kind::Data => {
            parameters.push(from(Kind::Network, "PrivateSubnets"));
            if own_database {
                parameters.push(from(Kind::Network, "DatabaseGroup"));
            }
            parameters.push(from(Kind::Network, "CacheGroup"));
        }
        Kind::App => {
            parameters
                .extend(["PrivateSubnets", "FunctionsGroup"].map(|key| from(Kind::Network, key)));
            parameters.extend(
                [
                    "PrivateBucket",
                    "AssetBucket",
                    "ArtifactBucket",
                    "DatabaseId",
                    "DatabaseSecretArn",
                    "SessionSecretArn",
                    "CacheUrl",
                ]
                .map(|key| from(Kind::Data, key)),
            );
            if stage.twilio_secret {
                parameters.push(from(Kind::Data, "TwilioSecretArn"));
            }
            if stage.edge.cdn {
                parameters.push(from(Kind::Data, "OriginSecretArn"));
            }
            if stage.sign_in_secret {
                parameters.push(from(Kind::Data, "SignInSecretArn"));
            }
            if stage.cache.tls {
                parameters.push(from(Kind::Data, "CacheSecretArn"));
            }
            if stage.edge.domain.is_some() {
                parameters.push(from(Kind::Edge, "CertificateArn"));
            }
            if stage.edge.waf {
                parameters.push(from(Kind::Edge, "WebAclArn"));
            }
            parameters.push(("CodeKey", "$key".to_owned()));
            if has_scaler(stage) {
                parameters.push(("ScalerKey", "$scaler_key".to_owned()));
            }
            parameters.push(("Release", "$release".to_owned()));
            parameters.push(("Bundle", "$bundle".to_owned()));
        }
    }
    parameters
}

/// The page beside it: what the script does not do.
#[must_use]
pub fn page(stage: &Stage) -> String {
    let name = &stage.name;
    let web = Function::Web.lambda_name(name);
    let others: Vec<_> = Function::ALL
        .into_iter()
        .filter(|function| function.follows_web())
        .map(|function| format!("`{}`", function.lambda_name(name)))
        .collect();
    let stacks: Vec<_> = stage
        .stacks()
        .into_iter()
        .map(|kind| {
            format!(
                "| `{}.yaml` | `{}` | {} |",
                kind.name(),
                kind.stack(name),
                stage.region_of(kind)
            )
        })
        .collect();
    let secrets: Vec<String> = [
        (stage.twilio_secret, "the carrier's token", "twilio"),
        (stage.sign_in_secret, "the client secret of Slack or Auth0", "sign-in"),
    ]
    .into_iter()
    .filter(|(is_needed, _, _)| *is_needed)
    .zip(3..)
    .map(|((_, what, word), number)| {
        format!(
            "{number}. Put {what} into the secret `spoke-{name}-{word}`, in the AWS console or with `aws secretsmanager put-secret-value`.\n"
        )
    })
    .collect();
    let carrier = secrets.concat();
    format!(
        "# Stage {name}, without spokectl

Plain CloudFormation. Nothing here needs spokectl.

| file | stack | region |
|---|---|---|
{stacks}

## The stacks

1. Build the function archive: a zip with one executable named `bootstrap`, the program `spoke` built for {architecture} and glibc {glibc}.{scaler}
2. `./deploy.sh archive.zip 0 none{scaler_zip}` makes the stacks in order; later runs change them. It refuses another account than {account}.
{carrier}
Deleting a stack keeps buckets, secrets and queues, and takes a last snapshot of the database.

## A release

The stacks prepare the unpublished functions; a release moves the alias `Live`.

1. Upload the front end: the files of `app/web/dist/assets` to `assets/` of the asset bucket with
   `--cache-control 'public, max-age=31536000, immutable'`, and its manifest to `bundles/<bundle id>.json`.
2. `./deploy.sh archive.zip <number> <bundle id>{scaler_zip}`.
3. `aws lambda publish-version` for `{web}` and for {others}.
4. Write the release being made, as JSON, to the parameter `{pending}` (its fields: `app/contract/src/release.rs`).
5. `aws deploy create-deployment --application-name spoke-{name} --deployment-group-name spoke-{name}-web
   --deployment-config-name {config} --revision ...` with an AppSpec that names `{web}`, its alias `Live`, both versions, and the hooks
   `BeforeAllowTraffic: {preflight}`, `AfterAllowTraffic: {postflight}`. The hooks run the migrations, and move the other functions and the bundle.
6. When it has succeeded, write the same JSON to `{recorded}`.

## Going back

Bundle first: write the old manifest to `{pointer}`. Then point `Live` of the other functions, then of `{web}`, back at the old
versions with `aws lambda update-alias`. Migrations do not go back.
",
        stacks = stacks.join("\n"),
        scaler = if has_scaler(stage) { " The scaler's archive is the program `scaler`, packed the same way." } else { "" },
        scaler_zip = if has_scaler(stage) { " scaler.zip" } else { "" },
        account = stage.account,
        architecture = stage.app.architecture.name(),
        glibc = stage.app.glibc.as_deref().unwrap_or("2.34"),
        others = others.join(", "),
        pending = names::pending_release_parameter(name),
        recorded = names::release_parameter(name),
        pointer = names::pointer_parameter(name),
        config = shift::config_name(name, &stage.release.shift),
        preflight = Function::Preflight.lambda_name(name),
        postflight = Function::Postflight.lambda_name(name),
    )
}
