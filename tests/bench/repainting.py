"""One full picture of a page of rows: the windowed table beside Qt's own model, under the same view.

Qt's model without its proxy, which would only slow it down.
"""

from pathlib import Path

from lumedesk.views.parts.table_view import RecordView
from tests.bench.child import in_child
from tests.bench.gaps import Void
from tests.bench.items import same_values, view_of
from tests.bench.lines import Line, within
from tests.bench.process import Watch
from tests.bench.rig import Rig, Shows
from tests.bench.workshop import Workshop

_ROUNDS, _PICTURES = 9, 40
_HELD = 200


def run(shop: Workshop) -> list[Line]:
    """One line."""
    rows = shop.small
    told = in_child("repainting:measure", folder=shop.profile(rows), rows=rows)
    subject = f"full repaint of a page of rows ({told['page']} rows)"
    figures = (told["ours_ms"], told["yardstick_ms"])
    return [within(subject, "CPU, against QStandardItemModel's", *figures, 1.5, note="Qt's model without a proxy.")]


def measure(folder: str, rows: int) -> dict[str, object]:
    """In a fresh process: pictures of both in turn."""
    rig = Rig(Path(folder))
    rig.open_session()
    view = rig.show_trades()
    rig.wait_for_rows(rows)
    other = view_of(same_values(rig.table, min(_HELD, rows)), rig.look)
    shows = Shows(other.model(), other)
    other.show()
    rig.wait_for(lambda: shows.paints, "the other table")
    page = view.rowAt(view.viewport().height() - 1) + 1
    ours, yardstick = [], []
    for _ in range(_ROUNDS + 1):
        ours.append(_pictures(view, rig.shows))
        yardstick.append(_pictures(other, shows))
    rig.close()
    # The first round warms both up.
    return {"ours_ms": ours[1:], "yardstick_ms": yardstick[1:], "page": page}


def _pictures(view: RecordView, shows: Shows) -> float:
    before, watch = shows.paints, Watch()
    for _ in range(_PICTURES):
        view.viewport().repaint()
    if shows.paints - before != _PICTURES:
        raise Void(f"{shows.paints - before} pictures were painted, not {_PICTURES}")
    return watch.computed() / _PICTURES
