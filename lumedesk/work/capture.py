"""Keeps windows out of screenshots and shared screens, where the system can."""

import sys
from collections.abc import Callable
from typing import Any, Protocol

_WDA_NONE, _WDA_EXCLUDEFROMCAPTURE = 0x0, 0x11

# Loads a library of Windows; tests hand in one that only notes what is called.
Libraries = Callable[[str], Any]


class Window(Protocol):
    """A widget or window that the system knows by a number."""

    def winId(self) -> int:  # noqa: N802 - as Qt has it
        """The system's number for it."""


def can_block_capture() -> bool:
    """Whether this system can keep a window out of screenshots at all."""
    return sys.platform == "win32"


def block_capture(window: Window, blocked: bool, library: Libraries | None = None) -> bool:
    """Keep a window out of screenshots and shared screens, or let it in again. False where that isn't possible."""
    if library is None:
        if not can_block_capture():
            return False
        library = windows_library
    # Where it isn't possible, ctypes needn't be loaded.
    from ctypes import wintypes

    affinity = wintypes.DWORD(_WDA_EXCLUDEFROMCAPTURE if blocked else _WDA_NONE)
    return bool(library("user32").SetWindowDisplayAffinity(wintypes.HWND(int(window.winId())), affinity))


def windows_library(name: str) -> Any:
    """Load a library of Windows, by its name."""
    import ctypes

    return getattr(ctypes, "WinDLL")(name, use_last_error=True)  # noqa: B009 - only Windows has it
