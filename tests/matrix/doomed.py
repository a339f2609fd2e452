"""A real process that gives one order, or starts anew, and kills itself at a chosen point on the way."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from lumedesk.store import chain
from lumedesk.store.paths import profile_paths
from tests.support.clock import FakeClock
from tests.support.intents import withdrawal_terms
from tests.work.books import Bench

# What an order appends: the intent, its audit row, SENDING, the outcome, its audit row.
APPENDS = 5
PLACES = ("before the commit", "before the marker", "after both")


def sent(folder: Path) -> int:
    """How many orders the server of these processes was sent: it is a file."""
    ledger = folder / "ledger"
    return len(ledger.read_bytes()) if ledger.exists() else 0


def give(folder: Path, *, at: str = "", append: int = 0) -> None:
    """Give one order in a process that is killed at `at`: one of PLACES of its `append`-th append, or around the POST."""

    def run() -> None:
        _kill_at(append, at)
        bench = Bench(profile_paths(folder, "test"), FakeClock())

        async def post() -> tuple[str, str, str]:
            if at == "before the POST":
                _die()
            with (folder / "ledger").open("ab", buffering=0) as ledger:
                ledger.write(b"x")
            if at == "after the POST":
                _die()
            return "w1", "PENDING", ""

        parcel = bench.parcel(terms=withdrawal_terms())
        asyncio.run(bench.sender.carry(replace(parcel, post=post)))

    _in_a_process(run)


def recover(folder: Path, *, at: str, append: int) -> bool:
    """Start on what is there, in a process that is killed on the way; whether it came to that."""

    def run() -> None:
        _kill_at(append, at)
        Bench(profile_paths(folder, "test"), FakeClock())

    return _in_a_process(run)


def _in_a_process(run: Callable[[], None]) -> bool:
    pid = os.fork()
    if not pid:
        try:
            run()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _kill_at(number: int, place: str) -> None:
    append, mark = chain.ChainedLog.append, chain._write_marker
    count = 0

    def appended(log: Any, *arguments: Any) -> Any:
        nonlocal count
        count += 1
        if count == number and place == PLACES[0]:
            _die()
        entry = append(log, *arguments)
        if count == number and place == PLACES[2]:
            _die()
        return entry

    def marked(*arguments: Any) -> None:
        if count == number and place == PLACES[1]:
            _die()
        mark(*arguments)

    if number:
        chain.ChainedLog.append = appended  # type: ignore[method-assign]
        chain._write_marker = marked
