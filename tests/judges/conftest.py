"""Starts the local cloud once, and hands out clients nobody here wrote: boto3 and `aws`."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import urllib.request
import uuid
from pathlib import Path

import boto3
import botocore.session
import pytest
from botocore.config import Config

import conformance
from functions import archive
from waiting import until

REPOSITORY = Path(__file__).resolve().parents[2]
SPEED = 60
REGION = "us-east-1"
# One try: a judge wants to see the refusal, not boto3's patience.
ONE_TRY = Config(
    retries={"total_max_attempts": 1}, read_timeout=60, connect_timeout=5, max_pool_connections=32
)


class Cloud:
    """A running local cloud and the clients that speak to it."""

    def __init__(self, endpoint, root):
        self.endpoint = endpoint
        self.root = root
        self._clients = {}

    def client(self, service, secret="local", access_key="local", protocol=None, config=ONE_TRY):
        """A boto3 client; `protocol` forces one where the service speaks several."""
        key = (service, secret, access_key, protocol, config)
        if key not in self._clients:
            session = botocore.session.get_session()
            if protocol:
                _speak_only(session, service, protocol)
            self._clients[key] = boto3.Session(botocore_session=session).client(
                service,
                endpoint_url=self.endpoint,
                region_name=REGION,
                aws_access_key_id=access_key,
                aws_secret_access_key=secret,
                config=config,
            )
            conformance.watch(self._clients[key])
        return self._clients[key]

    def __getattr__(self, name):
        """`cloud.sqs` is `cloud.client("sqs")`; `lambda_` because `lambda` is taken."""
        return self.client({"lambda_": "lambda"}.get(name, name))

    @contextlib.contextmanager
    def at_speed(self, speed):
        """Waits that start inside take their time divided by `speed`."""
        self._set_speed(speed)
        try:
            yield
        finally:
            self._set_speed(SPEED)

    def _set_speed(self, speed):
        request = urllib.request.Request(
            f"{self.endpoint}/_local-cloud/speed",
            data=json.dumps({"speed": speed}).encode(),
            headers={"content-type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=10).close()

    def aws(self, *arguments, stdin=None):
        """Runs the `aws` command; its answer decoded."""
        done = self.run_aws(*arguments, stdin=stdin)
        assert done.returncode == 0, f"aws {' '.join(arguments)}\n{done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else None

    def run_aws(self, *arguments, stdin=None):
        """Runs the `aws` command as a person would; exit code and both streams."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root),
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        aws = Path(sys.executable).with_name("aws")
        return subprocess.run(
            [sys.executable, aws, "--endpoint-url", self.endpoint, "--output", "json", *arguments],
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def _speak_only(session, service, protocol):
    loader = session.get_component("data_loader")
    original = loader.load_service_model

    def load(name, kind, api_version=None):
        model = original(name, kind, api_version)
        if name == service and kind == "service-2":
            model = {**model, "metadata": {**model["metadata"], "protocols": [protocol]}}
        return model

    loader.load_service_model = load


def _program():
    if "LOCAL_CLOUD_SERVE" in os.environ:
        return Path(os.environ["LOCAL_CLOUD_SERVE"])
    target = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
    return target / "debug" / "examples" / "serve"


@pytest.fixture(scope="session")
def cloud(tmp_path_factory):
    """The local cloud at speed 60 on free ports, in a folder that goes away."""
    program = _program()
    assert program.exists(), (
        f"{program} is missing: run `cargo build --example serve`, "
        "or name another in LOCAL_CLOUD_SERVE"
    )
    root = tmp_path_factory.mktemp("cloud")
    log = (root / "serve.log").open("wb")
    process = subprocess.Popen(
        [program, "--root", root / "cloud", "--port", "0", "--speed", str(SPEED)],
        stdout=subprocess.PIPE,
        stderr=log,
        stdin=subprocess.PIPE,
        text=True,
    )
    try:
        yield Cloud(_endpoint(process, root), root)
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()
        log.close()
        shutil.rmtree(root / "cloud", ignore_errors=True)


def _endpoint(process, root):
    lines = []
    for line in process.stdout:
        lines.append(line)
        found = re.search(r"http://(?:127\.0\.0\.1|localhost):\d+", line)
        if found:
            # Whatever it says later must not fill the pipe.
            threading.Thread(target=process.stdout.read, daemon=True).start()
            return found[0]
    log = (root / "serve.log").read_text(errors="replace")
    raise RuntimeError(f"the local cloud did not start:\n{''.join(lines)}{log}")


@pytest.fixture(autouse=True)
def answers_fit_the_models(request):
    """Fails the test whose answers did not fit botocore's models."""
    conformance.violations.clear()
    yield
    if conformance.violations:
        found = "\n  ".join(conformance.violations)
        pytest.fail(f"answers that do not fit AWS's models:\n  {found}", pytrace=False)


@pytest.fixture
def name():
    """A name nobody else uses."""
    return f"judge-{uuid.uuid4().hex[:10]}"


@pytest.fixture(scope="session")
def role(cloud):
    """A role functions may run under."""
    answer = cloud.iam.create_role(
        RoleName="judge-execution",
        AssumeRolePolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": ["lambda.amazonaws.com", "codedeploy.amazonaws.com"]},
                        "Action": "sts:AssumeRole",
                    }
                ],
            }
        ),
    )
    return answer["Role"]["Arn"]


@pytest.fixture
def make_function(cloud, role):
    """Creates functions that do what their event tells (see functions.py); deletes them."""
    made = []

    def make(function, **options):
        options = {
            "Runtime": "provided.al2023",
            "Handler": "bootstrap",
            "Timeout": 20,
            "Code": {"ZipFile": archive()},
            **options,
        }
        environment = options.pop("env", {})
        answer = cloud.lambda_.create_function(
            FunctionName=function, Role=role, Environment={"Variables": environment}, **options
        )
        made.append(function)
        until(
            lambda: cloud.lambda_.get_function(FunctionName=function)["Configuration"]["State"]
            == "Active"
        )
        return answer

    yield make
    for function in made:
        with contextlib.suppress(cloud.lambda_.exceptions.ResourceNotFoundException):
            cloud.lambda_.delete_function(FunctionName=function)


@pytest.fixture
def two_versions(cloud, make_function, name):
    """A function with versions 1 (`WHO=old`) and 2 (`WHO=new`), alias `live` on 1."""
    make_function(name, env={"WHO": "old"})
    assert cloud.lambda_.publish_version(FunctionName=name)["Version"] == "1"
    update_environment(cloud, name, {"WHO": "new"})
    assert cloud.lambda_.publish_version(FunctionName=name)["Version"] == "2"
    cloud.lambda_.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    return name


def update_environment(cloud, function, variables):
    """Changes a function's environment and waits until that is done."""
    cloud.lambda_.update_function_configuration(
        FunctionName=function, Environment={"Variables": variables}
    )
    until(
        lambda: cloud.lambda_.get_function(FunctionName=function)["Configuration"][
            "LastUpdateStatus"
        ]
        == "Successful"
    )
