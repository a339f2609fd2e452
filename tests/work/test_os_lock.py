"""What the computer tells of its lock and its sleep. Linux: a real bus and real signals. Windows: fakes of its calls."""

import ctypes
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from ctypes import wintypes
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from lumedesk.work import os_lock
from lumedesk.work.capture import block_capture, can_block_capture
from lumedesk.work.os_lock import SystemLock, _Notices

if sys.platform == "linux":
    from tests.support.logind import Logind, Program, private_bus
else:
    Logind = Program = private_bus = Any

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="logind is Linux's")


class Heard:
    """What a SystemLock told."""

    def __init__(self, told: SystemLock) -> None:
        self.all: list[str] = []
        told.locked.connect(self._lock)
        told.slept.connect(self._sleep)

    def _lock(self) -> None:
        self.all.append("locked")

    def _sleep(self) -> None:
        self.all.append("slept")


@pytest.fixture
def system(qapp: QApplication) -> Iterator[SystemLock]:
    system = SystemLock()
    yield system
    system.close()


@pytest.fixture
def heard(system: SystemLock) -> Heard:
    return Heard(system)


@pytest.fixture
def buses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    """The addresses of a system bus and a session bus of the test's own."""
    with private_bus(tmp_path / "system") as system, private_bus(tmp_path / "session") as session:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", system)
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", session)
        monkeypatch.delenv("XDG_SESSION_ID", raising=False)
        yield system, session


@pytest.fixture
def logind(buses: tuple[str, str]) -> Iterator[Callable[[str | None], Logind]]:
    """Makes a logind in which the caller has this session."""
    with ExitStack() as stack:

        def make(session: str | None) -> Logind:
            made = Logind(buses[0], session)
            stack.callback(made.close)
            return made

        yield make


MakeLogind = Callable[[str | None], Logind]


def told_so_far(logind: Logind, heard: Heard, qtbot: QtBot) -> list[str]:
    """What was heard before a sleep that is told now: what one program sends arrives in its order."""
    logind.prepare_for_sleep(begins=False)
    logind.prepare_for_sleep(begins=True)
    qtbot.waitUntil(lambda: heard.all[-1:] == ["slept"])
    told, heard.all = heard.all[:-1], []
    return told


@on_linux
def test_the_own_sessions_lock_is_told_and_no_others(
    system: SystemLock, heard: Heard, logind: MakeLogind, qtbot: QtBot
) -> None:
    own = logind("7")
    system.start()
    qtbot.waitUntil(lambda: own.answered() == 2)
    assert told_so_far(own, heard, qtbot) == []
    own.lock("8")
    assert told_so_far(own, heard, qtbot) == []
    own.lock("7")
    assert told_so_far(own, heard, qtbot) == ["locked"]
    assert [name for name, _ in own.calls] == ["Get", "GetSession"]


@on_linux
def test_the_environment_may_name_the_session(
    system: SystemLock, heard: Heard, logind: MakeLogind, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_SESSION_ID", "3")
    own = logind("3")
    system.start()
    qtbot.waitUntil(lambda: own.answered() == 1)
    assert own.calls == [("GetSession", ("3",))]
    told_so_far(own, heard, qtbot)
    own.lock("8")
    own.lock("3")
    assert told_so_far(own, heard, qtbot) == ["locked"]


@on_linux
def test_where_the_own_session_is_unknown_any_is_taken_for_it(
    system: SystemLock, heard: Heard, logind: MakeLogind, qtbot: QtBot
) -> None:
    own = logind(None)
    system.start()
    qtbot.waitUntil(lambda: own.answered() == 1)
    told_so_far(own, heard, qtbot)
    own.lock("8")
    assert told_so_far(own, heard, qtbot) == ["locked"]


@on_linux
def test_waking_is_no_sleep(system: SystemLock, heard: Heard, logind: MakeLogind, qtbot: QtBot) -> None:
    own = logind("7")
    system.start()
    own.prepare_for_sleep(begins=False)
    assert told_so_far(own, heard, qtbot) == []


@on_linux
@pytest.mark.parametrize(("name", "path"), os_lock._SAVERS)
def test_a_screen_savers_beginning_is_a_lock_and_its_end_is_none(
    system: SystemLock, heard: Heard, buses: tuple[str, str], qtbot: QtBot, name: str, path: str
) -> None:
    system.start()
    saver = Program(buses[1], name)
    for active in (False, True, False, True):
        saver.emit(path, name, "ActiveChanged", active=active)
    qtbot.waitUntil(lambda: len(heard.all) >= 2)
    assert heard.all == ["locked", "locked"]
    saver.close()


@on_linux
def test_who_does_not_own_the_name_tells_nothing(
    system: SystemLock, heard: Heard, logind: MakeLogind, buses: tuple[str, str], qtbot: QtBot
) -> None:
    own = logind("7")
    system.start()
    qtbot.waitUntil(lambda: own.answered() == 2)
    told_so_far(own, heard, qtbot)
    stranger = Program(buses[0], "org.example.Stranger")
    stranger.emit("/org/freedesktop/login1/session/_37", "org.freedesktop.login1.Session", "Lock")
    stranger.round_trip()
    assert told_so_far(own, heard, qtbot) == []
    stranger.close()


@on_linux
def test_once_closed_nothing_is_told(
    system: SystemLock, heard: Heard, logind: MakeLogind, buses: tuple[str, str], qtbot: QtBot
) -> None:
    own = logind("7")
    system.start()
    system.start()
    qtbot.waitUntil(lambda: own.answered() == 2)
    told_so_far(own, heard, qtbot)
    assert own.listeners() > 1
    system.close()
    system.close()
    qtbot.waitUntil(lambda: own.listeners() == 1)
    own.lock("7")
    other = SystemLock()
    other_heard = Heard(other)
    other.start()
    told_so_far(own, other_heard, qtbot)
    assert heard.all == []
    other.close()


@on_linux
@pytest.mark.parametrize("address", ["", "unix:path=/nonexistent/bus", "tcp:host=127.0.0.1,port=1", "autolaunch:", ";"])
def test_without_a_bus_there_is_quietly_nothing(
    system: SystemLock,
    heard: Heard,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    address: str,
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    system.start()
    assert system._source is not None
    assert system._source._names == []  # type: ignore[union-attr]
    assert heard.all == []
    # Anything but a socket of this computer isn't even tried: it might start a bus, or ask the network.
    assert ("no bus at" in caplog.text) is address.startswith("unix:")


@on_linux
def test_a_bus_without_logind_is_no_trouble(
    system: SystemLock, heard: Heard, buses: tuple[str, str], qtbot: QtBot
) -> None:
    system.start()
    source: Any = system._source
    qtbot.waitUntil(source._watcher.isFinished)
    assert source._watcher.isError()
    late = Logind(buses[0], "7")
    late.lock("9")
    assert told_so_far(late, heard, qtbot) == ["locked"]
    late.close()


class Dll:
    """A fake of what Windows calls: this system has none. Notes every call with plain numbers."""

    def __init__(self, answer: int = 1) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self._answer = answer

    def __call__(self, name: str) -> "Dll":
        self.calls.append(("library", name))
        return self

    def __getattr__(self, name: str) -> Callable[..., int]:
        def call(*values: Any) -> int:
            self.calls.append((name, *(each.value for each in values)))
            return self._answer

        return call


def notice(handle: int, message: int, detail: int) -> wintypes.MSG:
    return wintypes.MSG(hWnd=handle, message=message, wParam=detail)


def give(notices: _Notices, message: wintypes.MSG, kind: bytes = b"windows_generic_MSG") -> object:
    return notices.nativeEventFilter(kind, ctypes.addressof(message))


def test_windows_notices_of_lock_and_sleep_are_told(system: SystemLock, heard: Heard) -> None:
    """Against a fake of the system's calls, with messages as Windows lays them out."""
    dll = Dll()
    notices = _Notices(system, dll)
    handle = int(notices._window.winId())
    assert dll.calls == [("library", "wtsapi32"), ("WTSRegisterSessionNotification", handle, 0)]
    unlock, resume = notice(handle, 0x2B1, 8), notice(handle, 0x218, 0x12)
    lock, suspend = notice(handle, 0x2B1, 7), notice(handle, 0x218, 4)
    for each in (unlock, resume, notice(handle + 1, 0x2B1, 7)):
        assert give(notices, each) == (False, 0)
    assert give(notices, lock, b"xcb_generic_event_t") == (False, 0)
    assert heard.all == []
    assert give(notices, lock) == (False, 0)
    assert give(notices, suspend) == (False, 0)
    assert heard.all == ["locked", "slept"]
    notices.close()
    assert dll.calls[2:] == [("WTSUnRegisterSessionNotification", handle)]


def test_where_windows_refuses_its_notices_the_desk_goes_on(
    system: SystemLock, caplog: pytest.LogCaptureFixture
) -> None:
    """Against a fake of the system's calls."""
    notices = _Notices(system, Dll(answer=0))
    assert "won't tell" in caplog.text
    notices.close()


@pytest.mark.parametrize(("blocked", "affinity"), [(True, 0x11), (False, 0)])
def test_windows_keeps_a_window_out_of_screenshots(qtbot: QtBot, blocked: bool, affinity: int) -> None:
    """Against a fake of the system's call."""
    window = QWidget()
    dll = Dll()
    assert block_capture(window, blocked, library=dll) is True
    assert dll.calls == [("library", "user32"), ("SetWindowDisplayAffinity", int(window.winId()), affinity)]
    assert block_capture(window, blocked, library=Dll(answer=0)) is False
    window.deleteLater()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows can")
def test_elsewhere_screenshots_cannot_be_kept_out(qtbot: QtBot) -> None:
    window = QWidget()
    assert can_block_capture() is False
    assert block_capture(window, blocked=True) is False
    window.deleteLater()
