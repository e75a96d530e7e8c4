"""Our own deploy role, enforced: with all of its statements it deploys, and without any single one it is refused.

MiniStack asks for permission where `spokectl` calls it. What its CloudFormation makes, it makes without asking for
anybody's permission, where AWS asks for that of whoever started it. Statements for that are tried by the very call
CloudFormation would make, under the role, once with and once without the statement: that proves what the statement says
and the names it says it of, not that the list is complete. What cannot be tried at all is named in NOT_OFFERED, so that a
statement nobody thought of fails.
"""

import base64
import copy as copying
import json
import re

import pytest
from botocore.exceptions import ClientError

from looking import differing, resources, state
from ministack_server import Server
from working_copy import ROOT, WorkingCopy

ROLE = "spoke-judge-deploy"
SUBJECT = "repo:example/spoke:environment:judge"

NOT_OFFERED = {
    "ShiftTraffic": "MiniStack has no CodeDeploy",
    "ReadShiftConfigs": "MiniStack has no CodeDeploy",
    "MakeShift": "MiniStack has no CodeDeploy",
    "OnePolicyOfAws": "the role CodeDeploy takes, which this stage does not have",
    "HandOwnRolesToServices": "MiniStack does not ask for iam:PassRole",
    "RolesOfAwsServices": "AWS makes these roles itself, once an account",
    "MoveAliases": "a release moves aliases back, and none was made",
    "CallFunctions": "a release calls its functions before a shift, and none was made",
    "PublishVersions": "a release publishes versions, and none was made",
    "WatchAlarms": "only `status` and a shift look at alarms",
    "ReadLogs": "only `logs` and a shift read them",
    "MakeKeys": "MiniStack knows no aws:RequestTag for keys",
    "KeepKeys": "MiniStack knows no aws:ResourceTag for keys",
    "DeliverAccessLogs": "MiniStack's log groups take what comes",
}

# What `spokectl` itself does, and the action it is refused without the statement.
BY_SPOKECTL = {
    "ReadStacks": (["plan"], "cloudformation:DescribeStacks"),
    "FindDrift": (["plan", "--drift"], "cloudformation:DetectStackDrift"),
    "FollowDrift": (["plan", "--drift"], "cloudformation:DescribeStackDriftDetectionStatus"),
    "KeepRecords": (["plan"], "ssm:GetParameter"),
    "ChangeStacks": (["deploy"], "cloudformation:CreateChangeSet"),
    "ListArtifacts": (["deploy"], "s3:ListBucket"),
    "PutArtifacts": (["deploy"], "s3:PutObject"),
}
