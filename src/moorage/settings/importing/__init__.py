"""Taking over settings of another installation: files -> lines with what becomes of each -> written when told."""

from pathlib import Path

from moorage.settings.importing.compose import read_compose, services_in
from moorage.settings.importing.dotenv import read_dotenv
from moorage.settings.importing.lines import Line, Plan, Verdict
from moorage.settings.importing.links import add_links
from moorage.settings.importing.settling import settle
from moorage.settings.importing.writing import apply

__all__ = ["Line", "Plan", "Verdict", "apply", "plan_of"]


def plan_of(files: list[Path]) -> Plan:
    """What becomes of every line of these files. Reads only; raises Invalid for a file that cannot be read."""
    plan = Plan()
    for path in files:
        if path.suffix not in {".yml", ".yaml"}:
            read_dotenv(plan, path)
        elif services_in(path):
            read_compose(plan, path)
        else:
            add_links(plan, path)
    settle(plan)
    return plan
