"""What boto3 sees of the stage, in words that two looks can be compared in."""

STACKS = ["spoke-judge-network", "spoke-judge-data", "spoke-judge-app"]


def resources(cloud, *stacks):
    """Physical ids by logical id."""
    return {
        one["LogicalResourceId"]: one["PhysicalResourceId"]
        for stack in stacks or STACKS
        for one in cloud.cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    }


def stack(cloud, name):
    return cloud.cloudformation.describe_stacks(StackName=name)["Stacks"][0]


def tags(pairs):
    """Our tags of a service's answer, however it spells them."""
    if isinstance(pairs, dict):
        pairs = [{"Key": key, "Value": value} for key, value in pairs.items()]
    spelt = {(one.get("Key") or one["TagKey"]): (one.get("Value") or one.get("TagValue")) for one in pairs}
    return {key: value for key, value in spelt.items() if not key.startswith("aws:")}


def state(cloud):
    """Logical id to what the resource is like, of everything that a test changes a value of."""
    seen = {}
    by_physical = {physical: logical for logical, physical in resources(cloud).items()}
    functions = cloud.lambda_.list_functions()["Functions"]
    for one in functions:
        name = one["FunctionName"]
        reserved = cloud.lambda_.get_function_concurrency(FunctionName=name)
        seen[by_physical[name]] = {
            "memory": one["MemorySize"],
            "timeout": one["Timeout"],
            "code": one["CodeSha256"],
            "environment": one["Environment"]["Variables"],
            "reserved": reserved.get("ReservedConcurrentExecutions"),
        }
    for one in cloud.logs.describe_log_groups()["logGroups"]:
        if one["logGroupName"] in by_physical:
            seen[by_physical[one["logGroupName"]]] = {"days": one.get("retentionInDays")}
    for one in cloud.cloudwatch.describe_alarms()["MetricAlarms"]:
        if one["AlarmName"] in by_physical:
            seen[by_physical[one["AlarmName"]]] = {"threshold": one["Threshold"], "why": one["AlarmDescription"]}
    for url in cloud.sqs.list_queues()["QueueUrls"]:
        if url in by_physical:
            told = cloud.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout", "RedrivePolicy"])
            seen[by_physical[url]] = told["Attributes"]
    for one in cloud.rds.describe_db_instances()["DBInstances"]:
        seen["Database"] = {
            name: one[name] for name in ["DBInstanceClass", "AllocatedStorage", "BackupRetentionPeriod", "EngineVersion"]
        }
    for one in cloud.apigatewayv2.get_apis()["Items"]:
        for stage in cloud.apigatewayv2.get_stages(ApiId=one["ApiId"])["Items"]:
            seen["ApiStage"] = stage.get("AccessLogSettings")
    return seen


def differing(before, after):
    """The logical ids of what was added, changed or taken away."""
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def change_sets_left(cloud):
    """Change sets nobody executed."""
    return [
        one["ChangeSetName"]
        for name in STACKS
        for one in cloud.cloudformation.list_change_sets(StackName=name)["Summaries"]
        if one["ExecutionStatus"] != "EXECUTE_COMPLETE"
    ]


def events(cloud):
    """How many events each stack has had."""
    pages = cloud.cloudformation.get_paginator("describe_stack_events")
    return {name: sum(len(page["StackEvents"]) for page in pages.paginate(StackName=name)) for name in STACKS}
