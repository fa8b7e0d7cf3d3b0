"""What this machine is told about its own role, and what it may ask."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from moorage.model.errors import Invalid

METADATA: Final = "http://169.254.169.254"
CONTAINER: Final = "http://169.254.170.2"
_PEM: Final = re.compile(r"-----BEGIN [A-Z0-9 ]+-----[!-~\s]+?-----END [A-Z0-9 ]+-----", re.ASCII)


@dataclass(frozen=True, slots=True)
class Machine:
    """Where the machine's own role is asked for, and the programs that print keys.

    Keys in the environment (``AWS_ACCESS_KEY_ID``), profiles and ``~/.aws`` are no part of it: whoever says *the
    machine's role* means that role, not the keys of the person who happened to start the server.
    """

    metadata: str = METADATA
    """Of EC2: the instance metadata service, version 2 only."""
    container: str = ""
    """URL of ECS or EKS that gives the container's keys; empty: there is none."""
    container_token: str = field(default="", repr=False)
    container_token_file: Path | None = None
    """Read anew for each request: EKS replaces the file's text."""
    identity_file: Path | None = None
    """The token with which a pod of EKS takes ``identity_role`` (IRSA); read anew too."""
    identity_role: str = ""
    region: str = ""
    """Of the token service; empty: that of the store."""
    sts: str = ""
    """URL of the token service; empty: that of the region, or the store's own endpoint where that is not AWS."""
    roles_anywhere: str = ""
    """Host and port; empty: that of the region."""
    ca_file: Path | None = None
    """PEM text of the authorities to trust for AWS's own services; None: the system's."""
    session_s: int = 3600
    """For how long roles are taken."""
    programs: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Names of programs that print keys, and their words."""

    def authorities(self) -> str:
        """The text of ``ca_file``, its comments left out; empty: the system's. Raises Invalid."""
        if self.ca_file is None:
            return ""
        try:
            text = self.ca_file.read_text("utf-8", "replace")
        except OSError as error:
            raise Invalid(
                f"The file of authorities {self.ca_file} cannot be read ({error.strerror}). Nothing was asked.",
                "Name a PEM file in MOORAGE_AWS_CA_BUNDLE (or AWS_CA_BUNDLE), or unset it.",
                field="aws_ca_bundle",
            ) from error
        return "\n".join(_PEM.findall(text))
