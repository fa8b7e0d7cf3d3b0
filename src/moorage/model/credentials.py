"""Credentials by kind. They are sealed at rest and never appear in a repr, log or answer."""

from __future__ import annotations

from dataclasses import dataclass, field

from moorage.model.sas import expiry_ms


@dataclass(frozen=True, slots=True)
class Anonymous:
    """No credentials: public buckets, disks."""

    kind: str = field(default="anonymous", init=False)


@dataclass(frozen=True, slots=True)
class Keys:
    """Access key and secret of the S3 family, with a session token where they are temporary."""

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)
    kind: str = field(default="keys", init=False)


@dataclass(frozen=True, slots=True)
class AccountKey:
    """Name and key of an Azure storage account; it may do everything there."""

    account: str
    key: str = field(repr=False)
    """Base64, as the portal shows it."""
    kind: str = field(default="account_key", init=False)


@dataclass(frozen=True, slots=True)
class Sas:
    """A shared access signature of Azure: what it may do stands in the token itself.

    ``token`` is taken as people have it: with or without ``?``, as a whole URL, or as a connection string.
    ``account`` may be empty where the token or the connection's endpoint names it.
    """

    account: str
    token: str = field(repr=False)
    kind: str = field(default="sas", init=False)

    @property
    def expires_ms(self) -> int | None:
        """When it ends (Unix milliseconds); None where it does not say, as with a stored access policy."""
        return expiry_ms(self.token)


@dataclass(frozen=True, slots=True)
class ConnectionString:
    """A connection string of Azure, as the portal shows it: ``AccountName=...;AccountKey=...``."""

    value: str = field(repr=False)
    kind: str = field(default="connection_string", init=False)

    @property
    def expires_ms(self) -> int | None:
        """When the signature in it ends; None where it holds a key, which does not end."""
        return expiry_ms(self.value)


@dataclass(frozen=True, slots=True)
class ServicePrincipal:
    """An application of Microsoft Entra ID that signs in with its own secret."""

    tenant: str
    """Id or domain of the directory."""
    client: str
    secret: str = field(repr=False)
    authority: str = ""
    """URL of the sign-in service; empty: the one that belongs to the endpoint's cloud."""
    kind: str = field(default="service_principal", init=False)


@dataclass(frozen=True, slots=True)
class Hmac:
    """Access id and secret of Google's interoperability keys, which speak the S3 dialect."""

    access_key: str
    secret_key: str = field(repr=False)
    kind: str = field(default="hmac", init=False)


@dataclass(frozen=True, slots=True)
class Role:
    """A role that is taken instead of keys; without ``role_arn`` the one that this machine has anyway."""

    role_arn: str = ""
    external_id: str = field(default="", repr=False)
    kind: str = field(default="role", init=False)


@dataclass(frozen=True, slots=True)
class RolesAnywhere:
    """A role of AWS that is taken with an X.509 certificate: IAM Roles Anywhere.

    Certificate, key and chain are PEM text by the time they are kept, whatever form they were given in.
    """

    trust_anchor_arn: str
    profile_arn: str
    role_arn: str
    certificate: str
    """The end-entity certificate: the one that the CA issued, never the CA's own."""
    private_key: str = field(repr=False)
    chain: str = ""
    """Intermediates between certificate and root, without the root."""
    passphrase: str = field(default="", repr=False)
    kind: str = field(default="roles_anywhere", init=False)


@dataclass(frozen=True, slots=True)
class Process:
    """Keys that a program prints: hardware tokens, key stores. Only settings name programs; this holds the name."""

    name: str
    kind: str = field(default="process", init=False)


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A service account of Google by its key file: ``json`` is the file's text, not its path."""

    json: str = field(repr=False)
    kind: str = field(default="service_account", init=False)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """There were credentials, until a reset of the key took them away: a store with these cannot be opened."""

    kind: str = field(default="forgotten", init=False)


Azure = AccountKey | Sas | ConnectionString | ServicePrincipal
Google = Hmac | ServiceAccount
Credentials = Anonymous | Keys | Role | RolesAnywhere | Process | Azure | Google | Forgotten
