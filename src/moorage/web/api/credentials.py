"""Credentials as requests bring them, by kind. They go in only: no answer ever holds one."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, SecretStr
from starlette.concurrency import run_in_threadpool

from moorage.model.access import Principal
from moorage.model.access import Role as Rank
from moorage.model.credentials import (
    AccountKey,
    Anonymous,
    ConnectionString,
    Credentials,
    Hmac,
    Keys,
    Process,
    Role,
    RolesAnywhere,
    Sas,
    ServiceAccount,
    ServicePrincipal,
)
from moorage.model.errors import Invalid
from moorage.registering.certified import certified
from moorage.registering.keyfile import read_key_file
from moorage.web.api.bodies import Body

NONE: Final = SecretStr("")
_FORMS: Final = "PEM, base64 of PEM, base64 of DER, or base64 of PKCS#12 with its passphrase."


def _text(value: Any) -> Any:
    """A JSON object as its text: the file of a service account may be sent as it is."""
    return json.dumps(value) if isinstance(value, dict) else value


class AnonymousBody(Body):
    """No credentials: public buckets, disks."""

    kind: Literal["anonymous"] = "anonymous"

    def credentials(self) -> Credentials:
        """What they are inside."""
        return Anonymous()


class KeysBody(Body):
    """Access key and secret of the S3 family."""

    kind: Literal["keys"]
    access_key: str = Field(min_length=1, examples=["AKIAIOSFODNN7EXAMPLE"])
    secret_key: SecretStr = Field(min_length=1)
    session_token: SecretStr = Field(default=NONE, description="Only with temporary keys.")

    def credentials(self) -> Credentials:
        """What they are inside."""
        return Keys(self.access_key, shown(self.secret_key), shown(self.session_token))


class RoleBody(Body):
    """A role in place of keys; without ``role_arn`` the one that the server's machine has anyway."""

    kind: Literal["role"]
    role_arn: str = Field(default="", examples=["arn:aws:iam::111122223333:role/media-reader"])
    external_id: SecretStr = Field(default=NONE, description="Where the role's trust policy asks for one.")

    def credentials(self) -> Credentials:
        """What they are inside."""
        return Role(self.role_arn.strip(), shown(self.external_id))


class RolesAnywhereBody(Body):
    """A role of AWS that is taken with a certificate: IAM Roles Anywhere."""

    kind: Literal["roles_anywhere"]
    trust_anchor_arn: str = Field(min_length=1)
    profile_arn: str = Field(min_length=1)
    role_arn: str = Field(min_length=1)
    certificate: SecretStr = Field(
        min_length=1, description=f"The certificate that the CA issued, never the CA's own. {_FORMS}"
    )
    private_key: SecretStr = Field(default=NONE, description="Of that certificate; empty where PKCS#12 holds it.")
    chain: SecretStr = Field(default=NONE, description="Intermediate certificates, without the root.")
    passphrase: SecretStr = NONE

    def credentials(self) -> Credentials:
        """What they are inside."""
        return RolesAnywhere(
            trust_anchor_arn=self.trust_anchor_arn.strip(),
            profile_arn=self.profile_arn.strip(),
            role_arn=self.role_arn.strip(),
            certificate=shown(self.certificate),
            private_key=shown(self.private_key),
            chain=shown(self.chain),
            passphrase=shown(self.passphrase),
        )


class ProcessBody(Body):
    """Keys that a program of the server prints. The server's settings name the programs."""

    kind: Literal["process"]
    name: str = Field(min_length=1, examples=["hardware-token"])

    def credentials(self) -> Credentials:
        """What they are inside."""
        return Process(self.name)


class AccountKeyBody(Body):
    """Name and key of an Azure storage account."""

    kind: Literal["account_key"]
    account: str = Field(default="", description="Empty where the endpoint names it.", examples=["reefmedia"])
    key: SecretStr = Field(min_length=1)

    def credentials(self) -> Credentials:
        """What they are inside."""
        return AccountKey(self.account.strip(), shown(self.key))


class SasBody(Body):
    """A shared access signature of Azure."""

    kind: Literal["sas"]
    account: str = Field(default="", description="Empty where endpoint or token name it.", examples=["reefmedia"])
    token: SecretStr = Field(
        min_length=1, description="With or without its question mark, a whole URL, or a connection string."
    )

    def credentials(self) -> Credentials:
        """What they are inside."""
        return Sas(self.account.strip(), shown(self.token))


class ConnectionStringBody(Body):
    """A connection string of Azure, with a key or a SAS in it."""

    kind: Literal["connection_string"]
    value: SecretStr = Field(min_length=1)

    def credentials(self) -> Credentials:
        """What they are inside."""
        return ConnectionString(shown(self.value))


class ServicePrincipalBody(Body):
    """An application of Microsoft Entra ID."""

    kind: Literal["service_principal"]
    tenant: str = Field(min_length=1, examples=["reef.onmicrosoft.com"])
    client: str = Field(min_length=1, examples=["11112222-3333-4444-5555-666677778888"])
    secret: SecretStr = Field(min_length=1)
    authority: str = Field(default="", description="URL of the sign-in service; empty: that of the endpoint's cloud.")

    def credentials(self) -> Credentials:
        """What they are inside."""
        return ServicePrincipal(self.tenant, self.client, shown(self.secret), self.authority)


class ServiceAccountBody(Body):
    """A service account of Google, by the JSON file of its key."""

    kind: Literal["service_account"]
    text: Annotated[SecretStr, BeforeValidator(_text)] = Field(
        default=NONE, alias="json", description="What the file holds, as text or as the JSON object that it is."
    )
    path: str = Field(
        default="", description="Or the file's path on the server, which reads it once; for admins.", examples=[""]
    )


class HmacBody(Body):
    """Access id and secret of Google's interoperability keys."""

    kind: Literal["hmac"]
    access_key: str = Field(min_length=1, examples=["GOOG1EXAMPLE"])
    secret_key: SecretStr = Field(min_length=1)

    def credentials(self) -> Credentials:
        """What they are inside."""
        return Hmac(self.access_key, shown(self.secret_key))


Given = (
    AnonymousBody | KeysBody | RoleBody | RolesAnywhereBody | ProcessBody | AccountKeyBody | SasBody
    | ConnectionStringBody | ServicePrincipalBody | ServiceAccountBody | HmacBody
)  # fmt: skip
CredentialsBody = Annotated[Given, Field(discriminator="kind")]


async def credentials_of(given: Given, asker: Principal) -> Credentials:
    """The credentials that a body holds, certificates as PEM. Raises Invalid, naming the field and showing nothing.

    A file of the server is read for admins only; Forbidden for others.
    """
    if isinstance(given, ServiceAccountBody):
        return ServiceAccount(await _key_file(given, asker))
    credentials = given.credentials()
    return await run_in_threadpool(certified, credentials) if isinstance(credentials, RolesAnywhere) else credentials


def shown(secret: SecretStr) -> str:
    """The secret itself."""
    return secret.get_secret_value()


async def _key_file(given: ServiceAccountBody, asker: Principal) -> str:
    text = shown(given.text)
    if bool(text) is bool(given.path):
        raise Invalid(
            "A service account comes by the text of its key file, or by that file's path on the server: one of them. "
            "Nothing was changed.",
            "Give json, or path.",
            field="credentials.json",
        )
    if text:
        return text
    asker.need_everywhere(Rank.ADMIN)
    return await run_in_threadpool(read_key_file, given.path)
