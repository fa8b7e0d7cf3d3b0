"""What admits whoever reads it is not kept with a list; every other letter is."""

from __future__ import annotations

import pytest

from moorage.linking.masking import Mask
from moorage.linking.records import looks_like_table
from moorage.linking.urls import admitting
from moorage.model.address import without_secrets

HUSH = "hush+Secret%2F9="


def masked(text: str, *, step: int = 0) -> str:
    data = text.encode()
    mask = Mask(csv=looks_like_table(data))
    blocks = [data[at : at + step] for at in range(0, len(data), step)] if step else [data]
    return b"".join([*map(mask.take, blocks), mask.end()]).decode()


@pytest.mark.parametrize("step", [0, 1, 7])
@pytest.mark.parametrize(
    "line",
    [
        f"https://x.example/a.jpg?X-Amz-Signature={HUSH}&X-Amz-Expires=9",
        f"  HTTPS://x.example/a?b=1&sig={HUSH}",
        f"https://x.example/a#access_token={HUSH}",
        f"http://x.example/a?x%2Dtoken={HUSH};b=1",
        f"https://me:{HUSH}@x.example/a",
        f"https://me:a/b{HUSH}@x.example/a",
        f"https://{HUSH}@x.example/a",
    ],
)
def test_secrets_of_urls_go_and_their_names_stay_so_that_the_line_is_refused(line: str, step: int) -> None:
    for text in (f"s3://reef/a\n{line}\r\ns3://reef/b", line, f"address,name\n{line},a.jpg\n"):
        told = masked(text, step=step)
        assert HUSH not in told
        assert told.count("\n") == text.count("\n")
        kept = next(one for one in told.splitlines() if "://" in one and "x.example" in one)
        assert admitting(kept.strip())
    assert HUSH not in without_secrets(line.strip())


@pytest.mark.parametrize("step", [0, 1, 7])
@pytest.mark.parametrize(
    "text",
    [
        "s3://reef/a?sig=abc&token=def\nfs://disk/https://x?sig=1\n",
        "https://x.example/a?width=10&page=2#top\nhttps://x.example:8443/@me/a\n",
        "https://[::1]:8443/a@b\n\n   \nno address, sig=abc",
        "address;name\ns3://reef/a?sig=1;b\n",
        "",
    ],
)
def test_all_else_is_kept_as_it_was_sent(text: str, step: int) -> None:
    assert masked(text, step=step) == text


def test_a_line_without_an_end_is_not_held() -> None:
    mask = Mask(csv=False)
    assert sum(len(mask.take(b"x" * 65536)) for _ in range(10)) >= 8 * 65536


def test_addresses_of_hosts_with_ports_are_shown_as_they_are() -> None:
    for url in ("https://x.example:8443/a", "https://[::1]:8443/a", "https://[::1]/a"):
        assert without_secrets(url) == url
