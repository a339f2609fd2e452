"""A server that answers with scripted bytes over a real socket and keeps what it was sent. It knows no API."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Received:
    """One request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Connection:
    """One accepted connection, as a script sees it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    requests: list[Received]
    heard: asyncio.Event

    async def request(self) -> Received:
        """Read one request to its end and keep it."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        self.requests.append(Received(method, target, headers, body))
        self.heard.set()
        return self.requests[-1]

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """Send RST instead of FIN."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Script = Callable[[Connection], Awaitable[None]]


@dataclass
class RawServer:
    """Plays one script per connection; the last one again for each further connection. `async with` starts it."""

    scripts: list[bytes | Script]
    ssl_context: ssl.SSLContext | None = None
    requests: list[Received] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    async def __aenter__(self) -> "RawServer":
        self._tasks: set[asyncio.Task[None]] = set()
        self.heard = asyncio.Event()  # set by the first request that has arrived whole
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self.ssl_context)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def url(self) -> str:
        scheme = "https" if self.ssl_context else "http"
        return f"{scheme}://localhost:{self.port}"

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        script = self.scripts[min(self.connections, len(self.scripts) - 1)]
        self.connections += 1
        connection = Connection(reader, writer, self.requests, self.heard)
        try:
            if isinstance(script, bytes):
                await connection.request()
                await connection.send(script)
            else:
                await script(connection)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(Exception, asyncio.CancelledError):
                await writer.wait_closed()


def http(status: int, body: bytes = b"", *, headers: dict[str, str] | None = None) -> bytes:
    """Write a plain HTTP/1.1 answer."""
    given = {"Content-Length": str(len(body)), "Content-Type": "application/json", **(headers or {})}
    lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in given.items())]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def kept_alive(*answers: bytes) -> Script:
    """Answer one request after another on the same connection, then close it."""

    async def play(connection: Connection) -> None:
        for answer in answers:
            await connection.request()
            await connection.send(answer)

    return play


async def mute(connection: Connection) -> None:
    """Read the request and never answer."""
    await connection.request()
    await asyncio.Event().wait()


async def reset_after_request(connection: Connection) -> None:
    await connection.request()
    connection.reset()


async def close_at_once(connection: Connection) -> None:
    connection.writer.close()


async def dripping_header(connection: Connection) -> None:
    """Send one more header byte every few milliseconds, for ever: each one restarts a per-read timeout."""
    await connection.request()
    await connection.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        await connection.send(b"a")
        await asyncio.sleep(0.005)
