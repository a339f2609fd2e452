"""Builds the desk: the one place that knows every part and hands them to each other."""

import asyncio
import json
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType

from PySide6.QtCore import QLockFile
from PySide6.QtWidgets import QApplication

from lumedesk import __version__
from lumedesk.api.client import LumetradeClient
from lumedesk.api.endpoint import Endpoint
from lumedesk.api.transport import Transport
from lumedesk.domain.clocks import Clock, SystemClock
from lumedesk.domain.errors import Unreachable, Wire
from lumedesk.sandbox.launch import SandboxAddress, SandboxOptions, SandboxProcess
from lumedesk.store.paths import ProfilePaths, make_private_folder
from lumedesk.views.main_window import MainWindow
from lumedesk.views.theme import Look, Scheme
from lumedesk.work.books import Books
from lumedesk.work.engine import Engine
from lumedesk.work.session import Connector, Session

SANDBOX = "sandbox"

log = logging.getLogger(__name__)

_READ_ONLY = "This profile's folder can't be written, so no movement could be recorded. This only shows what was saved."
_VIEW_ONLY = "This profile is open in another LumeDesk, which alone may send. This one only shows what that one saved."


class CannotStart(Exception):
    """The desk can't open; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What to open: a profile's name and files, and whether to stay off the network."""

    name: str
    paths: ProfilePaths
    offline: bool = False
    # Where to connect; None starts a sandbox.
    connector: Connector | None = None
    sandbox: SandboxOptions = field(default_factory=SandboxOptions)


class SandboxConnector:
    """Starts the sandbox in a process of its own and connects to it."""

    def __init__(self, options: SandboxOptions) -> None:
        self._process = SandboxProcess(options)
        self._starting: asyncio.Future[SandboxAddress] | None = None

    async def connect(self, on_in_flight: Callable[[int], None]) -> LumetradeClient:
        """Errors: Unreachable when the sandbox doesn't start."""
        try:
            self._starting = asyncio.ensure_future(asyncio.to_thread(self._process.start))
            address = await asyncio.shield(self._starting)
        except (OSError, RuntimeError) as error:
            raise Unreachable(f"The sandbox didn't start: {error}", wire=Wire.NOT_SENT) from error
        endpoint = Endpoint(address.base_url)
        return LumetradeClient(Transport(endpoint, address.credentials, on_in_flight=on_in_flight))

    @property
    def pid(self) -> int | None:
        """The sandbox's process; None while none runs."""
        return self._process.pid

    async def close(self) -> None:
        """End the sandbox's process, also one that is only just starting."""
        if self._starting is not None:
            await asyncio.wait([self._starting])
        await asyncio.to_thread(self._process.stop)


class Desk:
    """The whole program around one profile. `close` leaves no thread, socket or process behind."""

    def __init__(
        self, app: QApplication, setup: Setup, scheme: Scheme = Scheme.SYSTEM, clock: Clock | None = None
    ) -> None:
        """Errors: CannotStart, MirrorError."""
        self._is_closed = False
        paths, clock = setup.paths, clock or SystemClock()
        self._lock, view_only = _claim(paths)
        self._hook_before = sys.excepthook
        if self._lock is not None:
            _mark_as_sandbox(paths)
        self.connector: Connector | None = None
        if self._lock is not None and not setup.offline:
            self.connector = setup.connector or _sandbox(setup)
        self.look = Look(app, scheme)
        self.engine = Engine()
        try:
            heads = (paths.head_of(paths.journal), paths.head_of(paths.audit))
            books = Books(paths.journal, paths.audit, heads, clock, view_only)
            self.session = Session(
                self.engine, paths.mirror, self.connector, books, clock, view_only=self._lock is None
            )
        except Exception:
            self.engine.stop()
            raise
        self.window = MainWindow(self.session, self.look, setup.name.capitalize(), "Invented money")
        self.session.start()

    def watch_for_defects(self) -> None:
        """Report a defect in a slot, which Qt would pass over, and send nothing from then on. `close` ends it."""
        self._hook_before, sys.excepthook = sys.excepthook, self._take_defect

    def close(self) -> None:
        """Stop everything, in an order that loses nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        if sys.excepthook == self._take_defect:
            sys.excepthook = self._hook_before
        self.window.close()
        self.session.stop()
        self.window.deleteLater()
        if self._lock is not None:
            self._lock.unlock()

    def _take_defect(self, kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        log.critical("a defect; nothing more is sent", exc_info=(kind, error, traceback))
        self.session.movements.refuse(
            f"The desk made a mistake ({kind.__name__}). Nothing more is sent until it is started again."
        )


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
    desk.watch_for_defects()
    desk.window.show()
    try:
        return app.exec()
    finally:
        desk.close()


def _claim(paths: ProfilePaths) -> tuple[QLockFile | None, str]:
    """Make the profile's folder this process's own; without that, why it can only be looked at. Errors: CannotStart."""
    try:
        make_private_folder(paths.folder)
    except OSError as error:
        if paths.mirror.exists():
            return None, _READ_ONLY
        raise CannotStart(f"The folder {paths.folder} can't be used: {error.strerror}.") from error
    lock = QLockFile(str(paths.folder / "lock"))
    # A process that is gone leaves no valid lock; one that is alive keeps its own, however old.
    lock.setStaleLockTime(0)
    if lock.tryLock(0):
        return lock, ""
    if lock.error() is QLockFile.LockError.LockFailedError:
        return None, _VIEW_ONLY
    if paths.mirror.exists():
        return None, _READ_ONLY
    raise CannotStart(f"The folder {paths.folder} can't be written.")


def _mark_as_sandbox(paths: ProfilePaths) -> None:
    """Note what kind of profile this is. Errors: CannotStart for one of another kind: its records are never begun anew."""
    try:
        known = json.loads(paths.marker.read_text()) if paths.marker.exists() else None
        if known != {"kind": SANDBOX} and (known is not None or paths.journal.exists()):
            raise CannotStart(f"The profile in {paths.folder} isn't a sandbox; this LumeDesk can't open it.")
        paths.marker.write_text(json.dumps({"kind": SANDBOX}))
    except (OSError, ValueError) as error:
        raise CannotStart(f"The profile in {paths.folder} can't be used: {error}") from error


def _sandbox(setup: Setup) -> SandboxConnector:
    """A sandbox is a new world each time: yesterday's invented money must not mix with today's."""
    paths = setup.paths
    for log in (paths.mirror, paths.journal, paths.audit):
        for suffix in ("", "-wal", "-shm"):
            log.with_name(log.name + suffix).unlink(missing_ok=True)
        paths.head_of(log).unlink(missing_ok=True)
    paths.seen.unlink(missing_ok=True)
    return SandboxConnector(setup.sandbox)
