"""From cached data to the first painted rows, and what that takes of memory; then the whole program on a large profile."""

from pathlib import Path

from PySide6.QtCore import Qt

from lumedesk.app import Desk, Setup
from lumedesk.domain.kinds import Kind
from lumedesk.views.theme import Scheme
from tests.bench.child import in_child
from tests.bench.items import frames
from tests.bench.lines import Line, at_most, faster, figure, median, within
from tests.bench.process import Watch, memory_mb, most_memory_mb
from tests.bench.rig import FirstPicture, Rig, Shows, an_app, paths_in, warm_up
from tests.bench.waiting import until
from tests.bench.workshop import ROUNDS, Workshop
from tests.support.keys import STORE_KEY, a_profile

_GOALS = {100_000: 100, 1_000_000: 500}
_WHOLE_APP_MB = 350


def run(shop: Workshop) -> list[Line]:
    """The lines of each size."""
    return [line for rows in shop.sizes for line in _of(shop, rows)]


def _of(shop: Workshop, rows: int) -> list[Line]:
    folder = shop.profile(rows)
    ours, yardstick = [], []
    for at in range(ROUNDS):
        ours.append(in_child("opening:measure", folder=folder, rows=rows))
        if at < shop.item_rounds(rows):
            yardstick.append(shop.items(rows, at))
    subject = f"{rows:,} trades, cached data to first painted rows"
    against = [each["first_ms"] for each in yardstick]
    newest = median([each["first_ms"] + each["newest_ms"] for each in yardstick])
    times = next((goal for size, goal in sorted(_GOALS.items(), reverse=True) if rows >= size), 100)
    session = median(_each(ours, "session_ms"))
    note = (
        "Both in a window that stands open, with a new table under the same view. Ours reads from the encrypted file;"
        f" opening the session on it took {session:.0f} ms before."
        " QStandardItemModel is filled from texts that are in memory already, and shows them in the order they came in; until"
        f" it shows the newest first, as ours does, it takes {figure(newest, 'ms')}."
    )
    lines = [
        faster(
            subject,
            "time, against QStandardItemModel with its proxy",
            _each(ours, "first_ms"),
            against,
            times,
            note=note,
        )
    ]
    memories = [each["memory_mb"] for each in yardstick]
    if rows == shop.small:
        mine = _each(ours, "memory_mb")
        lines.append(within(subject, "memory, against the same", mine, memories, 1 / 15, unit="MB", goal="≤ 1/15"))
    if rows == shop.large:
        lines.append(_whole_app(folder, rows, memories))
    return lines


def _whole_app(folder: Path, rows: int, yardstick: list[float]) -> Line:
    runs = [in_child("opening:measure_app", folder=folder, rows=rows) for _ in range(ROUNDS)]
    most = max(each["most_mb"] for each in runs)
    note = (
        f"The most it ever had, after opening, scrolling all over, sorting and searching; {median(_each(runs, 'open_mb')):.0f} MB"
        " once it stood open. Beside it what QStandardItemModel alone takes."
    )
    return at_most(
        f"{rows:,} trades, the whole program",
        "resident memory",
        most,
        _WHOLE_APP_MB,
        len(runs),
        unit="MB",
        yardstick=median(yardstick),
        beside_rounds=len(yardstick),
        note=note,
    )


def _each(runs: list[dict[str, float]], name: str) -> list[float]:
    return [run[name] for run in runs]


def measure(folder: str, rows: int) -> dict[str, float]:
    """In a fresh process, once."""
    rig = Rig(Path(folder))
    warm_up(rig.look)
    before, opening = memory_mb(), Watch()
    rig.open_session()
    session_ms, watch = opening.passed(), Watch()
    rig.show_trades()
    # Nothing but an empty table can have been painted yet.
    shown_ms, first = watch.passed(), FirstPicture(rig.shows)
    first_ms = shown_ms + first.wait().passed_ms
    rig.wait_for_rows(rows)
    told = {"first_ms": first_ms, "memory_mb": memory_mb() - before, "session_ms": session_ms}
    rig.close()
    return told


def measure_app(folder: str, rows: int) -> dict[str, float]:
    """In a fresh process: the main window offline on this profile, used for a while."""
    setup = Setup(a_profile(), paths_in(Path(folder)), STORE_KEY, offline=True)
    desk = Desk(an_app(), setup, Scheme.LIGHT)
    desk.window.go_to(Kind.TRADES)
    desk.window.show()
    page = desk.window.trades
    table, view = page.table, page.view
    shows = Shows(table, view)
    until(lambda: table.is_whole and table.rowCount() == rows and shows.paints, "the rows")
    opened = memory_mb()
    for column in (2, 6):
        found = shows.changes
        view.sortByColumn(column, Qt.SortOrder.DescendingOrder)
        until(lambda found=found: shows.changes > found and table.is_whole, "another order")
        frames(view, 200)
    for text in ("trd", "00005", ""):
        page.search.setText(text)
        until(lambda text=text: table.query.text == text and table.is_whole, "the search")
        frames(view, 50)
    told = {"open_mb": opened, "most_mb": most_memory_mb()}
    desk.close()
    return told
