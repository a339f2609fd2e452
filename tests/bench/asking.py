"""Another order, a search, and frames while scrolling, in a table of many rows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer

from tests.bench.child import in_child
from tests.bench.items import frames
from tests.bench.lines import Line, at_most, faster, median, percentile
from tests.bench.process import Watch
from tests.bench.rig import Rig
from tests.bench.workshop import ROUNDS, SORTS, Workshop

_SORT_MS, _SORT_TIMES = 100, 50
_FRAME_MS, _COUNT_MS = 16.7, 50
_FRAMES = 300
# Each is typed letter by letter from the third on: what all rows have, what most have, what one pair in five has, what few
# have, an amount, what one row has, and what none has.
_TYPED = ("trd", "completed", "usd", "0000", "1234", "trd_00054321", "xqz")


def run_sorting(shop: Workshop) -> list[Line]:
    """Any column, at the largest size and the smallest."""
    return [line for rows in sorted(shop.sizes, reverse=True) for line in _sorting(shop, rows)]


def _sorting(shop: Workshop, rows: int) -> list[Line]:
    told = in_child("asking:measure_sorting", folder=shop.profile(rows), rows=rows)
    by_column: dict[str, list[float]] = told["first_ms"]
    name, slowest = max(by_column.items(), key=lambda each: median(each[1]))
    yardstick = [figure for each in shop.all_items(rows) for figure in each["sort_ms"]]
    every = ", ".join(f"{column} {median(figures):.1f}" for column, figures in by_column.items())
    whole = max(median(figures) for figures in told["whole_ms"].values())
    note = (
        f"CPU ms by column: {every}. The whole order stands after {whole:.0f} ms of CPU at most."
        " The proxy sorts texts by another of these columns in each round."
    )
    subject = f"sort by any column, {rows:,} rows"
    lines = []
    if rows == max(shop.sizes):
        lines.append(
            at_most(
                subject,
                f"first rows on screen, CPU, slowest column ({name})",
                median(slowest),
                _SORT_MS,
                ROUNDS,
                note=note,
            )
        )
    against = "the same, against the proxy in memory"
    lines.append(faster(subject, against, slowest, yardstick, _SORT_TIMES, note="" if lines else note))
    return lines


def run_searching(shop: Workshop) -> list[Line]:
    """As it is typed, at the largest size."""
    rows = max(shop.sizes)
    told = in_child("asking:measure_searching", folder=shop.profile(rows), rows=rows)
    yardstick = max(shop.items(rows, 0)["search_ms"])
    lines = []
    subject = f"search as you type, {rows:,} rows, 3 letters and more"
    goals = (
        ("first_ms", "first rows on screen, CPU", _FRAME_MS),
        ("count_ms", "whole count shown, CPU", _COUNT_MS),
    )
    for name, measured, most in goals:
        figures = {text: median(rounds) for text, rounds in told[name].items()}
        slowest = max(figures, key=lambda text: figures[text])
        every = ", ".join(f"{text} {figure:.1f}" for text, figure in figures.items())
        note = f'CPU ms by what was typed: {every}. Slowest: "{slowest}". Beside it the proxy\'s filter in memory.'
        lines.append(at_most(subject, measured, figures[slowest], most, ROUNDS, yardstick=yardstick, note=note))
    return lines


def run_scrolling(shop: Workshop) -> list[Line]:
    """Anywhere in sorted rows, at the largest size; beside it Qt's own model with the smallest."""
    rows = max(shop.sizes)
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
    """What a table showed when, after it was asked: CPU in milliseconds from asking."""

    def __init__(self, rig: Rig, ask: Callable[[], Any]) -> None:
        self._rig = rig
        self._is_changed = False
        self.first_ms: float | None = None
        self.whole_ms: float | None = None
        self._counts: list[tuple[int, float]] = []
        rig.shows.listeners.append(self._note)
        rig.table.found.connect(self._note_found)
        self._watch = Watch()
        ask()
        rig.wait_for(lambda: self.first_ms is not None and self.whole_ms is not None, "the answer")
        rig.shows.listeners.remove(self._note)
        rig.table.found.disconnect(self._note_found)
        final = rig.table.rowCount()
        # What was shown for the first time and stayed until the end.
        self.count_ms = self.whole_ms or 0.0
        for count, at in reversed(self._counts):
            if count != final:
                break
            self.count_ms = at

    def _note(self, what: str) -> None:
        now = self._watch.computed()
        if what == "change":
            self._is_changed = True
            self._counts.append((self._rig.table.rowCount(), now))
        elif self._is_changed and self.first_ms is None:
            self._painted()

    def _note_found(self) -> None:
        self.whole_ms = self._watch.computed()
        if self.first_ms is None and not (self._is_changed and self._rig.table.rowCount()):
            # Nothing was found, or what was shown before; nothing is painted.
            self.first_ms = self.whole_ms

    def _painted(self) -> None:
        # The filter hears of a picture before it is painted; the event loop goes on after it.
        QTimer.singleShot(0, self._note_painted)

    def _note_painted(self) -> None:
        if self.first_ms is None:
            self.first_ms = self._watch.computed()


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
            first.setdefault(columns[column], []).append(answer.first_ms or 0.0)
            whole.setdefault(columns[column], []).append(answer.whole_ms or 0.0)
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
                    found[name].setdefault(text, []).append(getattr(answer, name) or 0.0)
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
