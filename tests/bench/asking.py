"""Another order, a search, and frames while scrolling, in a table of many rows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, Qt

from lumedesk.models.trades import TradesTable
from tests.bench.child import in_child
from tests.bench.items import frames
from tests.bench.lines import Line, at_most, faster, median, percentile
from tests.bench.process import Watch
from tests.bench.rig import Rig
from tests.bench.workshop import ROUNDS, SORTS, Workshop

_SORT_MS, _SORT_TIMES = 100, 50
_FRAME_MS, _COUNT_MS = 16.7, 50
_FRAMES = 300
# Each is typed from the third letter on, in three steps at most: what all rows have, what most have, what one pair in five
# has, what few have, an amount, what one row has, and what none has.
_TYPED = ("trd", "completed", "usd", "0000", "1234", "trd_00054321", "xqz")


def run_sorting(shop: Workshop) -> list[Line]:
    """Any column, at the largest size."""
    rows = shop.large
    told = in_child("asking:measure_sorting", folder=shop.profile(rows), rows=rows)
    ours: dict[str, list[float]] = told["first_ms"]
    yardstick = _proxy_sorts(shop, rows)
    slowest = max(ours, key=lambda name: median(ours[name]))
    # Each column against the same one of the proxy's; the one that gains least stands for all.
    worst = min(ours, key=lambda name: median(yardstick[name]) / median(ours[name]))
    every = ", ".join(f"{name} {median(figures):.1f}" for name, figures in ours.items())
    others = ", ".join(f"{name} {median(figures):,.0f}" for name, figures in yardstick.items())
    whole = max(median(figures) for figures in told["whole_ms"].values())
    subject = f"sort by any column, {rows:,} rows"
    first = f"first rows on screen, CPU, slowest column ({slowest})"
    note = f"CPU ms by column: {every}. The whole order stands after {whole:.0f} ms of CPU at most."
    against = f"the same, against the proxy in memory, column with the least ratio ({worst})"
    beside = f"Each column against the proxy's same one, which sorts texts; CPU ms of the proxy: {others}."
    return [
        at_most(subject, first, median(ours[slowest]), _SORT_MS, ROUNDS, note=note),
        faster(subject, against, ours[worst], yardstick[worst], _SORT_TIMES, note=beside),
    ]


def _proxy_sorts(shop: Workshop, rows: int) -> dict[str, list[float]]:
    rounds = [each["sort_ms"] for each in shop.all_items(rows)]
    return {TradesTable.columns[column].name: [each[at] for each in rounds] for at, column in enumerate(SORTS)}


def run_searching(shop: Workshop) -> list[Line]:
    """As it is typed, at the largest size."""
    rows = shop.large
    told = in_child("asking:measure_searching", folder=shop.profile(rows), rows=rows)
    yardstick = max(shop.items(rows, 0)["search_ms"])
    lines = []
    subject = f"search as you type, {rows:,} rows, 3 letters and more"
    painted = (
        "Until the first rows are painted, all threads together, so with what is computed meanwhile for the others."
    )
    shown = "Until the table has as many rows as in the end, painted where the rows in sight are others for it."
    goals = (
        ("first_ms", "first rows on screen, CPU", _FRAME_MS, painted),
        ("count_ms", "whole count shown, CPU", _COUNT_MS, shown),
    )
    for name, measured, most, until in goals:
        figures = {text: median(rounds) for text, rounds in told[name].items()}
        slowest = max(figures, key=lambda text: figures[text])
        every = ", ".join(f"{text} {figure:.1f}" for text, figure in figures.items())
        note = (
            f'{until} CPU ms by what was typed: {every}. Slowest: "{slowest}". Beside it the proxy\'s filter in memory.'
        )
        beside = {"yardstick": yardstick, "beside_rounds": 1}
        lines.append(at_most(subject, measured, figures[slowest], most, ROUNDS, note=note, **beside))
    return lines


def run_scrolling(shop: Workshop) -> list[Line]:
    """Anywhere in sorted rows, at the largest size; beside it Qt's own model with the smallest."""
    rows = shop.large
    rounds: list[list[float]] = in_child("asking:measure_scrolling", folder=shop.profile(rows), rows=rows)
    ours = median([percentile(figures, 0.99) for figures in rounds])
    yardstick = median([percentile(each["frames_ms"], 0.99) for each in shop.all_items(shop.small)])
    note = (
        f"Half of {_FRAMES} frames a round are jumps to anywhere, half turns of the wheel; by the clock, median frame"
        f" {median([median(figures) for figures in rounds]):.1f} ms."
        f" Beside it QStandardItemModel with {shop.small:,} rows."
    )
    subject = f"scrolling anywhere in {rows:,} sorted rows"
    return [at_most(subject, "p99 frame", ours, _FRAME_MS, ROUNDS, yardstick=yardstick, note=note)]


class _Answer:
    """What a table showed when, after it was asked: CPU of all threads, in milliseconds from asking.

    `first_ms`: the first rows are painted; `count_ms`: the table has as many rows as in the end, painted where the picture is
    another one for it; `whole_ms`: all rows are known. What happened before is painted before.
    """

    def __init__(self, rig: Rig, ask: Callable[[], Any]) -> None:
        self._rig = rig
        self._first_ms = self._found_ms = 0.0
        # How many rows from when on; the latter moves to when they are painted.
        self._counts: list[tuple[int, float]] = []
        self._is_painted = True
        rig.finish_painting()
        rig.shows.listeners.append(self._note)
        rig.table.found.connect(self._note_found)
        self._watch = Watch()
        ask()
        rig.wait_for(lambda: self._found_ms, "the answer")
        # What it left to be painted is painted by itself.
        for _ in range(3):
            QCoreApplication.processEvents()
        rig.shows.listeners.remove(self._note)
        rig.table.found.disconnect(self._note_found)
        self.whole_ms = self._found_ms
        # Nothing is painted where nothing is different.
        self.first_ms = self._first_ms or self.whole_ms
        self.count_ms = self.whole_ms
        for count, at in reversed(self._counts):
            if count != rig.table.rowCount():
                break
            self.count_ms = at

    def _note(self, what: str) -> None:
        now = self._watch.computed()
        if what == "change":
            self._is_painted = False
            self._counts.append((self._rig.table.rowCount(), now))
        elif what == "painted" and not self._is_painted:
            self._is_painted = True
            self._first_ms = self._first_ms or now
            self._counts[-1] = (self._counts[-1][0], now)

    def _note_found(self) -> None:
        self._found_ms = self._watch.computed()


def _opened(folder: str, rows: int) -> Rig:
    rig = Rig(Path(folder))
    rig.open_session()
    rig.show_trades()
    rig.wait_for_rows(rows)
    rig.settle()
    return rig


def measure_sorting(folder: str, rows: int) -> dict[str, dict[str, list[float]]]:
    """In a fresh process: CPU until first rows and whole order, by column, for each round."""
    rig = _opened(folder, rows)
    first: dict[str, list[float]] = {}
    whole: dict[str, list[float]] = {}
    columns = [column.name for column in rig.table.columns]
    for at in range(ROUNDS):
        order = (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder)[at % 2]
        # The column shown last in a round is not the first of the next: each time the order is another one.
        for column in SORTS:
            answer = _Answer(rig, lambda column=column, order=order: rig.view.sortByColumn(column, order))  # type: ignore[misc]
            first.setdefault(columns[column], []).append(answer.first_ms)
            whole.setdefault(columns[column], []).append(answer.whole_ms)
    rig.close()
    return {"first_ms": first, "whole_ms": whole}


def measure_searching(folder: str, rows: int) -> dict[str, dict[str, list[float]]]:
    """In a fresh process: CPU until first rows, count and all rows, by the word; each letter of it is typed."""
    rig = _opened(folder, rows)
    found: dict[str, dict[str, list[float]]] = {"first_ms": {}, "count_ms": {}, "whole_ms": {}}
    for _ in range(ROUNDS):
        for word in _TYPED:
            for end in sorted({3, (3 + len(word)) // 2, len(word)}):
                text = word[:end]
                answer = _Answer(rig, lambda text=text: rig.table.ask(text=text))  # type: ignore[misc]
                for name in found:
                    found[name].setdefault(text, []).append(getattr(answer, name))
            _Answer(rig, lambda: rig.table.ask(text=""))
    rig.close()
    return found


def measure_scrolling(folder: str, rows: int) -> list[list[float]]:
    """In a fresh process: each round's frames in milliseconds, in another order each time."""
    rig = _opened(folder, rows)
    rounds = []
    for at in range(ROUNDS):
        column = SORTS[(at + 2) % len(SORTS)]
        _Answer(rig, lambda column=column: rig.view.sortByColumn(column, Qt.SortOrder.DescendingOrder))  # type: ignore[misc]
        rounds.append(frames(rig.view, _FRAMES))
    rig.close()
    return rounds
