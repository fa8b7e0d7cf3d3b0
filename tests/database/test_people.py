"""People, on every database."""

from __future__ import annotations

from contracts.people import PeopleContract


class TestPeople(PeopleContract):
    """Users, grants, links, sessions, tokens, failed sign-ins."""
