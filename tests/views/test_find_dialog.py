"""Searching everything at once: each kind is found and led to, what is typed last counts, and every state is said."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import shiboken6
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QAbstractItemModelTester, QTest

from lumedesk.domain.details import DOTS
from lumedesk.domain.errors import DeskError
from lumedesk.domain.kinds import HISTORIES, Kind
from lumedesk.domain.times import instant
from lumedesk.models.hits import MOST_OF_A_KIND, time_of
from lumedesk.models.nouns import NOUNS
from lumedesk.views.dialogs.find import FindDialog
from tests.support.names import focusable, repeated, spoken
from tests.support.stage import LaidOut, LaidOutConnector, Stage, settle, until

Show = Callable[[Stage], "Watched"]
_PAGED = [kind for kind in Kind if kind is not Kind.CURRENCIES]


class Watched(FindDialog):
    """The dialog, and where it led."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage.session, stage.look, stage.window)
        self.led_to: list[tuple[Kind, str]] = []
        self.wanted.connect(self._note)

    def _note(self, kind: Kind, key: str) -> None:
        self.led_to.append((kind, key))


@pytest.fixture
def show() -> Iterator[Show]:
    """Show the dialog over a stage; gone when the test or the stage ends."""
    shown: list[Watched] = []

    def show_one(stage: Stage) -> Watched:
        shown.append(Watched(stage))
        shown[-1].show()
        settle()
        return shown[-1]

    yield show_one
    for dialog in filter(shiboken6.isValid, shown):
        dialog.close()
        dialog.deleteLater()
    settle()


@pytest.fixture
def dialog(stage: Stage, show: Show) -> Watched:
    return show(stage)


def write(dialog: Watched, text: str) -> None:
    dialog.field.clear()
    QTest.keyClicks(dialog.field, text)


def answered(dialog: Watched) -> None:
    until(lambda: not dialog._is_late, "the answer")


def find(dialog: Watched, text: str) -> list[tuple[Kind, str]]:
    write(dialog, text)
    answered(dialog)
    return found(dialog)


def found(dialog: Watched) -> list[tuple[Kind, str]]:
    hits = [dialog.table.record(row) for row in range(dialog.table.rowCount())]
    return [(hit.kind, hit.key) for hit in hits if hit is not None]


def press(dialog: Watched, *keys: Qt.Key) -> None:
    for key in keys:
        QTest.keyClick(dialog.field, key)


def said(dialog: Watched) -> str:
    return dialog.states._title.text() if dialog.states.isVisible() else ""


def keys_of(stage: Stage, kind: Kind) -> list[str]:
    """The ids of a kind, the newest first where it is a history."""
    if kind in HISTORIES:
        records = [record for each, record in stage.session.recent(1_000) if each is kind]
    else:
        records = list(stage.session.records(kind))
    return [kind.key(record) or "" for record in records]


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_is_found(stage: Stage, dialog: Watched, kind: Kind) -> None:
    key = keys_of(stage, kind)[-1]
    assert (kind, key) in find(dialog, key)
    assert NOUNS[kind][0] in dialog.count.text() or NOUNS[kind][1] in dialog.count.text()


@pytest.mark.parametrize("kind", _PAGED)
def test_enter_leads_to_the_record_on_its_page(stage: Stage, dialog: Watched, kind: Kind) -> None:
    key = keys_of(stage, kind)[-1]
    rows = find(dialog, key)
    press(dialog, *[Qt.Key.Key_Down] * rows.index((kind, key)), Qt.Key.Key_Return)
    assert dialog.led_to == [(kind, key)]
    assert not dialog.isVisible()
    stage.window.show_record(kind, key)
    page: Any = stage.window.pages[kind][0]
    until(lambda: page.detail.isVisible(), "the details")
    assert kind.key(page.current_record()) == key


def test_what_is_found_stands_kind_by_kind_and_newest_first(dialog: Watched) -> None:
    rows = find(dialog, "zar")
    order = list(Kind)
    kinds = [kind for kind, _ in rows]
    assert len(set(kinds)) >= 5
    assert kinds == sorted(kinds, key=order.index)
    for kind in HISTORIES:
        at = [row for row, (each, _) in enumerate(rows) if each is kind]
        moments = [moment.at for row in at if (moment := instant(time_of(dialog.table.record(row))))]  # type: ignore[arg-type]
        assert moments == sorted(moments, reverse=True)
    assert max(kinds.count(kind) for kind in Kind) <= MOST_OF_A_KIND


def test_the_table_keeps_qts_rules_while_it_is_typed(dialog: Watched) -> None:
    tester = QAbstractItemModelTester(dialog.table, QAbstractItemModelTester.FailureReportingMode.Fatal)
    sizes = [len(find(dialog, text)) for text in ("zar", "usd", "usdt", "no such thing", "zar")]
    assert sizes[0] == sizes[4] > sizes[3] == 0
    tester.deleteLater()


def test_only_what_was_typed_last_is_ever_shown(stage: Stage, dialog: Watched) -> None:
    key = keys_of(stage, Kind.DEPOSITS)[0]
    seen: list[list[tuple[Kind, str]]] = []
    dialog.table.rowsInserted.connect(lambda *_: seen.append(found(dialog)))
    write(dialog, "zar")
    until(lambda: dialog._pending is not None, "the first search to begin")
    find(dialog, key)
    settle()
    assert seen
    assert all(rows == [(Kind.DEPOSITS, key)] for rows in seen), seen


def test_enter_waits_for_what_was_typed(stage: Stage, dialog: Watched) -> None:
    """Whoever types an id and presses Enter at once must not land on what an earlier text found."""
    find(dialog, "zar")
    key = keys_of(stage, Kind.WITHDRAWALS)[-1]
    write(dialog, key)
    press(dialog, Qt.Key.Key_Return)
    assert dialog.led_to == []
    until(lambda: dialog.led_to, "the answer")
    assert dialog.led_to == [(Kind.WITHDRAWALS, key)]


def test_the_arrows_choose_while_the_cursor_stays_in_the_field(dialog: Watched) -> None:
    dialog.activateWindow()
    until(dialog.isActiveWindow, "the dialog to come to the front")
    rows = find(dialog, "zar")
    assert dialog.view.current_row() == 0
    press(dialog, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Up)
    assert dialog.view.current_row() == 1
    assert dialog.field.hasFocus()
    assert dialog.field.text() == "zar"
    chosen = rows[1]
    press(dialog, Qt.Key.Key_Return)
    assert dialog.led_to == [chosen]


def test_a_double_click_leads_there_too(stage: Stage, dialog: Watched) -> None:
    key = keys_of(stage, Kind.TRADES)[3]
    rows = find(dialog, key)
    at = dialog.view.visualRect(dialog.table.index(rows.index((Kind.TRADES, key)), 0)).center()
    QTest.mouseClick(dialog.view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseDClick(dialog.view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert dialog.led_to == [(Kind.TRADES, key)]


def test_escape_closes_and_leads_nowhere(dialog: Watched) -> None:
    find(dialog, "zar")
    write(dialog, "usd")
    press(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert dialog._pending is None
    assert dialog.led_to == []


def test_each_state_is_said(dialog: Watched) -> None:
    assert said(dialog) == "Find any record"
    assert not dialog.open_button.isEnabled()
    write(dialog, "no such thing")
    assert said(dialog) == "Searching…"
    answered(dialog)
    assert said(dialog) == "Nothing found"
    assert "no such thing" in dialog.states._advice.text()
    press(dialog, Qt.Key.Key_Return)
    assert dialog.isVisible()
    assert find(dialog, "zar")
    assert said(dialog) == ""
    write(dialog, "")
    assert said(dialog) == "Find any record"
    assert dialog.table.rowCount() == 0
    assert dialog.count.text() == ""


def test_a_failed_search_says_so_and_can_be_tried_again(
    stage: Stage, dialog: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The failure is a fake: a file that is damaged can't be mended again within a test."""
    find(dialog, "zar")

    def fail(_text: str, owner: Any, _done: Any, failed: Any) -> Any:
        timer = QTimer(owner)
        timer.setSingleShot(True)
        timer.timeout.connect(lambda: failed(DeskError("The file is damaged: 987 ZAR.")))
        timer.start(0)
        timer.cancel = timer.stop  # type: ignore[attr-defined]
        return timer

    with monkeypatch.context() as patch:
        patch.setattr(stage.session.lookups, "search", fail)
        write(dialog, "usd")
        until(lambda: said(dialog) == "The search failed", "the failure")
        assert "damaged: 987 ZAR" in dialog.states._advice.text()
        stage.look.hide_amounts(hidden=True)
        assert "987" not in dialog.states._advice.text()
        stage.look.hide_amounts(hidden=False)
    assert dialog.table.rowCount() == 0
    dialog.states.button.click()
    until(lambda: dialog.table.rowCount(), "the rows")


def test_amounts_are_hidden_with_all_others(stage: Stage, dialog: Watched) -> None:
    find(dialog, "zar")
    column = dialog.table.column_index("amount")

    def told() -> list[str]:
        return [dialog.table.index(row, column).data() for row in range(dialog.table.rowCount())]

    shown = told()
    assert any(any(char.isdigit() for char in text) for text in shown)
    stage.look.hide_amounts(hidden=True)
    assert set(told()) <= {DOTS, "–"}
    find(dialog, "usd")
    assert set(told()) <= {DOTS, "–"}
    stage.look.hide_amounts(hidden=False)
    find(dialog, "zar")
    assert told() == shown


def test_a_currency_leads_to_its_account(stage: Stage, dialog: Watched) -> None:
    accounts = {each.currency: each.id for each in stage.session.records(Kind.ACCOUNTS)}
    held = next(key for key in keys_of(stage, Kind.CURRENCIES) if key in accounts)
    rows = find(dialog, held)
    dialog.view.selectRow(rows.index((Kind.CURRENCIES, held)))
    dialog.open_button.click()
    assert dialog.led_to == [(Kind.ACCOUNTS, accounts[held])]


def test_a_currency_that_is_not_held_says_so(own_treasury: LaidOut, make_stage: Any, load: Any, show: Show) -> None:
    own_treasury.answers["currencies"] = [{"code": "XAU", "name": "Gold"}]
    stage = load(make_stage(LaidOutConnector(own_treasury)))
    dialog = show(stage)
    assert find(dialog, "XAU") == [(Kind.CURRENCIES, "XAU")]
    press(dialog, Qt.Key.Key_Return)
    assert dialog.count.text() == "There is no account in XAU to show."
    assert dialog.isVisible()
    assert dialog.led_to == []


def test_what_comes_meanwhile_is_found_and_the_choice_stays(
    own_treasury: LaidOut, make_stage: Any, load: Any, show: Show
) -> None:
    own_treasury.answers["deposits"] = [{"transactionId": f"DPX{at}", "currency": "ZAR"} for at in range(3)]
    stage = load(make_stage(LaidOutConnector(own_treasury)))
    dialog = show(stage)
    assert len(find(dialog, "dpx")) == 3
    dialog.view.selectRow(1)
    chosen = found(dialog)[1]
    own_treasury.answers["deposits"] = [{"transactionId": f"DPX{at}", "currency": "ZAR"} for at in range(4)]
    stage.session.refresh(Kind.DEPOSITS)
    until(lambda: dialog.table.rowCount() == 4, "the new deposit")
    assert found(dialog)[dialog.view.current_row()] == chosen


def test_offline_it_finds_the_same_and_tells_every_age(
    own_treasury: LaidOut, make_stage: Any, load: Any, show: Show
) -> None:
    stage = load(make_stage(LaidOutConnector(own_treasury)))
    dialog = show(stage)
    online = find(dialog, "zar")
    assert not dialog.ages.isVisible()
    stage.close()
    stage.clock.advance(7_200)
    offline = make_stage(None)
    dialog = show(offline)
    assert find(dialog, "zar") == online
    words = dialog.ages.text()
    assert words.startswith("Working offline (your choice).")
    assert [f"{NOUNS[kind][1]}: 2 h ago" in words for kind in Kind] == [True] * len(Kind)


def test_its_controls_have_names(dialog: Watched) -> None:
    find(dialog, "zar")
    controls = focusable(dialog)
    assert len(controls) >= 4
    assert [type(each).__name__ for each in controls if not each.objectName()] == []
    assert [each.objectName() for each in controls if not spoken(each)] == []
    assert repeated(dialog) == {}
