"""Reports of checks as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from moorage.model.probe import Finding, Permission, ProbeLine, ProbeReport


def written_report(report: ProbeReport) -> dict[str, Any]:
    """What ``read_report`` reads."""
    return asdict(report)


def read_report(fields: dict[str, Any]) -> ProbeReport:
    """The report that was written."""
    lines = tuple(
        ProbeLine(
            permission=Permission(line["permission"]),
            finding=Finding(line["finding"]),
            required=line["required"],
            detail=line["detail"],
            advice=line["advice"],
        )
        for line in fields["lines"]
    )
    return ProbeReport(lines, tuple(fields["warnings"]), fields["checked_ms"], fields["left_behind"])
