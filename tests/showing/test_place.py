"""The grammar of a place: what is understood, what is refused, and that nothing is understood twice."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from moorage.model.errors import Invalid
from moorage.model.keys import Prefix
from moorage.model.store import Provider
from moorage.showing.place import Place, parse_place


def disk(root: str) -> Place:
    return Place(Provider.DISK, root=root)


def s3(bucket: str, prefix: str = "", endpoint: str = "", region: str = "") -> Place:
    return Place(Provider.S3, endpoint=endpoint, region=region, bucket=bucket, prefix=Prefix(prefix))


ACCOUNT = "https://acc.blob.core.windows.net"
CHINA = "https://acc.blob.core.chinacloudapi.cn"


def cloud(provider: Provider, bucket: str, prefix: str = "", endpoint: str = "") -> Place:
    return Place(provider, endpoint=endpoint, bucket=bucket, prefix=Prefix(prefix))


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("/data/photos", disk("/data/photos")),
        ("  /data//photos/./2021/ \n", disk("/data/photos/2021")),
        ("/", disk("/")),
        ("/data/my photos é", disk("/data/my photos é")),
        ("/data/100%41", disk("/data/100%41")),
        ("file:///data/photos", disk("/data/photos")),
        ("FILE:///data/my%20photos/", disk("/data/my photos")),
        ("file:/data/photos", disk("/data/photos")),
        ("file://localhost/data", disk("/data")),
        ("s3://reef", s3("reef")),
        ("s3://reef/", s3("reef")),
        ("S3://reef/2021", s3("reef", "2021/")),
        ("s3://reef/a//b%20/../x?y#z/", s3("reef", "a//b%20/../x?y#z/")),
        ("s3://reef/key@2x/", s3("reef", "key@2x/")),
        ("s3://my.reef", s3("my.reef")),
        ("s3://tenant:reef/a", s3("tenant:reef", "a/")),
        ("s3://minio.example:9000/reef/a", s3("reef", "a/", "https://minio.example:9000")),
        ("s3://localhost:9000/reef", s3("reef", "", "https://localhost:9000")),
        ("s3://[::1]:9000/reef", s3("reef", "", "https://[::1]:9000")),
        ("s3://minio.example/reef/a", s3("reef", "a/", "https://minio.example")),
        ("s3://s3-eu-west-1.amazonaws.com/reef/a", s3("reef", "a/", region="eu-west-1")),
        ("https://minio.example/reef", s3("reef", "", "https://minio.example")),
        ("HTTP://Minio.Example:80/reef/a%20b/", s3("reef", "a b/", "http://minio.example")),
        ("https://minio.example:443/reef//a/", s3("reef", "/a/", "https://minio.example")),
        ("https://reef.s3.eu-west-1.amazonaws.com/a/b", s3("reef", "a/b/", region="eu-west-1")),
        ("https://my.reef.s3-eu-west-1.amazonaws.com/", s3("my.reef", region="eu-west-1")),
        ("https://reef.s3.amazonaws.com/a", s3("reef", "a/")),
        ("https://reef.s3.dualstack.eu-west-1.amazonaws.com/a", s3("reef", "a/", region="eu-west-1")),
        ("https://s3.us-gov-east-1.amazonaws.com/reef/a", s3("reef", "a/", region="us-gov-east-1")),
        ("https://reef.s3.cn-north-1.amazonaws.com.cn/a", s3("reef", "a/", region="cn-north-1")),
        ("https://s3.amazonaws.com.evil.example/reef", s3("reef", "", "https://s3.amazonaws.com.evil.example")),
        ("minio://reef/a", s3("reef", "a/")),
        ("azure://reef/a b?#/c", cloud(Provider.AZURE, "reef", "a b?#/c/")),
        ("az://reef", cloud(Provider.AZURE, "reef")),
        ("azure://$root", cloud(Provider.AZURE, "$root")),
        (f"{ACCOUNT}/reef/a%20b", cloud(Provider.AZURE, "reef", "a b/", ACCOUNT)),
        ("https://acc.blob.core.chinacloudapi.cn/reef", cloud(Provider.AZURE, "reef", "", CHINA)),
        ("abfss://reef@acc.dfs.core.windows.net/a", cloud(Provider.AZURE, "reef", "a/", ACCOUNT)),
        ("wasbs://reef@acc.blob.core.windows.net/a", cloud(Provider.AZURE, "reef", "a/", ACCOUNT)),
        ("google://reef/2021", cloud(Provider.GOOGLE, "reef", "2021/")),
        ("gs://reef.example.org/a", cloud(Provider.GOOGLE, "reef.example.org", "a/")),
        ("gcs://reef", cloud(Provider.GOOGLE, "reef")),
        ("https://storage.googleapis.com/reef/a", cloud(Provider.GOOGLE, "reef", "a/")),
        ("https://reef.storage.googleapis.com/a", cloud(Provider.GOOGLE, "reef", "a/")),
        ("https://storage.cloud.google.com/reef/a", cloud(Provider.GOOGLE, "reef", "a/")),
        ("fs://photos", Place(Provider.DISK, store="photos")),
        ("fs://photos/2021", Place(Provider.DISK, store="photos", prefix=Prefix("2021/"))),
        ("photos", Place(store="photos")),
        ("photos:2021/dives", Place(store="photos", prefix=Prefix("2021/dives/"))),
        ("photos:", Place(store="photos")),
        ("c", Place(store="c")),
        ("c:2021", Place(store="c", prefix=Prefix("2021/"))),
    ],
)
def test_a_line_names_one_place(line: str, place: Place) -> None:
    assert parse_place(line) == place


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "No address"),
        (" \n\t ", "No address"),
        ("/" + "x" * 5000, "longer than"),
        ("/data\0/photos", "control character"),
        ("/data\nphotos", "control character"),
        ("s3://reef/a\rb", "control character"),
        ("/data/../etc", "'..'"),
        ("file:///data/%2e%2e/etc", "'..'"),
        ("~/photos", "not a whole path"),
        ("./photos", "not a whole path"),
        ("../photos", "not a whole path"),
        (".", "not a whole path"),
        ("photos/2021", "not a whole path"),
        ("my photos/2021", "not a whole path"),
        ("C:\\photos", "path of Windows"),
        ("d:/photos", "path of Windows"),
        ("\\\\server\\share", "path of Windows"),
        ("my photos", "no address"),
        ("-photos", "no address"),
        ("file://elsewhere/data", "another machine"),
        ("file:///data?x", "query"),
        ("file:///data/%00", "no letters"),
        ("s3://", "no bucket"),
        ("s3:///a", "no bucket"),
        ("s3://re ef/a", "not a bucket's name"),
        ("s3://reef?versionId=1", "not a bucket's name"),
        ("s3://host.example:9000", "no bucket"),
        ("s3://host.example:99999/reef", "not a host"),
        ("s3://s3.amazonaws.com", "no bucket"),
        ("https://minio.example", "no bucket"),
        ("https://minio.example/", "no bucket"),
        ("https://minio.example//a", "no bucket"),
        ("https:///reef", "not a host"),
        ("https://ho st/reef", "not a host"),
        ("https://minio.example:0/reef", "not a host"),
        ("https://[::1/reef", "not a host"),
        ("https://minio.example/reef/%ff", "no letters"),
        ("https://minio.example/reef/%0a", "no letters"),
        ("https://minio.example/reef?X-Amz-Signature=hush", "query"),
        ("https://minio.example/reef#hush", "query"),
        ("https://minio.example?hush/reef", "query"),
        ("https://user:hush@minio.example/reef", "user name or password"),
        ("s3://AKIA:hush@reef/a", "user name or password"),
        ("https://eu-west-1.console.aws.amazon.com/s3/buckets/reef", "page of the AWS console"),
        ("https://portal.azure.com/#home", "page of the Azure portal"),
        ("https://console.cloud.google.com/storage/browser/reef", "page of the Google Cloud console"),
        ("azure://", "no container"),
        ("azure://Reef/a", "not the name of a container"),
        ("https://account.blob.core.windows.net", "no container"),
        ("https://account.blob.core.windows.net/reef?sv=2022-11-02&sig=hush", "SAS token"),
        ("http://127.0.0.1:10000/account/reef?sig=hush", "SAS token"),
        ("google://", "no bucket"),
        ("gs://Reef/a", "not a bucket's name"),
        ("https://storage.googleapis.com/", "no bucket"),
        ("ftp://host/reef", "no kind of place"),
        ("fs://", "no name of a store"),
        ("fs://a b/c", "no name of a store"),
    ],
)
def test_a_line_that_names_none_is_refused_with_a_reason_and_without_its_secrets(line: str, says: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_place(line)
    assert says in caught.value.message
    assert "Nothing was made." in caught.value.message
    assert caught.value.advice
    assert caught.value.field == "address"
    assert "hush" not in str(caught.value)


def test_a_relative_path_is_told_to_be_whole() -> None:
    with pytest.raises(Invalid, match="Write the whole path on the server's machine, such as /data/photos"):
        parse_place("~/photos")


def test_a_bucket_with_a_dot_is_no_host_where_a_store_has_it() -> None:
    assert parse_place("s3://my.reef/a", buckets={"my.reef"}) == s3("my.reef", "a/")
    assert parse_place("s3://my.reef/a", endpoint="https://minio.example") == s3(
        "my.reef", "a/", "https://minio.example"
    )


def test_endpoint_and_region_beside_the_address_count() -> None:
    assert parse_place("s3://reef/a", endpoint="http://Ceph.example:7480/") == s3(
        "reef", "a/", "http://ceph.example:7480"
    )
    assert parse_place("s3://reef", endpoint="https://s3.eu-west-1.amazonaws.com") == s3("reef", region="eu-west-1")
    assert parse_place("s3://reef", region="eu-west-1") == s3("reef", region="eu-west-1")
    same = parse_place("https://ceph.example/reef", endpoint="https://CEPH.example:443")
    assert same == s3("reef", endpoint="https://ceph.example")


@pytest.mark.parametrize(
    ("line", "more", "field"),
    [
        ("https://one.example/reef", {"endpoint": "https://two.example"}, "endpoint"),
        ("https://reef.s3.eu-west-1.amazonaws.com/", {"region": "us-east-1"}, "region"),
        ("/data", {"endpoint": "https://one.example"}, "endpoint"),
        ("photos", {"region": "eu-west-1"}, "region"),
        (f"{ACCOUNT}/reef", {"endpoint": "https://other.blob.core.windows.net"}, "endpoint"),
        ("https://storage.googleapis.com/reef", {"endpoint": "https://one.example"}, "endpoint"),
        ("azure://reef", {"region": "westeurope"}, "region"),
    ],
)
def test_what_contradicts_the_address_is_refused(line: str, more: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_place(line, **more)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("/data/photos", "photos"),
        ("/", "disk"),
        ("s3://reef/2021/dives/", "dives"),
        ("s3://reef", "reef"),
        ("photos:2021", "2021"),
        ("photos", "photos"),
    ],
)
def test_a_place_is_called_by_its_last_part(line: str, title: str) -> None:
    assert parse_place(line).title == title


NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{1,40}", fullmatch=True)
LETTERS = st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"))
PREFIXES = st.text(LETTERS, max_size=40).map(lambda text: f"{text}/" if text else "")
ENDPOINTS = st.sampled_from(["", "https://minio.example", "http://127.0.0.1:9000", "https://[::1]:9000"])
SEGMENTS = st.text(LETTERS, min_size=1, max_size=20).filter(lambda text: "/" not in text and text not in (".", ".."))


@given(st.lists(SEGMENTS, min_size=1, max_size=5))
def test_a_directory_is_its_own_line(segments: list[str]) -> None:
    root = "/" + "/".join(segments)
    assume(root == root.strip())
    assert parse_place(root) == disk(root)
    assert parse_place(disk(root).text) == disk(root)


@given(NAMES, PREFIXES, ENDPOINTS)
def test_text_of_a_bucket_is_read_as_the_same_bucket(bucket: str, prefix: str, endpoint: str) -> None:
    place = s3(bucket, prefix, endpoint)
    assert parse_place(place.text) == place


@given(st.from_regex(r"[a-z0-9]{3,40}", fullmatch=True), PREFIXES, st.sampled_from(["azure", "google", ACCOUNT, CHINA]))
def test_text_of_a_place_in_a_cloud_is_read_as_the_same(bucket: str, prefix: str, where: str) -> None:
    place = cloud(Provider.AZURE, bucket, prefix, where)
    if where in ("azure", "google"):
        place = cloud(Provider(where), bucket, prefix)
    assume(where in (ACCOUNT, CHINA) or place.text == place.text.strip())
    assert parse_place(place.text) == place


def test_the_endpoint_of_a_server_of_one_s_own_stands_beside_the_address() -> None:
    azurite, fake = "http://127.0.0.1:10000/devstoreaccount1", "http://127.0.0.1:4443"
    assert parse_place("azure://reef/a", endpoint=f"{azurite}/") == cloud(Provider.AZURE, "reef", "a/", azurite)
    assert parse_place("gs://reef", endpoint=fake) == cloud(Provider.GOOGLE, "reef", "", fake)
    assert parse_place("gs://reef", endpoint="https://storage.googleapis.com/") == cloud(Provider.GOOGLE, "reef")


@given(NAMES, PREFIXES)
def test_text_of_a_store_s_prefix_is_read_as_the_same(store: str, prefix: str) -> None:
    assume(len(store) > 1 and not prefix.startswith("//"))
    place = Place(store=store, prefix=Prefix(prefix))
    assert parse_place(place.text) == place


@given(st.text(max_size=200))
def test_any_text_is_a_place_or_is_refused(line: str) -> None:
    with suppress(Invalid):
        place = parse_place(line)
        assert sum(map(bool, (place.root, place.bucket, place.store))) == 1
        again = parse_place(place.text)
        assert replace(again, region="", provider=None) == replace(place, region="", provider=None)
