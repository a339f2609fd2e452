"""The way out to the system's clipboard: all copying of the desk goes through here. Nothing is pasted here."""

import atexit
import weakref
from collections.abc import Iterator, Sequence

import shiboken6
from PySide6.QtCore import QCoreApplication, QMimeData, QObject, QTimer, Signal
from PySide6.QtGui import QClipboard, QGuiApplication

from lumedesk.domain.grouping import SIZE, is_code
from lumedesk.domain.text import shown

_CLEAR_AFTER_MS = 60_000
_LOOK_AGAIN_AFTER_MS = (250, 1_500)
_LEAST_DIGITS = 6
_WINDOWS = 'application/x-qt-windows-mime;value="{}"'
# What keeps a copy out of histories and out of other computers, for those that look. Not seen at work on Windows or
# under KDE: the names are those systems' documented ones. macOS's org.nspasteboard.ConcealedType needs a converter of
# Qt's (QUtiMimeConverter) that PySide doesn't offer, so histories there keep what is copied.
_HINTS = {
    _WINDOWS.format("ExcludeClipboardContentFromMonitorProcessing"): b"\1\0\0\0",
    _WINDOWS.format("CanIncludeInClipboardHistory"): b"\0\0\0\0",
    _WINDOWS.format("CanUploadToCloudClipboard"): b"\0\0\0\0",
    "x-kde-passwordManagerHint": b"secret",
}


def copy_text(text: str, *, guard: bool) -> None:
    """Put `text` on the clipboard, out of its history. `guard`: watch over it, and clear it after a minute."""
    app = QCoreApplication.instance()
    if app is None:
        raise RuntimeError("there is no clipboard without an application")
    Clipboard.of(app).copy(text, guard=guard)


def as_mime(text: str) -> QMimeData:
    """`text` with the hints that keep it out of clipboard histories."""
    data = QMimeData()
    data.setText(text)
    for name, value in _HINTS.items():
        data.setData(name, value)
    return data


class Clipboard(QObject):
    """The system's clipboard and what the desk put there. There is one for each application: see `of`."""

    # (words): in place of what was copied, the clipboard holds something that looks like an address. UI thread.
    swapped = Signal(str)

    def __init__(
        self,
        parent: QObject,
        *,
        clear_after_ms: int = _CLEAR_AFTER_MS,
        look_again_after_ms: Sequence[int] = _LOOK_AGAIN_AFTER_MS,
    ) -> None:
        super().__init__(parent)
        self._board = QGuiApplication.clipboard()
        self._ours: str | None = None
        self._is_guarded = False
        self._look_again_after_ms = look_again_after_ms
        self._waits: Iterator[int] = iter(())
        self._is_early = False
        self._looking = QTimer(self)
        self._looking.setSingleShot(True)
        self._looking.timeout.connect(self._look_again)
        self._clearing = QTimer(self)
        self._clearing.setSingleShot(True)
        self._clearing.setInterval(clear_after_ms)
        self._clearing.timeout.connect(self.clear_if_ours)
        self._board.dataChanged.connect(self._look)

    @staticmethod
    def of(app: QCoreApplication) -> "Clipboard":
        """The application's clipboard, made when first asked for. It is closed when the application ends."""
        found = _MADE.get(app)
        if found is not None and shiboken6.isValid(found):
            return found
        made = _MADE[app] = Clipboard(app)
        app.aboutToQuit.connect(made.close)
        # Also where the event loop never ran.
        atexit.register(_close_if_alive, weakref.ref(made))
        return made

    def copy(self, text: str, *, guard: bool) -> None:
        """Put `text` on the clipboard, out of its history.

        `guard` is for what money is sent by, such as addresses: the clipboard is read again at once, shortly after, and
        at each change; after a minute it is cleared if it still holds `text`.
        """
        self._forget()
        self._ours, self._is_guarded = text, guard
        self._waits, self._is_early = iter(self._look_again_after_ms), True
        self._board.setMimeData(as_mime(text))
        self._look()
        if guard and self._ours is not None:
            self._clearing.start()
            self._wait_to_look()

    def clear_if_ours(self) -> None:
        """Clear the clipboard if it holds what the desk put there."""
        ours = self._ours
        self._forget()
        if ours is not None and self._text() == _plain(ours):
            self._board.clear()

    def close(self) -> None:
        """Leave nothing of the desk's behind, nothing waiting. Copying again afterwards is fine.

        Data from Python that is still on a clipboard as the interpreter ends makes Qt crash (seen with PySide 6.11).
        """
        self.clear_if_ours()
        if self._board.supportsSelection() and self._board.ownsSelection():
            self._board.clear(QClipboard.Mode.Selection)

    def _text(self) -> str:
        return _plain(self._board.text())

    def _forget(self) -> None:
        self._ours = None
        self._looking.stop()
        self._clearing.stop()

    def _wait_to_look(self) -> None:
        wait_ms = next(self._waits, None)
        if wait_ms is None:
            self._is_early = False
        else:
            self._looking.start(wait_ms)

    def _look_again(self) -> None:
        self._wait_to_look()
        self._look()

    def _look(self) -> None:
        if self._ours is None or not self._is_guarded:
            return
        found, ours = self._text(), _plain(self._ours)
        if found == ours:
            return
        # A copy from one of the desk's own fields is the operator's doing.
        is_own = self._board.ownsClipboard()
        if is_own or looks_like_address(found):
            self._forget()
            if not is_own:
                self.swapped.emit(_told(ours, found))
        elif not self._is_early:
            self._forget()


# By application; not looked for among its children, for which PySide would load every kind of QObject.
_MADE: "weakref.WeakKeyDictionary[QCoreApplication, Clipboard]" = weakref.WeakKeyDictionary()


def looks_like_address(text: str) -> bool:
    """Whether money could be sent by this: one code of letters and digits, in groups or not, or an address's link."""
    groups = text.split()
    if len(groups) > 1 and max(map(len, groups)) > SIZE:
        return False
    code = "".join(groups).rpartition(":")[2].partition("?")[0].replace("-", "")
    return is_code(code) or (code.isascii() and code.isdigit() and len(code) >= _LEAST_DIGITS)


def _told(ours: str, found: str) -> str:
    return (
        f"The clipboard doesn't hold what you copied ({_end(ours)}) but something else ({_end(found)})."
        " Unless you copied that yourself, another program put it there: don't paste it, and have this computer checked"
        " before you send money from it."
    )


def _end(text: str) -> str:
    return f"…{shown(text[-SIZE:])}"


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n")


def _close_if_alive(found: "weakref.ref[Clipboard]") -> None:
    clipboard = found()
    if clipboard is not None and shiboken6.isValid(clipboard):
        clipboard.close()
