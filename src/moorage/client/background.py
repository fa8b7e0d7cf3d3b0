"""An event loop in a thread of its own, so that plain code can call the async client."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import aclosing, suppress
from functools import wraps
from typing import Any, Concatenate, Final, Generic, ParamSpec, Protocol, TypeVar, overload

P = ParamSpec("P")
T = TypeVar("T")
C = TypeVar("C")
AHEAD: Final = 256
"""How many rows of a stream are fetched before anybody asks for them."""


class Background:
    """The thread and its loop; started when first used."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of ``work``. Interrupted, it cancels the work."""
        future = asyncio.run_coroutine_threadsafe(work, self._started())
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def iterate(self, source: AsyncGenerator[T, None]) -> Generator[T, None, None]:
        """The rows of ``source``, which is closed when the iteration ends or is given up."""
        loop = self._started()
        stream = self.run(_Stream.opened(source))
        try:
            while rows := self.run(stream.some()):
                yield from rows
        finally:
            self._end(stream, loop)

    def close(self) -> None:
        """End what is under way, stop the loop and wait for its thread. Closing twice is fine."""
        if self._loop is not None:
            self.run(_end_all())
        with self._lock:
            if self._loop is None or self._thread is None:
                return
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            self._loop = self._thread = None

    def _end(self, stream: _Stream[T], loop: asyncio.AbstractEventLoop) -> None:
        if self._loop is not loop:
            return  # closed meanwhile, which ended the stream too
        if threading.current_thread() is self._thread:
            stream.cancel()  # the collector may finish a forgotten generator in any thread, and this one must not wait
        else:
            self.run(stream.aclose())

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="moorage-client", daemon=True)
                self._thread.start()
            return self._loop


class _End:
    """Put behind the last row, with what ended the stream."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


class _Stream(Generic[T]):
    """Fetches rows ahead, so that one hop between threads brings many."""

    def __init__(self, source: AsyncGenerator[T, None]) -> None:
        self._rows: asyncio.Queue[T | _End] = asyncio.Queue(AHEAD)
        self._end: _End | None = None
        self._task = asyncio.create_task(self._pump(source))

    @classmethod
    async def opened(cls, source: AsyncGenerator[T, None]) -> _Stream[T]:
        return cls(source)

    async def some(self) -> list[T]:
        """The next rows, at least one; none: the end. Raises what the source raised, after the rows before it."""
        rows: list[T] = []
        while self._end is None and (not rows or not self._rows.empty()):
            row = await self._rows.get()
            if isinstance(row, _End):
                self._end = row
            else:
                rows.append(row)
        if not rows and self._end is not None and self._end.error is not None:
            raise self._end.error
        return rows

    def cancel(self) -> None:
        """End the stream without waiting for it."""
        self._task.cancel()

    async def aclose(self) -> None:
        """End the stream; its source is closed on return."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _pump(self, source: AsyncGenerator[T, None]) -> None:
        try:
            async with aclosing(source):
                async for row in source:
                    await self._rows.put(row)
        except Exception as exc:  # noqa: BLE001 - handed on to the reader, whatever it is
            await self._rows.put(_End(exc))
        else:
            await self._rows.put(_End())


async def _end_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


class Blocking(Protocol):
    """What a class with blocking calls has: the thread, and the async object that they run on."""

    _background: Background
    _core: Any


class Call(Generic[C, P, T]):
    """An async method as a blocking one, with the same parameters: ``stores = Call(AsyncClient.stores)``."""

    def __init__(self, method: Callable[Concatenate[C, P], Coroutine[Any, Any, T]]) -> None:
        self._method = method
        self.__doc__ = method.__doc__

    @overload
    def __get__(self, client: None, owner: type) -> Call[C, P, T]: ...
    @overload
    def __get__(self, client: Blocking, owner: type) -> Callable[P, T]: ...
    def __get__(self, client: Blocking | None, owner: type) -> Call[C, P, T] | Callable[P, T]:
        if client is None:
            return self

        @wraps(getattr(client._core, self._method.__name__))  # noqa: SLF001 - its own protocol
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            return client._background.run(self._method(client._core, *args, **kwargs))  # noqa: SLF001 - its own protocol

        return call


class Stream(Generic[C, P, T]):
    """An async generator as a plain one, with the same parameters: ``items = Stream(AsyncClient.items)``."""

    def __init__(self, method: Callable[Concatenate[C, P], AsyncGenerator[T, None]]) -> None:
        self._method = method
        self.__doc__ = method.__doc__

    @overload
    def __get__(self, client: None, owner: type) -> Stream[C, P, T]: ...
    @overload
    def __get__(self, client: Blocking, owner: type) -> Callable[P, Generator[T, None, None]]: ...
    def __get__(self, client: Blocking | None, owner: type) -> Stream[C, P, T] | Callable[P, Generator[T, None, None]]:
        if client is None:
            return self

        @wraps(getattr(client._core, self._method.__name__))  # noqa: SLF001 - its own protocol
        def call(*args: P.args, **kwargs: P.kwargs) -> Generator[T, None, None]:
            return client._background.iterate(self._method(client._core, *args, **kwargs))  # noqa: SLF001 - its own protocol

        return call
