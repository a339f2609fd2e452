"""The long form of tests/kill: so many kills at each point, and a table of what they led to."""
# ruff: noqa: T201 - it tells what it found

import asyncio
import os
import signal
import tempfile
import time
from pathlib import Path

from tests.support.kill import campaign, cases
from tests.support.kill_judge import table, tallies

_EVERY = 1000


def run(kills: int) -> int:
    """Kill that often at each point. Shape: the exit code, 1 when anything was wrong."""
    if not hasattr(os, "fork"):
        print("Children are forked for this, which Windows can't do.")
        return 1
    every = cases(kills)
    print(f"{len(every):,} runs", flush=True)
    began = time.monotonic()

    def tell(done: int) -> None:
        if done % _EVERY == 0:
            print(f"  {done:,} after {time.monotonic() - began:,.0f} s", flush=True)

    stopped: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _frame: stopped.append(number))
    print("Ctrl-C ends it early, with the table of what was done.", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        runs = asyncio.run(campaign(every, Path(folder), progress=tell, is_enough=lambda: bool(stopped)))
    print(table(tallies(runs)))
    print(f"{len(runs):,} runs in {time.monotonic() - began:,.0f} s")
    wrong = [run for run in runs if run.wrongs]
    for each in wrong[:20]:
        print(f"{each.order}, {each.point}: {', '.join(each.wrongs)}\n  {each.facts}")
    return 1 if wrong else 0
