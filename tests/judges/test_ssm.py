"""SSM Parameter Store."""

from refusals import refused


def test_a_parameter_counts_its_versions(cloud, name):
    path = f"/{name}/release"
    assert cloud.ssm.put_parameter(Name=path, Value="1", Type="String")["Version"] == 1
    put = cloud.ssm.put_parameter(Name=path, Value="2", Type="String", Overwrite=True)
    assert put["Version"] == 2
    found = cloud.ssm.get_parameter(Name=path)["Parameter"]
    assert (found["Value"], found["Version"], found["Type"]) == ("2", 2, "String")
    assert found["ARN"].endswith(f":parameter{path}")


def test_a_parameter_is_not_overwritten_by_accident(cloud, name):
    cloud.ssm.put_parameter(Name=name, Value="1", Type="String")
    with refused("ParameterAlreadyExists"):
        cloud.ssm.put_parameter(Name=name, Value="2", Type="String")
    assert cloud.ssm.get_parameter(Name=name)["Parameter"]["Value"] == "1"


def test_several_are_asked_for_and_the_missing_are_named(cloud, name):
    cloud.ssm.put_parameter(Name=f"/{name}/a", Value="1", Type="String")
    found = cloud.ssm.get_parameters(Names=[f"/{name}/a", f"/{name}/never"])
    assert [each["Name"] for each in found["Parameters"]] == [f"/{name}/a"]
    assert found["InvalidParameters"] == [f"/{name}/never"]


def test_a_path_is_walked_in_pages(cloud, name):
    for index in range(12):
        cloud.ssm.put_parameter(Name=f"/{name}/p{index:02}", Value="v", Type="String")
    cloud.ssm.put_parameter(Name=f"/{name}/deep/er", Value="v", Type="String")
    pages = cloud.ssm.get_paginator("get_parameters_by_path")
    flat = [
        each["Name"] for page in pages.paginate(Path=f"/{name}") for each in page["Parameters"]
    ]
    assert sorted(flat) == [f"/{name}/p{index:02}" for index in range(12)]
    deep = [
        each["Name"]
        for page in pages.paginate(Path=f"/{name}", Recursive=True)
        for each in page["Parameters"]
    ]
    assert f"/{name}/deep/er" in deep and len(deep) == 13


def test_a_secure_string_is_shown_only_on_demand(cloud, name):
    cloud.ssm.put_parameter(Name=name, Value="hush", Type="SecureString")
    assert cloud.ssm.get_parameter(Name=name)["Parameter"]["Value"] != "hush"
    shown = cloud.ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    assert (shown["Value"], shown["Type"]) == ("hush", "SecureString")


def test_four_kilobytes_are_the_most_of_a_standard_parameter(cloud, name):
    cloud.ssm.put_parameter(Name=name, Value="x" * 4096, Type="String")
    with refused("ValidationException"):
        cloud.ssm.put_parameter(Name=f"{name}-2", Value="x" * 4097, Type="String")


def test_a_deleted_parameter_is_gone(cloud, name):
    cloud.ssm.put_parameter(Name=name, Value="1", Type="String")
    cloud.ssm.delete_parameter(Name=name)
    with refused("ParameterNotFound"):
        cloud.ssm.get_parameter(Name=name)
    with refused("ParameterNotFound"):
        cloud.ssm.delete_parameter(Name=name)


def test_the_aws_command_puts_and_gets(cloud, name):
    cloud.aws("ssm", "put-parameter", "--name", name, "--value", "v", "--type", "String")
    found = cloud.aws("ssm", "get-parameter", "--name", name)
    assert found["Parameter"]["Value"] == "v"
