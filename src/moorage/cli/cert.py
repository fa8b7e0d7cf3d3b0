"""`moorage cert`: a certificate authority of one's own for IAM Roles Anywhere, and what it issues. No server needed."""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Final

import typer

from moorage.cli.options import Json
from moorage.cli.printing import put, put_json, say
from moorage.model.errors import AlreadyExists, Invalid, Refused

if TYPE_CHECKING:
    from moorage.certificates import Issued

app = typer.Typer(help="Certificates for IAM Roles Anywhere, made on this machine.", no_args_is_help=True)
CA, CA_KEY = "ca.pem", "ca-private-key.pem"
LEAF, LEAF_KEY = "certificate.pem", "private-key.pem"
_LONGEST: Final = 256 * 1024

Out = Annotated[Path, typer.Option(help="The directory to write to.", metavar="DIR")]
Cn = Annotated[str, typer.Option(envvar="CN", help="The common name.", show_envvar=True)]
O = Annotated[str, typer.Option("--o", envvar="O", help="The organisation.", show_envvar=True)]  # noqa: E741 - its name
Ou = Annotated[str, typer.Option("--ou", envvar="OU", help="The organisational unit.", show_envvar=True)]
Days = Annotated[int, typer.Option(envvar="DURATION_DAYS", help="Until it ends.", show_envvar=True)]


@app.command("ca")
def ca(
    *,
    out: Out = Path(),
    days: Days = 3650,
    cn: Cn = "Moorage CA",
    o: O = "",
    ou: Ou = "",
    json: Json = False,
) -> None:
    """Make a certificate authority: its certificate goes into the trust anchor, its key stays with you."""
    certificates = _part()
    names = _free(out, CA, CA_KEY)
    made = certificates.make_authority(certificates.Subject(cn, o, ou), days=days)
    _write(made, *names)
    _tell(made, names, json=json)
    say(f"The CA {cn} ends on {made.ends:%Y-%m-%d}.")
    say("")
    _explain(
        (names[0], "goes into the trust anchor at AWS as PEM text, BEGIN and END lines too;"),
        ("", "it is no certificate for a store, where Roles Anywhere refuses it"),
        (names[1], "goes nowhere: whoever has it can issue certificates. Keep it off servers"),
    )
    say("")
    say("Next:")
    say("  aws rolesanywhere create-trust-anchor --name moorage --enabled \\")
    say(f'    --source "sourceType=CERTIFICATE_BUNDLE,sourceData={{x509CertificateData=$(cat {names[0]})}}"')
    say(f"  moorage cert leaf --ca {out}")


@app.command("leaf")
def leaf(
    *,
    ca: Annotated[
        Path, typer.Option(help="The directory of `cert ca`, or the CA's certificate as a file.", metavar="DIR|FILE")
    ] = Path(),
    ca_key: Annotated[
        Path | None, typer.Option(help="The CA's key, where --ca is a file that does not hold it.", metavar="FILE")
    ] = None,
    out: Out = Path(),
    days: Days = 365,
    cn: Cn = "moorage",
    o: O = "",
    ou: Ou = "",
    json: Json = False,
) -> None:
    """Issue a certificate with its key: these two go into the store's credentials."""
    certificates = _part()
    authority, key = (ca / CA, ca_key or ca / CA_KEY) if ca.is_dir() else (ca, ca_key or ca)
    names = _free(out, LEAF, LEAF_KEY)
    made = certificates.issue(_read(authority), _read(key), certificates.Subject(cn, o, ou), days=days)
    _write(made, *names)
    _tell(made, names, json=json)
    say(f"The certificate of {cn} ends on {made.ends:%Y-%m-%d}. Issue the next one before.")
    say("")
    _explain(
        (names[0], "goes into the field for the certificate"),
        (names[1], "goes into the field for the private key; remove the file then, Moorage keeps it sealed"),
    )
    say("")
    say("Next: add the store, with the ARNs of trust anchor, profile and role, in the tab Certificate of Add a store;")
    say(f"the role's trust policy may ask for this name: aws:PrincipalTag/x509Subject/CN = {cn}")


def _part() -> ModuleType:
    try:
        from moorage import certificates
    except ModuleNotFoundError as exc:
        raise Refused(
            f"Certificates need the server part, and {exc.name} is not installed. Nothing was made.",
            "Run: pip install 'moorage[server]'",
        ) from exc
    return certificates


def _free(out: Path, *names: str) -> tuple[Path, Path]:
    """The files to write. Raises AlreadyExists where one of them is there: a key that is lost cannot be made again."""
    certificate, key = (out / name for name in names)
    for path in (certificate, key):
        if os.path.lexists(path):
            raise AlreadyExists(
                f"{path} is there already. Nothing was made.", "Name another directory with --out, or move it away."
            )
    return certificate, key


def _write(made: Issued, certificate: Path, key: Path) -> None:
    try:
        certificate.parent.mkdir(parents=True, exist_ok=True)
        _create(key, made.private_key, 0o600)
        _create(certificate, made.certificate, 0o644)
    except OSError as exc:
        raise Invalid(
            f"{exc.filename} cannot be written: {exc.strerror}.", "Name another directory with --out.", field="out"
        ) from exc


def _create(path: Path, text: str, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_LONGEST)
    except OSError as exc:
        raise Invalid(
            f"{path} cannot be read: {exc.strerror}. Nothing was made.",
            f"Name the directory with {CA} and {CA_KEY} by --ca, or the two files by --ca and --ca-key.",
            field="ca",
        ) from exc
    return data.decode("latin-1")


def _explain(*lines: tuple[Path | str, str]) -> None:
    width = max(len(str(name)) for name, _ in lines)
    for name, where in lines:
        say(f"  {name!s:<{width}}  {where}")


def _tell(made: Issued, names: tuple[Path, Path], *, json: bool) -> None:
    if json:
        put_json({"certificate": str(names[0]), "private_key": str(names[1]), "ends": made.ends})
        return
    for name in names:
        put(str(name))
