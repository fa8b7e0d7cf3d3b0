"""Where the credentials of a store come from: a file, stdin, settings, a prompt; never an argument."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from moorage.cli.keyfiles import azure_secret, credentials_in, keys_for
from moorage.model.credentials import Anonymous, Credentials, Role
from moorage.model.errors import Invalid

if TYPE_CHECKING:
    from moorage.client import AnyCredentials
    from moorage.settings import Settings

MACHINE: Final = "machine"
"""What ``--role`` says for the role that the server's machine has anyway."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the options of a command say about credentials."""

    anonymous: bool = False
    access_key: str | None = None
    account: str | None = None
    secret_stdin: bool = False
    file: Path | None = None
    role: str | None = None
    external_id: str | None = None

    @property
    def anything(self) -> bool:
        """Whether they say anything at all."""
        said = (self.access_key, self.account, self.file, self.role, self.external_id)
        return self.anonymous or self.secret_stdin or any(one is not None for one in said)


def credentials_of(settings: Settings, given: Given, provider: str = "s3") -> AnyCredentials:
    """The credentials to register: what the options say, else the settings, else prompts on a terminal.

    An empty first answer at a prompt means a public bucket. Raises: Invalid where something is missing.
    """
    if given.anonymous:
        return Anonymous()
    if given.role is not None or given.external_id is not None:
        return Role("" if given.role in (None, MACHINE) else given.role or "", given.external_id or "")
    if given.file is not None:
        return credentials_in(given.file, provider, given.account or settings.store_account or "")
    if not given.anything and settings.store_credentials is not None:
        return credentials_in(settings.store_credentials, provider, settings.store_account or "")
    ask = _of_azure if provider == "azure" else _of_google if provider == "google" else _of_keys
    return ask(settings, given, provider)


def _of_keys(settings: Settings, given: Given, provider: str) -> Credentials:
    """Access key and secret, as S3 and Google's HMAC have them."""
    name = given.access_key or _secret(settings, "store_access_key")
    if given.secret_stdin:
        if not name:
            raise Invalid("--secret-stdin needs the access key too.", "Add --access-key.", field="access_key")
        return keys_for(provider, name, _line())
    secret = _secret(settings, "store_secret_key")
    if name and secret:
        return keys_for(provider, name, secret, _secret(settings, "store_session_token"))
    _need_terminal("--access-key with --secret-stdin, or the variables MOORAGE_STORE_ACCESS_KEY and ")
    name = name or typer.prompt("Access key (empty: a public bucket)", default="", show_default=False, err=True).strip()
    if not name:
        return Anonymous()
    return keys_for(provider, name, typer.prompt("Secret key", hide_input=True, err=True))


def _of_google(settings: Settings, given: Given, provider: str) -> AnyCredentials:
    """An HMAC key where one is named; else the key file of a service account."""
    if given.access_key or given.secret_stdin or settings.store_access_key:
        return _of_keys(settings, given, provider)
    if not sys.stdin.isatty():
        raise _none_given("--credentials KEY.json, or --access-key with --secret-stdin for an HMAC key")
    said = typer.prompt("Key file of a service account (empty: public)", default="", show_default=False, err=True)
    return credentials_in(Path(said.strip()).expanduser(), provider) if said.strip() else Anonymous()


def _of_azure(settings: Settings, given: Given, provider: str) -> Credentials:
    """An account's key, a SAS or a connection string: which of them, the secret itself shows."""
    del provider
    account = given.account or settings.store_account or ""
    if given.secret_stdin:
        return _told_azure(_line(), account, "secret_stdin")
    secret = _secret(settings, "store_secret_key")
    if secret:
        return _told_azure(secret, account, "MOORAGE_STORE_SECRET_KEY")
    _need_terminal("--account with --secret-stdin, or the variables MOORAGE_STORE_ACCOUNT and ")
    asked = "Account key, SAS token or connection string (empty: a public container)"
    text = typer.prompt(asked, default="", show_default=False, hide_input=True, err=True).strip()
    return _told_azure(text, account, "credentials") if text else Anonymous()


def _told_azure(text: str, account: str, field: str) -> Credentials:
    found = azure_secret(text, account)
    if found is None:
        raise Invalid(
            "That is neither a SAS token nor a connection string, and for the key of an account its name is missing.",
            "Add --account NAME.",
            field=field,
        )
    return found


def _need_terminal(instead: str) -> None:
    if not sys.stdin.isatty():
        raise _none_given(f"{instead}MOORAGE_STORE_SECRET_KEY")


def _none_given(instead: str) -> Invalid:
    return Invalid(
        "No credentials were given for the bucket. Nothing was made.",
        f"Give --anonymous, --credentials FILE, {instead}.",
        field="credentials",
    )


def _secret(settings: Settings, field: str) -> str:
    value = getattr(settings, field)
    return value.get_secret_value() if value is not None else ""


def _line() -> str:
    secret = sys.stdin.readline().strip()
    if not secret:
        raise Invalid("stdin holds no secret.", "Pipe the secret into the command.", field="secret_stdin")
    return secret
