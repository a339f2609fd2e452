"""Builds the desk around one open profile: knows every part and hands them to each other."""

import logging
import sys
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QLockFile, QTimer
from PySide6.QtWidgets import QApplication

from lumedesk.domain.clocks import Clock, SystemClock
from lumedesk.domain.credentials import Secret
from lumedesk.domain.profiles import Profile
from lumedesk.qt_loading import load_rest
from lumedesk.store.paths import ProfilePaths, make_private_folder
from lumedesk.store.private_file import NotWritable
from lumedesk.store.profiles import BadProfile, read_profile, write_profile
from lumedesk.views.main_window import MainWindow
from lumedesk.views.theme import Look, Scheme
from lumedesk.work.connecting import SandboxConnector
from lumedesk.work.engine import Engine
from lumedesk.work.session import Connector, Session

if TYPE_CHECKING:
    from lumedesk.sandbox.launch import SandboxOptions
    from lumedesk.work.books import Books

log = logging.getLogger(__name__)

# A window that nobody looks at, minimised or covered, may never be painted: what waits for it waits no longer than this.
PAINTED_WITHIN_MS = 2_000

_READ_ONLY = "This profile's folder can't be written, so no movement could be recorded. This only shows what was saved."
_ELSEWHERE = "This profile is open in another LumeDesk, which alone may send. This one only shows what that one saved."


class CannotStart(Exception):
    """The desk can't open; the text says why and what to do."""


class Claim:
    """A profile's folder, as this process's own or only to be looked at; `why_not` says why, and is empty for its owner."""

    def __init__(self, lock: QLockFile | None, why_not: str = "") -> None:
        self._lock = lock
        self.why_not = why_not

    @property
    def is_owner(self) -> bool:
        """True while this process alone may write there."""
        return self._lock is not None

    def release(self) -> None:
        """Let others have it; harmless when it was released before."""
        if self._lock is not None:
            self._lock.unlock()


class Setup(msgspec.Struct, frozen=True):
    """What to open: a profile, its files, the key they are encrypted with, and whether to stay off the network."""

    profile: Profile
    paths: ProfilePaths
    store_key: Secret
    offline: bool = False
    # Where to connect; None starts a sandbox.
    connector: Connector | None = None
    # None is a sandbox as it usually is.
    sandbox: "SandboxOptions | None" = None


class Desk:
    """The whole program around one profile. `close` leaves no thread, socket or process behind."""

    def __init__(
        self,
        app: QApplication,
        setup: Setup,
        scheme: Scheme = Scheme.SYSTEM,
        clock: Clock | None = None,
        look: Look | None = None,
        engine: Engine | None = None,
        claimed: Claim | None = None,
        window: MainWindow | None = None,
    ) -> None:
        """`look`, `engine`, `claimed` and a `window` with nothing in it yet are taken over where they are there already.

        Errors: CannotStart, MirrorError.
        """
        self._is_closed = False
        self._is_started = False
        paths, clock = setup.paths, clock or SystemClock()
        self._claim = claimed or claim(paths, setup.profile)
        self._hook_before = sys.excepthook
        if self._claim.is_owner:
            _keep_profile(setup)
        self.connector: Connector | None = None
        if self._claim.is_owner and not setup.offline:
            self.connector = setup.connector or _sandbox(setup)
        self.look = look or Look(app, scheme)
        self.engine = engine or Engine()
        try:
            self.session = Session(
                self.engine,
                paths.mirror,
                self.connector,
                partial(_open_books, setup, clock, self._claim.why_not),
                clock,
                key=setup.store_key,
                view_only=not self._claim.is_owner,
                may_send=not setup.profile.is_view_only,
            )
        except Exception:
            self.engine.stop()
            raise
        if window is None:
            self.window = MainWindow(self.session, self.look, setup.profile)
        else:
            self.window = window
            window.fill(self.session, self.look)
        # What is known is shown first; whoever shows no window connects as soon as there is nothing else to do.
        self.window.page_painted.connect(self._connect)
        QTimer.singleShot(0, self.window, self._connect_unseen)
        QTimer.singleShot(PAINTED_WITHIN_MS, self.window, self._connect)

    def _connect_unseen(self) -> None:
        if not self.window.isVisible():
            self._connect()

    def _connect(self) -> None:
        if not self._is_started and not self._is_closed:
            self._is_started = True
            self.window.complete()
            # On the second thread: done here, it would stall the window that was only just painted.
            self.engine.look_up(_load_rest, self.window, self._start, self._start)

    def _start(self, _outcome: object) -> None:
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
        try:
            self.session.stop()
        finally:
            self.window.deleteLater()
            self._claim.release()

    def _take_defect(self, kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        log.critical("a defect; nothing more is sent", exc_info=(kind, error, traceback))
        self.session.movements.refuse(
            f"The desk made a mistake ({kind.__name__}). Nothing more is sent until it is started again."
        )


def _open_books(setup: Setup, clock: Clock, refusal: str) -> "Books":
    """After the first rows, as a rule: they needn't wait for the books, but nothing is sent before these are open."""
    from lumedesk.work.books import Books

    paths = setup.paths
    heads = (paths.head_of(paths.journal), paths.head_of(paths.audit))
    return Books(paths.journal, paths.audit, heads, clock, refusal, setup.store_key)


def _load_rest() -> None:
    """Import what speaks to servers, which takes 150 ms, and what PySide's own start left out."""
    import asyncio  # noqa: F401 - loaded for whoever imports it next

    import lumedesk.api.transport
    import lumedesk.work.link  # noqa: F401

    load_rest()


def claim(paths: ProfilePaths, profile: Profile) -> Claim:
    """Make the profile's folder this process's own, or find out why it can only be looked at. Errors: CannotStart."""
    lock, why_not = _locked(paths)
    if lock is None and profile.is_sandbox:
        raise CannotStart(f"{why_not} A sandbox's records can be read in its own window only.")
    return Claim(lock, why_not)


def _locked(paths: ProfilePaths) -> tuple[QLockFile | None, str]:
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
        return None, _ELSEWHERE
    if paths.mirror.exists():
        return None, _READ_ONLY
    raise CannotStart(f"The folder {paths.folder} can't be written.")


def _keep_profile(setup: Setup) -> None:
    """Note what the folder is. Errors: CannotStart where it is another profile: its records are never begun anew."""
    try:
        known = read_profile(setup.paths)
        is_rehearsal = known is not None and known.is_sandbox and setup.profile.is_sandbox
        if known is not None and not is_rehearsal and known.id != setup.profile.id:
            raise CannotStart(f"The profile in {setup.paths.folder} is another one than was asked for.")
        # Nearly always it is there already, and a disk may take long to make sure of a file.
        if known != setup.profile:
            write_profile(setup.paths, setup.profile)
    except (BadProfile, NotWritable) as error:
        raise CannotStart(str(error)) from error


def _sandbox(setup: Setup) -> SandboxConnector:
    """A sandbox is a new world each time: yesterday's invented money must not mix with today's. Errors: CannotStart."""
    if not setup.profile.is_sandbox:
        raise CannotStart("This profile has no key to connect with.")
    paths = setup.paths
    for record in (paths.mirror, paths.journal, paths.audit):
        for suffix in ("", "-wal", "-shm"):
            record.with_name(record.name + suffix).unlink(missing_ok=True)
        paths.head_of(record).unlink(missing_ok=True)
    paths.seen.unlink(missing_ok=True)
    paths.filters.unlink(missing_ok=True)
    from lumedesk.sandbox.launch import SandboxOptions

    return SandboxConnector(setup.sandbox or SandboxOptions())
