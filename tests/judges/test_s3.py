"""S3: objects on disk behind checked signatures."""

import hashlib
import time
import urllib.error
import urllib.request

import pytest
from botocore.config import Config

from refusals import refused

PART = 5 * 1024 * 1024


@pytest.fixture
def bucket(cloud, name):
    cloud.s3.create_bucket(Bucket=name)
    return name


def fetch(url, method="GET", data=None, headers=None):
    """Status and body, as a browser would see them."""
    request = urllib.request.Request(url, data=data, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_an_object_comes_back_with_its_type_and_metadata(cloud, bucket):
    put = cloud.s3.put_object(
        Bucket=bucket,
        Key="folder/größe & more.txt",
        Body=b"hello",
        ContentType="text/plain",
        CacheControl="public, max-age=31536000, immutable",
        Metadata={"judge": "yes"},
    )
    assert put["ETag"] == f'"{hashlib.md5(b"hello").hexdigest()}"'
    found = cloud.s3.get_object(Bucket=bucket, Key="folder/größe & more.txt")
    assert found["Body"].read() == b"hello"
    assert found["ContentType"] == "text/plain"
    assert found["CacheControl"] == "public, max-age=31536000, immutable"
    assert found["Metadata"] == {"judge": "yes"}
    assert found["ETag"] == put["ETag"]
    head = cloud.s3.head_object(Bucket=bucket, Key="folder/größe & more.txt")
    assert (head["ContentLength"], head["ETag"]) == (5, put["ETag"])


def test_a_range_is_a_part(cloud, bucket):
    cloud.s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    found = cloud.s3.get_object(Bucket=bucket, Key="k", Range="bytes=2-4")
    assert found["Body"].read() == b"234"
    assert found["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert found["ContentRange"] == "bytes 2-4/10"


def test_listing_pages_through_a_prefix(cloud, bucket):
    for index in range(7):
        cloud.s3.put_object(Bucket=bucket, Key=f"a/{index}", Body=b"")
    cloud.s3.put_object(Bucket=bucket, Key="b/0", Body=b"")
    pages = cloud.s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix="a/", PaginationConfig={"PageSize": 3}
    )
    keys = [[each["Key"] for each in page.get("Contents", [])] for page in pages]
    assert keys == [["a/0", "a/1", "a/2"], ["a/3", "a/4", "a/5"], ["a/6"]]


def test_listing_folds_at_a_delimiter(cloud, bucket):
    for key in ("a/1", "a/2", "b/1", "top"):
        cloud.s3.put_object(Bucket=bucket, Key=key, Body=b"")
    found = cloud.s3.list_objects_v2(Bucket=bucket, Delimiter="/")
    assert [each["Prefix"] for each in found["CommonPrefixes"]] == ["a/", "b/"]
    assert [each["Key"] for each in found["Contents"]] == ["top"]


def test_parts_become_one_object(cloud, bucket):
    upload = cloud.s3.create_multipart_upload(Bucket=bucket, Key="big", ContentType="text/csv")
    bodies = [b"a" * PART, b"b" * 10]
    parts = [
        {
            "PartNumber": number,
            "ETag": cloud.s3.upload_part(
                Bucket=bucket,
                Key="big",
                UploadId=upload["UploadId"],
                PartNumber=number,
                Body=body,
            )["ETag"],
        }
        for number, body in enumerate(bodies, 1)
    ]
    cloud.s3.complete_multipart_upload(
        Bucket=bucket, Key="big", UploadId=upload["UploadId"], MultipartUpload={"Parts": parts}
    )
    found = cloud.s3.get_object(Bucket=bucket, Key="big")
    assert found["Body"].read() == b"".join(bodies)
    assert found["ContentType"] == "text/csv"


def test_an_aborted_upload_leaves_nothing(cloud, bucket):
    upload = cloud.s3.create_multipart_upload(Bucket=bucket, Key="gone")["UploadId"]
    cloud.s3.upload_part(Bucket=bucket, Key="gone", UploadId=upload, PartNumber=1, Body=b"x")
    cloud.s3.abort_multipart_upload(Bucket=bucket, Key="gone", UploadId=upload)
    with refused("NoSuchUpload", 404):
        cloud.s3.upload_part(Bucket=bucket, Key="gone", UploadId=upload, PartNumber=2, Body=b"x")
    with refused("NoSuchKey", 404):
        cloud.s3.get_object(Bucket=bucket, Key="gone")


def test_several_objects_are_deleted_at_once(cloud, bucket):
    for key in ("a", "b", "c"):
        cloud.s3.put_object(Bucket=bucket, Key=key, Body=b"")
    answer = cloud.s3.delete_objects(
        Bucket=bucket, Delete={"Objects": [{"Key": "a"}, {"Key": "b"}, {"Key": "never"}]}
    )
    assert "Errors" not in answer
    left = cloud.s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert [each["Key"] for each in left] == ["c"]


def test_an_object_that_is_not_there_is_not_deleted_loudly(cloud, bucket):
    answer = cloud.s3.delete_object(Bucket=bucket, Key="never")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204


def sigv4(cloud):
    """A client that presigns with Signature Version 4."""
    return cloud.client("s3", config=Config(signature_version="s3v4"))


def test_a_presigned_upload_and_download_need_no_credentials(cloud, bucket):
    url = sigv4(cloud).generate_presigned_url(
        "put_object",
        Params={"Bucket": bucket, "Key": "up", "ContentType": "text/csv"},
        ExpiresIn=60,
    )
    assert "X-Amz-Signature" in url
    status, body = fetch(url, "PUT", b"cell\n", {"Content-Type": "text/csv"})
    assert status == 200, body
    assert cloud.s3.get_object(Bucket=bucket, Key="up")["ContentType"] == "text/csv"
    download = sigv4(cloud).generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": "up"}, ExpiresIn=60
    )
    assert fetch(download) == (200, b"cell\n")


def test_a_presigned_address_is_for_its_key_only(cloud, bucket):
    url = sigv4(cloud).generate_presigned_url(
        "put_object", Params={"Bucket": bucket, "Key": "mine"}, ExpiresIn=60
    )
    status, body = fetch(url.replace("/mine", "/yours"), "PUT", b"x")
    assert status == 403 and b"SignatureDoesNotMatch" in body
    with refused("NoSuchKey", 404):
        cloud.s3.get_object(Bucket=bucket, Key="yours")


def test_a_presigned_address_is_for_its_method_only(cloud, bucket):
    cloud.s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    url = sigv4(cloud).generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": "k"}, ExpiresIn=60
    )
    status, body = fetch(url, "DELETE")
    assert status == 403 and b"SignatureDoesNotMatch" in body


def test_an_expired_address_is_refused(cloud, bucket):
    cloud.s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    url = sigv4(cloud).generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": "k"}, ExpiresIn=1
    )
    deadline = time.monotonic() + 15
    while True:
        status, body = fetch(url)
        if status != 200 or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    assert status == 403 and b"AccessDenied" in body and b"expired" in body


def test_a_wrong_secret_is_refused(cloud, bucket):
    with refused("SignatureDoesNotMatch", 403, text=""):
        cloud.client("s3", secret="guess").put_object(Bucket=bucket, Key="k", Body=b"x")


def test_an_unknown_access_key_is_refused(cloud, bucket):
    with refused("InvalidAccessKeyId", 403):
        cloud.client("s3", access_key="nobody").list_objects_v2(Bucket=bucket)


def test_nobody_reads_without_a_signature(cloud, bucket):
    cloud.s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    status, body = fetch(f"{cloud.endpoint}/{bucket}/k")
    assert status == 403 and b"AccessDenied" in body


def test_writing_only_if_absent_keeps_what_is_there(cloud, bucket):
    cloud.s3.put_object(Bucket=bucket, Key="k", Body=b"first", IfNoneMatch="*")
    with refused("PreconditionFailed", 412):
        cloud.s3.put_object(Bucket=bucket, Key="k", Body=b"second", IfNoneMatch="*")
    assert cloud.s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"first"


def test_a_bucket_with_objects_is_not_deleted(cloud, bucket):
    cloud.s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    with refused("BucketNotEmpty", 409):
        cloud.s3.delete_bucket(Bucket=bucket)
    cloud.s3.delete_object(Bucket=bucket, Key="k")
    cloud.s3.delete_bucket(Bucket=bucket)
    with refused("404", 404):
        cloud.s3.head_bucket(Bucket=bucket)


def test_the_transfer_manager_and_the_aws_command_agree(cloud, bucket, tmp_path):
    sent = tmp_path / "sent.bin"
    sent.write_bytes(bytes(range(256)) * 40_000)  # 10 MB: several parts
    cloud.s3.upload_file(str(sent), bucket, "large")
    done = cloud.run_aws("s3", "cp", f"s3://{bucket}/large", str(tmp_path / "got.bin"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "got.bin").read_bytes() == sent.read_bytes()
    listed = cloud.run_aws("s3", "ls", f"s3://{bucket}/")
    assert str(sent.stat().st_size) in listed.stdout


def test_the_aws_command_syncs_a_folder(cloud, bucket, tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b.js").write_text("b")
    (tmp_path / "a.js").write_text("a")
    done = cloud.run_aws("s3", "sync", str(tmp_path), f"s3://{bucket}/assets")
    assert done.returncode == 0, done.stderr
    keys = [each["Key"] for each in cloud.s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert keys == ["assets/a.js", "assets/deep/b.js"]


def test_buckets_are_listed(cloud, bucket):
    assert bucket in [each["Name"] for each in cloud.s3.list_buckets()["Buckets"]]
