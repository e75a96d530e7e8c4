"""EC2 networking: recorded, with the checks that catch real mistakes."""

import contextlib

import pytest
from botocore.exceptions import ClientError

from refusals import refused


@pytest.fixture
def vpc(cloud):
    made = cloud.ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]
    yield made["VpcId"]
    with contextlib.suppress(ClientError):
        cloud.ec2.delete_vpc(VpcId=made["VpcId"])


def test_a_vpc_is_described_as_it_was_made(cloud, vpc):
    found = cloud.ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    assert [each["CidrBlock"] for each in found] == ["10.20.0.0/16"]
    assert vpc.startswith("vpc-")


def test_subnets_lie_in_their_vpc_and_zone(cloud, vpc):
    made = cloud.ec2.create_subnet(
        VpcId=vpc, CidrBlock="10.20.1.0/24", AvailabilityZone="us-east-1a"
    )["Subnet"]
    found = cloud.ec2.describe_subnets(SubnetIds=[made["SubnetId"]])["Subnets"][0]
    assert (found["VpcId"], found["CidrBlock"]) == (vpc, "10.20.1.0/24")
    assert found["AvailabilityZone"] == "us-east-1a"
    # Five addresses of every subnet are AWS's own.
    assert found["AvailableIpAddressCount"] == 251


def test_a_subnet_outside_the_vpc_is_refused(cloud, vpc):
    with refused("InvalidSubnet.Range"):
        cloud.ec2.create_subnet(VpcId=vpc, CidrBlock="10.21.0.0/24")


def test_a_subnet_over_another_is_refused(cloud, vpc):
    cloud.ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.4.0/22")
    with refused("InvalidSubnet.Conflict"):
        cloud.ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.5.0/24")


def test_a_subnet_of_no_vpc_is_refused(cloud):
    with refused("InvalidVpcID.NotFound", text="vpc-0123456789abcdef0"):
        cloud.ec2.create_subnet(VpcId="vpc-0123456789abcdef0", CidrBlock="10.0.0.0/24")


def test_a_security_group_keeps_its_rules(cloud, vpc, name):
    group = cloud.ec2.create_security_group(GroupName=name, Description="d", VpcId=vpc)["GroupId"]
    rule = {
        "IpProtocol": "tcp",
        "FromPort": 5432,
        "ToPort": 5432,
        "IpRanges": [{"CidrIp": "10.20.0.0/16"}],
    }
    cloud.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    found = cloud.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    assert found["GroupName"] == name
    assert [(each["FromPort"], each["ToPort"]) for each in found["IpPermissions"]] == [(5432, 5432)]
    with refused("InvalidPermission.Duplicate"):
        cloud.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])


def test_a_security_group_name_is_taken_once_in_a_vpc(cloud, vpc, name):
    cloud.ec2.create_security_group(GroupName=name, Description="d", VpcId=vpc)
    with refused("InvalidGroup.Duplicate"):
        cloud.ec2.create_security_group(GroupName=name, Description="d", VpcId=vpc)


def test_the_region_has_zones(cloud):
    zones = cloud.ec2.describe_availability_zones()["AvailabilityZones"]
    assert len(zones) >= 2
    assert all(zone["ZoneName"].startswith("us-east-1") for zone in zones)


def test_the_aws_command_describes_a_vpc(cloud, vpc):
    found = cloud.aws("ec2", "describe-vpcs", "--vpc-ids", vpc)
    assert found["Vpcs"][0]["CidrBlock"] == "10.20.0.0/16"
