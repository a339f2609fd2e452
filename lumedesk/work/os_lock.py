"""Hears the computer lock or go to sleep.

Linux: logind on the system bus, the screen savers on the session's. Windows: session and power notices. macOS tells of its
lock (`com.apple.screenIsLocked`) only through an API that Python can't reach without further libraries, so there the clocks
tell of sleep (lumedesk/domain/naps.py) and nothing tells of the lock. Nothing here waits for another program's answer.
"""

import logging
import os
import sys
from collections.abc import Mapping
from ctypes import wintypes
from itertools import count
from typing import Any

from PySide6.QtCore import SLOT, QAbstractNativeEventFilter, QByteArray, QCoreApplication, QObject, Signal
from PySide6.QtDBus import (
    QDBusConnection,
    QDBusMessage,
    QDBusObjectPath,
    QDBusPendingCallWatcher,
    QDBusVariant,
)
from PySide6.QtGui import QAction, QActionGroup, QWindow

from lumedesk.work.capture import Libraries, windows_library

log = logging.getLogger(__name__)

_LOGIND = "org.freedesktop.login1"
_SESSION = f"{_LOGIND}.Session"
_MANAGER = f"{_LOGIND}.Manager"
_MANAGER_PATH = "/org/freedesktop/login1"
# The caller's own session, or the one its user sits before where a program was started outside of all of them.
_AUTO_PATH = f"{_MANAGER_PATH}/session/auto"
_SAVERS = (
    ("org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver"),
    ("org.freedesktop.ScreenSaver", "/ScreenSaver"),
    ("org.gnome.ScreenSaver", "/org/gnome/ScreenSaver"),
)
_ANSWER_MS = 5_000
# PySide6's stubs ask for bytes here; it takes text only.
_TRIGGER: Any = SLOT("trigger()")
_SET_CHECKED: Any = SLOT("setChecked(bool)")

_WM_POWERBROADCAST, _PBT_APMSUSPEND = 0x0218, 0x4
_WM_WTSSESSION_CHANGE, _WTS_SESSION_LOCK = 0x02B1, 0x7
_NOTIFY_FOR_THIS_SESSION = 0

_numbers = count(1)


class SystemLock(QObject):
    """Listens from `start` to `close`. Where the system tells nothing, nothing is signalled."""

    # The computer was locked. UI thread.
    locked = Signal()
    # The computer goes to sleep; this may arrive only when it wakes. UI thread.
    slept = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._source: _Buses | _Notices | None = None

    def start(self) -> None:
        """Begin to listen; safe to call twice."""
        if self._source is not None:
            return
        if sys.platform == "linux":
            self._source = _Buses(self, os.environ)
        elif sys.platform == "win32":
            self._source = _Notices(self, windows_library)

    def close(self) -> None:
        """Stop listening; safe to call twice."""
        if self._source is not None:
            self._source.close()
            self._source = None


class _Buses(QObject):
    """Linux: three signals on two buses. The addresses are read here: the D-Bus library would start a bus to find one.

    WORKAROUND(seen with PySide6 6.11.3): what listens on a bus is called back from Qt's own bus thread, also while it dies;
    an object made in Python crashes or hangs then. A group of actions makes its actions in C++, so these listen instead.
    For the same reason this ends as soon as its owner lets go of it, not some time later.
    """

    def __init__(self, told: SystemLock, environment: Mapping[str, str]) -> None:
        super().__init__()
        self._names: list[str] = []
        self._actions = QActionGroup(self)
        self._actions.setExclusionPolicy(QActionGroup.ExclusionPolicy.None_)
        self._lock = self._actions.addAction("lock")
        self._lock.triggered.connect(self._take_lock)
        self._sleep = self._flag("sleep")
        self._sleep.toggled.connect(self._take_sleep)
        self._told = told
        self._watcher: QDBusPendingCallWatcher | None = None
        runtime = environment.get("XDG_RUNTIME_DIR", "")
        session_bus = environment.get("DBUS_SESSION_BUS_ADDRESS", f"unix:path={runtime}/bus" if runtime else "")
        system_bus = environment.get("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/run/dbus/system_bus_socket")
        self._system = self._open(system_bus)
        if self._system is not None:
            # Until it is known which session is our own, any that locks is taken for it.
            self._hear(self._system, _LOGIND, "", _SESSION, "Lock", self._lock, _TRIGGER)
            self._hear(self._system, _LOGIND, _MANAGER_PATH, _MANAGER, "PrepareForSleep", self._sleep, _SET_CHECKED)
            self._ask_for_session(self._system, environment.get("XDG_SESSION_ID", ""))
        session = self._open(session_bus)
        if session is not None:
            for name, path in _SAVERS:
                saver = self._flag(name)
                saver.toggled.connect(self._take_saver)
                self._hear(session, name, path, name, "ActiveChanged", saver, _SET_CHECKED)

    def close(self) -> None:
        """Leave the buses."""
        self._system = self._watcher = None
        for name in self._names:
            QDBusConnection.disconnectFromBus(name)
        self._names.clear()
        # What is on its way from a bus finds nobody.
        for action in self._actions.actions():
            action.blockSignals(True)  # noqa: FBT003

    def _take_lock(self) -> None:
        self._told.locked.emit()

    def _take_sleep(self, begins: bool) -> None:
        if begins:
            self._told.slept.emit()

    def _take_saver(self, active: bool) -> None:
        if active:
            self._told.locked.emit()

    def _flag(self, name: str) -> QAction:
        action = self._actions.addAction(name)
        action.setCheckable(True)
        return action

    def _open(self, address: str) -> QDBusConnection | None:
        """A connection of our own, which can be closed; None where there is no bus."""
        if not address.startswith("unix:"):
            return None
        name = f"lumedesk-lock-{next(_numbers)}"
        bus = QDBusConnection.connectToBus(address, name)
        if not bus.isConnected():
            log.info("no bus at %s: %s", address, bus.lastError().message())
            QDBusConnection.disconnectFromBus(name)
            return None
        self._names.append(name)
        return bus

    def _hear(
        self, bus: QDBusConnection, service: str, path: str, interface: str, name: str, action: QAction, slot: Any
    ) -> None:
        if not bus.connect(service, path, interface, name, action, slot):
            log.info("%s.%s can't be listened to", interface, name)

    def _ask_for_session(self, bus: QDBusConnection, identity: str) -> None:
        """Ask logind where our session is, by its id; without that, for the id first."""
        if identity:
            message = QDBusMessage.createMethodCall(_LOGIND, _MANAGER_PATH, _MANAGER, "GetSession")
            message.setArguments([identity])
        else:
            message = QDBusMessage.createMethodCall(_LOGIND, _AUTO_PATH, "org.freedesktop.DBus.Properties", "Get")
            message.setArguments([_SESSION, "Id"])
        self._watcher = QDBusPendingCallWatcher(bus.asyncCall(message, _ANSWER_MS), self)
        self._watcher.finished.connect(self._take_answer)

    def _take_answer(self) -> None:
        bus, watcher = self._system, self._watcher
        if bus is None or watcher is None or watcher.isError():
            return
        answer = next(iter(watcher.reply().arguments()), None)
        if isinstance(answer, QDBusVariant):
            answer = answer.variant()
        if isinstance(answer, QDBusObjectPath):
            self._hear(bus, _LOGIND, answer.path(), _SESSION, "Lock", self._lock, _TRIGGER)
            bus.disconnect(_LOGIND, "", _SESSION, "Lock", self._lock, _TRIGGER)
        elif isinstance(answer, str) and answer:
            self._ask_for_session(bus, answer)


class _Notices(QAbstractNativeEventFilter):
    """Windows: a window of our own, never shown, gets the session's and the power supply's notices."""

    def __init__(self, told: SystemLock, library: Libraries) -> None:
        super().__init__()
        self._told = told
        self._sessions = library("wtsapi32")
        self._window = QWindow()
        self._window.setObjectName("session-notices")
        self._window.create()
        self._handle = wintypes.HWND(int(self._window.winId()))
        if not self._sessions.WTSRegisterSessionNotification(self._handle, wintypes.DWORD(_NOTIFY_FOR_THIS_SESSION)):
            log.warning("Windows won't tell when the session is locked")
        application = QCoreApplication.instance()
        if application is not None:
            application.installNativeEventFilter(self)

    def close(self) -> None:
        """Leave the notices and the window."""
        application = QCoreApplication.instance()
        if application is not None:
            application.removeNativeEventFilter(self)
        self._sessions.WTSUnRegisterSessionNotification(self._handle)
        self._window.destroy()
        self._window.deleteLater()

    def nativeEventFilter(  # noqa: N802 - Qt calls it
        self, kind: QByteArray | bytes | bytearray | memoryview, message: int, /
    ) -> object:
        """Listen only: every message goes on to whom it was for."""
        name = kind.data() if isinstance(kind, QByteArray) else kind
        if name in (b"windows_generic_MSG", b"windows_dispatcher_MSG"):
            notice = wintypes.MSG.from_address(int(message))
            if int(notice.hWnd or 0) == int(self._window.winId()):
                self._take(int(notice.message), int(notice.wParam))
        return False, 0

    def _take(self, message: int, detail: int) -> None:
        if (message, detail) == (_WM_WTSSESSION_CHANGE, _WTS_SESSION_LOCK):
            self._told.locked.emit()
        elif (message, detail) == (_WM_POWERBROADCAST, _PBT_APMSUSPEND):
            self._told.slept.emit()
