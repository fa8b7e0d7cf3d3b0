"""The installations that the guides are followed on: one that was taken over from Supervisely, one that began empty."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from docs.operating import Operator, shell
from servers import azurite, ceph, fakegcs, moto
from servers.moorage import Moorage
from stores.azure_container import account_sas
from stores.google_interop import interop
from stores.google_tokens import key_file, token_server
from stores.imds import imds
from stores.s3_bucket import admin, kept_bucket
from stores.vault import vault_of
from web.armed import Beside, armed
from web.clouds import container, google_bucket
from web.conftest import Face
from web.lent import harbour

TRUCK = b"a truck"
OLD_NAME = "cars_2020_20_10"
LINKS = """\
# amazon s3 example
my-car-datasets:
  provider: minio
  endpoint: {moto}
  access_key: any
  secret_key: any-secret
  # iam_role: <or just use your iam role>
  region: eu-central-1
  # array of buckets
  buckets:
  - cars_2020_20_10
  - cars_2020_10_10

# azure storage example
my-boats-datasets:
  provider: azure
  endpoint: {azurite}
  access_key: {account}
  secret_key: {sas}
  # array of buckets
  buckets:
  - {boats}

# google cloud storage example
my-planes-datasets:
  provider: google
  endpoint: {fakegcs}
  credentials_path: /secret_planes.json
  # array of buckets
  buckets:
  - {planes}

my-trains-datasets:
  provider: minio
  endpoint: {ceph}
  iam_role: media-server
  region: us-east-1
  buckets:
  - {trains}
"""
COMPOSE = """\
services:
  http-storage:
    volumes:
      - ./links.yml:/remote_links.yml:ro
      - ./planes.json:/secret_planes.json:ro
  proxy:
    environment:
      CACHE_PREVIEWS_SIZE: 2g
      CACHE_PREVIEWS_EXPIRES: 13h
      CACHE_STORAGE_SIZE: 10g
      CACHE_STORAGE_EXPIRES: 7d
      CACHE_IMAGE_CONVERTER_SIZE: 10g
      CACHE_IMAGE_CONVERTER_EXPIRES: 7d
"""
ENV = """\
DATA_PATH={theirs}
JUPYTER_DOWNLOAD_FILES_BEFORE_START=true
STORAGE_JUPYTER_SYNC=true
STORAGE_PROVIDER=minio
STORAGE_ENDPOINT={host}
STORAGE_PORT={port}
STORAGE_ACCESS_KEY={access_key}
STORAGE_SECRET_KEY={secret_key}
"""


@dataclass
class Installations:
    """Each is started when the first row of its page is followed."""

    begun: dict[str, Operator] = field(default_factory=dict)
    beginnings: dict[str, Callable[[], Operator]] = field(default_factory=dict)

    def of(self, page: str) -> Operator:
        """The one on which the page is followed."""
        place = "from-supervisely" if page == "from-supervisely" else "others"
        if place not in self.begun:
            self.begun[place] = self.beginnings[place]()
        return self.begun[place]


@contextmanager
def installations(home: Path) -> Iterator[Installations]:
    """Those of one module."""
    with ExitStack() as stack:
        found = Installations()
        found.beginnings["from-supervisely"] = lambda: _taken_over(stack, home / "supervisely", found)
        found.beginnings["others"] = lambda: _empty(stack, home / "others")
        yield found


def _taken_over(stack: ExitStack, home: Path, others: Installations) -> Operator:
    """The guide's files with their placeholders filled in, imported; and a server on what came of it."""
    old, prefix = home / "old", f"sly-{secrets.token_hex(4)}"
    for name in ("old", "shell", f"theirs/storage/{prefix}-public", f"theirs/storage/{prefix}-private"):
        (home / name).mkdir(parents=True)
    tokens = stack.enter_context(Beside()).begin(token_server())
    made = {
        "boats": stack.enter_context(container(azurite())),
        "planes": stack.enter_context(google_bucket(fakegcs())),
        "trains": stack.enter_context(kept_bucket(ceph())),
        "ferries": stack.enter_context(kept_bucket(ceph())),
        "lab": stack.enter_context(kept_bucket(ceph())),
        "team": stack.enter_context(kept_bucket(ceph())),
        "scoped": stack.enter_context(kept_bucket(ceph())),
    }
    stack.enter_context(_primary(f"{prefix}-public"))
    for server, bucket in (
        (moto(), OLD_NAME),
        *((ceph(), made[name]) for name in ("trains", "ferries", "lab", "team")),
    ):
        s3 = admin(server)
        s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="truck.jpg", Body=TRUCK)
        s3.close()
    s3 = admin(ceph())
    s3.put_object(Bucket=made["scoped"], Key="prefix1/abc/truck.jpg", Body=TRUCK)
    s3.close()
    told = made | {
        "moto": moto().endpoint,
        "azurite": azurite().endpoint,
        "account": azurite().access_key,
        "sas": f"?{account_sas(azurite(), 'rl')}",
        "fakegcs": fakegcs().endpoint,
        "ceph": ceph().endpoint,
        "host": ceph().endpoint.rpartition(":")[0],
        "port": ceph().endpoint.rpartition(":")[2],
        "access_key": ceph().access_key,
        "secret_key": ceph().secret_key,
        "theirs": str(home / "theirs"),
    }
    (old / ".env").write_text(ENV.format(**told))
    (old / "docker-compose.override.yml").write_text(COMPOSE)
    (old / "links.yml").write_text(LINKS.format(**told))
    (old / "planes.json").write_text(key_file(tokens.uri))
    (home / "shell" / "keys.json").write_text(keys())
    words = ["config", "import", ".env", "docker-compose.override.yml", "--data", str(home / "data"), "--apply"]
    taken = shell(words, old, {})
    assert taken.code == 0, taken.out + taken.err
    around = stack.enter_context(armed(home, MOORAGE_LINK_HOSTS_ALLOW="127.0.0.1", MOORAGE_DECODER_WORKERS="1"))
    facts = {
        "prefix": prefix,
        "around": around,
        "old": old,
        "taken": taken,
        "others": lambda: others.of("others"),
        **told,
    }
    return Operator(around.face, home / "shell", facts)


def _empty(stack: ExitStack, home: Path) -> Operator:
    """A server whose uploads go to Ceph by the role of its machine."""
    home.mkdir()
    prefix = f"own-{secrets.token_hex(4)}"
    vault = stack.enter_context(vault_of(ceph()))
    beside = stack.enter_context(Beside())
    metadata = beside.begin(imds(vault))
    stack.enter_context(_primary(f"{prefix}-public"))
    door = beside.begin(interop(ceph()))
    tides = stack.enter_context(kept_bucket(ceph()))
    s3 = admin(ceph())
    for key in ("dives/eel.jpg", "dives/2021/dive.mp4", "notes.csv"):
        s3.put_object(Bucket=tides, Key=key, Body=b"of the reef")
    s3.close()
    settings = {
        "MOORAGE_STORE_ENDPOINTS": f"{urlsplit(ceph().endpoint).netloc},{urlsplit(door.endpoint).netloc}",
        "MOORAGE_STORAGE_PREFIX": prefix,
        "STORAGE_PROVIDER": "minio",
        "STORAGE_ENDPOINT": ceph().endpoint,
        "STORAGE_IAM_ROLE": "media-server",
        "MOORAGE_AWS_METADATA_ENDPOINT": metadata.url,
        "MOORAGE_DECODER_WORKERS": "1",
    }
    server = stack.enter_context(Moorage(home / "data", settings))
    face = Face(server, server.token())
    lent = stack.enter_context(harbour(face))
    google = beside.begin(token_server())
    (home / "keys.json").write_text(keys())
    (home / "hmac.json").write_text('{"access_key": "access", "secret_key": "secret"}')
    (home / "account.key").write_text(azurite().secret_key)
    (home / "key.json").write_text(key_file(google.uri))
    facts = {
        "prefix": prefix,
        "metadata": metadata,
        "lent": lent,
        "door": door,
        "tides": tides,
        "gulf": stack.enter_context(google_bucket(fakegcs())),
        "blobs": stack.enter_context(container(azurite())),
        "reef": stack.enter_context(kept_bucket(ceph())),
    }
    return Operator(face, home, facts)


def keys() -> str:
    """A file with the keys of Ceph."""
    return json.dumps({"access_key": ceph().access_key, "secret_key": ceph().secret_key})


def listed(bucket: str) -> list[str]:
    """The keys of a bucket at Ceph, as another program sees them."""
    s3 = admin(ceph())
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    s3.close()
    return keys


@contextmanager
def _primary(bucket: str) -> Iterator[None]:
    """The bucket that uploads go to."""
    s3 = admin(ceph())
    s3.create_bucket(Bucket=bucket)
    try:
        yield
    finally:
        for one in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=one["Key"])
        s3.delete_bucket(Bucket=bucket)
        s3.close()
