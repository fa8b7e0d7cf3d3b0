"""Every way in which a secret is handed to a server, or by it: credentials, bodies, lists, loans, sign-ins."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from servers import azurite, ceph, fakegcs
from servers.moorage import Answer, ask
from stores.authorities import holder
from stores.azure_container import account_sas, container_sas
from stores.google_tokens import key_file
from stores.oauth import CLIENT, SECRET, TENANT
from web.armed import EXTERNAL_ID, MEDIA, Armed, armed
from web.clouds import container, google_bucket
from web.hoard import Hoard
from web.lent import secrets_in
from web.linked import Linked
from web.places import Bucket

SHUT = "http://127.0.0.1:9"
"""Nothing listens there."""


def random_(what: str) -> str:
    """A secret with letters that are spelled otherwise in URLs, JSON and HTML."""
    return f"{what}-{secrets.token_hex(8)}+/&{secrets.token_hex(8)}="


@dataclass
class World:
    """A server, the secrets that it was told or told itself, and its answers, in which none may stand."""

    armed: Armed
    bucket: Bucket
    blobs: str
    media: str
    hoard: Hoard
    said: dict[str, bytes] = field(default_factory=dict)
    stores: dict[str, str] = field(default_factory=dict)
    """Names of those that were registered, by kind of credentials."""
    cookie: str = ""
    """Of a session of the admin."""

    @property
    def canary(self) -> str:
        """A text that is no secret and stands everywhere: the name of a store."""
        return self.stores["service_account"]

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """An exchange whose answer may hold no secret."""
        answer = self.armed.face(method, path, body, **headers)
        self.note(f"{method} {path.partition('?')[0]}", answer)
        return answer

    def note(self, what: str, answer: Answer) -> None:
        """Keep an answer."""
        head = "".join(f"{name}: {value}\n" for name, value in answer.headers.items() if name != "set-cookie")
        self.said[f"{what} #{len(self.said)}"] = head.encode() + answer.body

    def add(self, provider: str, bucket: str, endpoint: str, credentials: dict[str, Any], **more: Any) -> Answer:
        """Register a store."""
        kind = f"{credentials['kind']}-{len(self.said)}".replace("_", "-")
        wish = {"name": kind, "provider": provider, "bucket": bucket, "endpoint": endpoint, **more}
        answer = self.ask("POST", "/api/v1/stores", {**wish, "credentials": credentials})
        if answer.status == 201:
            self.stores.setdefault(credentials["kind"], kind)
        return answer


@contextmanager
def world_in(home: Path) -> Iterator[World]:
    """One in ``home``, whose file and environment declare connections with secrets as well."""
    hoard, server, data = Hoard(), ceph(), home / "data"
    hoard.add("secret key of Ceph", server.secret_key)
    data.mkdir()
    declared = f"endpoint: {server.endpoint}\n  access_key: declared\n"
    links = f"lab:\n  provider: minio\n  {declared}  secret_key: '{hoard.add('remote_links.yml', random_('file'))}'\n"
    (data / "remote_links.yml").write_text(links)
    (data / "remote_links.yml").chmod(0o600)
    settings = {
        "REMOTE_STORAGE_PROVIDER": "minio",
        "REMOTE_STORAGE_ENDPOINT": server.endpoint,
        "REMOTE_STORAGE_ACCESS_KEY": "declared",
        "REMOTE_STORAGE_SECRET_KEY": hoard.add("environment", random_("environment")),
    }
    bucket = Bucket(server)
    bucket.put("2021/a.jpg", "2021/b.jpg")
    try:
        with container(azurite()) as blobs, google_bucket(fakegcs()) as media, armed(home, **settings) as running:
            hoard.add("token of the API", running.face.token)
            yield World(running, bucket, blobs, media, hoard)
    finally:
        bucket.remove()


def hand_credentials(world: World) -> None:
    """Stores of every kind of credentials that work."""
    hoard, armed, server = world.hoard, world.armed, ceph()
    given = armed.vault.mint(900)
    keys = {"kind": "keys", "access_key": given.access_key, "secret_key": given.secret_key}
    locked, leaf = hoard.add("passphrase", random_("passphrase")), holder("boat", armed.root)
    hoard.add_pem("private key of a certificate", leaf.key_pem)
    sealed = leaf.pkcs12(locked)
    hoard.add("PKCS#12", base64.b64encode(sealed).decode()[200:260])
    service_account = key_file(armed.google.uri)
    hoard.add_pem("private key of Google", json.loads(service_account)["private_key"])
    azure, azure_key = azurite(), hoard.add("account key", azurite().secret_key)
    sas = [container_sas(azure, world.blobs, "rl"), account_sas(azure, "rwlcd")]
    for token in sas:
        hoard.add("SAS", token.rpartition("sig=")[2])
    named = f"AccountName={azure.access_key};AccountKey={azure_key}"
    whole = f"DefaultEndpointsProtocol=http;{named};BlobEndpoint={azure.endpoint}"
    hoard.add("printed secret", armed.printed["SecretAccessKey"])
    hoard.add("printed token", armed.printed["SessionToken"])
    on_ceph: list[dict[str, Any]] = [
        world.bucket.keys()["credentials"],
        keys | {"session_token": given.token},
        {"kind": "role"},
        {"kind": "role", "role_arn": MEDIA, "external_id": hoard.add("external id", EXTERNAL_ID)},
        {"kind": "process", "name": "token"},
        armed.certified(leaf),
        armed.certified(leaf, certificate=base64.b64encode(sealed).decode(), private_key="", passphrase=locked),
    ]
    added = [world.add("s3", world.bucket.name, server.endpoint, one) for one in on_ceph]
    on_azure: list[dict[str, Any]] = [
        {"kind": "account_key", "account": azure.access_key, "key": azure_key},
        *({"kind": "sas", "token": token} for token in sas),
        {"kind": "connection_string", "value": whole},
    ]
    added += [
        world.add("azure", world.blobs, "" if one["kind"] == "connection_string" else azure.endpoint, one)
        for one in on_azure
    ]
    google = {"kind": "service_account", "json": service_account}
    added.append(world.add("google", world.media, fakegcs().endpoint, google))
    assert [(got.status, got.body) for got in added if got.status != 201] == []


def hand_wrong_credentials(world: World) -> None:
    """Probes that fail, bodies that are refused, stores that are registered by force, and a replacement."""
    hoard, armed = world.hoard, world.armed
    wrong = {"kind": "keys", "access_key": "access", "secret_key": hoard.add("wrong secret", random_("wrong"))}
    assert world.add("s3", world.bucket.name, ceph().endpoint, wrong).status == 422
    assert world.add("s3", world.bucket.name, SHUT, wrong).status == 422
    forced: list[tuple[str, str, dict[str, Any]]] = [
        ("s3", SHUT, wrong | {"session_token": hoard.add("session token", random_("session"))}),
        ("google", SHUT, {"kind": "hmac", "access_key": "GOOG1E", "secret_key": hoard.add("HMAC", random_("hmac"))}),
        (
            "azure",
            "https://127.0.0.1:9/reefs",
            {"kind": "service_principal", "tenant": TENANT, "client": CLIENT, "secret": SECRET + random_("principal")},
        ),
    ]
    hoard.add("secret of an application", forced[2][2]["secret"])
    forced[2][2]["authority"] = armed.sign_in.authority
    for provider, endpoint, credentials in forced:
        got = world.add(provider, "reef", endpoint, credentials, force=True)
        assert got.status == 201, got.body
    path = f"/api/v1/stores/{world.stores['keys']}"
    again = armed.vault.mint(900)
    assert world.ask("PATCH", path, {"credentials": wrong}).status == 422
    keys = {"kind": "keys", "access_key": again.access_key, "secret_key": again.secret_key}
    assert world.ask("PATCH", path, {"credentials": keys | {"session_token": again.token}}).status == 200
    odd = hoard.add("in an odd place", random_("odd"))
    for body in (
        {"name": "odd", "provider": "s3", "bucket": "reef", "credentials": odd},
        {"name": "odd", "provider": "s3", "bucket": "reef", "credentials": {"kind": odd}},
        {"name": "odd", "provider": "s3", "bucket": "reef", "credentials": {"kind": "keys", "access_key": [odd]}},
        {"name": "odd", "provider": "s3", "bucket": "reef", "credentials": wrong | {"more": odd}},
        {"name": "odd", "provider": "s3", "bucket": "reef", "credentials": wrong | {"secret_key": {"a": odd}}},
        {"name": "odd", "provider": "s3", "bucket": "reef", "endpoint": f"https://me:{odd}@s3.example.org"},
        {"name": "odd", "provider": "s3", "bucket": "reef", "endpoint": f"https://s3.example.org?sig={odd}"},
        {"name": "odd", "provider": "azure", "bucket": "reef", "credentials": {"kind": "sas", "token": f"sig={odd}"}},
        {
            "name": "odd",
            "provider": "google",
            "bucket": "reef",
            "credentials": {"kind": "service_account", "json": odd},
        },
        {"name": "odd", "provider": "s3", "bucket": "reef", "credentials": armed.certified(armed.root, chain=odd)},
        f'{{"name": "odd", "secret_key": "{odd}"'.encode(),
    ):
        assert world.ask("POST", "/api/v1/stores", body, Content_Type="application/json").status == 400, body


def hand_addresses(world: World) -> tuple[str, str]:
    """Places to show and lists of links, with secrets where none belongs; a project and an import."""
    hoard, address = world.hoard, f"{world.bucket.address}/2021/"
    shown = world.ask("POST", "/api/v1/mirrors", {"address": address, **world.bucket.keys()})
    assert shown.status == 202, shown.body
    world.armed.face.wait(shown.json["job"])
    password, signature = hoard.add("password in a URL", random_("password")), hoard.add("in a URL", random_("signed"))
    for wrong in (
        {"address": f"https://me:{password}@s3.example.org/reef"},
        {"address": f"{address}?X-Amz-Signature={signature}"},
        {"address": address, **world.bucket.keys(secret_key=hoard.add("wrong key of a mirror", random_("mirror")))},
    ):
        assert world.ask("POST", "/api/v1/mirrors", wrong).status in (400, 422)
    linked = Linked.made(world.armed.face)
    lines = (
        f"s3://{world.bucket.name}/2021/a.jpg\nhttps://media.example.org/a.jpg?sig={signature}&x=1\n"
        f"https://me:{password}@media.example.org/a.jpg\nhttps://x.example.org/b.jpg?a=1&X-Amz-Signature={signature}\n"
    )
    done = linked.done(linked.send(lines))
    assert done["counts"] == {"linked": 1, "refused": 3}, done
    return linked.project, done["id"]


def borrow(world: World) -> None:
    """Loans of every provider; only the answer to who asked holds what they open."""
    wishes = {
        "keys": {"action": "read", "prefix": "2021/", "keys": ["2021/a.jpg"]},
        "account_key": {"action": "read", "prefix": "2021/", "keys": ["2021/a.txt"]},
        "service_account": {"action": "read", "prefix": "2021/", "keys": ["2021/a.txt"]},
    }
    for kind, wish in wishes.items():
        got = world.armed.face("POST", f"/api/v1/stores/{world.stores[kind]}/loans", wish)
        assert got.status == 201, got.body
        for secret in secrets_in(got.json):
            world.hoard.add(f"loan of {kind}", secret)
    sts = {"loan_role_arn": world.armed.vault.role, "read_only": False}
    lender = world.add("s3", world.bucket.name, ceph().endpoint, world.bucket.keys()["credentials"], **sts)
    got = world.armed.face("POST", f"/api/v1/stores/{lender.json['name']}/loans", {"action": "write", "prefix": "in/"})
    assert got.status == 201, got.body
    for secret in secrets_in(got.json):
        world.hoard.add("loan by a role", secret)


def sign_in(world: World) -> str:
    """Passwords, links, sessions, tokens and signed URLs, good and bad; a session's cookie."""
    server, hoard = world.armed.face.server, world.hoard
    link, chosen = hoard.add("sign-in link", server.link), hoard.add("password", random_("chosen"))
    entered = ask("POST", f"{server.address}/sign-in/{link}", b"", Origin=server.address)
    cookie = entered.headers["set-cookie"].partition(";")[0]
    hoard.add("session", cookie.partition("=")[2])
    form = urlencode({"password": chosen, "again": chosen}).encode()
    typed = {"Origin": server.address, "Cookie": cookie, "Content_Type": "application/x-www-form-urlencoded"}
    changed = ask("POST", f"{server.address}/password", form, **typed)
    if "set-cookie" in changed.headers:
        cookie = changed.headers["set-cookie"].partition(";")[0]
        hoard.add("session", cookie.partition("=")[2])
    world.note("password", changed)
    world.note("password", ask("POST", f"{server.address}/password", urlencode({"password": chosen}).encode(), **typed))
    wrong = {"email": "admin@localhost", "password": hoard.add("wrong password", random_("password"))}
    world.note("sign-in", ask("POST", f"{server.address}/api/v1/sign-in", wrong))
    bearer = hoard.add("wrong bearer", random_("bearer"))
    world.note("bearer", ask("GET", f"{server.address}/api/v1/stores", Authorization=f"Bearer {bearer}"))
    for item in world.armed.face("GET", "/api/v1/projects").json["projects"]:
        rows = world.armed.face("GET", f"/api/v1/projects/{item['id']}/items?limit=1").json["items"]
        for row in rows:
            url = world.armed.face("POST", f"/api/v1/items/{row['id']}/url", {}).json["url"]
            hoard.add("signed URL", url.rpartition("=")[2])
            world.note("signed content", ask("GET", url))
    return cookie


def end_world(world: World) -> None:
    """Remember what the small servers handed out meanwhile."""
    armed, hoard = world.armed, world.hoard
    for secret in (
        *filter(None, armed.vault.secrets()),
        *armed.metadata.tokens,
        *armed.google.issued,
        *armed.sign_in.given,
    ):
        hoard.add("of a sign-in service", secret)
    for key in (armed.face.server.data / "secret.key").read_text().split():
        hoard.add("key of the installation", key)
    bearer = (armed.face.server.data / "moorage.lock").read_text().splitlines()[3]
    hoard.add("bearer of the machine", bearer)
