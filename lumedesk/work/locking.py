"""The desk's lock: whether it is locked, what locks it, and the passphrase that opens it. Touches no movement and no draft."""

import logging
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence

from lumedesk.domain.clocks import Clock
from lumedesk.domain.credentials import Secret
from lumedesk.domain.errors import DeskError, Wire
from lumedesk.domain.lock import Door, IdleWatch, LockSettings, Opened, Reason, remaining_s
from lumedesk.domain.naps import Naps
from lumedesk.store.lock_file import Cost, LockDamaged, LockFile, make_lock, read_lock, remove_lock, write_lock
from lumedesk.store.private_file import NotWritable
from lumedesk.work.engine import Engine

if TYPE_CHECKING:
    # It takes 30 ms to import, which the first window needn't wait for.
    import asyncio

    from lumedesk.work.os_lock import SystemLock

log = logging.getLogger(__name__)

_LOOK_MS = 1_000
_INPUT = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.TabletPress,
    }
)
_LOCK_KEYS = QKeySequence("Ctrl+L")
_AT_START = "Enter this profile's passphrase to open it."
_WRONG = "That isn't the passphrase."
_ONLY_WAY = "The keychain doesn't hold the key of the local records; without the passphrase nothing could open them."
_ELSEWHERE = "Another LumeDesk has this profile open; change it there."

Done = Callable[[], None]
Failed = Callable[[DeskError], None]


def _asks_to_lock(event: QEvent) -> TypeGuard[QKeyEvent]:
    return isinstance(event, QKeyEvent) and QKeySequence(event.keyCombination()) == _LOCK_KEYS


class NotOpened(DeskError):
    """The passphrase in force was not given, or can't be checked."""

    title = "The passphrase wasn't accepted"
    advice = ""

    def __init__(self, detail: str, wait_s: float = 0.0) -> None:
        super().__init__(detail, wire=Wire.NOT_SENT)
        # How long the next try has to wait.
        self.wait_s = wait_s


class LockNotKept(DeskError):
    """A passphrase or settings that could not be put in force."""

    title = "The lock was not changed"
    advice = "Everything stays as it was."

    def __init__(self, detail: str) -> None:
        super().__init__(detail, wire=Wire.NOT_SENT)


class PassphraseDoor:
    """Opens to the passphrase of a profile. Each try is on record before it is judged, so that no kill takes it back."""

    name = "Passphrase"

    def __init__(self, path: Path, profile_id: str, clock: Clock) -> None:
        """Read the file, never raises; `trouble` says why nobody gets in by it, empty when all is well."""
        self._path = path
        self._profile_id = profile_id
        self._clock = clock
        self._turn: asyncio.Lock | None = None
        self._is_recorded = True
        self.trouble = ""
        self.lock: LockFile | None = None
        try:
            self.lock = read_lock(path, profile_id)
        except LockDamaged as error:
            self.trouble = str(error)
        self._may_try_at = 0.0
        self._delay_from_now()

    @property
    def wait_s(self) -> float:
        """How long the next try has to wait; goes on counting in sleep, and across a restart."""
        return max(0.0, self._may_try_at - self._clock.ticks())

    async def open(self, answer: Secret) -> Opened:
        """Judge a passphrase, on the worker. Errors: none of its own; a damaged file keeps the door shut."""
        import asyncio

        # One try at a time: two at once would count as one.
        self._turn = self._turn or asyncio.Lock()
        async with self._turn:
            if self.lock is None:
                return Opened(is_open=False, words=self.trouble or "No passphrase is set.")
            if self.wait_s > 0:
                return Opened(is_open=False, words=_WRONG, wait_s=self.wait_s)
            self.lock = self._newest(self.lock)
            before = self.lock
            self.lock = before.after_wrong_try(self._clock.now())
            self._keep(self.lock)
            key = await asyncio.to_thread(before.open, answer)
            if key is None:
                self._delay_from_now()
                return Opened(is_open=False, words=_WRONG, wait_s=self.wait_s)
            self.lock = before.after_right_try()
            self._keep(self.lock)
            return Opened(is_open=True, store_key=key)

    def replace(self, lock: LockFile | None) -> None:
        """Put another lock in force, or none, once that is written. Errors: NotWritable; then the old one stays."""
        if lock is None:
            remove_lock(self._path)
        else:
            write_lock(self._path, lock)
        self.lock = lock
        self.trouble = ""
        self._is_recorded = True
        self._may_try_at = 0.0

    def _newest(self, known: LockFile) -> LockFile:
        """What another LumeDesk may have made of the file meanwhile; a file that is gone or damaged opens nothing."""
        if not self._is_recorded:
            return known
        try:
            return read_lock(self._path, self._profile_id) or known
        except LockDamaged as error:
            log.warning("%s", error)
            return known

    def _keep(self, lock: LockFile) -> None:
        if not self._path.exists():
            # Taken away by another LumeDesk: writing it anew would bring back a passphrase that was removed.
            return
        try:
            write_lock(self._path, lock)
            self._is_recorded = True
        except NotWritable as error:
            self._is_recorded = False
            # On a full disk the operator must still get in; until the desk ends the try counts all the same.
            log.warning("a try wasn't recorded: %s", error)

    def _delay_from_now(self) -> None:
        if self.lock is not None:
            left = remaining_s(self.lock.wrong_tries, self.lock.last_wrong_at, self._clock.now())
            self._may_try_at = self._clock.ticks() + left


class Locking(QObject):
    """One profile's lock. Lives on the UI thread; passphrases are judged on the worker. With a passphrase it starts locked."""

    # The desk is to be covered; carries why, in words. UI thread.
    locked = Signal(str)
    # The operator is back. UI thread.
    unlocked = Signal()
    # A passphrase was refused: why in words, and the seconds until the next try. UI thread.
    refused = Signal(str, float)
    # The operator wants to lock, but no passphrase is set yet. UI thread.
    passphrase_wanted = Signal()
    # The computer slept or was locked (a Reason), whether or not the desk locks with it: quotes are no longer good. UI thread.
    away = Signal(object)
    # A passphrase was set, changed or removed, or the settings differ. UI thread.
    changed = Signal()

    def __init__(
        self,
        path: Path,
        profile_id: str,
        engine: Engine,
        clock: Clock,
        *,
        store_key: Secret | None = None,
        naps: Naps | None = None,
        view_only: bool = False,
        cost: Cost | None = None,
        parent: QObject | None = None,
    ) -> None:
        """`store_key` is what a passphrase wraps, where it is known already. Nothing is watched before `start`."""
        super().__init__(parent)
        self._engine = engine
        self._door = PassphraseDoor(path, profile_id, clock)
        self._profile_id = profile_id
        self._cost = cost
        # Another process owns the profile: nothing about the lock is changed from here.
        self.view_only = view_only
        self._watch = IdleWatch(clock, naps or Naps(clock))
        # The key of the local records: given, or found behind the passphrase.
        self.store_key = store_key
        # Set by whoever opened the records without the keychain: then the passphrase can't be removed.
        self.is_only_way_in = False
        self.is_locked = self.has_passphrase
        self.why = _AT_START if self.is_locked else ""
        self._is_trying = False
        self._system: SystemLock | None = None
        self._looks = QTimer(self)
        self._looks.setInterval(_LOOK_MS)
        self._looks.timeout.connect(self.look)

    @property
    def has_passphrase(self) -> bool:
        """Whether a passphrase is set, be it one that can't be checked."""
        return self._door.lock is not None or bool(self._door.trouble)

    @property
    def trouble(self) -> str:
        """Why the passphrase can't be checked, and what to do; empty when it can."""
        return self._door.trouble

    @property
    def settings(self) -> LockSettings:
        """The settings in force; the defaults while no passphrase is set."""
        return self._door.lock.settings if self._door.lock is not None else LockSettings()

    @property
    def door(self) -> Door:
        """What the operator comes in by."""
        return self._door

    @property
    def wait_s(self) -> float:
        """How long the next try has to wait; 0 when it needn't."""
        return self._door.wait_s

    def start(self) -> None:
        """Watch for input, sleep and the system's lock from now on."""
        application = QCoreApplication.instance()
        if application is not None:
            application.installEventFilter(self)
        self._watch.restart()
        self._looks.start()
        self._listen_to_system()

    def close(self) -> None:
        """Watch no longer; safe to call twice."""
        application = QCoreApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
        self._looks.stop()
        if self._system is not None:
            self._system.close()

    def _listen_to_system(self) -> None:
        # Qt's names for the bus take 5 ms to load, which a locked profile's gate needn't wait for.
        from lumedesk.work.os_lock import SystemLock

        if self._system is None:
            self._system = SystemLock(self)
            self._system.locked.connect(self._lock_with_system)
            self._system.slept.connect(self._lock_after_sleep)
        self._system.start()

    # Locking

    def lock(self, reason: Reason = Reason.ASKED) -> None:
        """Lock for this reason, if the settings say so; without a passphrase only say what happened."""
        if reason in (Reason.SLEPT, Reason.SYSTEM):
            self.away.emit(reason)
        if not self.has_passphrase:
            if reason is Reason.ASKED:
                self.passphrase_wanted.emit()
            return
        if self.is_locked or not self.settings.locks_on(reason):
            return
        self.is_locked = True
        self.why = self.settings.told(reason)
        self.locked.emit(self.why)

    def look(self) -> None:
        """See whether it is time to lock. The timer calls this each second, and so does all input before it counts."""
        reason = self._watch.why_lock(self.settings)
        if reason is not None:
            self.lock(reason)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """As Qt has it: input is noted. What comes too late finds the desk locked, and is lost."""
        if event.type() in _INPUT and event.spontaneous():
            if event.type() == QEvent.Type.KeyPress and _asks_to_lock(event):
                # Here and not by a menu's shortcut, which no open dialog lets through.
                # Held down, it comes again and again.
                if not event.isAutoRepeat():
                    self.lock(Reason.ASKED)
                return True
            was_locked = self.is_locked
            self.look()
            if self.is_locked and not was_locked:
                return True
            self._watch.note_activity()
        return False

    def _lock_with_system(self) -> None:
        self.lock(Reason.SYSTEM)

    def _lock_after_sleep(self) -> None:
        self.lock(Reason.SLEPT)

    # Unlocking

    def try_passphrase(self, passphrase: Secret) -> None:
        """Have a passphrase judged; `unlocked` or `refused` follows. A second try while one is judged is ignored."""
        if self._is_trying or not self.is_locked:
            return
        if self.wait_s > 0:
            self.refused.emit(_WRONG, self.wait_s)
            return
        self._is_trying = True
        self._engine.submit(self._door.open(passphrase), self, self._take_verdict, self._take_failure)

    def _take_verdict(self, opened: Opened) -> None:
        self._is_trying = False
        if not opened.is_open and self.has_passphrase:
            self.refused.emit(opened.words, opened.wait_s)
            return
        self._take_key(opened)
        self.is_locked = False
        self.why = ""
        self._watch.restart()
        self.unlocked.emit()

    def _take_failure(self, error: DeskError) -> None:
        self._is_trying = False
        self.refused.emit(f"{error.title}. {error.advice}", 0.0)

    def _take_key(self, opened: Opened) -> None:
        # The key that opened the records stays the one that is wrapped.
        self.store_key = self.store_key or opened.store_key

    # Changing the lock

    def set_passphrase(
        self,
        old: Secret | None,
        new: Secret,
        owner: QObject,
        done: Done,
        failed: Failed,
        settings: LockSettings | None = None,
    ) -> None:
        """Set a passphrase, or replace `old`. `failed` gets NotOpened for a wrong old one, else LockNotKept."""
        self._change(self._set(old, new, settings), owner, done, failed)

    def remove_passphrase(self, old: Secret, owner: QObject, done: Done, failed: Failed) -> None:
        """Do without a passphrase from now on. `failed` gets NotOpened or LockNotKept; then it stays set."""
        self._change(self._remove(old), owner, done, failed)

    def save_settings(self, settings: LockSettings, owner: QObject, done: Done, failed: Failed) -> None:
        """Put settings in force once they are written; `failed` gets LockNotKept, and then the old ones stay."""
        self._change(self._save(settings), owner, done, failed)

    def _change(self, work: Coroutine[Any, Any, None], owner: QObject, done: Done, failed: Failed) -> None:
        """Run on the worker; `changed` is told even when whoever asked is gone."""

        def tell(_nothing: None) -> None:
            self.changed.emit()
            if shiboken6.isValid(owner):
                done()

        def complain(error: DeskError) -> None:
            if shiboken6.isValid(owner):
                failed(error)

        self._engine.submit(work, self, tell, complain)

    async def _set(self, old: Secret | None, new: Secret, settings: LockSettings | None) -> None:
        found = await self._opened(old) if self.has_passphrase else None
        key = self.store_key or found
        if key is None:
            raise LockNotKept("The key of the local records isn't known, so no passphrase can protect it.")
        kept = settings or self.settings
        import asyncio

        self._replace(await asyncio.to_thread(make_lock, new, key, self._profile_id, kept, self._cost))

    async def _remove(self, old: Secret) -> None:
        if self.is_only_way_in:
            raise LockNotKept(_ONLY_WAY)
        await self._opened(old)
        if self.is_locked and not self.view_only:
            # Meanwhile it locked: who comes back must find the door that was closed.
            raise LockNotKept("The desk was locked meanwhile.")
        self._replace(None)

    async def _save(self, settings: LockSettings) -> None:
        if self._door.lock is None:
            raise LockNotKept(self.trouble or "Set a passphrase first.")
        self._replace(self._door.lock.with_settings(settings))

    async def _opened(self, old: Secret | None) -> Secret | None:
        """The key behind the passphrase in force. Errors: NotOpened."""
        if old is None:
            raise NotOpened("Enter the passphrase that is set now.")
        opened = await self._door.open(old)
        if not opened.is_open:
            raise NotOpened(opened.words, opened.wait_s)
        return opened.store_key

    def _replace(self, lock: LockFile | None) -> None:
        """Errors: LockNotKept."""
        if self.view_only:
            raise LockNotKept(_ELSEWHERE)
        try:
            self._door.replace(lock)
        except NotWritable as error:
            raise LockNotKept(str(error)) from error
