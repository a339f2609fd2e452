"""The real window on a stage: over a sandbox's process, over answers laid out by hand, or over nothing."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import shiboken6
from PySide6.QtCore import QCoreApplication, QElapsedTimer, QEvent, QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from lumedesk.api.client import LumetradeClient
from lumedesk.api.endpoint import Endpoint
from lumedesk.api.transport import Answer, Transport
from lumedesk.app import Desk, Setup
from lumedesk.domain.errors import DeskError
from lumedesk.sandbox.launch import SandboxAddress
from lumedesk.store.paths import profile_paths
from lumedesk.views.theme import Scheme
from lumedesk.work.session import Connector
from tests.support.clock import FakeClock
from tests.support.keys import STORE_KEY, a_sandbox


class Held:
    """An answer kept back until `release`, from any thread."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self._loop: asyncio.AbstractEventLoop | None = None
        self._event = asyncio.Event()
        self.is_released = False

    async def wait(self) -> Any:
        self._loop = asyncio.get_running_loop()
        if not self.is_released:
            await self._event.wait()
        return self.answer

    def release(self) -> None:
        self.is_released = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._event.set)


class _Arrival:
    """A history's answer, all of it at once."""

    request_id, known, digest, is_same = None, None, b"", False

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def pieces(self, _recogniser: Any = None) -> AsyncIterator[bytes]:
        yield self._body


class LaidOut:
    """Answers as a transport does, from `answers`: path to JSON-able value, bytes, DeskError, Held, or a tuple of these.

    A tuple is used up from its front, its last one again and again. What has no answer gets an empty list.
    """

    def __init__(self, **answers: Any) -> None:
        self.answers = {name.replace("__", "/"): answer for name, answer in answers.items()}
        self.sent: list[tuple[str, Any]] = []
        self.server_date: datetime | None = None
        self.is_asked = False

    async def get(self, *parts: str, query: dict[str, str] | None = None, whole_list: bool = False) -> Answer:
        return await self._answer("/".join(parts))

    async def arrive(self, resource: str, known: bytes | None, take: Callable[[Any], Awaitable[Any]]) -> Any:
        return await take(_Arrival((await self._answer(resource)).body))

    async def post(self, *parts: str, body: bytes) -> Answer:
        path = "/".join(parts)
        self.sent.append((path, json.loads(body)))
        return await self._answer(f"POST {path}")

    @property
    def host(self) -> str:
        return "stage"

    @property
    def key_fingerprint(self) -> str:
        return "stage"

    async def aclose(self) -> None:
        pass

    async def _answer(self, path: str) -> Answer:
        answer = self.answers.get(path, [])
        if isinstance(answer, tuple):
            self.answers[path] = answer[1:] or answer
            answer = answer[0]
        if isinstance(answer, Held):
            answer = await answer.wait()
        if isinstance(answer, DeskError):
            raise answer
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return Answer(200, body, "req_stage", self.server_date, 0.01)


class LaidOutConnector:
    """Connects to answers laid out by hand."""

    def __init__(self, laid_out: LaidOut) -> None:
        self._laid_out = laid_out

    async def connect(self, on_in_flight: Callable[[int], None]) -> LumetradeClient:
        return LumetradeClient(self._laid_out)  # type: ignore[arg-type]

    async def close(self) -> None:
        pass


class SandboxConnector:
    """Connects to a sandbox that runs already and goes on running."""

    def __init__(self, address: SandboxAddress) -> None:
        self._address = address

    async def connect(self, on_in_flight: Callable[[int], None]) -> LumetradeClient:
        endpoint = Endpoint(self._address.base_url)
        return LumetradeClient(Transport(endpoint, self._address.credentials, on_in_flight=on_in_flight))

    async def close(self) -> None:
        pass


class NeverConnects:
    """Tries to connect for ever."""

    async def connect(self, on_in_flight: Callable[[int], None]) -> LumetradeClient:
        await asyncio.Event().wait()
        raise AssertionError

    async def close(self) -> None:
        pass


class Stage:
    """The whole desk over one folder. `connector` None works offline. Close it before the folder goes."""

    def __init__(
        self, folder: Path, scheme: Scheme, connector: Connector | None, clock: FakeClock | None = None
    ) -> None:
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        self.clock = clock or FakeClock(datetime.now(UTC))
        paths = profile_paths(folder, "sandbox")
        setup = Setup(a_sandbox(), paths, STORE_KEY, offline=connector is None, connector=connector)
        self._desk = Desk(app, setup, scheme, self.clock)
        self.look, self.session, self.window = self._desk.look, self._desk.session, self._desk.window

    def put_away_dialog(self) -> None:
        """Take away the dialog that is open, if any, even one that waits for an outcome and refuses to close."""
        dialog = self.window.dialog
        if dialog is not None:
            self.window._forget_dialog(0)
            dialog.deleteLater()
            settle()

    def close(self) -> None:
        """Leave nothing behind; harmless when it is closed already."""
        if not shiboken6.isValid(self.window):
            return
        self.put_away_dialog()
        self._desk.close()
        self.look.deleteLater()
        settle()


def until(happened: Callable[[], object], what: str, deadline_s: float = 20.0) -> None:
    """Let Qt work until something has happened. Errors: AssertionError when it doesn't."""
    watch = QElapsedTimer()
    watch.start()
    pulse = QTimer()
    pulse.start(5)
    while not happened():
        if watch.hasExpired(int(deadline_s * 1000)):
            raise AssertionError(f"waited {deadline_s:g} s in vain for {what}")
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def settle() -> None:
    """Let Qt do what it has been asked to: layouts, repaints, deletions."""
    for _ in range(3):
        QCoreApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
