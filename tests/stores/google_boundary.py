"""Credential access boundaries as Google takes them: rules of one form, and what a token with them may do.

Source: IAM documentation, downscoped credentials: one to ten rules; roles with ``inRole:``; conditions on
``resource.name`` and on the prefix of listings, each compared with one string.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

_STRING = r"'((?:[^'\\]|\\['\\])*)'"
_NAME = re.compile(rf"resource\.name\.startsWith\({_STRING}\)")
_EXACT = re.compile(rf"resource\.name == {_STRING}")
_LISTED = re.compile(rf"api\.getAttribute\('storage\.googleapis\.com/objectListPrefix', ''\)\.startsWith\({_STRING}\)")
_TERMS = {_NAME: "name", _EXACT: "exact", _LISTED: "listed"}
_BUCKET = re.compile(r"//storage\.googleapis\.com/projects/_/buckets/([a-z0-9._-]+)")
_ROLES = {
    "inRole:roles/storage.objectViewer": {"storage.objects.get", "storage.objects.list"},
    "inRole:roles/storage.objectCreator": {"storage.objects.create"},
}


@dataclass(frozen=True)
class Boundary:
    """One rule: permissions on a bucket, below a name, and what may be listed."""

    permissions: frozenset[str]
    bucket: str
    name: str = ""
    exact: str = ""
    listed: str | None = None

    def admits(self, permission: str, bucket: str, name: str, query: dict[str, str]) -> bool:
        if permission not in self.permissions or bucket != self.bucket:
            return False
        whole = f"projects/_/buckets/{bucket}/objects/{name}"
        if permission == "storage.objects.list":
            return self.listed is not None and query.get("prefix", "").startswith(self.listed)
        return whole == self.exact if self.exact else whole.startswith(self.name)


def boundary_in(options: str) -> Boundary:
    """The rule in the options of an exchange. Raises ValueError for what Google refuses."""
    rules = json.loads(options)["accessBoundary"]["accessBoundaryRules"]
    if len(rules) != 1:
        raise ValueError("one to ten rules")  # one is all that this server keeps
    (rule,) = rules
    if set(rule) != {"availableResource", "availablePermissions", "availabilityCondition"}:
        raise ValueError("unknown field")
    bucket = _BUCKET.fullmatch(rule["availableResource"])
    unknown = set(rule["availablePermissions"]) - set(_ROLES)
    condition = rule["availabilityCondition"]
    if bucket is None or unknown or set(condition) - {"title", "description", "expression"}:
        raise ValueError("availableResource, availablePermissions or availabilityCondition")
    found: dict[str, str] = {}
    rest = condition["expression"]
    while rest:
        term = next((one for one in (_NAME.match(rest), _EXACT.match(rest), _LISTED.match(rest)) if one), None)
        if term is None:
            raise ValueError(f"expression: {rest}")
        found[_TERMS[term.re]] = re.sub(r"\\(.)", r"\1", term[1])
        rest = rest[term.end() :]
        if rest and not re.match(r" \|\| \S", rest):
            raise ValueError(f"expression: {rest}")
        rest = rest[4:]
    permissions = frozenset[str]().union(*(_ROLES[one] for one in rule["availablePermissions"]))
    return Boundary(permissions, bucket[1], **found)
