"""The line between a child and the sandbox: it passes messages on, and at one moment of the order's POST kills or cuts."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

_QUIET_S = 10.0


class Moment(Enum):
    """Of the order's POST. What the child had sent by then reaches the sandbox, as it does when a process is killed."""

    ACCEPTED = "the connection is accepted"
    HEADERS = "the request's headers arrived"
    HALF_BODY = "half of the body arrived"
    BODY = "the body arrived, the server commits later"
    LOST = "the body arrived, the server never commits"
    COMMITTED = "the server committed, nothing is answered"
    HALF_ANSWER = "half of the answer is sent"
    ANSWER = "the whole answer is sent"


@dataclass(slots=True)
class Watch:
    """What to do at which moment of the first POST to `path`. `kill` returns once the child is dead; None cuts the line."""

    path: str
    flag: Path
    moment: Moment | None = None
    kill: Callable[[], Awaitable[None]] | None = None
    is_over: bool = False

    async def meets(self, moment: Moment) -> bool:
        """Whether this is the moment; if so, the child is dead now, or shall see its connection end."""
        if self.is_over or moment is not self.moment:
            return False
        self.is_over = True
        if self.kill is not None:
            await self.kill()
        return True


class Line:
    """Listens on loopback and connects each connection to the sandbox. The watch can be changed between children."""

    def __init__(self) -> None:
        self.watch: Watch | None = None
        self.upstream = 0
        self._server: asyncio.Server | None = None
        self._carrying: set[asyncio.Task[None]] = set()

    async def start(self) -> int:
        """The port it listens on."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        for task in self._carrying:
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)

    async def settled(self) -> None:
        """Wait until all that was sent has reached the sandbox and it has done with it. Errors: TimeoutError."""
        async with asyncio.timeout(_QUIET_S):
            while self._carrying:
                await asyncio.wait(self._carrying)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._connected(reader, writer))
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        watch = self.watch
        try:
            # The connection of a POST is a fresh one, and the child says when that is due.
            if watch and watch.moment is Moment.ACCEPTED and watch.flag.exists() and await watch.meets(Moment.ACCEPTED):
                return
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.upstream)
            try:
                await self._carry(Pair(reader, writer, up_reader, up_writer), watch)
                # The sandbox may still be at work on what it got; it hangs up when it is done.
                with contextlib.suppress(OSError):
                    up_writer.write_eof()
                    await up_reader.read()
            finally:
                await _closed(up_writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            await _closed(writer)

    async def _carry(self, pair: "Pair", watch: Watch | None) -> None:
        while True:
            head = await pair.down.readuntil(b"\r\n\r\n")
            is_order = watch is not None and head.startswith(f"POST {watch.path} ".encode())
            if is_order and watch is not None and not watch.is_over:
                if await _order(pair, head, watch):
                    return
                continue
            request = head + await _body(pair.down, head)
            if not await pair.back(await pair.asked(request)):
                return


@dataclass(frozen=True, slots=True)
class Pair:
    """Both connections: `down` from the child, `up` to the sandbox."""

    down: asyncio.StreamReader
    down_writer: asyncio.StreamWriter
    up: asyncio.StreamReader
    up_writer: asyncio.StreamWriter

    async def forward(self, data: bytes) -> None:
        self.up_writer.write(data)
        await self.up_writer.drain()

    async def asked(self, request: bytes) -> bytes:
        """Send a request on; its whole answer."""
        await self.forward(request)
        head = await self.up.readuntil(b"\r\n\r\n")
        return head + await _body(self.up, head)

    async def back(self, answer: bytes) -> bool:
        """Send an answer back; False when nobody takes it any more."""
        try:
            self.down_writer.write(answer)
            await self.down_writer.drain()
        except OSError:
            return False
        return True


async def _order(pair: Pair, head: bytes, watch: Watch) -> bool:
    """Pass the order on up to the moment; True when the line ends there."""
    if await watch.meets(Moment.HEADERS):
        await pair.forward(head)
        return True
    body = await _body(pair.down, head)
    if await watch.meets(Moment.HALF_BODY):
        await pair.forward(head + body[: len(body) // 2])
        return True
    if await watch.meets(Moment.BODY):
        await pair.asked(head + body)
        return True
    if await watch.meets(Moment.LOST):
        return True
    answer = await pair.asked(head + body)
    if await watch.meets(Moment.COMMITTED):
        return True
    if watch.moment is Moment.HALF_ANSWER:
        await pair.back(answer[: len(answer) // 2])
        return await watch.meets(Moment.HALF_ANSWER)
    if not await pair.back(answer):
        return True
    return await watch.meets(Moment.ANSWER)


async def _body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return await reader.readexactly(int(value))
    return b""


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
