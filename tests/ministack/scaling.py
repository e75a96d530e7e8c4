"""A deployed stage whose database is measured, whose alarm rings, and whose scaler is the real program.

MiniStack evaluates the alarm over the numbers it is given and tells the topic. What it leaves out is calling the function
an alarm names: `Scaled.ring` does that in its place, with the event CloudWatch sends.
"""

import contextlib
import datetime
import json
import threading

from botocore.config import Config

from ministack_server import ONE_TRY, until
from working_copy import SCALER, WorkingCopy

DATABASE = "spoke-judge"
ALARM = "spoke-judge-db-cpu-high"
LEDGER = "/spoke/judge/scaling"
SCHEDULE = {"source": "spoke.schedule"}


class Meter:
    """What CloudWatch is told, a value a second: the CPU of the database, its connections, the calls of the web function."""

    def __init__(self, cloud, dimension):
        self._cloud = cloud
        self._dimension = {"Name": dimension, "Value": DATABASE}
        self._cpu, self._calls = (97,), 500
        self._shown = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._measure, daemon=True)
        self._thread.start()

    def show(self, *percents, calls=500):
        """From now on these values, again and again; once this is over they are the newest three."""
        self._cpu, self._calls = percents, calls
        self._shown = 0
        until(lambda: self._shown > 3, 60, f"{percents} are measured")

    def stop(self):
        self._over.set()
        self._thread.join(30)

    def _measure(self):
        client = self._cloud.client("cloudwatch")
        turn = 0
        while not self._over.wait(1):
            self._put(client, self._cpu[turn % len(self._cpu)])
            turn += 1
            self._shown += 1

    def _put(self, client, percent):
        web = "spoke-judge-web"
        called = [{"Name": "FunctionName", "Value": web}, {"Name": "Resource", "Value": f"{web}:Live"}]
        client.put_metric_data(
            Namespace="AWS/Lambda", MetricData=[{"MetricName": "Invocations", "Dimensions": called, "Value": self._calls}]
        )
        measured = {"CPUUtilization": percent, "DatabaseConnections": 20}
        client.put_metric_data(
            Namespace="AWS/RDS",
            MetricData=[
                {"MetricName": name, "Dimensions": [self._dimension], "Value": value} for name, value in measured.items()
            ],
        )


class Scaled:
    def __init__(self, cloud, copy, dimension):
        self.cloud = cloud
        self.copy = copy
        self.meter = Meter(cloud, dimension)
        self._lambda = cloud.client("lambda", config=ONE_TRY.merge(Config(read_timeout=300)))
        topic = next(one["TopicArn"] for one in cloud.sns.list_topics()["Topics"] if "notices" in one["TopicArn"])
        self._inbox = cloud.sqs.create_queue(QueueName="inbox")["QueueUrl"]
        told = cloud.sqs.get_queue_attributes(QueueUrl=self._inbox, AttributeNames=["QueueArn"])
        cloud.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=told["Attributes"]["QueueArn"])

    # --- what the world does

    def rings(self):
        """Waits until the alarm rings by itself. MiniStack takes the mean of three minutes, of all there ever were: that
        is an alarm's state for as long as there was no other number before."""
        until(lambda: self._alarm()["StateValue"] == "ALARM", 60, f"{ALARM} rings")

    def _alarm(self):
        return self.cloud.cloudwatch.describe_alarms(AlarmNames=[ALARM])["MetricAlarms"][0]

    def ring(self):
        """What CloudWatch does as an alarm begins to ring: it calls the scaler. What that tells."""
        alarm = self._alarm()
        return self.wake(
            {
                "source": "aws.cloudwatch",
                "alarmArn": alarm["AlarmArn"],
                "accountId": "000000000000",
                "region": "us-east-1",
                "time": datetime.datetime.now(datetime.UTC).isoformat(),
                "alarmData": {"alarmName": ALARM, "state": {"value": alarm["StateValue"]}},
            }
        )

    def wake(self, event=None):
        """Calls the scaler, by the schedule's event if no other; what it tells."""
        answer = self._lambda.invoke(FunctionName="spoke-judge-scaler", Payload=json.dumps(event or SCHEDULE))
        told = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, told
        return told

    def at_once(self, count):
        """As many alarms, all in the same moment."""
        told, gate = [], threading.Barrier(count)

        def one():
            gate.wait()
            told.append(self.ring())

        threads = [threading.Thread(target=one) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(300)
        assert len(told) == count, told
        return told

    def pass_minutes(self, minutes):
        """As if the last change had been made earlier."""
        ledger = self.ledger()
        then = datetime.datetime.fromisoformat(ledger["lastChange"]) - datetime.timedelta(minutes=minutes)
        ledger["lastChange"] = then.isoformat()
        self.cloud.ssm.put_parameter(Name=LEDGER, Value=json.dumps(ledger), Overwrite=True)

    def begin_again(self, **size):
        """The size of the stage file, calm numbers, no past."""
        self.meter.show(20)
        with contextlib.suppress(self.cloud.ssm.exceptions.ParameterNotFound):
            self.cloud.ssm.delete_parameter(Name=LEDGER)
        self.cloud.rds.modify_db_instance(DBInstanceIdentifier=DATABASE, ApplyImmediately=True, **size)
        self.notices()

    # --- what boto3 sees

    def ledger(self):
        return json.loads(self.cloud.ssm.get_parameter(Name=LEDGER)["Parameter"]["Value"])

    def instance(self, name=DATABASE):
        return self.cloud.rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]

    def cluster(self):
        return self.cloud.rds.describe_db_clusters(DBClusterIdentifier=DATABASE)["DBClusters"][0]

    def history(self):
        ended = self.copy.json("scale", "history")
        assert ended.code == 0, ended
        return ended.data

    def notices(self):
        """The subjects of what was published since the last look."""
        subjects = []
        while messages := self.cloud.sqs.receive_message(QueueUrl=self._inbox, MaxNumberOfMessages=10).get("Messages"):
            for one in messages:
                subjects.append(json.loads(one["Body"]).get("Subject"))
                self.cloud.sqs.delete_message(QueueUrl=self._inbox, ReceiptHandle=one["ReceiptHandle"])
        return subjects


@contextlib.contextmanager
def scaled(cloud, folder, *edits):
    """The stage, changed by these edits, deployed into an empty cloud with the real scaler."""
    cloud.reset()
    assert SCALER.is_file(), f"{SCALER} is not built: cargo build --bin scaler"
    copy = WorkingCopy(folder / "spoke", cloud.endpoint, scaler=SCALER)
    copy.stage_file.write_text(
        copy.stage_file.read_text() + '\n[scaling]\npolicy = "act"\ncool_down_minutes = 60\nperiod_seconds = 1\n'
    )
    for old, new in edits:
        copy.edit(old, new)
    copy.deploy()
    is_cluster = 'kind = "aurora' in copy.stage_file.read_text()
    found = Scaled(cloud, copy, "DBClusterIdentifier" if is_cluster else "DBInstanceIdentifier")
    try:
        yield found
    finally:
        found.meter.stop()
