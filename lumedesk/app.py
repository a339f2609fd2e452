"""Builds the desk: the one place that knows every part and hands them to each other."""

import asyncio
import json
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QLockFile
from PySide6.QtWidgets import QApplication

from lumedesk import __version__
from lumedesk.api.client import LumetradeClient
from lumedesk.api.endpoint import Endpoint
from lumedesk.api.transport import Transport
from lumedesk.domain.clocks import Clock, SystemClock
from lumedesk.domain.errors import Unreachable, Wire
from lumedesk.sandbox.launch import SandboxOptions, SandboxProcess
from lumedesk.store.paths import ProfilePaths, make_private_folder
from lumedesk.views.main_window import MainWindow
from lumedesk.views.theme import Look, Scheme
from lumedesk.work.engine import Engine
from lumedesk.work.session import Session

SANDBOX = "sandbox"


class CannotStart(Exception):
    """The desk can't open; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What to open: a profile's name and files, and whether to stay off the network."""

    name: str
    paths: ProfilePaths
    offline: bool = False
    sandbox: SandboxOptions = field(default_factory=SandboxOptions)


class SandboxConnector:
    """Starts the sandbox in a process of its own and connects to it."""

    def __init__(self, options: SandboxOptions) -> None:
        self._process = SandboxProcess(options)

    async def connect(self, on_in_flight: Callable[[int], None]) -> LumetradeClient:
        """Errors: Unreachable when the sandbox doesn't start."""
        try:
            address = await asyncio.to_thread(self._process.start)
        except (OSError, RuntimeError) as error:
            raise Unreachable(f"The sandbox didn't start: {error}", wire=Wire.NOT_SENT) from error
        endpoint = Endpoint(address.base_url)
        return LumetradeClient(Transport(endpoint, address.credentials, on_in_flight=on_in_flight))

    @property
    def pid(self) -> int | None:
        """The sandbox's process; None while none runs."""
        return self._process.pid

    async def close(self) -> None:
        """End the sandbox's process."""
        await asyncio.to_thread(self._process.stop)


class Desk:
    """The whole program around one profile. `close` leaves no thread, socket or process behind."""

    def __init__(
        self, app: QApplication, setup: Setup, scheme: Scheme = Scheme.SYSTEM, clock: Clock | None = None
    ) -> None:
        """Errors: CannotStart, MirrorError."""
        self._is_closed = False
        self._lock = _claim(setup.paths)
        self.connector = None if setup.offline else SandboxConnector(setup.sandbox)
        if self.connector is not None:
            # Each sandbox is a new world: yesterday's invented money must not mix with today's.
            _forget(setup.paths.mirror)
        setup.paths.marker.write_text(json.dumps({"kind": SANDBOX}))
        self.look = Look(app, scheme)
        self.engine = Engine()
        try:
            self.session = Session(self.engine, setup.paths.mirror, self.connector, clock or SystemClock())
        except Exception:
            self.engine.stop()
            raise
        self.window = MainWindow(self.session, self.look, setup.name.capitalize(), "Invented money")
        self.session.start()

    def close(self) -> None:
        """Stop everything, in an order that loses nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        self.window.close()
        self.session.stop()
        self.window.deleteLater()
        self._lock.unlock()


def run(setup: Setup) -> int:
    """Open the desk and stay until it is closed. Shape: the process's exit code. Errors: CannotStart, MirrorError."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    for name in ("httpx", "httpcore", "h11"):
        logging.getLogger(name).setLevel(logging.WARNING)
    app = QApplication(sys.argv[:1])
    app.setApplicationName("LumeDesk")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("lumedesk")
    desk = Desk(app, setup)
    desk.window.show()
    try:
        return app.exec()
    finally:
        desk.close()


def _claim(paths: ProfilePaths) -> QLockFile:
    """Make the profile's folder this process's own."""
    try:
        make_private_folder(paths.folder)
    except OSError as error:
        raise CannotStart(f"The folder {paths.folder} can't be used: {error.strerror}.") from error
    lock = QLockFile(str(paths.folder / "lock"))
    lock.setStaleLockTime(0)
    if not lock.tryLock(0):
        raise CannotStart("This profile is open in another LumeDesk. Close that one, or choose another --profile.")
    return lock


def _forget(mirror: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        mirror.with_name(mirror.name + suffix).unlink(missing_ok=True)
