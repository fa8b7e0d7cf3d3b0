"""Nothing outside of a disk store's folder is ever reached through it, and its faults are told as they are."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from contracts.store_keys import all_entries, all_listed, read
from moorage.model.errors import (
    Busy,
    Invalid,
    MoorageError,
    ObjectNotFound,
    StoreDenied,
    StoreUnreachable,
    Unstorable,
)
from moorage.model.keys import Key
from moorage.model.store import ObjectStore
from moorage.stores.disk.faults import Place
from stores.disk_roots import disk, everything, leftovers, make
from stores.ways_out import LINKS, OUTSIDE, make_links


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with links that lead out, and links that stay inside."""
    root = tmp_path / "root"
    make(root, "in/file", b"inside")
    make(root, ".moorage/x/secret", b"secret")
    make(tmp_path, "outside/secret", b"secret")
    make(tmp_path, "root-beside/secret", b"secret")
    make_links(tmp_path)
    (root / "link").symlink_to("in/file")
    (root / "whole").symlink_to(f"{root}/in")
    (root / "in" / "circle").symlink_to("..")
    return root


async def assert_nothing_escapes(store: ObjectStore) -> None:
    for name in LINKS:
        for key in (Key(name), Key(f"{name}/secret")):
            with pytest.raises(ObjectNotFound):
                await store.get(key)
            with pytest.raises(ObjectNotFound):
                await store.stat(key)
            assert await all_listed(store, f"{key}/") == []


@pytest.mark.parametrize("follow", [True, False])
async def test_links_that_lead_out_are_never_followed(root: Path, follow: bool) -> None:
    await assert_nothing_escapes(disk(root, follow=follow))
    await assert_nothing_escapes(disk(root, follow=follow, read_only=True))


@pytest.mark.parametrize("follow", [True, False])
@pytest.mark.parametrize("text", OUTSIDE)
async def test_no_key_is_taken_for_a_way_out(root: Path, tmp_path: Path, text: str, follow: bool) -> None:
    key, before = Key(text.format(base=str(tmp_path))), everything(tmp_path / "outside")
    for read_only in (True, False):
        store = disk(root, follow=follow, read_only=read_only)
        for verb in (store.stat, store.get):
            with pytest.raises(ObjectNotFound):
                await verb(key)
        assert await all_listed(store, key) == []
    with pytest.raises(ObjectNotFound):
        await store.copy(key, Key("copied"))
    try:
        await store.put(key, b"new")
    except Unstorable:
        assert everything(tmp_path / "outside") == before
    else:
        assert (root / key).read_bytes() == b"new"  # a name as good as any other
        assert (root / key).resolve().is_relative_to(root)
    await store.delete(key)
    assert everything(tmp_path / "outside") == before
    assert (root / ".moorage" / "x" / "secret").exists()


async def test_links_are_no_objects_where_they_are_not_followed(root: Path) -> None:
    store = disk(root)
    assert [listed.key for listed in await all_listed(store)] == ["in/file"]
    assert await all_entries(store) == ([], ["in/"])
    for key in map(Key, ("link", "whole/file", "in/circle/in/file")):
        with pytest.raises(ObjectNotFound):
            await store.get(key)


async def test_links_that_stay_inside_are_followed_where_the_store_says_so(root: Path) -> None:
    store = disk(root, follow=True)
    listed = await all_listed(store, limit=2)
    assert [(one.key, one.size) for one in listed] == [("in/file", 6), ("link", 6), ("whole/file", 6)]
    assert await all_entries(store) == (["link"], ["in/", "whole/"])
    for one in listed:
        assert await read(store, one.key) == b"inside"
        assert (await store.stat(one.key)).etag == one.etag


async def test_a_linked_folder_can_be_written_into_and_a_link_replaced(root: Path) -> None:
    store = disk(root, follow=True)
    await store.put(Key("whole/new"), b"new")
    await store.put(Key("link"), b"replaced")
    assert (root / "in" / "new").read_bytes() == b"new"
    assert (root / "in" / "file").read_bytes() == b"inside"
    await store.delete(Key("whole/file"))
    assert [listed.key for listed in await all_listed(store)] == ["in/new", "link", "whole/new"]


@pytest.mark.parametrize("follow", [True, False])
async def test_writes_never_pass_a_link_that_leads_out(root: Path, tmp_path: Path, follow: bool) -> None:
    store = disk(root, follow=follow)
    before = everything(tmp_path / "outside")
    for name in LINKS:
        with pytest.raises(Unstorable):
            await store.put(Key(f"{name}/new"), b"new")
        await store.delete(Key(f"{name}/secret"))
        await store.delete(Key(name))
    assert everything(tmp_path / "outside") == before
    assert (root / ".moorage" / "x" / "secret").exists()
    assert leftovers(root) == []


@pytest.mark.parametrize("follow", [True, False])
async def test_a_folder_that_turns_into_a_link_again_and_again_lets_nothing_out(tmp_path: Path, follow: bool) -> None:
    make(tmp_path, "root/spare/secret", b"inside")
    make(tmp_path, "outside/secret", b"secret")
    way, spare, done = tmp_path / "root" / "way", tmp_path / "root" / "spare", Event()

    def swap() -> None:
        while not done.is_set():
            spare.rename(way)
            way.rename(spare)
            way.symlink_to("../outside")
            way.unlink()

    swapping = Thread(target=swap)
    swapping.start()
    store, found = disk(tmp_path / "root", follow=follow), set()
    try:
        for _ in range(300):
            try:
                found.add(await read(store, Key("way/secret")))
            except ObjectNotFound:
                found.add(b"nothing")
            for listed in await all_listed(store):
                assert listed.key in ("way/secret", "spare/secret")
    finally:
        done.set()
        swapping.join()
    assert found <= {b"inside", b"nothing"}


@pytest.mark.parametrize("follow", [True, False])
@pytest.mark.parametrize("target", ["../outside/secret", "/proc/self/root{base}/outside/secret"])
async def test_a_file_that_turns_into_a_link_while_it_is_read_lets_nothing_out(
    tmp_path: Path, follow: bool, target: str
) -> None:
    """Between the look at a name and its opening, and between two reads of an open file."""
    make(tmp_path, "root/spare", b"inside")
    make(tmp_path, "outside/secret", b"secret!")
    way, spare, done = tmp_path / "root" / "way", tmp_path / "root" / "spare", Event()

    def swap() -> None:
        while not done.is_set():
            spare.rename(way)
            way.rename(spare)
            way.symlink_to(target.format(base=tmp_path))
            way.unlink()

    swapping = Thread(target=swap)
    swapping.start()
    store, found = disk(tmp_path / "root", follow=follow), set()
    try:
        for _ in range(400):
            try:
                found.add(await read(store, Key("way")))
                found.add(str((await store.stat(Key("way"))).size).encode())
            except ObjectNotFound:
                found.add(b"nothing")
    finally:
        done.set()
        swapping.join()
    assert found <= {b"inside", b"nothing", b"6"}


async def test_an_open_file_stays_itself_when_its_name_turns_into_a_link(tmp_path: Path) -> None:
    make(tmp_path, "root/a", b"x" * (3 << 20))
    make(tmp_path, "outside/secret", b"s" * (3 << 20))
    async with await disk(tmp_path / "root").get(Key("a")) as body:
        blocks = aiter(body)
        got = await anext(blocks)
        (tmp_path / "root" / "a").rename(tmp_path / "root" / "b")
        (tmp_path / "root" / "a").symlink_to("../outside/secret")
        got += b"".join([block async for block in blocks])
    assert got == b"x" * (3 << 20)


def test_a_root_is_absolute_and_a_bucket_is_one_folder(tmp_path: Path) -> None:
    for bucket in ("..", ".", ".moorage", "a/b", "/a", "a\0", ".hidden", "n" * 256):
        with pytest.raises(Invalid):
            disk(tmp_path, bucket=bucket)
    for root in ("", "relative/root"):
        with pytest.raises(Invalid):
            disk(Path(root))


async def test_a_root_that_is_missing_is_unreachable(tmp_path: Path) -> None:
    make(tmp_path, "file", b"data")
    for store, cause in (
        (disk(tmp_path / "gone"), "root_missing"),
        (disk(tmp_path / "file"), "root_missing"),
        (disk(tmp_path, bucket="gone"), "bucket_missing"),
        (disk(tmp_path, bucket="file"), "bucket_missing"),
    ):
        for call in (
            store.list_page(),
            store.stat(Key("a")),
            store.get(Key("a")),
            store.put(Key("a"), b"data"),
            store.try_multipart(Key("a")),
        ):
            with pytest.raises(StoreUnreachable) as caught:
                await call
            assert (caught.value.cause, caught.value.store) == (cause, "local")
    assert set(everything(tmp_path)) == {"file"}


@pytest.fixture
def public_root() -> Iterator[Path]:
    """A root that a user without rights reaches, with a folder and a file that it must not read."""
    root = Path(tempfile.mkdtemp(dir="/tmp"))
    root.chmod(0o755)
    make(root, "a/file", b"data")
    make(root, "closed/file", b"data")
    make(root, "secret", b"data")
    (root / "closed").chmod(0)
    (root / "secret").chmod(0)
    yield root
    (root / "closed").chmod(0o700)
    shutil.rmtree(root)


@pytest.fixture
def nobody() -> Iterator[None]:
    """Without the rights of root, which no mode keeps out."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    yield
    os.seteuid(was)


@pytest.mark.usefixtures("nobody")
async def test_what_cannot_be_read_is_an_error_and_never_a_shorter_listing(public_root: Path) -> None:
    store = disk(public_root)
    for call in (store.list_page(), store.list_page("closed/"), store.list_page(after=Key("b"), limit=1)):
        with pytest.raises(StoreDenied) as caught:
            await call
        assert (caught.value.permission, caught.value.key) == ("list", "closed/")
    assert [listed.key for listed in (await store.list_page("a/")).objects] == ["a/file"]
    with pytest.raises(StoreDenied) as caught:
        await store.get(Key("secret"))
    assert (caught.value.permission, caught.value.code) == ("read", "EACCES")
    if os.stat(public_root).st_uid != os.geteuid():  # noqa: PTH116 - one quick look
        with pytest.raises(StoreDenied) as caught:
            await store.put(Key("new"), b"data")
        assert caught.value.permission == "write"


def test_a_listing_that_fails_is_never_nothing_found() -> None:
    for number in (errno.ENOENT, errno.ENOTDIR, errno.ENOSPC, errno.EIO):
        error = Place("local", "/root", "").error(OSError(number, os.strerror(number)), "", "list")
        assert isinstance(error, StoreUnreachable)


@pytest.mark.parametrize(
    ("number", "expected", "cause"),
    [
        (errno.ENOSPC, StoreUnreachable, "disk_full"),
        (errno.EDQUOT, StoreUnreachable, "disk_full"),
        (errno.EFBIG, StoreUnreachable, "file_too_large"),
        (errno.EXDEV, StoreUnreachable, "another_file_system"),
        (errno.ETIMEDOUT, StoreUnreachable, "timeout"),
        (errno.EIO, StoreUnreachable, "eio"),
        (errno.ESTALE, StoreUnreachable, "estale"),
        (errno.EROFS, StoreDenied, None),
        (errno.EPERM, StoreDenied, None),
        (errno.EMFILE, Busy, None),
        (errno.ENAMETOOLONG, Unstorable, None),
        (errno.ENOENT, ObjectNotFound, None),
    ],
)
def test_each_fault_of_the_system_has_its_error(number: int, expected: type[MoorageError], cause: str | None) -> None:
    error = Place("local", "/root", "").error(OSError(number, os.strerror(number)), "a\nb", "write")
    assert type(error) is expected
    assert error.advice
    assert "\n" not in error.message
    if isinstance(error, StoreUnreachable):
        assert error.cause == cause
