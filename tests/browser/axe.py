"""axe-core: what keeps people out of a page."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from playwright.sync_api import Page

AXE: Final = (Path(__file__).parent / "vendor" / "axe.min.js").read_text("utf-8")


def barriers(page: Page, *rules: str) -> list[str]:
    """What axe finds, as 'rule: target'; all rules of WCAG 2.2 AA and good practice, or only those named."""
    page.evaluate(AXE)
    options = (
        {"runOnly": {"type": "rule", "values": list(rules)}}
        if rules
        else {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}
    )
    found = page.evaluate("async options => (await axe.run(document, options)).violations", options)
    return [f"{one['id']}: {node['target']} {node['failureSummary']}" for one in found for node in one["nodes"]]
