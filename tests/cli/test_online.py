"""Commands that talk to a server: what stands on stdout, on stderr, and in the exit code."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from cli.conftest import Run
from client.toy import CONTENT, DONE, QUESTION, Toy, job
from moorage.cli.application import main


def test_a_list_is_tab_separated_lines_or_one_document_a_line(run: Run, toy: Toy) -> None:
    assert run("store", "ls").out == "reef\ts3\thttps://s3.example/reef/\tyes\tpassed\t\n"
    (line,) = run("store", "ls", "--json").out.splitlines()
    assert json.loads(line)["credentials"]["kind"] == "keys"
    assert json.loads(line)["created"] == "2026-11-20T15:04:05.123Z"


def test_a_store_that_fails_its_check_is_refused_with_a_line_per_permission(
    run: Run, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("hush\n"))
    ran = run("store", "add", "reef", "--bucket", "reef", "--access-key", "AK", "--secret-stdin")
    assert ran.code == 4
    assert ran.out == ""
    assert "list          missing  403 Allow s3:ListBucket." in ran.err
    assert "Note: The clock is 90 s late." in ran.err
    assert "hush" not in ran.err
    assert toy.bodies[-1]["credentials"]["secret_key"] == "hush"


def test_a_store_is_added_and_its_check_shown(run: Run, toy: Toy, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("[default]\naws_access_key_id = AK\naws_secret_access_key = h%sh\n")
    ran = run("store", "add", "reef", "--bucket", "reef", "--credentials", str(keys), "--force", "--json")
    assert ran.code == 0
    assert json.loads(ran.out)["name"] == "reef"
    assert "reach         ok" in ran.err
    assert toy.bodies[-1]["credentials"] == {"kind": "keys", "access_key": "AK", "secret_key": "h%sh"}


def test_credentials_come_from_json_and_from_the_environment(
    run: Run, toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keys.json").write_text('{"access_key": "AK", "secret_key": "SK", "session_token": "ST"}')
    run("store", "add", "reef", "--bucket", "reef", "--credentials", "keys.json", "--force")
    assert toy.bodies[-1]["credentials"]["session_token"] == "ST"
    monkeypatch.setenv("MOORAGE_STORE_ACCESS_KEY", "AK2")
    monkeypatch.setenv("MOORAGE_STORE_SECRET_KEY", "SK2")
    run("store", "add", "reef", "--bucket", "reef", "--force")
    assert (toy.bodies[-1]["credentials"]["access_key"], toy.bodies[-1]["credentials"]["secret_key"]) == ("AK2", "SK2")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--root", "x", "--bucket", "y"], "--root for a disk, or --bucket"),
        ([], "--root for a disk, or --bucket"),
        (["--bucket", "y"], "No credentials were given"),
        (["--bucket", "y", "--credentials", "absent"], "cannot be read"),
        (["--bucket", "y", "--secret-stdin"], "needs the access key"),
        (["--bucket", "y", "--anonymous", "--ca", "absent"], "absent cannot be read"),
    ],
)
def test_a_store_that_is_not_told_whole_never_reaches_the_server(
    run: Run, toy: Toy, words: list[str], reason: str
) -> None:
    ran = run("store", "add", "reef", *words)
    assert ran.code == 2
    assert reason in ran.err
    assert toy.seen == []


def test_a_disk_is_registered_by_its_absolute_root(run: Run, toy: Toy, tmp_path: Path) -> None:
    run("store", "add", "local", "--root", "media", "--follow-symlinks", "--writable", "--force")
    body = toy.bodies[-1]
    assert (body["provider"], body["root"]) == ("disk", str(tmp_path / "media"))
    assert (body["follow_symlinks"], body["read_only"]) == (True, False)
    assert "credentials" not in body


def test_what_uses_a_store_is_named_and_the_exit_is_conflict(run: Run, toy: Toy) -> None:
    ran = run("store", "rm", "reef")
    assert ran.code == 8
    assert "used by mirror 7" in ran.err


def test_a_check_that_misses_nothing_ends_with_0(run: Run, toy: Toy) -> None:
    assert run("store", "check", "reef").code == 0


def test_a_mirror_is_followed_to_its_end(run: Run, toy: Toy) -> None:
    ran = run("mirror", "add", "reef", "--project", "Reef", "--prefix", "2021/", "--exclude", "*.tmp", "--wait")
    assert ran.code == 0
    assert ran.out == f"mirror\t7\njob\t30\nfolder\t11\nproject\tReef\nstore\treef\npage\t{toy.url}/folders/11\n"
    assert ran.err.splitlines()[0] == "Index s3://reef/2021/: queued, 5 of 10 objects"
    assert ran.err.splitlines()[-2] == "Index s3://reef/2021/: succeeded, 10 of 10 objects, 10 added"
    assert ran.err.splitlines()[-1] == "See it: moorage ls Reef/2021/"
    assert (toy.bodies[-1]["prefix"], toy.bodies[-1]["exclude"]) == ("2021/", ["*.tmp"])


def test_a_job_that_asks_ends_with_4_and_the_exact_line_that_answers(run: Run, toy: Toy) -> None:
    toy.states = [job("running"), job("needs_confirmation", question=QUESTION)]
    ran = run("mirror", "reindex", "7", "--wait", "--json")
    assert ran.code == 4
    assert "moorage job confirm 30 accept --figure vanished=12400 --figure live=50000" in ran.err
    assert [json.loads(line)["id"] for line in ran.out.splitlines()] == ["7", "30"]
    toy.states = [job("needs_confirmation", question=QUESTION), job("running")]
    words = ["job", "confirm", "30", "accept", "--figure", "vanished=12400", "--figure", "live=50000"]
    assert run(*words).code == 0
    assert toy.bodies[-1] == {"choice": "accept", "figures": {"vanished": 12400, "live": 50000}}


def test_an_answer_without_its_figures_is_not_sent(run: Run, toy: Toy) -> None:
    toy.states = [job("needs_confirmation", question=QUESTION)]
    ran = run("job", "confirm", "30", "accept")
    assert ran.code == 2
    assert "moorage job confirm 30 look_again --figure vanished=12400" in ran.err
    assert ("POST", "/jobs/30/confirm") not in toy.seen


@pytest.mark.parametrize(
    ("state", "code"), [("succeeded", 0), ("partial", 6), ("cancelled", 6), ("failed", 1), ("needs_confirmation", 4)]
)
def test_the_exit_code_is_the_result_of_the_job(run: Run, toy: Toy, state: str, code: int) -> None:
    cause = {"cause": "denied", "count": 3, "example": "2021/x", "advice": "Allow s3:GetObject."}
    toy.states = [job(state, errors=[cause])]
    ran = run("job", "watch", "30")
    assert ran.code == code
    assert "3 x denied: 2021/x Allow s3:GetObject." in ran.err


def test_jobs_are_listed_shown_and_steered(run: Run, toy: Toy) -> None:
    assert run("job", "ls").out == "30\tsucceeded\t10\t10\t2026-11-20T15:04:05Z\tIndex s3://reef/2021/\n"
    toy.states = [DONE]
    assert "state\tsucceeded" in run("job", "show", "30").out
    for verb in ("retry", "cancel", "pause", "resume"):
        assert json.loads(run("job", verb, "30", "--json").out)["id"] == "30"
        assert toy.seen[-1] == ("POST", f"/jobs/30/{verb}")


def test_what_a_question_is_about_is_listed(run: Run, toy: Toy) -> None:
    assert run("job", "show", "30", "--missing", "20").out == "22\ts3://reef/2021/x\n"
    run("job", "ls", "--project", "Reef")
    assert toy.seen[-1] == ("GET", "/jobs?project=1")


def test_mirrors_are_listed_paused_and_given_up(run: Run, toy: Toy) -> None:
    assert run("mirror", "ls").out == "7\tactive\treef\t2021/\tReef/2021/\t-\n"
    assert "exclude\t*.tmp" in run("mirror", "status", "7").out
    assert json.loads(run("mirror", "pause", "7", "--json").out)["state"] == "paused"
    assert run("mirror", "rm", "7").err == (
        "The mirror is gone, its items stay as links; every object in its store is as before.\n"
    )
    assert toy.seen[-1] == ("DELETE", "/mirrors/7")


def test_projects_are_made_changed_and_removed_only_when_meant(run: Run, toy: Toy) -> None:
    assert run("project", "ls").out == "1\tReef\t2\t12\n"
    assert json.loads(run("project", "create", "Reef", "--json").out)["root"] == "10"
    assert json.loads(run("project", "set", "Reef", "--name", "Reef 2", "--json").out)["name"] == "Reef 2"
    assert run("project", "set", "Reef").code == 2
    assert run("project", "rm", "Reef").code == 2
    assert ("DELETE", "/projects/Reef") not in toy.seen
    assert run("project", "rm", "Reef", "--yes").code == 0
    assert toy.seen[-1] == ("DELETE", "/projects/Reef")


def test_a_folder_is_listed_by_its_path(run: Run, toy: Toy) -> None:
    lines = run("ls", "Reef").out.splitlines()
    assert [line.split("\t")[0] for line in lines] == ["2021/", "a b.jpg", "bad\\xff\\\\name"]
    assert [json.loads(line)["id"] for line in run("ls", "Reef", "--json").out.splitlines()] == ["11", "20", "21"]
    assert run("ls").out == run("project", "ls").out
    assert run("ls", "Reef", "--sort", "size", "--reverse", "--kind", "video").code == 0
    assert toy.seen[-1][1].endswith("limit=1000&sort=size&order=desc&kind=video&state=live")


def test_an_undecodable_name_is_written_as_the_server_writes_it(run: Run, toy: Toy) -> None:
    shown = json.loads(run("stat", "Reef/bad\udcff\\name", "--json").out)
    assert (shown["name"], shown["key_encoding"]) == ("bad\\xff\\\\name", "escaped")


def test_bytes_go_to_stdout_as_they_are(
    toy: Toy, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as left:
        main(["cat", "Reef/a b.jpg", "--range", "250-259"])
    assert (left.value.code or 0) == 0
    assert capsysbinary.readouterr().out == CONTENT[250:260]


def test_a_folder_has_no_bytes(run: Run, toy: Toy) -> None:
    ran = run("cat", "Reef/2021")
    assert ran.code == 2
    assert "moorage ls Reef/2021" in ran.err


def test_find_goes_below_and_takes_what_matches(run: Run, toy: Toy) -> None:
    everything = run("find", "Reef", "--name", "a*").out.splitlines()
    assert everything[0] == "Reef/a b.jpg"
    assert run("find", "Reef/a b.jpg", "--min-size", "250k").out == "Reef/a b.jpg\n"
    assert run("find", "Reef/a b.jpg", "--min-size", "251k").out == ""
    assert run("find", "Reef/a b.jpg", "--kind", "video").out == ""
    assert run("find", "Reef/a b.jpg", "--kind", "sound").code == 2


def test_removing_an_item_says_that_its_object_stays(run: Run, toy: Toy) -> None:
    assert run("rm", "Reef/a b.jpg").err == "Reef/a b.jpg is hidden; its object stays at s3://reef/a b.jpg.\n"
    assert json.loads(run("rm", "Reef/a b.jpg", "--json").out) == {"kept_object": True, "state": "hidden"}


def test_errors_end_with_their_code_and_advice(
    run: Run, toy: Toy, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    absent = run("stat", "Reef/nowhere")
    assert (absent.code, absent.out) == (3, "")
    assert absent.err == "moorage: There is no nowhere in Reef.\nLook with ls.\n"
    monkeypatch.setenv("MOORAGE_TOKEN", "mrg_wrong")
    assert run("project", "ls").code == 4
    monkeypatch.setattr("moorage.client.transport.TRIES", 1)
    assert run("project", "ls", "--url", f"http://127.0.0.1:{unused_tcp_port}").code == 5
    assert run("project", "list").code == 2


def test_who_brings_no_token_is_told_how_a_shell_brings_one(
    run: Run, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MOORAGE_TOKEN")
    ran = run("ls")
    assert ran.code == 4
    assert "MOORAGE_TOKEN" in ran.err
    assert "Authorization" not in ran.err


def test_the_end_of_a_job_is_told_once(run: Run, toy: Toy) -> None:
    toy.states = [job("succeeded", message="10 objects: 4 added.", done=10)]
    assert run("job", "watch", "30").err == "Index s3://reef/2021/: succeeded. 10 objects: 4 added.\n"


def test_a_question_is_told_once_with_the_line_that_shows_what_it_is_about(run: Run, toy: Toy) -> None:
    asked = QUESTION | {"choices": [{"name": "show", "label": "Show 20 of them"}]}
    toy.states = [job("needs_confirmation", question=asked, message=str(QUESTION["text"]))]
    ran = run("job", "watch", "30")
    assert ran.err.count(str(QUESTION["text"])) == 1
    assert "moorage job show 30 --missing 20  # Show 20 of them" in ran.err


def test_what_steers_a_job_or_a_mirror_says_what_became_of_it(run: Run, toy: Toy) -> None:
    assert run("job", "cancel", "30").err.startswith("Index s3://reef/2021/: ")
    assert "paused" in run("mirror", "pause", "7").err
