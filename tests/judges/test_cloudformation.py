"""CloudFormation: change sets that tell the truth, stacks that come back."""

import contextlib
import json

import pytest
from botocore.exceptions import ClientError

from functions import archive
from refusals import refused
from waiting import until

NO_CHANGES = "The submitted information didn't contain changes."


class Stack:
    """One stack, always changed by change set, as `spokectl` does."""

    def __init__(self, cloud, name):
        self.client, self.name, self.count = cloud.cloudformation, name, 0

    def change_set(self, template, kind=None, **options):
        """Makes a change set, waits for it, and describes it."""
        self.count += 1
        name = f"change-{self.count}"
        body = template if isinstance(template, str) else json.dumps(template)
        self.client.create_change_set(
            StackName=self.name,
            ChangeSetName=name,
            ChangeSetType=kind or ("UPDATE" if self.exists() else "CREATE"),
            TemplateBody=body,
            **options,
        )
        return until(
            lambda: (
                found := self.client.describe_change_set(
                    StackName=self.name, ChangeSetName=name
                )
            )["Status"]
            in ("CREATE_COMPLETE", "FAILED")
            and found
        )

    def apply(self, template, ends, **options):
        """Makes and executes a change set; the stack's status at the end must be `ends`."""
        made = self.change_set(template, **options)
        assert made["Status"] == "CREATE_COMPLETE", made
        self.client.execute_change_set(StackName=self.name, ChangeSetName=made["ChangeSetName"])
        return self.settled(ends)

    def settled(self, ends):
        found = until(
            lambda: (found := self.describe())
            and not found["StackStatus"].endswith("_IN_PROGRESS")
            and found,
            seconds=120,
        )
        assert found["StackStatus"] == ends, (found, self.failures())
        return found

    def exists(self):
        with contextlib.suppress(ClientError):
            return self.describe()["StackStatus"] != "REVIEW_IN_PROGRESS"
        return False

    def describe(self):
        return self.client.describe_stacks(StackName=self.name)["Stacks"][0]

    def outputs(self):
        return {each["OutputKey"]: each["OutputValue"] for each in self.describe()["Outputs"]}

    def events(self):
        """Events as (logical id, status), oldest first."""
        pages = self.client.get_paginator("describe_stack_events").paginate(StackName=self.name)
        events = [each for page in pages for each in page["StackEvents"]]
        return [(each["LogicalResourceId"], each["ResourceStatus"]) for each in reversed(events)]

    def failures(self):
        found = self.client.describe_stack_events(StackName=self.name)["StackEvents"]
        return [
            (each["LogicalResourceId"], each.get("ResourceStatusReason"))
            for each in found
            if each["ResourceStatus"].endswith("FAILED")
        ]

    def physical(self, logical):
        found = self.client.describe_stack_resource(
            StackName=self.name, LogicalResourceId=logical
        )
        return found["StackResourceDetail"]["PhysicalResourceId"]

    def delete(self):
        self.client.delete_stack(StackName=self.name)


@pytest.fixture
def stack(cloud, name):
    made = Stack(cloud, name)
    yield made
    made.delete()


def changes(change_set):
    return {
        each["ResourceChange"]["LogicalResourceId"]: each["ResourceChange"]
        for each in change_set["Changes"]
    }


def queue(**properties):
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


def parameter(value, **properties):
    return {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Type": "String", "Value": value, **properties},
    }


def of(**resources):
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


def queue_exists(cloud, name):
    try:
        cloud.sqs.get_queue_url(QueueName=name)
    except cloud.sqs.exceptions.QueueDoesNotExist:
        return False
    return True


def test_a_change_set_makes_nothing_until_it_is_executed(cloud, stack, name):
    made = stack.change_set(of(Queue=queue(QueueName=name)))
    assert made["Status"] == "CREATE_COMPLETE" and made["ExecutionStatus"] == "AVAILABLE"
    assert changes(made)["Queue"]["Action"] == "Add"
    assert changes(made)["Queue"]["ResourceType"] == "AWS::SQS::Queue"
    assert stack.describe()["StackStatus"] == "REVIEW_IN_PROGRESS"
    assert not queue_exists(cloud, name)


def test_a_stack_is_created_in_order_and_tells_its_events(cloud, stack, name):
    template = of(
        Pointer=parameter({"Fn::GetAtt": ["Queue", "Arn"]}, Name=f"/{name}/queue"),
        Queue={**queue(QueueName=name), "DependsOn": "First"},
        First=parameter("1"),
    )
    template["Outputs"] = {
        "Url": {"Value": {"Ref": "Queue"}},
        "Name": {"Value": {"Fn::GetAtt": ["Queue", "QueueName"]}},
    }
    stack.apply(template, "CREATE_COMPLETE")
    assert queue_exists(cloud, name)
    arn = cloud.ssm.get_parameter(Name=f"/{name}/queue")["Parameter"]["Value"]
    assert arn.endswith(f":{name}")
    # Ref of a queue is its address.
    assert stack.outputs()["Url"] == cloud.sqs.get_queue_url(QueueName=name)["QueueUrl"]
    assert stack.outputs()["Name"] == name
    events = stack.events()
    assert events[0] == (name, "REVIEW_IN_PROGRESS")
    assert events[1] == (name, "CREATE_IN_PROGRESS")
    assert events[-1] == (name, "CREATE_COMPLETE")
    at = [
        events.index((logical, "CREATE_COMPLETE")) for logical in ("First", "Queue", "Pointer")
    ]
    assert at == sorted(at), events
    assert events.index(("Queue", "CREATE_IN_PROGRESS")) > at[0]


def test_an_update_tells_what_changes_and_what_is_replaced(cloud, stack, name):
    first = of(
        Kept=queue(QueueName=f"{name}-kept"),
        Tuned=queue(QueueName=f"{name}-tuned", VisibilityTimeout=30),
        Renamed=queue(QueueName=f"{name}-old"),
        Dropped=queue(QueueName=f"{name}-dropped"),
    )
    stack.apply(first, "CREATE_COMPLETE")
    second = of(
        Kept=queue(QueueName=f"{name}-kept"),
        Tuned=queue(QueueName=f"{name}-tuned", VisibilityTimeout=60),
        Renamed=queue(QueueName=f"{name}-new"),
        Added=queue(QueueName=f"{name}-added"),
    )
    made = stack.change_set(second)
    found = changes(made)
    assert set(found) == {"Tuned", "Renamed", "Dropped", "Added"}
    assert (found["Tuned"]["Action"], found["Tuned"]["Replacement"]) == ("Modify", "False")
    assert (found["Renamed"]["Action"], found["Renamed"]["Replacement"]) == ("Modify", "True")
    assert found["Dropped"]["Action"] == "Remove"
    assert found["Added"]["Action"] == "Add"
    [detail] = found["Tuned"]["Details"]
    assert detail["Target"]["Attribute"] == "Properties"
    assert detail["Target"]["Name"] == "VisibilityTimeout"
    assert detail["Target"]["RequiresRecreation"] == "Never"
    [detail] = found["Renamed"]["Details"]
    assert detail["Target"]["RequiresRecreation"] == "Always"
    stack.client.execute_change_set(StackName=name, ChangeSetName=made["ChangeSetName"])
    stack.settled("UPDATE_COMPLETE")
    there = {
        each: queue_exists(cloud, f"{name}-{each}")
        for each in ("kept", "tuned", "old", "new", "dropped", "added")
    }
    assert there == {
        "kept": True,
        "tuned": True,
        "old": False,
        "new": True,
        "dropped": False,
        "added": True,
    }
    url = cloud.sqs.get_queue_url(QueueName=f"{name}-tuned")["QueueUrl"]
    attributes = cloud.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["VisibilityTimeout"] == "60"
    # The old one of a replacement goes when everything new stands.
    events = stack.events()
    clean_up = events.index((name, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"))
    assert events.index(("Renamed", "DELETE_COMPLETE")) > clean_up
    assert events.index(("Renamed", "UPDATE_COMPLETE")) < clean_up


def test_an_empty_change_set_fails_and_says_so(stack, name):
    template = of(Queue=queue(QueueName=name))
    stack.apply(template, "CREATE_COMPLETE")
    made = stack.change_set(template)
    assert (made["Status"], made["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert NO_CHANGES in made["StatusReason"] or "No updates" in made["StatusReason"]
    with refused("InvalidChangeSetStatus"):
        stack.client.execute_change_set(StackName=name, ChangeSetName=made["ChangeSetName"])
    assert stack.describe()["StackStatus"] == "CREATE_COMPLETE"


def broken_function(role):
    """A function whose code is not there: refused only when it is created."""
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "provided.al2023",
            "Handler": "bootstrap",
            "Role": role,
            "Code": {"S3Bucket": "no-such-bucket-anywhere", "S3Key": "no.zip"},
        },
    }


def test_a_failed_create_is_rolled_back(cloud, stack, name, role):
    template = of(
        Queue=queue(QueueName=name), Broken={**broken_function(role), "DependsOn": "Queue"}
    )
    stack.apply(template, "ROLLBACK_COMPLETE")
    assert not queue_exists(cloud, name)
    events = stack.events()
    wanted = [
        ("Queue", "CREATE_COMPLETE"),
        ("Broken", "CREATE_FAILED"),
        (name, "ROLLBACK_IN_PROGRESS"),
        ("Queue", "DELETE_COMPLETE"),
        (name, "ROLLBACK_COMPLETE"),
    ]
    at = [events.index(each) for each in wanted]
    assert at == sorted(at), events
    [(logical, reason)] = stack.failures()
    assert logical == "Broken" and "bucket" in reason.lower()
    # It can only be deleted now.
    with refused("ValidationError", text="ROLLBACK_COMPLETE"):
        stack.client.create_change_set(
            StackName=name,
            ChangeSetName="too-late",
            ChangeSetType="UPDATE",
            TemplateBody=json.dumps(of(Queue=queue())),
        )


def test_a_failed_update_puts_the_values_back(cloud, stack, name, role):
    first = of(
        Tuned=queue(QueueName=f"{name}-tuned", VisibilityTimeout=30),
        Renamed=queue(QueueName=f"{name}-old"),
    )
    stack.apply(first, "CREATE_COMPLETE")
    second = of(
        Tuned=queue(QueueName=f"{name}-tuned", VisibilityTimeout=60),
        Renamed=queue(QueueName=f"{name}-new"),
        Broken={**broken_function(role), "DependsOn": ["Tuned", "Renamed"]},
    )
    stack.apply(second, "UPDATE_ROLLBACK_COMPLETE")
    url = cloud.sqs.get_queue_url(QueueName=f"{name}-tuned")["QueueUrl"]
    attributes = cloud.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["VisibilityTimeout"] == "30"
    assert queue_exists(cloud, f"{name}-old") and not queue_exists(cloud, f"{name}-new")
    # What it was is what the next change set is compared with.
    assert stack.change_set(first)["Status"] == "FAILED"


def test_what_is_retained_outlives_the_stack(cloud, stack, name):
    template = of(
        Kept={**queue(QueueName=f"{name}-kept"), "DeletionPolicy": "Retain"},
        Gone=queue(QueueName=f"{name}-gone"),
    )
    stack.apply(template, "CREATE_COMPLETE")
    identity = stack.describe()["StackId"]
    stack.delete()

    def status():
        return stack.client.describe_stacks(StackName=identity)["Stacks"][0]["StackStatus"]

    until(lambda: status() == "DELETE_COMPLETE")
    assert queue_exists(cloud, f"{name}-kept") and not queue_exists(cloud, f"{name}-gone")
    # By its name it is gone; by its id its history is kept.
    with refused("ValidationError", text="does not exist"):
        stack.describe()
    skipped = stack.client.describe_stack_events(StackName=identity)["StackEvents"]
    assert ("Kept", "DELETE_SKIPPED") in [
        (each["LogicalResourceId"], each["ResourceStatus"]) for each in skipped
    ]


def test_parameters_conditions_and_functions_are_evaluated(cloud, stack, name):
    template = """
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Size: {Type: String, Default: small, AllowedValues: [small, large]}
  Zones: {Type: CommaDelimitedList, Default: "a,b,c"}
  Hidden: {Type: String, NoEcho: true}
  Wait: {Type: Number, Default: 30}
Mappings:
  Timeouts:
    small: {Seconds: "30"}
    large: {Seconds: "90"}
Conditions:
  IsLarge: !Equals [!Ref Size, large]
  IsSmall: !Not [!Condition IsLarge]
  Both: !And [!Condition IsLarge, !Equals [!Ref "AWS::Region", us-east-1]]
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: !FindInMap [Timeouts, !Ref Size, Seconds]
      DelaySeconds: !If [IsLarge, 5, !Ref "AWS::NoValue"]
  OnlyLarge:
    Type: AWS::SSM::Parameter
    Condition: IsLarge
    Properties: {Type: String, Value: large}
  Value:
    Type: AWS::SSM::Parameter
    Properties:
      Type: String
      Value: !Sub
        - "${AWS::StackName}/${Size}/${Second}/${Queue.QueueName}/${!Literal}"
        - Second: !Select [1, !Ref Zones]
Outputs:
  Value: {Value: !GetAtt Value.Value}
  Joined: {Value: !Join ["-", !Split [",", "x,y,z"]]}
  Large: {Condition: IsLarge, Value: !Ref OnlyLarge}
  Both: {Value: !If [Both, "yes", "no"]}
"""
    secret = {"ParameterKey": "Hidden", "ParameterValue": "hush"}
    stack.apply(template, "CREATE_COMPLETE", Parameters=[secret])
    queue_name = stack.physical("Queue").rpartition("/")[2]
    assert stack.outputs() == {
        "Value": f"{name}/small/b/{queue_name}/${{Literal}}",
        "Joined": "x-y-z",
        "Both": "no",
    }
    shown = {each["ParameterKey"]: each for each in stack.describe()["Parameters"]}
    assert shown["Hidden"]["ParameterValue"] == "****"
    assert shown["Size"]["ParameterValue"] == "small"
    stack.apply(
        template,
        "UPDATE_COMPLETE",
        Parameters=[
            {"ParameterKey": "Hidden", "UsePreviousValue": True},
            {"ParameterKey": "Size", "ParameterValue": "large"},
        ],
    )
    assert "Large" in stack.outputs() and stack.outputs()["Both"] == "yes"
    attributes = cloud.sqs.get_queue_attributes(
        QueueUrl=stack.physical("Queue"), AttributeNames=["All"]
    )["Attributes"]
    assert (attributes["VisibilityTimeout"], attributes["DelaySeconds"]) == ("90", "5")


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("Resources: [", None),
        ({"AWSTemplateFormatVersion": "2010-09-09"}, "Resources"),
        (of(X={"Type": "AWS::Potato::Field"}), "AWS::Potato::Field"),
        (of(X=parameter({"Ref": "Nowhere"})), "Nowhere"),
        (of(X=parameter({"Fn::GetAtt": ["Nowhere", "Arn"]})), "Nowhere"),
        (of(X={**queue(), "DependsOn": "Nowhere"}), "Nowhere"),
        (
            of(X={**queue(), "DependsOn": "Y"}, Y={**queue(), "DependsOn": "X"}),
            "ircular dependency",
        ),
        ({**of(X=queue()), "Surprise": {}}, "Surprise"),
        ({**of(X={**queue(), "Condition": "Nowhere"})}, "Nowhere"),
    ],
    ids=[
        "not YAML",
        "no resources",
        "unknown type",
        "Ref to nothing",
        "GetAtt of nothing",
        "DependsOn nothing",
        "circle",
        "unknown section",
        "unknown condition",
    ],
)
def test_a_template_that_makes_no_sense_is_refused(stack, template, text):
    body = template if isinstance(template, str) else json.dumps(template)
    with refused("ValidationError", text=text):
        stack.client.create_change_set(
            StackName=stack.name, ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=body
        )


def test_a_property_nobody_models_is_refused_not_ignored(cloud, stack, name):
    template = of(Queue=queue(QueueName=name, Potato="yes"))
    try:
        made = stack.change_set(template)
    except ClientError as error:
        assert "Potato" in str(error)
        return
    if made["Status"] == "FAILED":
        assert "Potato" in made["StatusReason"]
        return
    stack.client.execute_change_set(StackName=name, ChangeSetName=made["ChangeSetName"])
    stack.settled("ROLLBACK_COMPLETE")
    assert "Potato" in stack.failures()[0][1]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ([], "must have values"),
        ([{"ParameterKey": "Size", "ParameterValue": "huge"}], "huge"),
        (
            [
                {"ParameterKey": "Size", "ParameterValue": "small"},
                {"ParameterKey": "Other", "ParameterValue": "x"},
            ],
            "Other",
        ),
    ],
    ids=["missing", "not allowed", "unknown"],
)
def test_parameters_that_do_not_fit_are_refused(stack, given, text):
    template = of(Queue=queue())
    template["Parameters"] = {"Size": {"Type": "String", "AllowedValues": ["small", "large"]}}
    with refused("ValidationError") as raised:
        stack.change_set(template, Parameters=given)
    message = raised.value.response["Error"]["Message"]
    assert text in message or "AllowedValues" in message or "allowed values" in message, message


def test_roles_need_the_capability(stack):
    template = of(
        Role={
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
        }
    )
    with refused("InsufficientCapabilitiesException", text="CAPABILITY_IAM"):
        stack.change_set(template)


def test_an_export_in_use_is_not_taken_away(cloud, stack, name):
    template = of(Queue=queue(QueueName=name))
    template["Outputs"] = {
        "Arn": {"Value": {"Fn::GetAtt": ["Queue", "Arn"]}, "Export": {"Name": f"{name}-arn"}}
    }
    stack.apply(template, "CREATE_COMPLETE")
    user = Stack(cloud, f"{name}-user")
    user.apply(of(Value=parameter({"Fn::ImportValue": f"{name}-arn"})), "CREATE_COMPLETE")
    stack.delete()
    # The deletion is cancelled: the stack says why, and is what it was.
    reason = until(lambda: stack.describe().get("StackStatusReason"))
    assert f"{name}-arn" in reason and f"in use by {name}-user" in reason
    assert stack.describe()["StackStatus"] == "CREATE_COMPLETE"
    assert queue_exists(cloud, name)
    user.delete()
    until(lambda: not user.exists())


def test_a_function_and_what_it_needs_stand_in_one_stack(cloud, stack, name):
    """The shape of our own templates: role, log group, function, version, alias."""
    cloud.s3.create_bucket(Bucket=name)
    cloud.s3.put_object(Bucket=name, Key="one.zip", Body=archive())

    def template(who):
        return of(
            Role={
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "AssumeRolePolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Principal": {"Service": "lambda.amazonaws.com"},
                                "Action": "sts:AssumeRole",
                            }
                        ],
                    }
                },
            },
            Logs={
                "Type": "AWS::Logs::LogGroup",
                "Properties": {"LogGroupName": f"/aws/lambda/{name}", "RetentionInDays": 14},
            },
            Function={
                "Type": "AWS::Lambda::Function",
                "DependsOn": "Logs",
                "Properties": {
                    "FunctionName": name,
                    "Runtime": "provided.al2023",
                    "Handler": "bootstrap",
                    "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                    "Code": {"S3Bucket": name, "S3Key": "one.zip"},
                    "Environment": {"Variables": {"WHO": who}},
                },
            },
            First={
                "Type": "AWS::Lambda::Version",
                "Properties": {"FunctionName": {"Ref": "Function"}},
            },
            Live={
                "Type": "AWS::Lambda::Alias",
                "Properties": {
                    "FunctionName": {"Ref": "Function"},
                    "Name": "Live",
                    "FunctionVersion": {"Fn::GetAtt": ["First", "Version"]},
                },
            },
        )

    capability = ["CAPABILITY_IAM"]
    stack.apply(template("one"), "CREATE_COMPLETE", Capabilities=capability)

    def who(qualifier):
        answer = cloud.lambda_.invoke(FunctionName=name, Qualifier=qualifier, Payload="{}")
        return json.load(answer["Payload"])["who"]

    assert who("Live") == "one"
    made = stack.change_set(template("two"), Capabilities=capability)
    found = changes(made)
    assert found["Function"]["Replacement"] == "False"
    stack.client.execute_change_set(StackName=name, ChangeSetName=made["ChangeSetName"])
    stack.settled("UPDATE_COMPLETE")
    # The unpublished function is new; what the alias serves is not moved by the stack.
    assert (who("$LATEST"), who("Live")) == ("two", "one")


def test_the_template_is_given_back_word_for_word(stack, name):
    body = f"# a comment\nResources:\n  Queue:\n    Type: AWS::SQS::Queue\n    Properties: {{QueueName: {name}}}\n"
    stack.apply(body, "CREATE_COMPLETE")
    assert stack.client.get_template(StackName=name)["TemplateBody"] == body


def test_termination_protection_protects(cloud, stack, name):
    stack.apply(of(Queue=queue(QueueName=name)), "CREATE_COMPLETE")
    protect = cloud.cloudformation.update_termination_protection
    protect(StackName=name, EnableTerminationProtection=True)
    with refused("ValidationError", text="TerminationProtection"):
        stack.delete()
    protect(StackName=name, EnableTerminationProtection=False)


def test_tags_are_kept(stack):
    tags = [{"Key": "stage", "Value": "local"}]
    stack.apply(of(Queue=queue()), "CREATE_COMPLETE", Tags=tags)
    assert stack.describe()["Tags"] == tags


def test_the_aws_command_deploys_a_template(cloud, stack, name, tmp_path):
    path = tmp_path / "template.yaml"
    path.write_text(json.dumps(of(Queue=queue(QueueName=name))))
    deploy = ("cloudformation", "deploy", "--stack-name", name, "--template-file", str(path))
    done = cloud.run_aws(*deploy, "--no-execute-changeset")
    assert done.returncode == 0, done.stderr
    listed = cloud.aws("cloudformation", "list-change-sets", "--stack-name", name)
    [made] = listed["Summaries"]
    cloud.aws(
        "cloudformation", "execute-change-set",
        "--stack-name", name, "--change-set-name", made["ChangeSetName"],
    )  # fmt: skip
    stack.settled("CREATE_COMPLETE")
    resources = cloud.aws("cloudformation", "list-stack-resources", "--stack-name", name)
    assert [each["LogicalResourceId"] for each in resources["StackResourceSummaries"]] == ["Queue"]
    again = cloud.run_aws(*deploy, "--no-fail-on-empty-changeset")
    assert again.returncode == 0 and "No changes to deploy" in again.stdout, again
