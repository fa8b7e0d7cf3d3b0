"""Headers that a connection repeats: known ones say what a parser would say of them, whatever else comes along."""

from __future__ import annotations

import httptools
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from moorage.web.askers import MOST_KEPT, Asker, Askers

COMMON = b"Host: a\r\nAuthorization: Bearer b"
URL = b"/api/v1/items/1/preview?width=64"


class Read:
    """What uvicorn's parser makes of some bytes."""

    def __init__(self, data: bytes) -> None:
        self.urls: list[bytes] = []
        self.headers: list[tuple[bytes, bytes]] = []
        self.complete = 0
        self.goes_on = False
        self.parser = httptools.HttpRequestParser(self)
        try:
            self.parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.complete = -1

    def on_url(self, url: bytes) -> None:
        self.urls.append(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self.goes_on = self.parser.should_keep_alive() and not self.parser.should_upgrade()

    def on_message_complete(self) -> None:
        self.complete += 1

    @property
    def asker(self) -> Asker | None:
        return Asker.of(self.headers, name_of)


def name_of(headers: dict[str, str]) -> bytes:
    return repr((headers.get("authorization"), headers.get("cookie"))).encode()


def request(url: bytes, *lines: bytes) -> bytes:
    return b"GET %s HTTP/1.1\r\n%s\r\n\r\n" % (url, b"\r\n".join(lines))


def knowing(*blocks: bytes) -> Askers:
    """As the protocol fills it: with what the parser found to be one whole GET."""
    askers = Askers()
    for block in blocks:
        data = request(URL, block)
        read = Read(data)
        if read.complete == 1 and read.goes_on and read.asker is not None:
            askers.keep(data, read.asker)
    return askers


def test_the_same_headers_are_known_for_another_address() -> None:
    known = knowing(COMMON).known(request(b"/other?x=1", COMMON))
    assert known is not None
    assert known[0] == b"/other?x=1"
    assert known[1] == Read(request(URL, COMMON)).asker


def test_what_varies_from_one_request_to_the_next_is_read_anew() -> None:
    askers = knowing(COMMON + b"\r\nRange: bytes=0-9")
    for lines in ([b'If-None-Match: "tag"'], [b"Range: bytes=5-", b"If-None-Match: *"], []):
        data = request(URL, *COMMON.split(b"\r\n"), *lines)
        known = askers.known(data)
        assert known is not None
        assert known[1] == Read(data).asker


def test_few_and_short_blocks_are_kept() -> None:
    askers = knowing(b"X: " + b"x" * 5000)
    assert askers.known(request(URL, b"X: " + b"x" * 5000)) is None
    for number in range(MOST_KEPT + 1):
        block = b"Host: %d" % number
        read = Read(request(URL, block)).asker
        assert read is not None
        askers.keep(request(URL, block), read)
    assert askers.known(request(URL, b"Host: 0")) is None
    assert askers.known(request(URL, b"Host: %d" % MOST_KEPT)) is not None


@pytest.mark.parametrize(
    ("kept", "lines"),
    [
        (b'Host: a\r\nIf-None-Match: "t" ', [b"Host: a", b"Range: bytes=0-1", b'If-None-Match: "t" ']),
        (b'Host: a\r\nRange: bytes=0-1\r\nIf-None-Match: "\xe9"', [b"Host: a", b'If-None-Match: "\xe9"']),
        (b"Host: a\r\nrange: bytes=0-1", [b"Host: a", b"Range: bytes=5-6", b"range: bytes=0-1"]),
        (b'Host: a\r\nif-none-match: "t"', [b"Host: a", b'If-None-Match: "u"', b'if-none-match: "t"']),
    ],
)
def test_what_varies_is_neither_lost_nor_remembered_nor_read_twice(kept: bytes, lines: list[bytes]) -> None:
    data = request(URL, *lines)
    known = knowing(kept).known(data)
    assert known is None or known[1] == Read(data).asker


PARTS = st.sampled_from([
    b"Host: a", b"Range: bytes=0-1", b"range: bytes=0-1", b'If-None-Match: "t"', b"If-None-Match: *", b"Accept: a/b",
    b"Authorization: Bearer b", b"Content-Length: 0", b"Content-Length: 5", b"Transfer-Encoding: chunked", b"hello",
    b"Connection: Upgrade\r\nUpgrade: websocket", b"X: a\r\n folded", b"", b"\r\n", b"Range: a\r\n b", b"Range:",
    b"Cookie: a=b", b"Range: \x00", b"Range: a\nX: b", b"GET /b HTTP/1.1", b"Range: \r\nHost: b", b"X:", b"X",
    b"Connection: close", b"Range:  bytes=0-1 ",
])  # fmt: skip
TAILS = st.sampled_from([b"", b"x", b"GET "])
BLOCKS = st.lists(PARTS, min_size=1, max_size=4).map(b"\r\n".join)
URLS = st.sampled_from([URL, b"/a", b"/a#b", b"/a b", b"//x", b"/\xff", b"/a\r\nX: y", b"*", b"/%zz"])


@given(kept=st.lists(BLOCKS, min_size=1, max_size=3), block=BLOCKS, url=URLS, tail=TAILS)
@example(kept=[COMMON], block=COMMON + b"\r\n\r\nRange: a", url=URL, tail=b"")
@example(kept=[b"Host: a"], block=b"Host: a\r\nRange: b\r\n\r\nRange: a", url=URL, tail=b"")
def test_nothing_is_known_that_a_parser_would_read_otherwise(
    kept: list[bytes], block: bytes, url: bytes, tail: bytes
) -> None:
    data = request(url, block) + tail
    known = knowing(*kept, block).known(data)
    if known is None:
        return
    read = Read(data)
    assert (read.complete, b"".join(read.urls)) == (1, known[0])
    assert read.asker == known[1]
    assert read.goes_on
