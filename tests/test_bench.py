"""The benchmarks' own machinery: statistics, verdicts, tables, the made trades, the server, the control of the stall figures."""

import gzip
import json
import os
import time
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItem
from PySide6.QtWidgets import QApplication

from lumedesk.domain.codec import Codec
from lumedesk.domain.kinds import Kind
from lumedesk.domain.records import Trade
from lumedesk.models.trades import TradesTable
from lumedesk.views.theme import Look, Scheme
from tests.bench import __main__ as bench
from tests.bench import data, encryption, gaps, lines, tables
from tests.bench.child import ChildFailed, in_child
from tests.bench.decoding import decoded
from tests.bench.items import Alone
from tests.bench.rig import FirstPicture, PaintedView, Shows, finish_painting, paths_in
from tests.bench.server import Server
from tests.bench.waiting import until
from tests.bench.workshop import ROUNDS, SORTS, Workshop
from tests.support import mirror_dump
from tests.support.keys import STORE_KEY


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


def fetch(server: Server, name: str, **headers: str) -> bytes:
    request = urllib.request.Request(f"{server.url}/api/v1/{name}", headers=headers)  # noqa: S310 - our own server
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        body: bytes = answer.read()
        return body


# Statistics and verdicts


def test_a_percentile_is_a_figure_that_was_measured() -> None:
    figures = [float(each) for each in range(1, 101)]
    assert lines.percentile(figures, 0.99) == 99
    assert lines.percentile(figures[::-1], 0.5) == 50
    assert lines.percentile(figures, 1.0) == 100
    assert lines.percentile([7.0], 0.99) == 7
    assert lines.percentile([1.0, 2.0, 3.0], 0.99) == 3


@pytest.mark.parametrize("count", [lines.median, lambda figures: lines.percentile(figures, 0.99)])
def test_nothing_measured_is_no_figure(count: Any) -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        count([])


def test_a_ratio_is_that_of_the_two_medians_beside_it() -> None:
    line = lines.within("s", "m", [1.0, 2.0, 40.0, 10.0, 5.0], [10.0, 30.0, 120.0, 20.0, 5.0], 1 / 3)
    assert (line.ours, line.yardstick, line.ratio, line.is_met) == ("5.00 ms", "20.0 ms", "0.25", True)


def test_faster_compares_medians_and_meets_its_goal_at_the_very_figure() -> None:
    met = lines.faster("s", "m", [1.0, 2.0, 90.0], [200.0, 100.0, 3000.0], 100)
    assert (met.is_met, met.rounds, met.ratio, met.goal) == (True, 3, "100 times", "≥ 100 times")
    missed = lines.faster("s", "m", [2.01], [200.0], 100)
    assert not missed.is_met
    assert not lines.faster("s", "m", [4.0], [2.0], 1).is_met


def test_within_is_met_up_to_the_goal_and_not_beyond() -> None:
    assert lines.within("s", "m", [3.0], [1.0], 3).is_met
    assert not lines.within("s", "m", [3.001], [1.0], 3).is_met
    small = lines.within("s", "m", [1.0], [40.0], 1 / 20, goal="≤ 1/20")
    assert (small.is_met, small.ratio, small.goal) == (True, "1/40", "≤ 1/20")


def test_a_limit_is_about_our_figure_whatever_the_yardstick_says() -> None:
    assert lines.at_most("s", "m", 16.7, 16.7, 5, yardstick=1.0).is_met
    missed = lines.at_most("s", "m", 16.8, 16.7, 5, yardstick=1000.0)
    assert (missed.is_met, missed.goal, missed.ratio) == (False, "≤ 16.7 ms", "1/60")


def test_a_count_is_met_by_that_count_only() -> None:
    assert lines.exactly("s", "m", 2, 2, 5).is_met
    assert not lines.exactly("s", "m", 1, 2, 5).is_met
    assert not lines.exactly("s", "m", 3, 2, 5).is_met


def test_one_missed_goal_or_nothing_measured_is_exit_code_1() -> None:
    met, missed = lines.exactly("s", "m", 0, 0, 1), lines.exactly("s", "m", 1, 0, 1)
    assert bench.verdict([met, met]) == 0
    assert bench.verdict([met, missed]) == 1
    assert bench.verdict([]) == 1


def test_a_benchmark_that_breaks_costs_its_own_lines_and_the_goal(tmp_path: Path, capsys: Any) -> None:
    def breaks(_shop: Workshop) -> list[lines.Line]:
        raise gaps.Void("a stall of 250 ms read as 12 ms")

    shop = Workshop(tmp_path, (10,), print)
    [line] = bench.lines_of("arriving", breaks, shop)
    assert (line.is_met, line.ours) == (False, "not measured")
    assert "read as 12 ms" in line.note
    assert "Void" in capsys.readouterr().err


# Tables


def test_the_page_tells_every_line_and_says_missed_where_it_is() -> None:
    measured = [
        lines.within("a | b", "CPU", [3.0], [2.0], 1.0, note="why so"),
        lines.exactly("altered", "amounts", 0, 0, 1, beside="94,591 through a float"),
    ]
    page = tables.page(measured, ["2 cores", "Python"])
    assert "| a / b | CPU | 3.00 ms | 2.00 ms | 1.50 | ≤ 1 times | MISSED | 1 |" in page
    assert "| altered | amounts | 0 | 94,591 through a float |  | 0 | met | 1 |" in page
    assert "- a | b, CPU: why so" in page
    assert "- 2 cores\n- Python\n" in page


def test_a_yardstick_that_was_measured_less_often_says_so() -> None:
    figures = [1.0, 1.0, 1.0]
    for line in (
        lines.faster("s", "m", figures, [9.0], 2),
        lines.within("s", "m", figures, [9.0], 2),
        lines.at_most("s", "m", 1.0, 2.0, 3, yardstick=9.0, beside_rounds=1),
    ):
        assert "| met | 3, yardstick 1 |" in tables.page([line], [])
    assert "| met | 3 |" in tables.page([lines.faster("s", "m", figures, [9.0] * 3, 2)], [])


def test_the_terminal_shows_the_same_in_columns() -> None:
    line = lines.at_most("scrolling", "p99 frame", 12.345, 16.7, 5)
    headings, row = tables.plain([line]).splitlines()
    assert headings.index("LumeDesk") == row.index("12.3 ms")
    assert headings.index("met") == row.index("met")


def test_the_machine_is_told_with_versions() -> None:
    told = " ".join(tables.machine())
    assert "msgspec " in told
    assert "cores" in told


# What is asked for on the command line


def test_only_what_is_named_runs_in_the_tables_order(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    asked: list[tuple[str, tuple[int, ...]]] = []

    def benchmark(name: str) -> Any:
        def run(shop: Workshop) -> list[lines.Line]:
            asked.append((name, shop.sizes))
            return [lines.exactly(name, "m", 0, 0, 1)]

        return run

    monkeypatch.setattr(bench, "BENCHMARKS", {name: benchmark(name) for name in bench.BENCHMARKS})
    assert bench.main(["--rows", "1_000,10", "--only", "polling,opening"]) == 0
    assert asked == [("opening", (10, 1000)), ("polling", (10, 1000))]
    assert "polling" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--only", "nothing"], ["--rows", "0"], ["--write", "--only", "opening"]])
def test_what_makes_no_sense_is_refused(arguments: list[str], capsys: Any) -> None:
    with pytest.raises(SystemExit) as stopped:
        bench.main(arguments)
    assert stopped.value.code == 2
    assert "usage" in capsys.readouterr().err


# The made trades


def test_the_same_number_makes_the_same_trades_piece_by_piece() -> None:
    whole = list(data.trades(data.PIECE + 5))
    assert whole == list(data.trades(data.PIECE + 5))
    assert whole[data.PIECE :] == list(data.trades(5, data.PIECE))
    assert len({trade.key for trade in whole}) == len(whole)


def test_a_body_is_read_by_desk_and_yardstick_digit_by_digit(tmp_path: Path) -> None:
    path = tmp_path / "body.json"
    data.write_body(path, 50)
    made = list(data.trades(50))
    read = Codec[list[Trade]](list[Trade]).decode(path.read_bytes())
    other = decoded(path.read_bytes())
    for trade, mine, plain in zip(made, read, other, strict=True):
        assert (mine.transaction_id, mine.status) == (trade.key, trade.status)
        assert [str(mine.from_amount), str(mine.to_amount), str(mine.rate)] == list(trade.amounts)
        assert [str(plain.from_amount), str(plain.to_amount), str(plain.rate)] == list(trade.amounts)
        assert len(mine.fills or ()) == len(plain.fills) == len(trade.fills)


def test_many_amounts_are_such_as_a_float_alters() -> None:
    amounts = [digits for trade in data.trades(1_000) for digits in trade.amounts]
    altered = [digits for digits in amounts if data.altered_by_float(digits)]
    assert len(amounts) // 4 < len(altered) < len(amounts)
    assert data.altered_by_float("123456789.12345678901234567")
    assert not data.altered_by_float("123.45")


def test_a_changed_body_differs_in_two_rows(tmp_path: Path) -> None:
    body, changed = tmp_path / "body.json", tmp_path / "changed.json"
    data.write_body(body, 500)
    keys = data.write_changed(body, changed, 500)
    before, after = (json.loads(path.read_text(), parse_float=Decimal) for path in (body, changed))
    different = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert {old["transactionId"] for old, _ in different} == set(keys)
    assert [new["status"] for _, new in different] == ["COMPLETED", "CANCELLED"]
    assert {old["status"] for old, _ in different} == {"PENDING"}


def test_the_texts_have_a_cell_for_each_column(tmp_path: Path) -> None:
    path = tmp_path / "texts.tsv"
    data.write_body(tmp_path / "body.json", 20, path)
    rows = [line.split("\t") for line in path.read_text().splitlines()]
    assert {len(row) for row in rows} == {7}
    assert [row[-1] for row in rows] == [trade.key for trade in data.trades(20)]
    assert rows[0][2].replace(",", "") == next(data.trades(1)).sold


# Profiles that hold a list


def test_what_is_written_without_a_server_is_what_the_desk_takes_in_from_one(tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    # More than are made findable at once.
    data.write_body(body, 1_500)
    in_child("building:build", folder=tmp_path / "served", body=body)
    in_child("building:write", folder=tmp_path / "written", body=body)
    served, written = (paths_in(tmp_path / name).mirror for name in ("served", "written"))
    whole, other = (mirror_dump.shown(path, Kind.TRADES, STORE_KEY) for path in (served, written))
    assert len(whole.rows) == 1_500
    # Its JSON and its time; when it was first seen is another moment.
    assert {key: row[:2] for key, row in whole.rows.items()} == {key: row[:2] for key, row in other.rows.items()}
    assert whole.digest == other.digest
    searched = [mirror_dump.found(path, Kind.TRADES, STORE_KEY, ["trd", "com", "000"]) for path in (served, written)]
    assert searched[0] == searched[1]
    assert len(searched[0][0]) == 1_500


def test_where_a_yardstick_takes_minutes_it_is_measured_once(tmp_path: Path) -> None:
    shop = Workshop(tmp_path, (100_000, 1_000_000), print)
    assert (shop.item_rounds(shop.small), shop.item_rounds(shop.large)) == (ROUNDS, 1)


# Pictures


class Texts(Alone):
    """A few texts; it notes when it is asked for one."""

    def __init__(self, happened: list[str]) -> None:
        super().__init__(0, len(self.columns))
        self.happened = happened

    def data(self, index: Any, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        self.happened.append("asked for a cell")
        return super().data(index, role)


def test_a_picture_counts_when_its_rows_are_painted(qapp: QApplication) -> None:
    happened: list[str] = []
    model = Texts(happened)
    view = PaintedView(model, Look(qapp, Scheme.LIGHT), "texts")
    shows = Shows(model, view)
    first = FirstPicture(shows)
    shows.listeners.append(lambda what: happened.append(f"{what}, {'noted' if first.passed_ms else 'not noted'}"))
    view.show()
    until(lambda: "painted, not noted" in happened, "the empty table", 10)
    happened.clear()
    model.appendRow([QStandardItem("text") for _ in model.columns])
    first.wait()
    begun, painted = happened.index("paint, not noted"), happened.index("painted, noted")
    assert "asked for a cell" in happened[begun:painted]
    assert "asked for a cell" not in happened[painted:]
    noted = first.passed_ms, first.computed_ms
    happened.clear()
    finish_painting(view, shows)
    assert happened.count("painted, noted") >= 2
    assert (first.passed_ms, first.computed_ms) == noted
    view.close()


def test_every_column_is_sorted_by_desk_and_proxy_alike(tmp_path: Path) -> None:
    shop = Workshop(tmp_path, (200,), print)
    ordered, against = bench.lines_of("sorting", bench.BENCHMARKS["sorting"], shop)
    names = [TradesTable.columns[column].name for column in SORTS]
    for line in (ordered, against):
        assert [name for name in names if f"{name} " in line.note] == names
        assert line.rounds == ROUNDS
    assert against.yardstick.endswith(" ms")


# The server


def test_the_server_sends_what_it_was_told_and_changes_it_on_command(server: Server, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_bytes(b"[1]")
    second.write_bytes(b"[2]" * 1_000_000)
    assert fetch(server, "trades") == b"[]"
    server.serve("trades", first)
    assert fetch(server, "trades") == b"[1]"
    server.serve("trades", second)
    assert fetch(server, "trades") == second.read_bytes()
    server.serve_nothing("trades")
    assert fetch(server, "trades") == b"[]"
    assert server.asked("trades") == 4


def test_the_server_compresses_only_for_who_takes_it(server: Server, tmp_path: Path) -> None:
    body, packed = tmp_path / "body", tmp_path / "body.gz"
    body.write_bytes(b"[1, 2, 3]")
    data.write_gzip(body, packed)
    server.serve("trades", body, packed)
    assert fetch(server, "trades") == b"[1, 2, 3]"
    assert gzip.decompress(fetch(server, "trades", **{"Accept-Encoding": "gzip"})) == b"[1, 2, 3]"
    server.serve("trades", body)
    assert fetch(server, "trades", **{"Accept-Encoding": "gzip"}) == b"[1, 2, 3]"


def test_the_accounts_balance_is_another_one_at_each_request(server: Server) -> None:
    balances = [json.loads(fetch(server, "accounts"))[0]["balance"] for _ in range(3)]
    assert len(set(balances)) == 3


# What stands on disk


def test_looking_for_records_finds_them_in_a_file_that_was_open_for_a_moment(tmp_path: Path) -> None:
    mirror, other = tmp_path / "mirror", tmp_path / "temporary"
    watcher = encryption._Watcher(mirror)
    with other.open("wb") as file, mirror.open("wb"):
        file.write(b"... trd_0001 ...")
        file.flush()
        deadline = time.monotonic() + 10
        while not watcher.names and time.monotonic() < deadline:
            os.sched_yield()
        other.unlink()
    assert watcher.names == {str(other)}
    assert watcher.end([b"trd_0001", b"trd_0002"]) == {b"trd_0001"}


def test_records_are_looked_for_by_texts_that_are_there(tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    data.write_body(body, 100)
    needles = encryption._needles(100)
    assert len(needles) > 20
    assert encryption._found(body, needles) == needles
    body.write_bytes(b"nothing of the kind")
    assert encryption._found(body, needles) == []


# Stalls, and fresh processes


def test_ticks_notice_a_hold_of_the_gil_and_no_other_thread_can_hide_it(qapp: QApplication) -> None:
    # A busy computer may make it longer, never shorter.
    try:
        read_as = gaps.control()
    except gaps.Void as void:
        read_as = float(str(void).split()[-2])
    assert read_as >= gaps.HELD_MS - 1


def test_a_control_that_reads_otherwise_voids_the_run(qapp: QApplication, monkeypatch: Any) -> None:
    monkeypatch.setattr(gaps, "hold_the_gil", lambda _for_ms: None)
    monkeypatch.setattr(gaps, "_READS_AS", (240.0, float("inf")))
    with pytest.raises(gaps.Void, match="read as"):
        gaps.control()


def test_a_child_that_fails_says_why() -> None:
    with pytest.raises(ChildFailed, match="No module named"):
        in_child("nothing:at_all")


def test_a_child_gives_its_result_back(tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    data.write_body(body, 30)
    assert in_child("decoding:measure", body=body)["rows"] == 30


def test_a_list_goes_from_the_server_through_the_desk_and_every_amount_is_compared(tmp_path: Path) -> None:
    shop = Workshop(tmp_path, (300,), print)
    found = bench.lines_of("exactness", bench.BENCHMARKS["exactness"], shop)
    assert [(line.measured, line.ours, line.is_met) for line in found] == [
        ("altered", "0", True),
        ("amounts looked at", "900", True),
    ]
    assert found[0].yardstick.endswith("through a float")
