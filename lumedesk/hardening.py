"""Denies other programs what the system lets it deny: core dumps, crash reports with memory in them, and being looked into."""

import ctypes
import logging
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

log = logging.getLogger(__name__)

_PR_SET_DUMPABLE = 4
_PT_DENY_ATTACH = 31
_SEM_FAILCRITICALERRORS = 0x0001
_SEM_NOGPFAULTERRORBOX = 0x0002
_WER_FAULT_REPORTING_FLAG_NOHEAP = 0x0001


def _library(name: str | None) -> Any:
    """A system library; None is the C library that this process has open. Errors: OSError."""
    if sys.platform == "win32":
        return ctypes.WinDLL(name, use_last_error=True)
    return ctypes.CDLL(name, use_errno=True)


def _allow_no_core_files() -> None:
    """Errors: ImportError where the system has no such limit, OSError, ValueError."""
    import resource

    # The hard limit too: nothing this process starts can raise it again, unless it is root.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class SystemCalls(NamedTuple):
    """The operating system, as far as hardening calls it."""

    platform: str = sys.platform
    library: Callable[[str | None], Any] = _library
    allow_no_core_files: Callable[[], None] = _allow_no_core_files


_HERE = SystemCalls()


def harden(calls: SystemCalls = _HERE) -> tuple[str, ...]:
    """Deny what can be denied, for this process; to be called before it holds a secret.

    Shape: what was denied, in words. It never fails: what the system won't do is logged. Processes started later are
    ordinary ones again, but for the limit on core files.
    """
    denied = []
    for words, deny in _measures(calls):
        try:
            deny()
        except (OSError, ValueError, AttributeError, ImportError) as error:
            log.warning("not denied: %s (%s)", words, error)
        else:
            denied.append(words)
    return tuple(denied)


def _measures(calls: SystemCalls) -> tuple[tuple[str, Callable[[], None]], ...]:
    core_files = ("core files", calls.allow_no_core_files)
    if calls.platform == "linux":
        # Where the kernel hands dumps to a program, the limit doesn't count, but a process that isn't dumpable does.
        return core_files, ("dumps, debuggers, and reading /proc by the same user", lambda: _not_dumpable(calls))
    if calls.platform == "darwin":
        return core_files, ("debuggers", lambda: _no_debugger(calls))
    if calls.platform == "win32":
        return (
            ("the system's crash dialog", lambda: _no_crash_dialog(calls)),
            ("the heap in crash reports", lambda: _no_heap_in_reports(calls)),
        )
    return (core_files,)


def _not_dumpable(calls: SystemCalls) -> None:
    """Besides dumps and ptrace, /proc/PID/mem and environ are root's from then on; children are not affected."""
    prctl = calls.library(None).prctl
    prctl.argtypes = (ctypes.c_int, *(ctypes.c_ulong,) * 4)
    prctl.restype = ctypes.c_int
    if prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def _no_debugger(calls: SystemCalls) -> None:
    """A debugger that is attached already makes the system end the process here."""
    ptrace = calls.library(None).ptrace
    ptrace.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
    ptrace.restype = ctypes.c_int
    if ptrace(_PT_DENY_ATTACH, 0, None, 0) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")


def _no_crash_dialog(calls: SystemCalls) -> None:
    """The dialog offers to send a report."""
    kernel = calls.library("kernel32")
    for function, arguments in ((kernel.GetErrorMode, ()), (kernel.SetErrorMode, (ctypes.c_uint,))):
        function.argtypes = arguments
        function.restype = ctypes.c_uint
    kernel.SetErrorMode(kernel.GetErrorMode() | _SEM_FAILCRITICALERRORS | _SEM_NOGPFAULTERRORBOX)


def _no_heap_in_reports(calls: SystemCalls) -> None:
    """Not WerAddExcludedApplication: it writes a program's name to the registry, where it outlives the program."""
    set_flags = calls.library("kernel32").WerSetFlags
    set_flags.argtypes = (ctypes.c_ulong,)
    set_flags.restype = ctypes.c_long
    result = set_flags(_WER_FAULT_REPORTING_FLAG_NOHEAP)
    if result != 0:
        raise OSError(f"WerSetFlags answered {result & 0xFFFFFFFF:#010x}")
