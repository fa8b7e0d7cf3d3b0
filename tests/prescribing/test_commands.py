"""Documents as commands and as Terraform, for prefixes that would break a shell."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

from hypothesis import example, given, settings
from lxml import etree

from moorage.model.policies import PolicyNames
from moorage.model.store import Provider
from moorage.prescribing import Form, Kind, prescribe
from moorage.prescribing.aws_commands import aws_commands
from moorage.prescribing.commands import Command, script
from moorage.prescribing.s3_identity import user_policy
from moorage.prescribing.terraform import quoted
from moorage.prescribing.tool_commands import gcloud_commands, mc_commands
from prescribing.wishes import ALL, AWS, MINIO, ORIGIN, PREFIXES, everywhere, wish

TOOLS = (Form.AWS, Form.GCLOUD, Form.AZ, Form.MC)
PROGRAMS = {"aws", "gcloud", "gsutil", "az", "mc", "printf"}
_ESCAPE = re.compile(r"\\(u[0-9a-f]{4}|U[0-9a-f]{8}|.)")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


@settings(max_examples=20, deadline=None)
@given(PREFIXES)
@example("'; rm -rf / #/")
@example("$(reboot)`x`\\/")
def test_a_shell_gets_exactly_the_words_that_were_meant(prefix: str) -> None:
    """Each line is one known program, and what holds JSON holds JSON after the shell has read it."""
    for one in everywhere(prefix):
        for form in TOOLS:
            for document in prescribe(one, ALL, form=form):
                for line in document.text.splitlines():
                    assert line.isprintable(), "a terminal would act on it"
                    words = shlex.split(line, comments=True)
                    assert not words or words[0] in PROGRAMS
                    for word in words:
                        name, _, value = word.partition("=")
                        if word.startswith("--") and name.endswith(
                            ("-policy", "-document", "-configuration", "--attributes", "-value")
                        ):
                            assert "BlockPublicAcls" in value or json.loads(value)
                    assert words[:1] != ["printf"] or json.loads(words[2])


@settings(max_examples=100, deadline=None)
@given(PREFIXES)
def test_words_come_back_from_the_shell(prefix: str) -> None:
    one = Command(("mc", f"--prefix={prefix}"), to_file=prefix)
    assert shlex.split(one.text) == ["mc", f"--prefix={prefix}", ">", prefix]


def test_a_script_of_aws_holds_the_document_itself() -> None:
    draft = user_policy(wish(), ALL)
    made, put = aws_commands(wish(), draft)
    assert made.words[:3] == ("aws", "iam", "create-user")
    assert put.words[:5] == (
        "aws",
        "iam",
        "put-user-policy",
        "--user-name=moorage-reef",
        "--policy-name=moorage-reef",
    )
    given = next(word.partition("=")[2] for word in put.words if word.startswith("--policy-document="))
    assert json.loads(given) == draft.body
    told = wish(PolicyNames(account="123456789012", identity="media"))
    assert [one.words[2] for one in aws_commands(told, user_policy(told, ALL))] == ["put-user-policy"]


def test_an_own_server_is_named_in_each_line() -> None:
    ceph = wish(PolicyNames(server="ceph"), endpoint="https://ceph.example.org")
    for document in prescribe(ceph, ALL, form=Form.AWS):
        assert all("--endpoint-url=https://ceph.example.org" in line for line in document.text.splitlines())


def test_cors_of_google_comes_with_the_line_of_the_older_tool() -> None:
    (one,) = prescribe(wish(PolicyNames(), provider=Provider.GOOGLE), ALL, kinds=[Kind.CORS], form=Form.GCLOUD)
    saved, update, older = one.text.splitlines()
    assert saved.endswith("> moorage-cors.json")
    assert update == "gcloud storage buckets update gs://reef-2021 --cors-file=moorage-cors.json"
    assert older.endswith("gsutil cors set moorage-cors.json gs://reef-2021")


def test_a_prefix_that_no_terminal_takes_is_told_apart() -> None:
    odd = wish(PolicyNames(), provider=Provider.GOOGLE, prefix="a\x03b/")
    (one,) = prescribe(odd, ALL, kinds=[Kind.NOTIFICATION], form=Form.GCLOUD)
    assert one.text.startswith("# The prefix holds control characters")
    minio = wish(MINIO, prefix="a\x03b/", endpoint="https://minio.example.org")
    (two,) = prescribe(minio, ALL, kinds=[Kind.NOTIFICATION], form=Form.MC)
    assert "control characters" in two.text


def test_minio_is_served_by_mc() -> None:
    minio = wish(MINIO, endpoint="https://minio.example.org")
    (one,) = prescribe(minio, ALL, kinds=[Kind.USER_POLICY], form=Form.MC)
    assert "mc admin policy create MINIO moorage-reef moorage-reef.json" in one.text
    assert mc_commands(minio, user_policy(minio, ALL))
    assert gcloud_commands(minio, user_policy(minio, ALL)) == []
    assert script([]) == ""


def test_cors_of_s3_is_xml_in_the_order_of_its_schema() -> None:
    (one,) = prescribe(wish(AWS), ALL, kinds=[Kind.CORS], form=Form.XML)
    (rule,) = etree.fromstring(one.text.encode())
    names = [etree.QName(child).localname for child in rule]
    assert list(dict.fromkeys(names)) == [
        "ID",
        "AllowedHeader",
        "AllowedMethod",
        "AllowedOrigin",
        "ExposeHeader",
        "MaxAgeSeconds",
    ]
    assert ORIGIN in [child.text for child in rule]


@settings(max_examples=20, deadline=None)
@given(PREFIXES)
@example("${jsonencode(1)}%{ if true }\\u0024{/")
def test_terraform_is_hcl_whose_texts_are_the_documents(prefix: str) -> None:
    """Here-documents are JSON again once unindented; strings have no template in them and come back as they were."""
    for one in everywhere(prefix):
        documents = {document.kind: json.loads(document.text) for document in prescribe(one, ALL)}
        for document in prescribe(one, ALL, form=Form.TERRAFORM):
            assert document.text.isascii()
            for body in heredocs(document.text):
                assert json.loads(body) == documents[document.kind]
            outside = _STRING.sub('""', without_heredocs(document.text))
            assert outside.count("{") == outside.count("}")
            assert not re.search(r"[$%]\{", document.text)
            assert re.fullmatch(r"[\w\s={}\[\],\"<-]*", outside)


@settings(deadline=None)
@given(PREFIXES)
def test_a_string_of_hcl_comes_back(prefix: str) -> None:
    text = quoted(prefix)
    assert _STRING.fullmatch(text)
    assert _ESCAPE.sub(_plain, text[1:-1]) == prefix


def _plain(found: re.Match[str]) -> str:
    code = found[1]
    return chr(int(code[1:], 16)) if len(code) > 1 else code


def heredocs(text: str) -> list[Any]:
    """The bodies of here-documents."""
    return re.findall(r"<<-JSON\n(.*?)\n\s*JSON\n", text, re.DOTALL)


def without_heredocs(text: str) -> str:
    """The text with here-documents taken out."""
    return re.sub(r"<<-JSON\n.*?\n\s*JSON\n", '""\n', text, flags=re.DOTALL)
