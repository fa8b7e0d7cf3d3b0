"""`moorage deploy`: configuration of what stands in front of Moorage. No server needed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from moorage.cli.offline import on_settings
from moorage.cli.options import Data
from moorage.cli.printing import put, say
from moorage.cli.session import server_part, settings_of
from moorage.model.errors import AlreadyExists, Invalid

app = typer.Typer(help="Configuration of what stands in front of Moorage.", no_args_is_help=True)


@app.callback()
def _deploy() -> None:
    pass


@app.command("nginx")
def nginx(
    *,
    certificate: Annotated[str, typer.Option(metavar="FILE", help="For https: the certificate with its chain.")] = "",
    key: Annotated[str, typer.Option(metavar="FILE", help="For https: the certificate's private key.")] = "",
    listen: Annotated[str, typer.Option(help="What nginx listens on; default 443 with a certificate, else 80.")] = "",
    cache: Annotated[str, typer.Option(metavar="DIR", help="Where nginx keeps answers.")] = "/var/cache/nginx/moorage",
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it there, for nobody else to read.")] = None,
    data: Data = None,
) -> None:
    """Print the configuration of an nginx that keeps answers, and hands none out without asking."""
    fronting = server_part("moorage.wiring.fronting")
    deploying = server_part("moorage.deploying")

    async def made(offline: object) -> str:
        front = fronting.front_of(offline, cache=cache, certificate=certificate, certificate_key=key, listen=listen)
        text = str(deploying.nginx(front))
        for doubt in fronting.doubts(front):
            say(f"Warning: {doubt}")
        return text

    text = on_settings(settings_of(data=data), made)
    if out is None:
        put(text.rstrip("\n"))
        return
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as exc:
        raise AlreadyExists(f"{out} exists. Nothing was written.", "Remove it, or name another file.") from exc
    except OSError as exc:
        raise Invalid(f"{out} cannot be written: {exc.strerror}.", "Name another file.", field="out") from exc
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - it is open already
        file.write(text)
    say(f"Written to {out}. Next: nginx -t && nginx -s reload")
