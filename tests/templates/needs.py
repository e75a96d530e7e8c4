"""What a deployment asks IAM for: what CloudFormation does in the deploy role's name, and what `spokectl` does itself."""

from dataclasses import dataclass, field

from exceptions import CALLED_NOT_ASKED, NEVER_ASKED, ONLY_WITH
from reference import depends_on, handlers, names_no_resource
from stacks import ACCOUNT, ID


@dataclass(frozen=True)
class Need:
    """One question to IAM: an action, on what, what else the request says; and who asks."""

    action: str
    resource: str
    context: frozenset
    why: str = field(compare=False)

    @staticmethod
    def of(action, resource, context, why=""):
        return Need(action, resource, frozenset(context.items()), why)


# The property that holds a role the action hands on, and the service it is handed to.
HANDS_ON = {
    "AWS::ApiGatewayV2::Integration": ("CredentialsArn", "apigateway.amazonaws.com"),
    "AWS::CodeDeploy::DeploymentGroup": ("ServiceRoleArn", "codedeploy.amazonaws.com"),
    "AWS::Lambda::Function": ("Role", "lambda.amazonaws.com"),
    "AWS::Scheduler::Schedule": ("Target.RoleArn", "scheduler.amazonaws.com"),
}

# Rights that stand in no schema, but in AWS's guides: on which property they hang (none: on every resource of the type).
IN_GUIDES = {
    # API Gateway developer guide, "Configure logging for HTTP APIs".
    ("AWS::ApiGatewayV2::Stage", "AccessLogSettings"): """logs:CreateLogDelivery logs:DeleteLogDelivery logs:DescribeLogGroups
        logs:DescribeResourcePolicies logs:GetLogDelivery logs:ListLogDeliveries logs:PutResourcePolicy logs:UpdateLogDelivery""",
    # CodeDeploy user guide, "CodeDeploy permissions reference".
    ("AWS::CodeDeploy::DeploymentGroup", None): "codedeploy:GetApplicationRevision codedeploy:RegisterApplicationRevision",
}


# Services of the whole account: a request to them is one to us-east-1, wherever the stack lies.
GLOBAL = {"cloudfront", "iam", "route53"}


def asked_of(resource):
    """The actions a resource's handlers ask for, less those for properties it does not set; and by which handler."""
    unset = {
        action.lower()
        for name, actions in ONLY_WITH.get(resource.kind, {}).items()
        if not any(resource.sets(one) for one in name.split("|"))
        for action in actions.split()
    }
    never = {one.lower() for one in [*NEVER_ASKED.get(resource.kind, {}), *CALLED_NOT_ASKED]}
    for handler, actions in handlers(resource.kind).items():
        depended = {one for action in actions for one in depends_on(action) if action.lower() not in unset | never}
        for action in sorted(set(actions) | depended):
            if action.lower() not in unset | never:
                yield handler, action
    for (kind, name), actions in IN_GUIDES.items():
        if kind == resource.kind and (name is None or resource.sets(name)):
            yield from (("guide", action) for action in actions.split())


def of_stack(stack):
    """Everything CloudFormation asks for to make, change, read and delete the stack's resources."""
    for resource in stack.resources.values():
        for handler, action in asked_of(resource):
            why = f"{handler} of {resource.kind}"
            for on, more in _where(resource, action):
                yield Need.of(action, on, {**_context(stack, handler, action), **more}, why)
        for secret in _resolved(stack, resource.properties):
            yield Need.of("secretsmanager:GetSecretValue", secret, _context(stack, "create", ""), "a value taken from a secret")


def _context(stack, handler, action):
    """Tags come with the request when something is made, and lie on the resource from then on."""
    told = {"aws:RequestedRegion": "us-east-1" if action.split(":")[0] in GLOBAL else stack.region}
    if handler == "create":
        told["aws:RequestTag/stage"] = stack.stage
    verb = action.split(":")[-1]
    if handler != "create" or not verb.startswith(("Create", "Tag")):
        told["aws:ResourceTag/stage"] = stack.stage
    return told


def _where(resource, action):
    """The ARNs the action is asked for on, each with what else the request says."""
    region, stage = resource.stack.region, resource.stack.stage
    if action == "iam:PassRole":
        path, service = HANDS_ON[resource.kind]
        role = resource.get(path)
        return [(role, {"iam:PassedToService": service})] if role else []
    if action in {"iam:AttachRolePolicy", "iam:DetachRolePolicy"}:
        attached = [resource.stack.text(one) for one in resource.properties["ManagedPolicyArns"]]
        return [(resource.arns()[0], {"iam:PolicyARN": one}) for one in attached]
    if action == "iam:CreateServiceLinkedRole":
        return [(f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS", {})]
    if action == "lambda:CreateEventSourceMapping":
        return [("*", {"lambda:FunctionArn": resource.get("FunctionName")})]
    if names_no_resource(action):
        return [("*", {})]
    codedeploy = f"arn:aws:codedeploy:{region}:{ACCOUNT}"
    on = {
        "codedeploy:GetDeploymentConfig": f"{codedeploy}:deploymentconfig:{resource.get('DeploymentConfigName') or 'CodeDeployDefault.LambdaAllAtOnce'}",
        "codedeploy:GetApplicationRevision": f"{codedeploy}:application:spoke-{stage}",
        "codedeploy:RegisterApplicationRevision": f"{codedeploy}:application:spoke-{stage}",
        "route53:GetChange": f"arn:aws:route53:::change/{ID}",
    }.get(action)
    if on:
        return [(on, {})]
    if _service(resource.arns()[0]) == action.split(":")[0]:
        changes = action.split(":")[1].startswith(("Create", "Modify"))
        return [(arn, {}) for arn in resource.arns() + (resource.beside() if changes else [])]
    return [(_elsewhere(resource, action, codedeploy), {})]


def _elsewhere(resource, action, codedeploy):
    """Where a resource of one service asks for an action of another."""
    region, stage = resource.stack.region, resource.stack.stage
    match resource.kind, action.split(":"):
        case _, ["ec2", _]:
            return f"arn:aws:ec2:{region}:{ACCOUNT}:something/{ID}"
        case "AWS::Lambda::Function", ["s3", _]:
            return f"arn:aws:s3:::{resource.get('Code.S3Bucket')}/functions/0123.zip"
        case "AWS::Lambda::Alias", ["codedeploy", _]:
            return f"{codedeploy}:deploymentgroup:spoke-{stage}/spoke-{stage}-web"
        case "AWS::SecretsManager::SecretTargetAttachment", ["rds", _]:
            return f"arn:aws:rds:{region}:{ACCOUNT}:db:spoke-{stage}"
        case "AWS::CertificateManager::Certificate" | "AWS::EC2::VPCEndpoint", ["route53", _]:
            return "arn:aws:route53:::hostedzone/Z0123456789ABCDEFGHIJ"
        case "AWS::ApiGatewayV2::Stage", ["logs", _]:
            return f"arn:aws:logs:{region}:{ACCOUNT}:log-group:/spoke/{stage}/api"
    raise AssertionError(f"{resource} asks for {action}: say here on what, or in exceptions.py when it does not")


def _service(arn):
    return arn.split(":")[2]


def _resolved(stack, value):
    """The secrets a template takes values out of."""
    if isinstance(value, list):
        for one in value:
            yield from _resolved(stack, one)
    elif isinstance(value, dict):
        text = value.get("Fn::Sub")
        if isinstance(text, str) and "{{resolve:secretsmanager:" in text:
            named = stack.text(value).split("resolve:secretsmanager:")[1].split(":SecretString")[0].rstrip("}")
            inner = f"arn:aws:secretsmanager:{stack.region}:{ACCOUNT}:secret:spoke-{stack.stage}-origin-a1b2c3"
            yield named if named.startswith("arn:") else inner
        else:
            for one in value.values():
                yield from _resolved(stack, one)


# What `spokectl` calls in a release, on what. {stack} stands for each of the four. Where the reference knows no resource
# for an action, it is asked for on `*` whatever stands here.
STACK = "arn:aws:cloudformation:{region}:{account}:stack/{stack}/*"
PARAMETER = "arn:aws:ssm:{region}:{account}:parameter/spoke/{stage}/release"
ARTIFACT = "arn:aws:s3:::spoke-{stage}-artifacts-{account}-{region}"
ASSETS = "arn:aws:s3:::spoke-{stage}-assets-{account}-{region}"
FUNCTION = "arn:aws:lambda:{region}:{account}:function:spoke-{stage}-web"
HOOK = "arn:aws:lambda:{region}:{account}:function:CodeDeployHook_spoke-{stage}-preflight"
GROUP = "arn:aws:codedeploy:{region}:{account}:deploymentgroup:spoke-{stage}/spoke-{stage}-web"
ALARM = "arn:aws:cloudwatch:{region}:{account}:alarm:spoke-{stage}-web-errors"
QUEUE = "arn:aws:sqs:{region}:{account}:spoke-{stage}-inbound"
CALLS = {
    "cloudformation": {
        "create_change_set": {"cloudformation:CreateChangeSet": [STACK], "cloudformation:TagResource": [STACK], "cloudformation:UntagResource": [STACK]},
        "delete_change_set": {"cloudformation:DeleteChangeSet": [STACK]},
        "delete_stack": {"cloudformation:DeleteStack": [STACK]},
        "describe_change_set": {"cloudformation:DescribeChangeSet": [STACK]},
        "describe_stack_drift_detection_status": {"cloudformation:DescribeStackDriftDetectionStatus": ["*"]},
        "describe_stack_events": {"cloudformation:DescribeStackEvents": [STACK]},
        "describe_stack_resource_drifts": {"cloudformation:DescribeStackResourceDrifts": [STACK]},
        "describe_stacks": {"cloudformation:DescribeStacks": [STACK]},
        # CloudFormation user guide, "Considerations when detecting drift".
        "detect_stack_drift": {
            "cloudformation:DetectStackDrift": [STACK],
            "cloudformation:DetectStackResourceDrift": [STACK],
            "cloudformation:BatchDescribeTypeConfigurations": ["*"],
        },
        "execute_change_set": {"cloudformation:ExecuteChangeSet": [STACK]},
        "get_template": {"cloudformation:GetTemplate": [STACK]},
    },
    "cloudwatch": {
        "describe_alarm_history": {"cloudwatch:DescribeAlarmHistory": [ALARM]},
        "describe_alarms": {"cloudwatch:DescribeAlarms": [ALARM]},
        "get_metric_data": {"cloudwatch:GetMetricData": ["*"]},
        # CloudWatch user guide, PutMetricAlarm: one that is new comes with its tags.
        "put_metric_alarm": {"cloudwatch:PutMetricAlarm": [ALARM], "cloudwatch:TagResource": [ALARM]},
    },
    "codedeploy": {
        # CodeDeploy user guide, "CodeDeploy permissions reference": what starting one reads besides.
        "create_deployment": {
            "codedeploy:CreateDeployment": [GROUP],
            "codedeploy:GetApplicationRevision": ["arn:aws:codedeploy:{region}:{account}:application:spoke-{stage}"],
            "codedeploy:GetDeploymentConfig": ["arn:aws:codedeploy:{region}:{account}:deploymentconfig:CodeDeployDefault.LambdaAllAtOnce"],
            "codedeploy:RegisterApplicationRevision": ["arn:aws:codedeploy:{region}:{account}:application:spoke-{stage}"],
        },
        "get_deployment": {"codedeploy:GetDeployment": [GROUP]},
        "get_deployment_group": {"codedeploy:GetDeploymentGroup": [GROUP]},
        "get_deployment_target": {"codedeploy:GetDeploymentTarget": [GROUP]},
        "list_deployment_targets": {"codedeploy:ListDeploymentTargets": [GROUP]},
        "list_deployments": {"codedeploy:ListDeployments": [GROUP]},
        "stop_deployment": {"codedeploy:StopDeployment": [GROUP]},
    },
    "lambda": {
        "get_account_settings": {"lambda:GetAccountSettings": ["*"]},
        "get_alias": {"lambda:GetAlias": [FUNCTION]},
        "get_function_configuration": {"lambda:GetFunctionConfiguration": [FUNCTION, HOOK]},
        "invoke": {"lambda:InvokeFunction": [FUNCTION, HOOK]},
        "publish_version": {"lambda:PublishVersion": [FUNCTION]},
        "update_alias": {"lambda:UpdateAlias": [FUNCTION]},
    },
    "logs": {
        "filter_log_events": {
            "logs:FilterLogEvents": [
                "arn:aws:logs:{region}:{account}:log-group:/aws/lambda/spoke-{stage}-web",
                "arn:aws:logs:{region}:{account}:log-group:/aws/lambda/CodeDeployHook_spoke-{stage}-preflight",
            ]
        }
    },
    "s3": {
        "get_object": {"s3:GetObject": [f"{ARTIFACT}/history/1.json"]},
        # Without the right to list, S3 refuses a key that is not there where it would say that it is missing.
        "head_object": {"s3:GetObject": [f"{ARTIFACT}/functions/0.zip", f"{ASSETS}/assets/index.js"], "s3:ListBucket": [ARTIFACT, ASSETS]},
        "list_objects_v2": {"s3:ListBucket": [ARTIFACT]},
        "put_object": {"s3:PutObject": [f"{ARTIFACT}/functions/0.zip", f"{ASSETS}/assets/index.js"]},
    },
    "secretsmanager": {
        "describe_secret": {"secretsmanager:DescribeSecret": ["arn:aws:secretsmanager:{region}:{account}:secret:spoke-{stage}-twilio-a1b2c3"]}
    },
    "sqs": {
        "get_queue_attributes": {"sqs:GetQueueAttributes": [QUEUE]},
        "get_queue_url": {"sqs:GetQueueUrl": [QUEUE]},
    },
    "ssm": {
        "delete_parameter": {"ssm:DeleteParameter": [PARAMETER]},
        "get_parameter": {"ssm:GetParameter": [PARAMETER]},
        "put_parameter": {"ssm:PutParameter": [PARAMETER]},
    },
}

# What `plan` calls, which is all that a pull request may.
DATABASE = "arn:aws:rds:{region}:{account}"
LOOKS = {
    "cloudformation:DescribeStacks": [STACK],
    "cloudformation:GetTemplate": [STACK],
    "lambda:GetAccountSettings": ["*"],
    "rds:DescribeDBClusters": [f"{DATABASE}:cluster:spoke-{{stage}}"],
    "rds:DescribeDBInstances": [f"{DATABASE}:db:spoke-{{stage}}", f"{DATABASE}:db:spoke-{{stage}}-1"],
    "secretsmanager:DescribeSecret": CALLS["secretsmanager"]["describe_secret"]["secretsmanager:DescribeSecret"],
    "ssm:GetParameter": [PARAMETER],
}

# Calls of `spokectl` that no release makes.
OTHERWISE = {
    "rds": "the size of the database is the scaler's and `scale`'s",
    "sns": "notices are the scaler's",
    "sts": "who one is needs no right",
    ("secretsmanager", "get_secret_value"): "the scaler reads its webhook, `secrets` its own values",
    ("secretsmanager", "put_secret_value"): "`secrets set` is a person's",
}


def of_spokectl(stage, stacks):
    for operations in CALLS.values():
        for operation, actions in operations.items():
            yield from _called(stage, stacks, actions, operation)


def of_plan(stage, stacks):
    return _called(stage, stacks, LOOKS, "plan")


def _called(stage, stacks, actions, by):
    region = next(stack.region for stack in stacks if stack.name.endswith("-app"))
    for action, patterns in actions.items():
        for pattern in patterns:
            for stack in stacks if pattern == STACK else stacks[:1]:
                where = stack.region if pattern == STACK else region
                named = pattern.format(region=where, account=ACCOUNT, stage=stage, stack=stack.name)
                told = "*" if names_no_resource(action) else named
                context = {"aws:RequestedRegion": region, "aws:ResourceTag/stage": stage}
                yield Need.of(action, told, context, f"spokectl's own {by}")
