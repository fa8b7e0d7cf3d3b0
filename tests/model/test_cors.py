"""CORS rules of a bucket, compared with what is needed and joined with what is there."""

from __future__ import annotations

from moorage.model.cors import CorsRule, CorsRules, Lack

SITE = "https://media.example.org"
NEEDED = CorsRules((CorsRule((SITE,), ("GET", "PUT"), ("range", "x-amz-date"), ("ETag",), 3000, "moorage"),))


def rules(*given: CorsRule) -> CorsRules:
    return CorsRules(given)


def test_nothing_is_lacking_where_patterns_and_case_cover_it() -> None:
    there = rules(CorsRule(("https://*.example.org",), ("GET", "PUT", "HEAD"), ("Range", "X-AMZ-*"), ("etag",)))
    assert there.lacks(NEEDED) == ()
    assert NEEDED.lacks(NEEDED) == ()


def test_each_origin_method_and_header_that_is_lacking_is_named() -> None:
    assert CorsRules().lacks(NEEDED) == (Lack(SITE, "GET"), Lack(SITE, "PUT"))
    assert Lack(SITE, "GET").refused
    guide = rules(CorsRule(("*",), ("GET",), ("Authorization",)))
    assert guide.lacks(NEEDED) == (Lack(SITE, "GET", ("range", "x-amz-date"), ("ETag",)), Lack(SITE, "PUT"))
    assert not guide.lacks(NEEDED)[0].refused


def test_the_first_rule_that_fits_decides() -> None:
    """A second one that gives more is never reached."""
    narrow = CorsRule(("*",), ("GET", "PUT"))
    assert rules(narrow, *NEEDED.rules).lacks(NEEDED)
    assert rules(*NEEDED.rules, narrow).lacks(NEEDED) == ()


def test_brackets_of_an_address_stand_for_themselves() -> None:
    one = CorsRules((CorsRule(("http://[::1]:8080",), ("GET",)),))
    assert one.lacks(one) == ()


def test_foreign_rules_stay_and_ours_are_replaced() -> None:
    foreign = CorsRule(("https://other.example",), ("GET",), id="other")
    nameless = CorsRule(("https://third.example",), ("GET",))
    old = CorsRule(("https://old.example",), ("GET",), id="moorage")
    assert rules(foreign, old, nameless).merged(NEEDED).rules == (*NEEDED.rules, foreign, nameless)
    ours = CorsRules((CorsRule((SITE,), ("GET", "PUT")),))
    assert rules(CorsRule((SITE,), ("GET",)), nameless).merged(ours).rules == (*ours.rules, nameless)
    assert NEEDED.merged(NEEDED) == NEEDED
