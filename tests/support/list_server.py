"""The API's lists over a real socket, served from a thread of its own: each answer is laid out byte by byte, at any time."""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.domain.kinds import Kind
from tests.support.raw_server import Connection, Received, http

CREDENTIALS = Credentials("key-of-the-lists", Secret("secret-of-the-lists"))
Play = Callable[[Connection], Awaitable[None]]


def array(*rows: bytes) -> bytes:
    """A list's body."""
    return b"[" + b",".join(rows) + b"]"


class ListServer:
    """Answers every list, an empty one where nothing is laid out. `with` starts it; `cut` and `mend` are the network.

    Connections are kept open. What is laid out may also be a script, played once the request for that list has arrived;
    its connection ends with it.
    """

    def __init__(self) -> None:
        self._answers: dict[str, bytes | Play] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="list-server")
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        self._port = 0
        self.requests: list[Received] = []

    def __enter__(self) -> "ListServer":
        self._thread.start()
        self.mend()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        return f"http://localhost:{self._port}"

    def lay(self, kind: Kind, *rows: bytes) -> None:
        """Serve these rows from now on."""
        self._answers[kind.table] = http(200, array(*rows))

    def lay_body(self, kind: Kind, body: bytes) -> None:
        """Serve this body from now on, whatever it is."""
        self._answers[kind.table] = http(200, body)

    def play(self, kind: Kind, script: Play) -> None:
        """Let `script` answer from now on. It runs on the server's thread."""
        self._answers[kind.table] = script

    def cut(self) -> None:
        """End every connection without a word; nobody listens there from now on."""
        self._do(self._close())

    def mend(self) -> None:
        """Listen again where it listened before."""
        self._do(self._listen())

    def asked(self, kind: Kind) -> int:
        """How often a list was asked for."""
        return sum(request.target.rpartition("/")[2] == kind.table for request in self.requests)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        self._port = int(self._server.sockets[0].getsockname()[1])

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        connection = Connection(reader, writer, self.requests, asyncio.Event())
        try:
            while True:
                request = await connection.request()
                answer = self._answers.get(request.target.rpartition("/")[2], http(200, b"[]"))
                if not isinstance(answer, bytes):
                    await answer(connection)
                    return
                await connection.send(answer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._open.discard(task)
            writer.close()
            with contextlib.suppress(Exception, asyncio.CancelledError):
                await writer.wait_closed()
