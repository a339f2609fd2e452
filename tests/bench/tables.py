"""Writes the lines as a table: for the terminal, and as docs/performance.md with what it was measured on."""

import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.bench.lines import Line

_PACKAGES = ("pyside6-essentials", "apsw-sqlite3mc", "msgspec", "httpx")
_INTRODUCTION = """\
# Performance

Each figure stands beside a yardstick that was measured in the same run, on the same machine: the machine's speed and what
else ran on it weigh on both. Written by `python3 dev.py bench --write`; a goal that is missed is written as missed.

What the yardsticks are is told in `tests/bench`: `QStandardItemModel` holding the same rows under the same view, with its
proxy wherever rows are sorted, msgspec's own decoding into structs with `Decimal` and without the garbage collector, a bare
`httpx` request, the same store without encryption, an empty PySide6 window. CPU is the time of all threads of the process.
Figures are medians of the rounds named, each round of ours beside one of the yardstick's; where that takes minutes, as filling
Qt's model with a million rows does, it is measured once, and the table says so. A ratio is that of the two figures before it.
A picture counts when it is painted, not when it is begun. Every figure about stalls is void unless a known hold of the GIL of
250 ms read as 250 ms in the same run.

The goals for 100,000 rows are measured with the smallest size of the run, those for 1,000,000 with the largest. Rows that are
only read are taken in once for all benchmarks: through a server by the whole desk, a million of them by the desk's writing code
without one.

Runs differ, as what else uses the machine's memory weighs on the desk more than on yardsticks that only compute. On 22 November
2026, on a virtual machine with two cores, a poll without news cost 1/21 to 1/26 of fetching and decoding, a list that arrives
2.0 to 3.0 times decoding until shown and 5.7 to 8.8 with its indexes, the first rows at a start 1.7 to 1.9 empty windows: where
a goal is met by less than a tenth, another run may miss it.
"""


def told(line: Line) -> str:
    """A line by itself, as soon as it is known."""
    parts = [f"{line.ours} against {line.yardstick}" if line.yardstick else line.ours]
    if line.ratio:
        parts.append(line.ratio)
    words = f"{line.subject}: {line.measured}: {', '.join(parts)} (goal {line.goal}): {_verdict(line)}"
    return f"{words}\n    {line.note}" if line.note else words


def plain(lines: Sequence[Line]) -> str:
    """All lines in columns."""
    rows = [_HEADINGS, *(_cells(line) for line in lines)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(_HEADINGS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def page(lines: Sequence[Line], facts: Sequence[str]) -> str:
    """docs/performance.md, whole."""
    rows = ["| " + " | ".join(cell.replace("|", "/") for cell in _cells(line)) + " |" for line in lines]
    notes = [f"- {line.subject}, {line.measured}: {line.note}" for line in lines if line.note]
    parts = [
        _INTRODUCTION,
        "\n".join(f"- {fact}" for fact in facts) + "\n",
        "| " + " | ".join(_HEADINGS) + " |\n|" + "---|" * len(_HEADINGS) + "\n" + "\n".join(rows) + "\n",
    ]
    if notes:
        parts.append("## Notes\n\n" + "\n".join(notes) + "\n")
    return "\n".join(parts)


def load() -> float:
    """How many programs wanted to compute in the last minute, this one among them."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def machine() -> list[str]:
    """What the figures were measured on, and when."""
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        f"{os.cpu_count()} cores, {_processor()}, {_memory()}, {platform.system()} {platform.release()}",
        f"{python}, {packages}; Qt's platform {os.environ.get('QT_QPA_PLATFORM', sys.platform)}",
    ]


_HEADINGS = ("what", "measured", "LumeDesk", "yardstick", "ratio", "goal", "met", "rounds")


def _cells(line: Line) -> tuple[str, ...]:
    return (
        line.subject,
        line.measured,
        line.ours,
        line.yardstick,
        line.ratio,
        line.goal,
        _verdict(line),
        f"{line.rounds}, yardstick {line.beside_rounds}" if line.beside_rounds else str(line.rounds),
    )


def _verdict(line: Line) -> str:
    return "met" if line.is_met else "MISSED"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GB"
    except (AttributeError, ValueError, OSError):
        return "memory unknown"
