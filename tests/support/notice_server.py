"""A server of release notices on this computer, on a thread of its own; what it answers can be changed at any time."""

import asyncio
import threading

from lumedesk.domain.releases import Source
from tests.support.raw_server import Connection, RawServer, Received, http
from tests.support.releases import a_source, an_envelope


class NoticeServer:
    """Answers every request with `answer`; while `hold` is in force, not yet. `with` starts it."""

    def __init__(self) -> None:
        self.answer = http(200, an_envelope())
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="notice-server")
        self._raw = RawServer([self._play])
        self._free = asyncio.Event()
        self._free.set()

    def __enter__(self) -> "NoticeServer":
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._raw.__aenter__(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._raw.__aexit__(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def requests(self) -> list[Received]:
        return self._raw.requests

    @property
    def source(self) -> Source:
        """What a build would name that hears of releases here."""
        return a_source(f"{self._raw.url}/manifest.json")

    def tell(self, **changed: object) -> None:
        """Answer with a good notice that differs from the usual one."""
        self.answer = http(200, an_envelope(**changed))  # type: ignore[arg-type]

    def hold(self) -> None:
        """Answer nothing until `release`."""
        self._loop.call_soon_threadsafe(self._free.clear)

    def release(self) -> None:
        self._loop.call_soon_threadsafe(self._free.set)

    async def _play(self, connection: Connection) -> None:
        await connection.request()
        await self._free.wait()
        await connection.send(self.answer)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
