"""The lock at work: what locks it, what opens it, what a wrong passphrase costs, and that closing leaves nothing."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import low_level
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from lumedesk.domain.credentials import Secret
from lumedesk.domain.errors import DeskError
from lumedesk.domain.lock import LockSettings, Opened, Reason
from lumedesk.domain.naps import Naps
from lumedesk.store import private_file
from lumedesk.store.lock_file import Cost, LockFile, make_lock, read_lock, write_lock
from lumedesk.work.engine import Engine
from lumedesk.work.locking import Locking, LockNotKept, NotOpened
from tests.support.clock import FakeClock

CHEAP = Cost(memory_kib=8, passes=1)
RIGHT, WRONG, OTHER = Secret("correct horse battery"), Secret("wrong horse battery"), Secret("a new passphrase")
STORE_KEY = Secret("f3" * 32)
PROFILE = "profile-1"
SETTINGS = LockSettings(idle_minutes=10)


class Heard:
    """What a Locking told, in its order."""

    def __init__(self, locking: Locking) -> None:
        self.all: list[Any] = []
        locking.locked.connect(lambda words: self.all.append(("locked", words)))
        locking.unlocked.connect(lambda: self.all.append("unlocked"))
        locking.refused.connect(lambda words, wait_s: self.all.append(("refused", words, wait_s)))
        locking.passphrase_wanted.connect(lambda: self.all.append("passphrase wanted"))
        locking.away.connect(lambda reason: self.all.append(reason))
        locking.changed.connect(lambda: self.all.append("changed"))

    def take(self) -> list[Any]:
        heard, self.all = self.all, []
        return heard


class Sleep:
    """A clock that stands still in sleep: the computer's own can't be put to sleep here."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._asleep_s = 0.0

    def __call__(self) -> float:
        return self._clock.ticks() - self._asleep_s

    def sleep(self, seconds: float) -> None:
        self._clock.advance(seconds)
        self._asleep_s += seconds


class Asked:
    """Who asks for a change, and what it heard."""

    def __init__(self) -> None:
        self.owner = QObject()
        self.answers: list[Any] = []

    def done(self) -> None:
        self.answers.append("done")

    def failed(self, error: DeskError) -> None:
        self.answers.append(error)


MakeLocking = Callable[..., Locking]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lock.json"


@pytest.fixture
def asleep(clock: FakeClock) -> Sleep:
    return Sleep(clock)


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """No bus: the computer's own lock has tests of its own."""
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "")


@pytest.fixture
def make(engine: Engine, path: Path, clock: FakeClock, asleep: Sleep, quiet: None) -> Iterator[MakeLocking]:
    """Makes a Locking over the file as it is then; closed when the test ends."""
    made: list[Locking] = []

    def make_one(**settings: Any) -> Locking:
        made.append(Locking(path, PROFILE, engine, clock, naps=Naps(clock, asleep), cost=CHEAP, **settings))
        made[-1].start()
        return made[-1]

    yield make_one
    for each in made:
        each.close()


@pytest.fixture
def protected(path: Path) -> LockFile:
    """A passphrase is set."""
    lock = make_lock(RIGHT, STORE_KEY, PROFILE, SETTINGS, CHEAP)
    write_lock(path, lock)
    return lock


@pytest.fixture
def open_desk(make: MakeLocking, protected: LockFile, qtbot: QtBot) -> tuple[Locking, Heard]:
    """With a passphrase, and unlocked by it."""
    locking = make()
    heard = Heard(locking)
    attempt(locking, heard, RIGHT, qtbot)
    assert heard.take() == ["unlocked"]
    return locking, heard


def attempt(locking: Locking, heard: Heard, passphrase: Secret, qtbot: QtBot) -> None:
    count = len(heard.all)
    locking.try_passphrase(passphrase)
    qtbot.waitUntil(lambda: len(heard.all) > count)


def tries(path: Path) -> int:
    return int(json.loads(path.read_text())["tries"]["wrong"])


# Locking


def test_a_profile_with_a_passphrase_starts_locked_and_one_without_does_not(
    make: MakeLocking, path: Path, clock: FakeClock
) -> None:
    open_one = make()
    assert (open_one.has_passphrase, open_one.is_locked, open_one.why) == (False, False, "")
    assert open_one.settings == LockSettings()
    write_lock(path, make_lock(RIGHT, STORE_KEY, PROFILE, SETTINGS, CHEAP))
    locked = make()
    assert (locked.has_passphrase, locked.is_locked, locked.settings) == (True, True, SETTINGS)
    assert "passphrase" in locked.why


def test_it_locks_after_the_idle_time_and_tells_once(open_desk: tuple[Locking, Heard], clock: FakeClock) -> None:
    locking, heard = open_desk
    clock.advance(599)
    locking.look()
    assert heard.take() == []
    clock.advance(1)
    locking.look()
    locking.look()
    assert heard.take() == [("locked", "Locked after 10 minutes without input.")]
    assert locking.is_locked
    assert locking.why == "Locked after 10 minutes without input."


def test_the_timer_looks_by_itself(open_desk: tuple[Locking, Heard], clock: FakeClock, qtbot: QtBot) -> None:
    locking, heard = open_desk
    clock.advance(600)
    qtbot.waitUntil(lambda: locking.is_locked)
    assert heard.all == [("locked", "Locked after 10 minutes without input.")]


@pytest.mark.parametrize("kind", ["key", "mouse", "move", "wheel"])
def test_input_anywhere_keeps_it_open(
    open_desk: tuple[Locking, Heard], clock: FakeClock, qtbot: QtBot, kind: str
) -> None:
    locking, heard = open_desk
    window = QWidget()
    window.show()
    qtbot.waitExposed(window)
    clock.advance(599)
    match kind:
        case "key":
            QTest.keyClick(window, Qt.Key.Key_A)
        case "mouse":
            QTest.mouseClick(window, Qt.MouseButton.LeftButton)
        case "move":
            QTest.mouseMove(window.windowHandle(), QPoint(5, 6))
        case "wheel":
            QTest.wheelEvent(window.windowHandle(), QPoint(5, 5), QPoint(0, 120))
    QCoreApplication.processEvents()
    clock.advance(599)
    locking.look()
    assert heard.take() == []
    clock.advance(1)
    locking.look()
    assert len(heard.take()) == 1
    window.close()
    window.deleteLater()


def test_what_is_only_painted_or_sent_by_the_program_is_no_input(
    open_desk: tuple[Locking, Heard], clock: FakeClock, qtbot: QtBot
) -> None:
    locking, heard = open_desk
    window = QWidget()
    clock.advance(300)
    window.show()
    qtbot.waitExposed(window)
    window.repaint()
    QCoreApplication.sendEvent(window, QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier))
    clock.advance(300)
    locking.look()
    assert len(heard.take()) == 1
    window.close()
    window.deleteLater()


def test_a_click_that_comes_too_late_presses_nothing(
    open_desk: tuple[Locking, Heard], clock: FakeClock, qtbot: QtBot
) -> None:
    locking, _ = open_desk
    pressed: list[bool] = []
    button = QPushButton("Send")
    button.clicked.connect(lambda: pressed.append(True))
    button.show()
    qtbot.waitExposed(button)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert pressed == [True]
    clock.advance(600)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert locking.is_locked
    assert pressed == [True]
    button.close()
    button.deleteLater()


def test_sleep_locks_and_is_told(open_desk: tuple[Locking, Heard], asleep: Sleep) -> None:
    locking, heard = open_desk
    asleep.sleep(30)
    locking.look()
    assert heard.take() == [Reason.SLEPT, ("locked", "Locked because the computer was asleep.")]


def test_the_systems_lock_and_sleep_lock_it(open_desk: tuple[Locking, Heard], qtbot: QtBot) -> None:
    locking, heard = open_desk
    locking._system.locked.emit()
    assert heard.take() == [Reason.SYSTEM, ("locked", "Locked together with the computer.")]
    attempt(locking, heard, RIGHT, qtbot)
    assert heard.take() == ["unlocked"]
    locking._system.slept.emit()
    assert [heard.all[0], locking.is_locked] == [Reason.SLEPT, True]


def test_what_the_settings_leave_out_is_told_but_does_not_lock(
    open_desk: tuple[Locking, Heard], asleep: Sleep, clock: FakeClock, qtbot: QtBot
) -> None:
    locking, heard = open_desk
    asked = Asked()
    locking.save_settings(LockSettings(idle_minutes=0, with_system=False), asked.owner, asked.done, asked.failed)
    qtbot.waitUntil(lambda: asked.answers == ["done"])
    assert heard.take() == ["changed"]
    locking.lock(Reason.SYSTEM)
    asleep.sleep(3600)
    locking.look()
    assert heard.take() == [Reason.SYSTEM, Reason.SLEPT]
    assert not locking.is_locked
    locking.lock()
    assert heard.take() == [("locked", "Locked by you.")]


def test_without_a_passphrase_nothing_locks_and_what_happened_is_told(
    make: MakeLocking, asleep: Sleep, clock: FakeClock
) -> None:
    locking = make()
    heard = Heard(locking)
    clock.advance(24 * 3600)
    locking.look()
    assert heard.take() == []
    asleep.sleep(60)
    locking.look()
    locking.lock(Reason.SYSTEM)
    assert heard.take() == [Reason.SLEPT, Reason.SYSTEM]
    locking.lock()
    assert heard.take() == ["passphrase wanted"]
    assert not locking.is_locked


# Unlocking


def test_the_passphrase_opens_it_and_brings_the_key(make: MakeLocking, protected: LockFile, qtbot: QtBot) -> None:
    locking = make()
    heard = Heard(locking)
    assert locking.store_key is None
    attempt(locking, heard, RIGHT, qtbot)
    assert heard.take() == ["unlocked"]
    assert (locking.is_locked, locking.why, locking.store_key) == (False, "", STORE_KEY)
    assert locking.door.name == "Passphrase"


def test_time_before_the_unlocking_does_not_count_as_idle(
    make: MakeLocking, protected: LockFile, clock: FakeClock, qtbot: QtBot
) -> None:
    locking = make()
    heard = Heard(locking)
    clock.advance(599)
    attempt(locking, heard, RIGHT, qtbot)
    clock.advance(599)
    locking.look()
    assert heard.take() == ["unlocked"]


def test_the_passphrase_is_judged_off_the_ui_thread(
    make: MakeLocking, protected: LockFile, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []
    real = low_level.hash_secret_raw

    def watched(*values: Any) -> bytes:
        threads.append(threading.current_thread())
        return real(*values)

    monkeypatch.setattr(low_level, "hash_secret_raw", watched)
    locking = make()
    attempt(locking, Heard(locking), RIGHT, qtbot)
    (thread,) = threads
    assert thread is not threading.main_thread()
    # Nor on the worker, whose loop must go on.
    assert thread.name != "lumedesk-worker"


def test_wrong_tries_are_refused_counted_and_delayed(
    make: MakeLocking, protected: LockFile, path: Path, clock: FakeClock, qtbot: QtBot
) -> None:
    locking = make()
    heard = Heard(locking)
    waits = []
    for number in range(1, 7):
        attempt(locking, heard, WRONG, qtbot)
        ((what, words, wait_s),) = heard.take()
        assert (what, words) == ("refused", "That isn't the passphrase.")
        assert tries(path) == number
        waits.append(wait_s)
        clock.advance(wait_s)
    assert waits == [0, 0, 0, 2, 4, 8]
    assert locking.is_locked
    attempt(locking, heard, RIGHT, qtbot)
    assert heard.take() == ["unlocked"]
    assert tries(path) == 0


def test_before_the_delay_is_over_even_the_right_one_is_not_judged(
    make: MakeLocking, protected: LockFile, path: Path, clock: FakeClock, qtbot: QtBot
) -> None:
    locking = make()
    heard = Heard(locking)
    for _ in range(4):
        attempt(locking, heard, WRONG, qtbot)
    heard.take()
    clock.advance(0.5)
    locking.try_passphrase(RIGHT)
    assert heard.take() == [("refused", "That isn't the passphrase.", 1.5)]
    assert tries(path) == 4
    clock.advance(1.5)
    attempt(locking, heard, RIGHT, qtbot)
    assert heard.take() == ["unlocked"]


def test_a_restart_takes_no_delay_back(
    make: MakeLocking, protected: LockFile, path: Path, clock: FakeClock, qtbot: QtBot
) -> None:
    write_lock(path, protected.after_wrong_try(clock.now()))
    lock = protected
    for _ in range(6):
        lock = lock.after_wrong_try(clock.now())
    write_lock(path, lock)
    clock.advance(3)
    locking = make()
    heard = Heard(locking)
    assert locking.wait_s == 5
    locking.try_passphrase(RIGHT)
    assert heard.take() == [("refused", "That isn't the passphrase.", 5)]
    clock.advance(5)
    attempt(locking, heard, WRONG, qtbot)
    assert heard.take() == [("refused", "That isn't the passphrase.", 16)]


def test_a_try_is_on_record_before_it_is_judged(
    make: MakeLocking, protected: LockFile, path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed in the middle, the desk has counted it."""
    counted: list[int] = []
    real = low_level.hash_secret_raw

    def watched(*values: Any) -> bytes:
        counted.append(tries(path))
        return real(*values)

    monkeypatch.setattr(low_level, "hash_secret_raw", watched)
    locking = make()
    heard = Heard(locking)
    attempt(locking, heard, WRONG, qtbot)
    attempt(locking, heard, RIGHT, qtbot)
    assert counted == [1, 2]


def test_tries_of_two_desks_over_one_profile_are_all_counted(
    make: MakeLocking, protected: LockFile, path: Path, qtbot: QtBot
) -> None:
    for locking in (make(), make(view_only=True)):
        attempt(locking, Heard(locking), WRONG, qtbot)
    assert tries(path) == 2


def test_tries_side_by_side_go_round_no_delay(
    engine: Engine, make: MakeLocking, protected: LockFile, path: Path, qtbot: QtBot
) -> None:
    locking = make()
    verdicts: list[list[Opened]] = []

    async def all_at_once() -> list[Opened]:
        return await asyncio.gather(*(locking.door.open(WRONG) for _ in range(10)))

    engine.submit(all_at_once(), locking, verdicts.append)
    qtbot.waitUntil(lambda: bool(verdicts))
    assert [each.wait_s for each in verdicts[0]] == [0, 0, 0, *[2] * 7]
    assert tries(path) == 4


def test_a_second_try_while_one_is_judged_is_ignored(
    make: MakeLocking, protected: LockFile, path: Path, qtbot: QtBot
) -> None:
    locking = make()
    heard = Heard(locking)
    locking.try_passphrase(WRONG)
    locking.try_passphrase(WRONG)
    qtbot.waitUntil(lambda: bool(heard.all))
    attempt(locking, heard, RIGHT, qtbot)
    assert [each[0] for each in heard.take()] == ["refused", "u"]


def test_a_full_disk_keeps_nobody_out_but_counts(
    make: MakeLocking, protected: LockFile, path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    locking = make()
    heard = Heard(locking)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(private_file.os, "fsync", full)
    for _ in range(4):
        attempt(locking, heard, WRONG, qtbot)
    assert heard.take()[-1] == ("refused", "That isn't the passphrase.", 2)
    assert tries(path) == 0
    locking._door._may_try_at = 0
    attempt(locking, heard, RIGHT, qtbot)
    assert heard.take() == ["unlocked"]


def test_a_file_taken_away_while_it_is_locked_opens_nothing_and_does_not_come_back(
    make: MakeLocking, protected: LockFile, path: Path, qtbot: QtBot
) -> None:
    locking = make()
    heard = Heard(locking)
    path.unlink()
    attempt(locking, heard, WRONG, qtbot)
    attempt(locking, heard, RIGHT, qtbot)
    assert heard.take() == [("refused", "That isn't the passphrase.", 0), "unlocked"]
    assert not path.exists()


@pytest.mark.parametrize("body", ["", "{}", "null"])
def test_a_damaged_file_keeps_it_locked_and_says_what_to_do(
    make: MakeLocking, path: Path, qtbot: QtBot, body: str
) -> None:
    path.write_text(body)
    locking = make()
    heard = Heard(locking)
    assert (locking.has_passphrase, locking.is_locked) == (True, True)
    assert "backup" in locking.trouble
    attempt(locking, heard, RIGHT, qtbot)
    assert heard.take() == [("refused", locking.trouble, 0)]
    assert path.read_text() == body


# Changing the lock


def changed(qtbot: QtBot, change: Callable[..., None], *values: Any) -> Any:
    """The one answer to a change: "done" or the error."""
    asked = Asked()
    change(*values, asked.owner, asked.done, asked.failed)
    qtbot.waitUntil(lambda: bool(asked.answers))
    (answer,) = asked.answers
    return answer


def test_a_first_passphrase_wraps_the_key_in_force(make: MakeLocking, path: Path, qtbot: QtBot) -> None:
    locking = make(store_key=STORE_KEY)
    heard = Heard(locking)
    assert changed(qtbot, locking.set_passphrase, None, RIGHT) == "done"
    assert heard.take() == ["changed"]
    assert (locking.has_passphrase, locking.is_locked) == (True, False)
    written = read_lock(path, PROFILE)
    assert written is not None
    assert written.open(RIGHT) == STORE_KEY


def test_without_the_key_there_is_nothing_to_protect(make: MakeLocking, path: Path, qtbot: QtBot) -> None:
    answer = changed(qtbot, make().set_passphrase, None, RIGHT)
    assert isinstance(answer, LockNotKept)
    assert "isn't known" in answer.detail
    assert not path.exists()


def test_a_new_passphrase_takes_the_old_ones_place(open_desk: tuple[Locking, Heard], path: Path, qtbot: QtBot) -> None:
    locking, _ = open_desk
    assert changed(qtbot, locking.set_passphrase, RIGHT, OTHER) == "done"
    written = read_lock(path, PROFILE)
    assert written is not None
    assert (written.open(OTHER), written.open(RIGHT)) == (STORE_KEY, None)
    assert written.settings == SETTINGS


@pytest.mark.parametrize("old", [WRONG, None])
def test_nothing_changes_without_the_old_one(
    open_desk: tuple[Locking, Heard], path: Path, qtbot: QtBot, old: Secret | None
) -> None:
    locking, _ = open_desk
    assert isinstance(changed(qtbot, locking.set_passphrase, old, OTHER), NotOpened)
    if old is not None:
        assert isinstance(changed(qtbot, locking.remove_passphrase, old), NotOpened)
        assert tries(path) == 2
    written = read_lock(path, PROFILE)
    assert written is not None
    assert written.open(RIGHT) == STORE_KEY


def test_guessing_the_old_one_is_delayed_too(open_desk: tuple[Locking, Heard], clock: FakeClock, qtbot: QtBot) -> None:
    locking, _ = open_desk
    waits = [changed(qtbot, locking.remove_passphrase, WRONG).wait_s for _ in range(4)]
    assert waits == [0, 0, 0, 2]
    assert isinstance(changed(qtbot, locking.remove_passphrase, RIGHT), NotOpened)
    clock.advance(2)
    assert changed(qtbot, locking.remove_passphrase, RIGHT) == "done"


def test_it_can_be_removed_unless_nothing_else_opens_the_records(
    open_desk: tuple[Locking, Heard], path: Path, qtbot: QtBot
) -> None:
    locking, heard = open_desk
    locking.is_only_way_in = True
    answer = changed(qtbot, locking.remove_passphrase, RIGHT)
    assert isinstance(answer, LockNotKept)
    assert "keychain" in answer.detail
    assert path.exists()
    locking.is_only_way_in = False
    assert changed(qtbot, locking.remove_passphrase, RIGHT) == "done"
    assert not path.exists()
    assert not locking.has_passphrase
    locking.lock()
    assert heard.take()[-1] == "passphrase wanted"


def test_settings_are_kept_and_in_force(open_desk: tuple[Locking, Heard], path: Path, qtbot: QtBot) -> None:
    locking, _ = open_desk
    settings = LockSettings(idle_minutes=3, with_system=False, blocks_capture=True)
    assert changed(qtbot, locking.save_settings, settings) == "done"
    written = read_lock(path, PROFILE)
    assert written is not None
    assert (locking.settings, written.settings) == (settings, settings)
    assert written.open(RIGHT) == STORE_KEY


def test_settings_need_a_passphrase(make: MakeLocking, path: Path, qtbot: QtBot) -> None:
    answer = changed(qtbot, make().save_settings, SETTINGS)
    assert isinstance(answer, LockNotKept)
    assert not path.exists()


def test_a_second_desk_over_the_profile_changes_nothing(
    make: MakeLocking, protected: LockFile, path: Path, qtbot: QtBot
) -> None:
    locking = make(view_only=True)
    before = path.read_text()
    for answer in (
        changed(qtbot, locking.save_settings, LockSettings(idle_minutes=1)),
        changed(qtbot, locking.remove_passphrase, RIGHT),
        changed(qtbot, locking.set_passphrase, RIGHT, OTHER),
    ):
        assert isinstance(answer, LockNotKept)
        assert "Another LumeDesk" in answer.detail
    assert path.read_text() == before


def test_what_cannot_be_written_is_said_and_the_old_stays(
    open_desk: tuple[Locking, Heard], path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    locking, _ = open_desk

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(private_file.os, "fsync", full)
    answer = changed(qtbot, locking.set_passphrase, RIGHT, OTHER)
    assert isinstance(answer, LockNotKept)
    assert "No space left" in answer.detail
    monkeypatch.undo()
    written = read_lock(path, PROFILE)
    assert written is not None
    assert written.open(RIGHT) == STORE_KEY


def test_a_change_is_told_even_when_who_asked_is_gone(make: MakeLocking, qtbot: QtBot) -> None:
    locking = make(store_key=STORE_KEY)
    heard, asked = Heard(locking), Asked()
    locking.set_passphrase(None, RIGHT, asked.owner, asked.done, asked.failed)
    asked.owner.deleteLater()
    QCoreApplication.sendPostedEvents(asked.owner, QEvent.Type.DeferredDelete)
    qtbot.waitUntil(lambda: heard.all == ["changed"])
    assert asked.answers == []


def test_once_closed_nothing_locks_it(open_desk: tuple[Locking, Heard], clock: FakeClock, qtbot: QtBot) -> None:
    locking, heard = open_desk
    locking.close()
    locking.close()
    assert not locking._looks.isActive()
    window = QWidget()
    window.show()
    qtbot.waitExposed(window)
    clock.advance(600)
    QTest.keyClick(window, Qt.Key.Key_A)
    assert heard.all == []
    window.close()
    window.deleteLater()


def test_locked_while_it_is_being_removed_the_passphrase_stays(
    open_desk: tuple[Locking, Heard], path: Path, qtbot: QtBot, engine: Engine
) -> None:
    locking, heard = open_desk
    asked, may_go_on = Asked(), threading.Event()

    async def hold_up() -> None:
        may_go_on.wait(5)

    engine.submit(hold_up(), locking)
    locking.remove_passphrase(RIGHT, asked.owner, asked.done, asked.failed)
    locking.lock(Reason.SYSTEM)
    may_go_on.set()
    qtbot.waitUntil(lambda: bool(asked.answers))
    assert isinstance(asked.answers[0], LockNotKept)
    assert path.exists()
    attempt(locking, heard, RIGHT, qtbot)
    assert heard.take()[-1] == "unlocked"


def test_the_lock_key_held_down_asks_once(make: MakeLocking, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    locking = make()
    heard = Heard(locking)
    window = QWidget()
    window.show()
    qtbot.waitExposed(window)
    QTest.keyClick(window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert heard.take() == ["passphrase wanted"]
    held = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier, "", True)
    monkeypatch.setattr(held, "spontaneous", lambda: True)
    assert locking.eventFilter(window, held)
    assert heard.take() == []
    window.close()
    window.deleteLater()
