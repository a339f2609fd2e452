"""A long list arriving while the table scrolls: how long the window stands still, how soon rows are there, what it costs."""

import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer

from lumedesk.domain.kinds import Kind
from tests.bench.building import Follower
from tests.bench.child import ChildFailed, in_child
from tests.bench.gaps import HELD_MS, Gaps, control
from tests.bench.lines import Line, at_most, median, percentile, within
from tests.bench.process import Watch, by_thread
from tests.bench.rig import Rig
from tests.bench.server import Server
from tests.bench.workshop import Workshop

_FRAME_MS, _LONGEST_MS, _NEVER_MS = 16.7, 20, 50
_RUNS, _COSTS = 7, 9
_SCROLL_MS = 16
_EARLY = 0.05


def run(shop: Workshop) -> list[Line]:
    """The stalls, the first rows, then the cost, which is measured without the scrolling."""
    rows = shop.small
    runs = [_run(shop, rows, scrolls=True) for _ in range(_RUNS)]
    # The yardstick before and after each: it takes a tenth of the time, and the machine may be another one in between.
    quiet, alone = [], [_decoding_ms(shop, rows)]
    for _ in range(_COSTS):
        quiet.append(_run(shop, rows, scrolls=False))
        alone.append(_decoding_ms(shop, rows))
    decoding = [(before + after) / 2 for before, after in pairwise(alone)]
    size_mb = shop.body(rows).stat().st_size / 1e6
    subject = f"{rows:,} new trades arriving ({size_mb:.0f} MB) while the table scrolls"
    return [*_stalls(subject, runs), *_costs(rows, runs, quiet, decoding)]


def _decoding_ms(shop: Workshop, rows: int) -> float:
    told: dict[str, float] = in_child("decoding:measure", body=shop.body(rows))
    return told["cpu_ms"]


def _run(shop: Workshop, rows: int, *, scrolls: bool) -> dict[str, Any]:
    given = {"body": shop.body(rows), "rows": rows, "scrolls": scrolls}
    # A run whose control reads otherwise is void and measured again; a machine that is always like that measures nothing.
    for is_last in (False, False, True):
        folder = shop.spare("arriving")
        try:
            told: dict[str, Any] = in_child("arriving:measure", folder=folder, **given)
        except ChildFailed as failure:
            if is_last or "Void" not in str(failure):
                raise
            shop.tell(f"  void, and measured again: {str(failure).splitlines()[-1]}")
        else:
            return told
        finally:
            shutil.rmtree(folder)
    raise AssertionError("the last one returns or raises")


def _stalls(subject: str, runs: list[dict[str, Any]]) -> list[Line]:
    count = len(runs)
    controls = ", ".join(f"{run['control_ms']:.0f}" for run in runs)
    p99 = median([percentile(run["gaps_ms"], 0.99) for run in runs])
    longest = [max(run["gaps_ms"]) for run in runs]
    rows_only = [max(run["gaps_ms"][: run["gaps_until_all"]]) for run in runs]
    each = ", ".join(f"{figure:.1f}" for figure in longest)
    note = (
        f"From asking until rows, indexes and search are there. Each run's longest: {each} ms; until all rows are shown, median"
        f" {median(rows_only):.1f}. A hold of {HELD_MS:.0f} ms read as {controls} ms."
    )
    idle = median([max(run["idle_ms"]) for run in runs])
    return [
        at_most(subject, "gaps of the event loop, p99", p99, _FRAME_MS, count, note=note),
        at_most(
            subject,
            "gaps, median of each run's longest",
            median(longest),
            _LONGEST_MS,
            count,
            yardstick=idle,
            note="Beside it the same while nothing arrives and the table scrolls.",
        ),
        at_most(subject, "gaps, longest of all", max(longest), _NEVER_MS, count),
    ]


def _costs(rows: int, runs: list[dict[str, Any]], quiet: list[dict[str, Any]], alone: list[float]) -> list[Line]:
    early = [100 * run["first_ms"] / run["all_ms"] for run in runs]
    note = (
        f"First rows after {median([run['first_ms'] for run in runs]):.0f} ms, all after"
        f" {median([run['all_ms'] for run in runs]):.0f}, everything findable after"
        f" {median([run['done_ms'] for run in runs]):.0f}."
    )
    subject = f"{rows:,} new trades arriving, cost"
    return [
        at_most(
            f"{rows:,} new trades arriving while the table scrolls",
            "first rows on screen, of the time to all rows",
            median(early),
            100 * _EARLY,
            len(runs),
            unit="%",
            note=note,
        ),
        within(
            subject,
            "all rows shown, CPU, against msgspec decoding alone",
            [run["all_cpu_ms"] for run in quiet],
            alone,
            3,
            note=f"Transfer and painting are in ours. CPU ms by thread: {_by_thread(quiet, 'all_by')}.",
        ),
        within(
            subject,
            "with indexes and search, CPU",
            [run["done_cpu_ms"] for run in quiet],
            alone,
            8,
            note=f"CPU ms by thread: {_by_thread(quiet, 'done_by')}.",
        ),
    ]


class _Scroller:
    """Moves a table steadily up and down, with a frame each 16 ms, whatever number of rows it has."""

    def __init__(self, rig: Rig) -> None:
        self._bar = rig.view.verticalScrollBar()
        self._step = 57
        self._timer = QTimer(rig.view)
        self._timer.setInterval(_SCROLL_MS)
        self._timer.timeout.connect(self._scroll)

    def start(self) -> None:
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def _scroll(self) -> None:
        before = self._bar.value()
        self._bar.setValue(before + self._step)
        if self._bar.value() == before:
            self._step = -self._step
            self._bar.setValue(before + self._step)


def measure(folder: str, body: str, rows: int, *, scrolls: bool) -> dict[str, Any]:
    """In a fresh process: a window on an empty profile, online; then the list is there."""
    with Server() as server:
        rig = Rig(Path(folder), server.url)
        session = rig.open_session()
        rig.show_trades()
        rig.wait_for(lambda: session.state(Kind.TRADES).confirmed_at, "the empty list")
        rig.settle()
        told: dict[str, Any] = {"control_ms": control() if scrolls else 0.0}
        follower = Follower(rig.paths.mirror)
        server.serve("trades", Path(body))
        told |= _watched(rig, follower, rows, scrolls=scrolls)
        if scrolls:
            told["idle_ms"] = _idle(rig)
        follower.close()
        rig.close()
    return told


def _watched(rig: Rig, follower: Follower, rows: int, *, scrolls: bool) -> dict[str, Any]:
    gaps, scroller = Gaps(), _Scroller(rig)
    painted = rig.shows.paints
    if scrolls:
        scroller.start()
        gaps.start()
    watch, before = Watch(), by_thread()
    rig.session.refresh(Kind.TRADES)
    rig.wait_for(lambda: rig.shows.paints > painted, "the first rows")
    told: dict[str, Any] = {"first_ms": watch.passed()}
    rig.wait_for(lambda: rig.has_rows(rows), "all rows")
    told |= {"all_ms": watch.passed(), "all_cpu_ms": watch.computed(), "gaps_until_all": max(len(gaps.figures), 1)}
    told["all_by"] = _since(before)
    rig.wait_for(follower.is_done, "the indexes")
    told |= {"done_ms": watch.passed(), "done_cpu_ms": watch.computed(), "done_by": _since(before)}
    if scrolls:
        told["gaps_ms"] = gaps.stop()
        scroller.stop()
    return told


def _since(before: dict[str, float]) -> dict[str, float]:
    return {name: now - before.get(name, 0.0) for name, now in by_thread().items()}


def _by_thread(runs: list[dict[str, dict[str, float]]], name: str) -> str:
    """The medians of what each thread computed, the busiest first."""
    names = {thread for run in runs for thread in run[name]}
    figures = {thread: median([run[name].get(thread, 0.0) for run in runs]) for thread in names}
    busiest = sorted(figures.items(), key=lambda each: -each[1])
    return ", ".join(f"{thread} {figure:,.0f}" for thread, figure in busiest if figure >= 1)


def _idle(rig: Rig) -> list[float]:
    """The same scrolling with nothing going on: what painting alone makes of it."""
    gaps, scroller = Gaps(), _Scroller(rig)
    scroller.start()
    gaps.start()
    watch = Watch()
    rig.wait_for(lambda: watch.passed() > 1_000, "a second")
    scroller.stop()
    return gaps.stop()
