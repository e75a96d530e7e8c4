"""Judges of the rendered templates: cfn-lint, AWS's own validator with our Guard rules, checkov, parliament.

Each judge is also shown a planted fault: one that sees nothing is no judge.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import parliament
import pytest
from cfnlint import decode
from cloudformation_validate import (
    CompositeEngine,
    CompositeEngineConfig,
    PseudoParameterOverrides,
    Severity,
    TemplateContent,
    ValidateConfig,
    file_to_external_rule_source,
)

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent

# Where a stage may lie (`provisioner/src/stage/mistakes.rs` refuses others). The edge stack lies in us-east-1 whatever the stage says.
REGIONS = ["us-east-1", "us-east-2", "us-west-2"]

# AWS's validator: what it says that is no fault here.
EXCUSED = {
    "W2509": "parameters that carry the ARN of a secret are no secrets",
}


def lint(*files):
    return subprocess.run(
        [BIN / "cfn-lint", "--regions", *REGIONS, "--non-zero-exit-code", "informational", "--template", *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_cfn_lint_has_nothing_to_say(templates):
    ended = lint(*templates)
    assert ended.returncode == 0, ended.stdout


def engine(*rules):
    sources = [file_to_external_rule_source(HERE / rule) for rule in rules]
    return CompositeEngine(CompositeEngineConfig(guard_rules=sources))


def findings(judge, text, name="template", region="us-east-1"):
    config = ValidateConfig(pseudo_parameter_overrides=PseudoParameterOverrides(region=region, account_id="123456789012"))
    report = judge.validate_template(TemplateContent(text, name), config)
    loud = {Severity.FATAL, Severity.ERROR, Severity.WARN}
    return [
        f"{name}: {told.rule_id} {told.message}"
        for told in report.diagnostics
        if told.severity in loud and told.rule_id not in EXCUSED
    ]


def test_aws_s_validator_and_our_promises_hold_everywhere(templates):
    everywhere, local = engine("promises.guard", "transit.guard"), engine("promises.guard")
    wrong = []
    for file in templates:
        judge = local if file.parent.name == "local" else everywhere
        wrong += findings(judge, file.read_text(), f"{file.parent.name}/{file.name}")
    assert not wrong, "\n".join(wrong)


# A template, what is broken in it, and the promise that must notice.
BROKEN = [
    ("data.yaml", "PubliclyAccessible: false", "PubliclyAccessible: true", "no_database_is_public"),
    ("data.yaml", "StorageEncrypted: true", "StorageEncrypted: false", "clusters_leave_a_snapshot"),
    ("data.yaml", "BlockPublicAcls: true", "BlockPublicAcls: false", "buckets_are_kept_private"),
    ("data.yaml", "AtRestEncryptionEnabled: true", "AtRestEncryptionEnabled: false", "caches_are_encrypted_at_rest"),
    ("data.yaml", "TransitEncryptionEnabled: true", "TransitEncryptionEnabled: false", "caches_are_encrypted_in_transit"),
    ("data.yaml", 'rds.force_ssl: "1"', 'rds.force_ssl: "0"', "clusters_take_tls_only"),
    ("data.yaml", "    UpdateReplacePolicy: Retain\n", "", "stateful_says_what_becomes_of_it"),
    ("app.yaml", "SqsManagedSseEnabled: true", "SqsManagedSseEnabled: false", "queues_are_encrypted"),
    ("app.yaml", "DatapointsToAlarm: 2", "DatapointsToAlarm: 1", "alarms_are_two_of_three"),
    ("app.yaml", "Runbook: runbooks/web-errors.md", "", "alarms_are_two_of_three"),
    ("app.yaml", "Action: [secretsmanager:GetSecretValue]", "Action: ['secretsmanager:*']", "roles_name_their_actions"),
    ("app.yaml", "RetentionInDays: 90", "RetentionInDays: 0", "log_groups_end"),
    ("app.yaml", "ViewerProtocolPolicy: redirect-to-https", "ViewerProtocolPolicy: allow-all", "pages_are_https_only"),
    ("network.yaml", "      SourceSecurityGroupId: !Ref FunctionsGroup\n", "      CidrIp: 0.0.0.0/0\n", "groups_let_no_addresses_in"),
]


@pytest.mark.parametrize(("file", "good", "bad", "promise"), BROKEN)
def test_a_broken_promise_is_noticed(ejected, file, good, bad, promise):
    text = (ejected / "national" / file).read_text()
    assert good in text
    found = findings(engine("promises.guard", "transit.guard"), text.replace(good, bad, 1))
    assert any(promise.lower() in line.lower() for line in found), found


def test_cfn_lint_notices_a_property_that_is_not_there(ejected, tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text((ejected / "trial/network.yaml").read_text().replace("EnableDnsSupport", "EnableDns", 1))
    assert "EnableDns" in lint(broken).stdout


def checkov(folder):
    ended = subprocess.run(
        [BIN / "checkov", "--framework", "cloudformation", "--directory", str(folder), "--quiet", "--compact", "--output", "json"],
        capture_output=True,
        text=True,
        check=False,
    )
    report = json.loads(ended.stdout)
    return report.get("results", {}).get("failed_checks", []), report.get("summary", report)


def test_checkov_finds_nothing_that_has_no_reason_beside_it(ejected):
    failed, summary = checkov(ejected)
    told = [f"{one['file_path']} {one['resource']}: {one['check_id']} {one['check_name']}" for one in failed]
    assert not told, "\n".join(told)
    assert summary["parsing_errors"] == 0
    assert summary["passed"] > 500


def test_every_exception_from_checkov_says_why(ejected):
    seen = 0
    for file in ejected.glob("*/*.yaml"):
        for line in file.read_text().splitlines():
            if "checkov:skip" in line:
                seen += 1
                assert re.search(r"checkov:skip=CKV2?_AWS_\d+: \S+ \S+ \S+", line), line
    assert seen > 50


def test_checkov_notices_an_open_bucket(ejected, tmp_path):
    text = (ejected / "trial/data.yaml").read_text()
    (tmp_path / "data.yaml").write_text(text.replace("BlockPublicPolicy: true", "BlockPublicPolicy: false", 1))
    failed, _ = checkov(tmp_path)
    assert any(one["check_id"] == "CKV_AWS_54" for one in failed)


def plain(value):
    """A policy as IAM gets it: references become an ARN or a word of the right shape."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    keys = list(value)
    if keys == ["Ref"]:
        name = value["Ref"]
        if name == "AWS::AccountId":
            return "123456789012"
        if name == "DatabaseSecretArn" or name.endswith("SecretArn"):
            return f"arn:aws:secretsmanager:us-east-1:123456789012:secret:{name}-AbCdEf"
        if name.endswith("Live"):
            return f"arn:aws:lambda:us-east-1:123456789012:function:{name}"
        if name == "Notices":
            return "arn:aws:sns:us-east-1:123456789012:notices"
        return f"arn:aws:s3:::{name.lower()}"
    if keys == ["Fn::GetAtt"]:
        resource = value["Fn::GetAtt"]
        resource = resource[0] if isinstance(resource, list) else resource.split(".")[0]
        if resource.endswith("Logs"):
            return f"arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/{resource.lower()}:*"
        if resource.endswith("Key"):
            return f"arn:aws:kms:us-east-1:123456789012:key/{resource.lower()}"
        if resource == "Scaler":
            return "arn:aws:lambda:us-east-1:123456789012:function:scaler"
        return f"arn:aws:sqs:us-east-1:123456789012:{resource}"
    if keys == ["Fn::Sub"]:
        text = value["Fn::Sub"]
        for name, given in (("Partition", "aws"), ("Region", "us-east-1"), ("AccountId", "123456789012")):
            text = text.replace("${AWS::" + name + "}", given)
        return re.sub(r"\$\{(\w+)(\.Arn)?\}", lambda found: found.group(1).lower(), text)
    return {key: plain(one) for key, one in value.items()}


def policies(file):
    template, errors = decode.decode(str(file))
    assert not errors
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::IAM::Role":
            for policy in resource["Properties"].get("Policies", []):
                yield f"{file.parent.name}/{name}", plain(policy["PolicyDocument"])


def is_grave(finding):
    """LOW is about style, but for an action or a service that does not exist: it grants nothing."""
    return finding.severity != "LOW" or finding.issue.startswith("UNKNOWN")


# AWS's own tutorial for hooks grants it on the deployment group; parliament's copy of the reference knows no resource for it.
NARROWER_THAN_KNOWN = "codedeploy:PutLifecycleEventHookExecutionStatus"


def is_excused(finding):
    return finding.issue == "RESOURCE_MISMATCH" and finding.detail[0]["action"] == NARROWER_THAN_KNOWN


def judged(policy):
    found = parliament.analyze_policy_string(json.dumps(policy)).findings
    told = [parliament.enhance_finding(one) for one in found]
    return [one for one in told if is_grave(one) and not is_excused(one)]


def test_parliament_knows_every_action_and_finds_none_too_wide(templates):
    seen, wrong = 0, []
    for file in templates:
        for name, policy in policies(file):
            seen += 1
            wrong += [f"{name}: {one.issue} {one.detail} {one.location}" for one in judged(policy)]
    assert seen > 40
    assert not wrong, "\n".join(wrong)


def test_parliament_notices_an_action_that_is_not_there(ejected):
    _, policy = next(policies(ejected / "national/app.yaml"))
    policy["Statement"][0]["Action"] = ["logs:WriteDown"]
    assert any("WriteDown" in str(one.detail) + one.issue for one in judged(policy)), judged(policy)
