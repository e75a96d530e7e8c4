"""RDS: the API over a PostgreSQL that is really there."""

import datetime

import pg8000.dbapi
import pytest

from refusals import refused
from waiting import until

PASSWORD = "correct-horse-battery"


@pytest.fixture(scope="module")
def network(cloud):
    """A subnet group over two zones, and a security group."""
    vpc = cloud.ec2.create_vpc(CidrBlock="10.40.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        cloud.ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.40.{index}.0/24", AvailabilityZone=f"us-east-1{zone}"
        )["Subnet"]["SubnetId"]
        for index, zone in enumerate("ab")
    ]
    cloud.rds.create_db_subnet_group(
        DBSubnetGroupName="judges", DBSubnetGroupDescription="d", SubnetIds=subnets
    )
    group = cloud.ec2.create_security_group(GroupName="judges-db", Description="d", VpcId=vpc)
    return {"DBSubnetGroupName": "judges", "VpcSecurityGroupIds": [group["GroupId"]]}


def create(cloud, name, network, **options):
    return cloud.rds.create_db_instance(
        **{
            "DBInstanceIdentifier": name,
            "Engine": "postgres",
            "DBInstanceClass": "db.t4g.medium",
            "AllocatedStorage": 20,
            "MasterUsername": "judge",
            "MasterUserPassword": PASSWORD,
            "DBName": "judged",
            "StorageEncrypted": True,
            "PubliclyAccessible": False,
            **network,
            **options,
        }
    )["DBInstance"]


def describe(cloud, name):
    [found] = cloud.rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    return found


def available(cloud, name):
    """The instance once it is available."""
    return until(
        lambda: (found := describe(cloud, name))["DBInstanceStatus"] == "available" and found,
        seconds=120,
        what=f"{name} available",
    )


@pytest.fixture(scope="module")
def database(cloud, network):
    """One instance for the tests of this file: starting one takes seconds."""
    made = create(cloud, "judged-database", network)
    assert made["DBInstanceStatus"] == "creating"
    yield available(cloud, "judged-database")
    cloud.rds.delete_db_instance(
        DBInstanceIdentifier="judged-database", SkipFinalSnapshot=True
    )


def connect(database, password=PASSWORD):
    return pg8000.dbapi.connect(
        host=database["Endpoint"]["Address"],
        port=database["Endpoint"]["Port"],
        user="judge",
        password=password,
        database="judged",
    )


def test_a_client_connects_and_keeps_rows(database):
    connection = connect(database)
    cursor = connection.cursor()
    cursor.execute("create table kept (id int primary key)")
    cursor.execute("insert into kept select generate_series(1, 10)")
    connection.commit()
    connection.close()
    again = connect(database)
    cursor = again.cursor()
    cursor.execute("select count(*), current_user from kept group by 2")
    assert list(cursor.fetchone()) == [10, "judge"]
    again.close()


def test_a_wrong_password_is_refused(database):
    with pytest.raises(pg8000.dbapi.DatabaseError) as raised:
        connect(database, "guess")
    assert "28P01" in str(raised.value)


def test_it_is_described_as_it_was_made(database):
    assert (database["Engine"], database["DBName"]) == ("postgres", "judged")
    assert (database["DBInstanceClass"], database["AllocatedStorage"]) == ("db.t4g.medium", 20)
    assert database["StorageEncrypted"] is True
    assert database["DBInstanceArn"].endswith(":db:judged-database")
    assert "MasterUserPassword" not in database


def test_the_class_changes_at_once_when_asked(cloud, database):
    answer = cloud.rds.modify_db_instance(
        DBInstanceIdentifier="judged-database",
        DBInstanceClass="db.t4g.large",
        ApplyImmediately=True,
    )["DBInstance"]
    # It is not there yet: the answer tells the class of now and the one to come.
    assert answer["DBInstanceClass"] == "db.t4g.medium"
    assert answer["PendingModifiedValues"]["DBInstanceClass"] == "db.t4g.large"
    until(lambda: describe(cloud, "judged-database")["DBInstanceStatus"] == "modifying")
    after = available(cloud, "judged-database")
    assert after["DBInstanceClass"] == "db.t4g.large"
    assert not after.get("PendingModifiedValues")
    # The rows outlive it.
    connection = connect(after)
    cursor = connection.cursor()
    cursor.execute("select count(*) from kept")
    assert cursor.fetchone()[0] == 10
    connection.close()


def test_the_class_waits_for_the_maintenance_window_otherwise(cloud, database):
    before = describe(cloud, "judged-database")["DBInstanceClass"]
    cloud.rds.modify_db_instance(
        DBInstanceIdentifier="judged-database", DBInstanceClass="db.r6g.large"
    )
    found = describe(cloud, "judged-database")
    assert found["DBInstanceClass"] == before
    assert found["PendingModifiedValues"]["DBInstanceClass"] == "db.r6g.large"


def test_it_is_measured(cloud, database):
    connection = connect(database)

    def points(metric):
        now = datetime.datetime.now(datetime.UTC)
        return cloud.cloudwatch.get_metric_statistics(
            Namespace="AWS/RDS",
            MetricName=metric,
            Dimensions=[{"Name": "DBInstanceIdentifier", "Value": "judged-database"}],
            StartTime=now - datetime.timedelta(minutes=10),
            EndTime=now + datetime.timedelta(minutes=1),
            Period=60,
            Statistics=["Maximum"],
        )["Datapoints"]

    until(lambda: any(each["Maximum"] >= 1 for each in points("DatabaseConnections")))
    cpu = until(lambda: points("CPUUtilization"))
    assert all(0 <= each["Maximum"] <= 100 for each in cpu)
    connection.close()


def test_names_are_taken_once(cloud, database, network):
    with refused("DBInstanceAlreadyExists"):
        create(cloud, "judged-database", network)


def test_a_class_nobody_offers_is_refused(cloud, name, network):
    with refused(("InvalidParameterValue", "InvalidParameterCombination")):
        create(cloud, name, network, DBInstanceClass="db.huge.potato")


def test_a_short_password_is_refused(cloud, name, network):
    with refused("InvalidParameterValue"):
        create(cloud, name, network, MasterUserPassword="short")


def test_a_subnet_group_that_is_not_there_is_refused(cloud, name, network):
    with refused("DBSubnetGroupNotFoundFault", 404):
        create(cloud, name, {**network, "DBSubnetGroupName": "never"})


def test_a_subnet_group_covers_two_zones(cloud, name):
    vpc = cloud.ec2.create_vpc(CidrBlock="10.41.0.0/16")["Vpc"]["VpcId"]
    subnet = cloud.ec2.create_subnet(
        VpcId=vpc, CidrBlock="10.41.0.0/24", AvailabilityZone="us-east-1a"
    )["Subnet"]["SubnetId"]
    with refused("DBSubnetGroupDoesNotCoverEnoughAZs"):
        cloud.rds.create_db_subnet_group(
            DBSubnetGroupName=name, DBSubnetGroupDescription="d", SubnetIds=[subnet]
        )


def test_a_protected_instance_is_not_deleted(cloud, database):
    cloud.rds.modify_db_instance(
        DBInstanceIdentifier="judged-database", DeletionProtection=True, ApplyImmediately=True
    )
    available(cloud, "judged-database")
    with refused(("InvalidParameterCombination", "InvalidParameterValue")):
        cloud.rds.delete_db_instance(
            DBInstanceIdentifier="judged-database", SkipFinalSnapshot=True
        )
    cloud.rds.modify_db_instance(
        DBInstanceIdentifier="judged-database", DeletionProtection=False, ApplyImmediately=True
    )
    available(cloud, "judged-database")


def test_the_aws_command_describes_it(cloud, database):
    found = cloud.aws(
        "rds", "describe-db-instances", "--db-instance-identifier", "judged-database"
    )
    assert found["DBInstances"][0]["Endpoint"]["Port"] == database["Endpoint"]["Port"]
