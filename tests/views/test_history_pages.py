"""The pages on histories: filters and search together, count and sums below, a record's past, and records found by id."""

import json
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from lumedesk.domain.filters import HistoryFilter
from lumedesk.domain.kinds import HISTORIES, Kind
from lumedesk.domain.money import added
from lumedesk.domain.times import instant
from lumedesk.models.texts import sum_text
from lumedesk.views.parts.sums import SumsLine
from tests.support.builders import a_deposit, a_trade, json_of
from tests.support.stage import LaidOut, LaidOutConnector, Stage, settle, until

SORTED = sorted(HISTORIES, key=lambda kind: kind.table)


def page_of(stage: Stage, kind: Kind) -> Any:
    page = stage.window.pages[kind][0]
    stage.window.go_to(kind)
    settle()
    return page


def records(page: Any) -> list[Any]:
    return [page.table.record(row) for row in range(page.table.rowCount())]


def narrow(page: Any, each: HistoryFilter, matches: Any) -> list[Any]:
    """Set a filter, and wait until just the rows that match are shown."""
    wanted = [record for record in records(page) if matches(record)]
    page.bar._set(each)
    until(lambda: page.table.rowCount() == len(wanted) and records(page) == wanted, "the filter")
    return wanted


def summed(page: Any) -> str:
    until(lambda: page.foot.words.text() not in ("", "adding up…"), "the sums")
    return str(page.foot.words.text())


def naive(found: list[Any], amount: str, currency: str) -> list[str]:
    """What the records shown add up to, by currency."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for record in found:
        sums[getattr(record, currency)] = added(sums[getattr(record, currency)], getattr(record, amount))
    return [sum_text(sums[code], code) for code in sorted(sums)]


@pytest.mark.parametrize("kind", SORTED)
def test_values_that_occur_are_offered_and_narrow_the_table(stage: Stage, kind: Kind) -> None:
    page = page_of(stage, kind)
    whole = page.table.rowCount()
    QTest.mouseClick(page.bar.open_button, Qt.MouseButton.LeftButton)
    values = page.bar.panel.lists["status"]
    until(values.count, "the values that occur")
    settle()
    QTest.keyClick(values, Qt.Key.Key_Space)
    [code] = values.values()
    until(lambda: 0 < page.table.rowCount() < whole, "the filter")
    assert {record.status for record in records(page)} == {code}
    assert page.count.text() == f"{page.table.rowCount():,} of {whole:,} {page.noun[1]}"
    page.clear_filters()
    until(lambda: page.table.rowCount() == whole, "all rows")
    assert values.values() == []
    assert page.count.text() == f"{whole:,} {page.noun[1]}"
    page.bar.close_panel()


def test_all_sorts_of_filters_hold_together(stage: Stage) -> None:
    page = page_of(stage, Kind.TRADES)
    some = page.table.record(2)
    at = instant(some.created_at)
    assert at is not None
    day = at.at.astimezone().date()
    each = (
        HistoryFilter()
        .with_values("status", [some.status])
        .with_values("pair", [f"{some.from_currency}/{some.to_currency}"])
        .with_days(day, day)
        .with_amount("to_amount", some.to_amount, some.to_amount)
    )
    narrow(page, each, lambda trade: trade.transaction_id == some.transaction_id)
    assert len(page.bar.chips.chips) == 4
    page.search.setText(some.transaction_id)
    settle()
    assert page.table.query.text == some.transaction_id
    assert page.table.query.any_of == each.any_of
    page.search.setText("no such thing")
    until(lambda: not page.table.rowCount(), "the search")
    assert "In force: “no such thing”; Status: " in page.states._advice.text()
    assert page.foot.words.text() == ""
    page.states.button.click()
    until(lambda: page.table.rowCount() > 1, "all rows")
    assert page.bar.filter.is_empty


def test_days_are_inclusive_in_local_time(stage: Stage) -> None:
    page = page_of(stage, Kind.WITHDRAWALS)
    days = [instant(record.created_at).at.astimezone().date() for record in records(page)]  # type: ignore[union-attr]
    first, last = min(days) + timedelta(days=1), max(days)

    def is_within(record: Any) -> bool:
        at = instant(record.created_at)
        return at is not None and first <= at.at.astimezone().date() <= last

    wanted = narrow(page, HistoryFilter().with_days(first, last), is_within)
    assert 0 < len(wanted) < len(days)


def test_trades_add_up_in_each_currency(stage: Stage) -> None:
    page = page_of(stage, Kind.TRADES)
    text = summed(page)
    if page.foot.more_button.isVisible():
        page.foot.more_button.click()
        text = page.foot.words.text()
        page.foot.more_button.click()
    sold, bought = text.split("  ·  ")
    for told, amount, currency in ((sold, "from_amount", "from_currency"), (bought, "to_amount", "to_currency")):
        figures = [each.split(" (")[0] for each in told.split(" ", 1)[1].split("; ")]
        assert figures == naive(records(page), amount, currency)


def test_transfers_add_up_and_tell_what_of_it_is_completed(stage: Stage) -> None:
    page = page_of(stage, Kind.DEPOSITS)
    code = page.table.record(0).currency
    wanted = narrow(page, HistoryFilter().with_values("currency", [code]), lambda deposit: deposit.currency == code)
    [whole] = naive(wanted, "amount", "currency")
    completed = naive([each for each in wanted if each.status == "COMPLETED"], "amount", "currency")
    of_it = f"of it {completed[0].split(' ')[0]} completed" if completed else "none completed"
    assert summed(page) == f"{whole}, {'all completed' if completed == [whole] else of_it}"


def test_no_sum_stands_beside_rows_that_it_is_not_of(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    page = page_of(stage, Kind.DEPOSITS)
    before = summed(page)
    told: list[tuple[Any, int]] = []
    show = SumsLine.show_sums

    def note(line: SumsLine, sums: Any) -> None:
        told.append((page.table.query, page.table.rowCount()))
        show(line, sums)

    monkeypatch.setattr(SumsLine, "show_sums", note)
    each = HistoryFilter().with_values("currency", [page.table.record(0).currency])
    page.bar._set(each)
    assert page.foot.words.text() == "adding up…"
    page.bar._set(HistoryFilter())
    page.bar._set(each)
    after = summed(page)
    assert after != before
    assert [query.any_of for query, _ in told] == [each.any_of]
    # Another order leaves the sums as they are.
    page.view.sortByColumn(page.table.column_index("amount"), Qt.SortOrder.AscendingOrder)
    until(lambda: page.table.query.order == "amount", "the order")
    assert page.foot.words.text() == after
    page.view.sortByColumn(0, Qt.SortOrder.DescendingOrder)


def test_hidden_amounts_are_hidden_below_the_table(stage: Stage) -> None:
    page = page_of(stage, Kind.DEPOSITS)
    summed(page)
    stage.look.hide_amounts(hidden=True)
    try:
        assert all(char not in page.foot.words.text() for char in "0123456789")
        assert "•••••" in page.foot.words.text()
    finally:
        stage.look.hide_amounts(hidden=False)


def test_escape_puts_the_panel_away_before_the_details(stage: Stage) -> None:
    page = page_of(stage, Kind.TRADES)
    page.view.selectRow(0)
    until(page.detail.isVisible, "the details")
    QTest.mouseClick(page.bar.open_button, Qt.MouseButton.LeftButton)
    settle()
    QTest.keyClick(page.bar.panel.lists["status"], Qt.Key.Key_Escape)
    assert not page.bar.panel.isVisible()
    assert page.detail.isVisible()
    page.view.setFocus()
    QTest.keyClick(page.view, Qt.Key.Key_Escape)
    assert not page.detail.isVisible()


def test_tab_leads_from_the_search_through_the_filter_into_the_table(stage: Stage) -> None:
    page = page_of(stage, Kind.TRADES)
    code = page.table.record(0).status
    narrow(page, HistoryFilter().with_values("status", [code]), lambda trade: trade.status == code)
    page.focus_search()
    passed = []
    while passed[-1:] != ["trades-table"] and len(passed) < 20:
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
        passed.append(focus.objectName() if focus is not None else "")
    assert passed == [
        "trades-filter-open",
        "trades-filter-chips-status",
        "trades-filter-clear",
        "trades-filter-save-as",
        "trades-table",
    ]


def test_a_saved_filter_is_there_again_in_the_next_window(make_stage: Any, load: Any, own_treasury: LaidOut) -> None:
    stage = load(make_stage(LaidOutConnector(own_treasury)))
    page = page_of(stage, Kind.TRADES)
    code = page.table.record(0).status
    each = HistoryFilter().with_values("status", [code])
    narrow(page, each, lambda trade: trade.status == code)
    page.bar.form.ask("Mine")
    page.bar.form.save_button.click()
    until(lambda: stage.session.filters.of(Kind.TRADES), "the filter to be saved")
    stage.close()
    offline = make_stage(None)
    page = page_of(offline, Kind.TRADES)
    until(page.table.rowCount, "the saved trades")
    page.bar.saved_chooser.setFocus()
    QTest.keyClick(page.bar.saved_chooser, Qt.Key.Key_Down)
    until(lambda: {trade.status for trade in records(page)} == {code}, "the filter")
    assert page.bar.filter == each


def changed(laid_out: LaidOut, name: str, at: int, **fields: Any) -> str:
    """Answer with other fields of one record from now on; its id."""
    listed = json.loads(laid_out.answers[name], parse_float=Decimal)
    listed[at] |= fields
    laid_out.answers[name] = json_of(listed)
    return str(listed[at]["transactionId"])


def test_a_record_s_past_is_told_once_it_has_one(make_stage: Any, load: Any, own_treasury: LaidOut) -> None:
    key = changed(own_treasury, "trades", 0, status="PENDING")
    stage = load(make_stage(LaidOutConnector(own_treasury)))
    page = page_of(stage, Kind.TRADES)
    page.show_record(key)
    until(page.detail.isVisible, "the details")
    settle()
    assert not page.past.isVisible()
    changed(own_treasury, "trades", 0, status="COMPLETED")
    stage.clock.advance(60)
    stage.session.refresh()
    until(page.past.isVisible, "the past")
    assert page.past_title.isVisible()
    assert [field.label for field in page.past._shown] == ["Pending", "Completed"]
    assert page.current_record().status == "COMPLETED"
    assert not page.mark.isVisible()
    page.clear_filters()
    until(lambda: page.table.rowCount() > 1, "all rows")
    page.view.selectRow(next(row for row, each in enumerate(records(page)) if each.transaction_id != key))
    assert not page.past.isVisible()


def test_what_was_over_before_it_was_seen_has_no_time(make_stage: Any, load: Any, own_treasury: LaidOut) -> None:
    key = changed(own_treasury, "trades", 0, status="COMPLETED")
    stage = load(make_stage(LaidOutConnector(own_treasury)))
    page = page_of(stage, Kind.TRADES)
    page.show_record(key)
    until(page.detail.isVisible, "the details")
    changed(own_treasury, "trades", 0, status="REVERSED")
    stage.clock.advance(60)
    stage.session.refresh()
    until(page.past.isVisible, "the past")
    assert [field.label for field in page.past._shown] == ["Completed", "Reversed"]
    assert page.past._shown[0].value == "When it was first seen"
    assert f"{stage.clock.now():%Y-%m-%d %H:%M:%S} UTC" in str(page.past._shown[1].value)
    until(page.mark.isVisible, "the mark")
    assert "Changed after it was final" in page.mark.text()


def test_a_record_that_vanished_says_so(make_stage: Any, load: Any, own_treasury: LaidOut) -> None:
    stage = load(make_stage(LaidOutConnector(own_treasury)))
    page = page_of(stage, Kind.DEPOSITS)
    listed = json.loads(own_treasury.answers["deposits"], parse_float=Decimal)
    gone = listed.pop(1)
    own_treasury.answers["deposits"] = json_of(listed)
    stage.clock.advance(60)
    stage.session.refresh()
    page.show_record(gone["transactionId"])
    until(page.detail.isVisible, "the details")
    until(page.mark.isVisible, "the mark")
    assert "doesn't hold it any more" in page.mark.text()
    page.clear_filters()
    until(lambda: page.table.rowCount() > 1, "all rows")
    page.view.selectRow(
        next(row for row, each in enumerate(records(page)) if each.transaction_id != gone["transactionId"])
    )
    assert not page.mark.isVisible()


@pytest.mark.parametrize("key", ["D1", "D1899"])
def test_a_record_is_found_by_its_exact_id_among_many_alike(make_stage: Any, load: Any, key: str) -> None:
    # All ids but that of D1 hold that of another one; D1 stands last.
    deposits = [a_deposit(transaction_id=f"D1{number}") for number in range(900)]
    deposits.append(a_deposit(transaction_id="D1", completed_at="2020-01-01T00:00:00Z"))
    body = b"[" + b",".join(map(json_of, deposits)) + b"]"
    stage = load(make_stage(LaidOutConnector(LaidOut(deposits=body, trades=b"[" + json_of(a_trade()) + b"]"))))
    page = page_of(stage, Kind.DEPOSITS)
    until(lambda: page.table.rowCount() == 901, "the deposits")
    page.bar._set(HistoryFilter().with_values("status", ["NEVER"]))
    page.show_record(key)
    until(lambda: page.current_record() is not None, "the deposit")
    assert page.current_record().transaction_id == key
    assert page.bar.filter == HistoryFilter(key)
    assert page.detail.isVisible()
