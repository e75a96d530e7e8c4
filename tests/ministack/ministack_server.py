"""MiniStack as a process of its own, and boto3 to look into it."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import boto3
from botocore.config import Config

REGION = "us-east-1"
ACCOUNT = "000000000000"
# One try: a judge wants to see the refusal, not boto3's patience.
ONE_TRY = Config(
    retries={"total_max_attempts": 1}, read_timeout=60, connect_timeout=5, s3={"addressing_style": "path"}
)


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def until(condition, seconds=30, what="the condition"):
    """The first true value of `condition`, asked again and again for `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}; last {value!r}")
        time.sleep(0.05)
    return value


def answers(url):
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
    return True


class Server:
    """One MiniStack; everything it has is gone with `reset`."""

    def __init__(self, folder, **environment):
        self.endpoint = f"http://127.0.0.1:{(port := free_port())}"
        self.log = folder / "ministack.log"
        self._out = self.log.open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ministack"],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(folder),
                "TMPDIR": str(folder),
                "BIND_HOST": "127.0.0.1",
                "GATEWAY_PORT": str(port),
                # What its functions call is itself.
                "AWS_ENDPOINT_URL": self.endpoint,
                **environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=subprocess.STDOUT,
        )
        try:
            until(self._is_up, 60, f"MiniStack is up; {self.log} says why not")
        except BaseException:
            self.stop()
            raise

    def _is_up(self):
        assert self._process.poll() is None, self.log.read_text(errors="replace")
        return answers(f"{self.endpoint}/_ministack/health")

    def stop(self):
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(20)
        self._process.kill()
        self._process.wait()
        self._out.close()

    def reset(self):
        request = urllib.request.Request(f"{self.endpoint}/_ministack/reset", data=b"", method="POST")
        urllib.request.urlopen(request, timeout=60).close()

    def client(self, service, access_key="test", secret="test", token=None, config=ONE_TRY):
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=config,
        )

    def __getattr__(self, name):
        """`server.sqs` is `server.client("sqs")`; `lambda_` because `lambda` is taken."""
        if name.startswith("_"):
            raise AttributeError(name)
        client = self.client({"lambda_": "lambda"}.get(name, name))
        setattr(self, name, client)
        return client
