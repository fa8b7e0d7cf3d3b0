"""The demo's server: started, watched, and started again where somebody killed it, as a service manager would."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from home import Home

LINK: Final = re.compile(r"https?://\S+/sign-in/\S+")
ADDRESS: Final = re.compile(r"Moorage serves (\S+)")
STOP_S: Final = 20.0
STEADY_S: Final = 3.0
"""A server that is killed sooner than that is not started again: something else is wrong."""
_SETTINGS: Final = ("MOORAGE_", "STORAGE_", "REMOTE_STORAGE_", "CACHE_", "DATA_PATH")


@dataclass
class Server:
    """One server on one port. ``link`` signs in once; it is empty where an admin has a password."""

    home: Home
    host: str
    port: int
    public_url: str
    link: str = ""
    address: str = ""
    _process: subprocess.Popen[str] | None = None
    _began: float = field(default_factory=time.monotonic)

    def start(self) -> None:
        """Start it and wait until it says where it is. SystemExit with its last words when it does not."""
        command = [sys.executable, "-m", "moorage", "serve", "--host", self.host, "--port", str(self.port)]
        self._began = time.monotonic()
        with self.home.console.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own server
                [*command, "--data", str(self.home.data)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,  # Ctrl-C comes to us, and we end it
                cwd=self.home.root,
                env=plain_environment()
                | {
                    "PYTHONUNBUFFERED": "1",
                    "MOORAGE_DEMO": str(self.home.strip),
                    "MOORAGE_PUBLIC_URL": self.public_url,
                },
            )
        self.link = self.address = ""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if found := ADDRESS.search(line):
                self.address = found[1]
            if found := LINK.search(line):
                self.link = found[0]
            if "Sign in" in line:
                return
        words = "\n".join(self.home.console.read_text(errors="replace").splitlines()[-4:])
        raise SystemExit(f"The server did not start. Its last words:\n{words}")

    def watch(self) -> int:
        """Wait until it ends by itself; its exit code. One that was killed is started again on the same port."""
        while True:
            assert self._process is not None
            code = self._process.wait()
            if code != -signal.SIGKILL or time.monotonic() - self._began < STEADY_S:
                return code
            self._close()
            print("The server was killed (kill -9). Starting it again on the same port ...", end=" ", flush=True)
            self.start()
            print(f"it answers again after {time.monotonic() - self._began:.1f} s.", flush=True)
            if self.link:
                print(f"A new link to sign in, where the first one was not used: {self.link}", flush=True)

    def stop(self) -> None:
        """End it and wait for that; a repeat does nothing."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(timeout=STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._close()

    def _close(self) -> None:
        if self._process is not None and self._process.stdout is not None:
            self._process.stdout.close()


def plain_environment() -> dict[str, str]:
    """This process's environment without settings of another Moorage, such as the database of a real one."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)}


def programs() -> Path:
    """Where ``moorage`` and ``python`` of this environment lie."""
    return Path(sys.executable).parent
