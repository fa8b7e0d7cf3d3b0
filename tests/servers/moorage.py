"""Moorage itself, as a person starts it: a process on a free port, with a data directory of its own."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from moorage.admitting import add_token, find_user
from moorage.model.access import SYSTEM
from moorage.settings import Settings
from moorage.wiring import open_offline
from servers import warm

PASSWORD = "a password of the tests"
_SERVES = re.compile(r"Moorage serves (\S+)")
_LINK = re.compile(r"(https?://\S+)/sign-in/(\S+)")


@dataclass
class Moorage:
    """One server. ``settings`` are environment variables, such as MOORAGE_PUBLIC_URL."""

    data: Path
    settings: dict[str, str] = field(default_factory=dict)
    port: int = 0
    through: tuple[str, ...] = ()
    """Words before the command, such as a program that takes rights away and then becomes the server."""
    address: str = ""
    link: str = ""
    said: list[str] = field(default_factory=list)
    process: subprocess.Popen[str] | warm.Started | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Start and wait until it says where it is."""
        self.said.clear()
        with (self.data.parent / f"{self.data.name}.log").open("ab") as log:
            words = ["serve", "--port", str(self.port), "--data", str(self.data)]
            environment = clean_environment() | self.settings
            if self.through or not warm.is_ours(environment):
                self.process = subprocess.Popen(
                    [*self.through, sys.executable, "-m", "moorage", *words],
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    env=environment,
                    start_new_session=True,
                )
            else:
                self.process = warm.start(words, environment, stderr=log.fileno())
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            if found := _SERVES.search(line):
                self.address = found[1]
            if found := _LINK.search(line):
                self.link = found[2]
            if "Sign in" in line:
                break
        else:
            self.stop()  # an open pipe would be told as a fault of whichever test runs when it is collected
            raise AssertionError(f"It did not start: {self.said} {self.log()[-2000:]}")
        threading.Thread(target=self._drain, daemon=True).start()
        self.port = int(re.search(r":(\d+)", self.address.removeprefix("http").removeprefix("s"))[1])  # type: ignore[index]
        return self

    def _drain(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        self.said.extend(self.process.stdout)

    def stop(self, how: int = signal.SIGTERM) -> int:
        """End it; its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(timeout=30)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code

    def log(self) -> str:
        """All that it wrote to stderr."""
        return (self.data.parent / f"{self.data.name}.log").read_text(errors="replace")

    def run(
        self, *words: str, input_: str | None = None, check: bool = True, **settings: str
    ) -> subprocess.CompletedProcess[str]:
        """A command of the same program, on the same data directory and server."""
        environment = clean_environment() | self.settings
        environment |= {"MOORAGE_DATA": str(self.data), "MOORAGE_URL": self.address} | settings
        if warm.is_ours(environment):
            return warm.run(list(words), environment, input_=input_ or "", check=check, timeout=120)
        return subprocess.run(
            [sys.executable, "-m", "moorage", *words],
            env=environment,
            input=input_,
            capture_output=True,
            text=True,
            check=check,
            timeout=120,
        )

    def token(self, name: str = "tests", email: str = "admin@localhost") -> str:
        """A new token of a user, made on the data directory as ``moorage token add`` does, without its start."""
        settings = Settings.load({"data": self.data}, self.settings, self.data)

        async def make() -> str:
            async with open_offline(settings) as offline:
                person = await find_user(offline.door, SYSTEM, email)
                return (await add_token(offline.door, SYSTEM, name, user=person.id)).text

        with ThreadPoolExecutor(1) as thread:  # the caller's own may be running a loop
            return thread.submit(asyncio.run, make()).result()


def clean_environment() -> dict[str, str]:
    """The environment without anything that Moorage would read."""
    return {name: value for name, value in os.environ.items() if not name.startswith(warm.OURS)}


@dataclass
class Answer:
    """Status, headers (lower case) and body of one exchange."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def ask(method: str, url: str, body: Any = None, **headers: str) -> Answer:
    """One plain HTTP exchange, redirects not followed. ``body`` a dict: JSON; bytes: as they are."""
    data = json.dumps(body).encode() if isinstance(body, dict) else body
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if isinstance(body, dict):
        named["Content-Type"] = "application/json"
    request = urllib.request.Request(url, data, named, method=method)
    opener = urllib.request.build_opener(_Stay, urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=60) as response:
            return Answer(response.status, {k.lower(): v for k, v in response.headers.items()}, response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, {k.lower(): v for k, v in error.headers.items()}, error.read())
