"""What hardening denies on Linux, seen from outside on real processes. Windows and macOS: a fake of their calls, no more."""

import contextlib
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lumedesk import hardening
from lumedesk.hardening import SystemCalls, harden

ROOT = Path(hardening.__file__).parents[1]
NOBODY = 65534
CANARY = "canary-5b07e1"
IS_ROOT = sys.platform == "linux" and os.geteuid() == 0
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="real processes of Linux")

# As an ordinary user: root may read everything. The modules come first, as that user may not be able to read them.
# Changing the user makes a process undumpable, as hardening does; a program started by that user is not.
_START = """
import ctypes, os, resource, subprocess, sys
import lumedesk.hardening
resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
if os.geteuid() == 0 and "ordinary" in sys.argv:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
    assert ctypes.CDLL(None).prctl(4, 1, 0, 0, 0) == 0
kept = "".join(reversed("1e70b5-yranac"))
if "hard" in sys.argv:
    denied = lumedesk.hardening.harden()
    assert len(denied) == 2, denied
"""
_WAIT = """
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), hex(id(kept)), flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def running(
    *how: str, code: str = _WAIT, first: str = "", folder: Path | None = None
) -> Iterator["subprocess.Popen[str]"]:
    """A program in the states of `how`. `first`: what it imports before it becomes an ordinary user's."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPEN_TO_ALL": CANARY}
    with subprocess.Popen(
        [sys.executable, "-c", f"{first}\n{_START}{code}", *how],
        cwd=folder or "/",
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process


def ended(*how: str, code: str, first: str = "") -> str:
    with running(*how, code=code, first=first) as process:
        said, complaint = process.communicate(timeout=60)
    assert process.returncode == 0, complaint
    return said


def read_by_same_user(path: str) -> subprocess.CompletedProcess[bytes]:
    as_user: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if IS_ROOT else {}
    return subprocess.run(
        ["dd", f"if={path}", "bs=1M", "count=1", "status=none"], capture_output=True, check=False, timeout=60, **as_user
    )


@linux_only
def test_a_hardened_process_has_no_core_limit_and_is_not_dumpable() -> None:
    with running("hard") as process:
        assert process.stdout is not None
        assert process.stdout.readline().split()[0] == "0"
        limits = Path(f"/proc/{process.pid}/limits").read_text()
        line = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
        assert line.split()[4:6] == ["0", "0"]
        process.communicate("", timeout=60)


@linux_only
def test_another_process_of_the_same_user_cannot_read_a_hardened_one() -> None:
    with running("ordinary") as soft, running("ordinary", "hard") as hard:
        for process, dumpable in ((soft, "1"), (hard, "0")):
            assert process.stdout is not None
            assert process.stdout.readline().split()[0] == dumpable
        open_one = read_by_same_user(f"/proc/{soft.pid}/environ")
        assert CANARY.encode() in open_one.stdout, "without hardening it can be read: the test would see a difference"
        for what in ("environ", "mem", "maps", "auxv"):
            shut = read_by_same_user(f"/proc/{hard.pid}/{what}")
            assert shut.returncode != 0
            assert b"Permission denied" in shut.stderr
            assert not shut.stdout
        for process in (soft, hard):
            process.communicate("", timeout=60)


def _cores_are_files_here() -> bool:
    pattern = Path("/proc/sys/kernel/core_pattern")
    text = pattern.read_text().strip() if pattern.exists() else "|"
    if text.startswith(("|", "/")):
        return False
    # Only here: Windows has none, and reads this file as well.
    import resource

    return resource.getrlimit(resource.RLIMIT_CORE)[1] != 0


@linux_only
@pytest.mark.parametrize("fatal", [signal.SIGSEGV, signal.SIGABRT])
def test_a_hardened_process_that_crashes_leaves_no_core_file(tmp_path: Path, fatal: signal.Signals) -> None:
    left: dict[str, list[Path]] = {}
    for how in ("soft", "hard"):
        folder = tmp_path / how
        folder.mkdir()
        with running(how, folder=folder) as process:
            assert process.stdout is not None
            process.stdout.readline()
            process.send_signal(fatal)
            assert process.wait(60) == -fatal
        left[how] = list(folder.iterdir())
    assert left["hard"] == []
    if _cores_are_files_here():
        [core] = left["soft"]
        assert CANARY.encode() in core.read_bytes(), "without hardening there is one, with the secret in it"


@linux_only
def test_children_of_a_hardened_process_run_and_are_ordinary() -> None:
    code = """
out = subprocess.run(["cat", "/proc/self/environ"], capture_output=True, close_fds=True, check=True).stdout
assert b"OPEN_TO_ALL" in out
print(subprocess.run(["sh", "-c", "ulimit -c"], capture_output=True, text=True, check=True).stdout.strip())
print(len(os.listdir("/proc/self/fd")) > 2, len(open("/proc/self/mountinfo").read()) > 0)
"""
    assert ended("ordinary", "hard", code=code).split() == ["0", "True", "True"]


@linux_only
def test_qt_starts_processes_from_a_hardened_one() -> None:
    code = """
app = QCoreApplication([])
process = QProcess()
process.start("/bin/echo", ["hello"])
assert process.waitForFinished(60000), process.errorString()
print(bytes(process.readAllStandardOutput()).decode(), process.exitCode())
"""
    first = "from PySide6.QtCore import QCoreApplication, QProcess"
    assert ended("ordinary", "hard", code=code, first=first).split() == ["hello", "0"]


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[str]:
    """A message bus of the ordinary user's own. Shape: its address."""
    as_user: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if IS_ROOT else {}
    with subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--print-address=1", "--address=unix:tmpdir=/tmp"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd="/",
        **as_user,
    ) as daemon:
        assert daemon.stdout is not None
        yield daemon.stdout.readline().strip()
        daemon.terminate()
        daemon.communicate(timeout=60)


@linux_only
def test_the_message_bus_lets_a_hardened_process_in(bus: str) -> None:
    code = f"""
connection = jeepney.io.blocking.open_dbus_connection({bus!r})
names = connection.send_and_get_reply(jeepney.message_bus.ListNames()).body[0]
print(connection.unique_name in names)
connection.close()
"""
    assert ended("ordinary", "hard", code=code, first="import jeepney, jeepney.io.blocking").strip() == "True"


class FakeFunction:
    """A function of a system library that this computer doesn't have."""

    argtypes: tuple[Any, ...] = ()
    restype: Any = None

    def __init__(self, name: str, calls: list[tuple[Any, ...]], answer: int) -> None:
        self._name = name
        self._calls = calls
        self._answer = answer

    def __call__(self, *arguments: Any) -> int:
        for kind, value in zip(self.argtypes, arguments, strict=True):
            kind(value)
        self._calls.append((self._name, *arguments))
        return self._answer


class FakeLibrary:
    """Only the functions it was given."""

    def __init__(self, calls: list[tuple[Any, ...]], **answers: int) -> None:
        for name, answer in answers.items():
            setattr(self, name, FakeFunction(name, calls, answer))


def fake(platform: str, calls: list[tuple[Any, ...]], **answers: int) -> SystemCalls:
    def library(name: str | None) -> FakeLibrary:
        assert name == ("kernel32" if platform == "win32" else None)
        return FakeLibrary(calls, **answers)

    return SystemCalls(platform, library, lambda: calls.append(("core",)))


def test_on_windows_dialog_and_heap_are_denied() -> None:
    calls: list[tuple[Any, ...]] = []
    denied = harden(fake("win32", calls, GetErrorMode=0x8000, SetErrorMode=0x8000, WerSetFlags=0))
    assert denied == ("the system's crash dialog", "the heap in crash reports")
    assert calls == [("GetErrorMode",), ("SetErrorMode", 0x8003), ("WerSetFlags", 1)]


def test_on_macos_core_files_and_debuggers_are_denied() -> None:
    calls: list[tuple[Any, ...]] = []
    assert harden(fake("darwin", calls, ptrace=0)) == ("core files", "debuggers")
    assert calls == [("core",), ("ptrace", 31, 0, None, 0)]


def refused() -> None:
    raise ValueError("current limit exceeds maximum limit")


@pytest.mark.parametrize(
    ("platform", "answers", "words"),
    [
        ("win32", {"GetErrorMode": 0, "SetErrorMode": 0, "WerSetFlags": -2147024809}, "0x80070057"),
        ("win32", {"GetErrorMode": 0, "SetErrorMode": 0}, "WerSetFlags"),
        ("darwin", {"ptrace": -1}, "debuggers"),
        ("linux", {"prctl": -1}, "prctl"),
        ("linux", {}, "prctl"),
    ],
)
def test_what_the_system_refuses_is_logged_and_the_rest_is_denied(
    platform: str, answers: dict[str, int], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        denied = harden(fake(platform, [], **answers))
    assert len(denied) == 1
    [told] = caplog.messages
    assert told.startswith("not denied: ")
    assert words in told


@pytest.mark.parametrize("trouble", [refused, lambda: __import__("no_such_module")])
def test_a_limit_that_cannot_be_set_is_logged(trouble: Callable[[], None], caplog: pytest.LogCaptureFixture) -> None:
    assert harden(SystemCalls("freebsd", lambda _: None, trouble)) == ()
    assert len(caplog.messages) == 1
