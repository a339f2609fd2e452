"""What this process has used so far."""

import os
import threading
import time
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_MB = 1e6


def memory_mb() -> float:
    """What it has in memory now."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE / _MB


def most_memory_mb() -> float:
    """The most it ever had."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / _MB
    raise RuntimeError("this system doesn't tell the most memory used")


def by_thread() -> dict[str, float]:
    """Milliseconds that each living thread has computed, by its name; those that aren't Python's own together."""
    names = {thread.native_id: thread.name for thread in threading.enumerate()}
    found: dict[str, float] = {}
    for task in Path("/proc/self/task").iterdir():
        name = names.get(int(task.name), "other threads")
        nanoseconds = int((task / "schedstat").read_text(encoding="ascii").split()[0])
        found[name] = found.get(name, 0.0) + nanoseconds / 1e6
    return found


class Watch:
    """Measures from its making: milliseconds that passed, and that all threads of the process computed."""

    def __init__(self) -> None:
        self._began, self._began_cpu = time.perf_counter(), time.process_time()

    def passed(self) -> float:
        """By the clock."""
        return (time.perf_counter() - self._began) * 1000

    def computed(self) -> float:
        """CPU."""
        return (time.process_time() - self._began_cpu) * 1000
