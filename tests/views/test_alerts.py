"""What the server's lists did that they must not: a notice says it, the dialog shows what was and what is, nothing is lost."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import shiboken6
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from lumedesk.domain.alerts import Oddity
from lumedesk.domain.details import DOTS
from lumedesk.domain.kinds import Kind
from lumedesk.domain.queries import Alert
from lumedesk.models.alerts import advice_of, fields_of_alert, summary_of, what_of
from lumedesk.store.paths import profile_paths
from lumedesk.views.dialogs.alerts import AlertsDialog
from lumedesk.work.session import Connection
from tests.support.alerts import AFTER, ALTERED, BEFORE, EMPTIED, GONE, OLD, keep_alerts
from tests.support.names import focusable, repeated, spoken
from tests.support.stage import LaidOut, LaidOutConnector, Stage, settle, until

Show = Callable[[Stage], "Watched"]


class Watched(AlertsDialog):
    """The dialog, and where it led."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage.session, stage.look, stage.window)
        self.led_to: list[tuple[Kind, str]] = []
        self.wanted.connect(self._note)

    def _note(self, kind: Kind, key: str) -> None:
        self.led_to.append((kind, key))


@pytest.fixture
def show() -> Iterator[Show]:
    """Show the dialog over a stage, once it has read the alerts; gone when the test or the stage ends."""
    shown: list[Watched] = []

    def show_one(stage: Stage) -> Watched:
        shown.append(Watched(stage))
        shown[-1].show()
        until(lambda: shown[-1].is_loaded, "the alerts")
        settle()
        return shown[-1]

    yield show_one
    for dialog in filter(shiboken6.isValid, shown):
        dialog.close()
        dialog.deleteLater()
    settle()


@pytest.fixture
def alerted(make_stage: Any, load: Any, own_treasury: LaidOut, tmp_path: Path) -> Callable[..., Stage]:
    """Makes a window over a mirror that holds these alerts."""

    def make(*alerts: Alert, connector: LaidOutConnector | None = None) -> Stage:
        load(make_stage(LaidOutConnector(own_treasury))).close()
        keep_alerts(profile_paths(tmp_path / "profile", "sandbox").mirror, alerts)
        stage: Stage = make_stage(connector)
        return stage

    return make


def listed(dialog: Watched) -> list[str]:
    return [alert.key for row in range(dialog.table.rowCount()) if (alert := dialog.table.record(row)) is not None]


def lines(alert: Alert, *, hides: bool = False) -> list[tuple[str, str | None]]:
    return [(field.label, field.told(hides=hides)) for field in fields_of_alert(alert)]


def of_column(dialog: Watched, name: str) -> list[str]:
    column = dialog.table.column_index(name)
    return [dialog.table.index(row, column).data() for row in range(dialog.table.rowCount())]


# What is told of one


def test_what_is_different_is_told_field_by_field_and_nothing_else() -> None:
    told = lines(ALTERED)
    at = told.index(("Amount", None))
    assert told[at:] == [
        ("Amount", None),
        ("Was", "250.00"),
        ("Is now", "2500.00"),
        ("Fee", None),
        ("Was", "7.50"),
        ("Is now", "Not sent"),
        ("Status", None),
        ("Was", "COMPLETED"),
        ("Is now", "REVERSED"),
        ("Withdraw details · Account number", None),
        ("Was", "1147720093"),
        ("Is now", "666"),
        ("Note", None),
        ("Was", "Not sent"),
        ("Is now", "late"),
    ]


def test_its_amounts_can_be_hidden() -> None:
    told = lines(ALTERED, hides=True)
    at = told.index(("Amount", None))
    assert told[at + 1 : at + 6] == [
        ("Was", DOTS),
        ("Is now", DOTS),
        ("Fee", None),
        ("Was", DOTS),
        ("Is now", "Not sent"),
    ]
    assert ("Is now", "REVERSED") in told


def test_what_vanished_is_told_as_it_was() -> None:
    told = lines(replace(ALTERED, what="gone", after=None))
    assert ("As it was last listed", None) in told
    assert ("Amount", "250.00") in told
    assert ("Withdraw details · Bank name", "Nedbank") in told


def test_a_difference_in_writing_only_is_told_as_that() -> None:
    spaced = BEFORE.replace(b",", b", ")
    assert "nothing that is shown is different" in str(lines(replace(ALTERED, after=spaced)))


@pytest.mark.parametrize("document", [b"", b"{", b"[1, 2]", b"7", b'"text"', b'{"a":' * 300 + b"1" + b"}" * 300])
def test_a_document_that_is_no_record_breaks_nothing(document: bytes) -> None:
    for before, after in ((document, AFTER), (BEFORE, document), (document, None), (None, document)):
        assert fields_of_alert(replace(ALTERED, before=before, after=after))


def test_two_names_that_read_alike_stay_apart() -> None:
    alert = replace(ALTERED, before=b'{"bankName":"A","bank_name":"B"}', after=b'{"bankName":"A","bank_name":"C"}')
    assert lines(alert)[-3:] == [("Bank name (2)", None), ("Was", "B"), ("Is now", "C")]


def test_the_notice_tells_only_what_nobody_acknowledged() -> None:
    assert summary_of([]) == ""
    assert summary_of([OLD]) == ""
    assert summary_of([OLD, GONE]) == "1 alert: a trade vanished from the server's list."
    three = [ALTERED, GONE, replace(GONE, number=7), EMPTIED, OLD]
    assert summary_of(three) == (
        "4 alerts: the server's list of deposits came empty; a trade vanished from the server's list (2);"
        " a withdrawal changed after it was final."
    )


@pytest.mark.parametrize("oddity", list(Oddity))
def test_each_kind_of_alert_has_words_of_its_own(oddity: Oddity) -> None:
    alert = replace(GONE, what=oddity.value)
    others = [replace(GONE, what=each.value) for each in Oddity if each is not oddity]
    assert oddity.value.capitalize() not in what_of(alert)
    assert what_of(alert) not in [what_of(each) for each in others]
    assert advice_of(alert) not in [advice_of(each) for each in others]
    assert len(summary_of([alert, *others]).split(";")) == len(Oddity)


def test_a_kind_of_alert_thought_of_later_is_told_too() -> None:
    assert what_of(replace(GONE, what="doubled")) == "Doubled: trade"
    assert summary_of([replace(GONE, what="doubled")]) == "1 alert: doubled: trade."


# The notice and the dialog


def test_a_row_that_vanishes_is_noticed_shown_and_acknowledged(
    make_stage: Any, load: Any, own_treasury: LaidOut, show: Show
) -> None:
    own_treasury.answers["deposits"] = [
        {"transactionId": f"DP{at}", "currency": "ZAR", "amount": at + 1, "status": "COMPLETED"} for at in range(3)
    ]
    stage = load(make_stage(LaidOutConnector(own_treasury)))
    assert stage.window.notices.alerts.text() == ""
    own_treasury.answers["deposits"] = own_treasury.answers["deposits"][:2]
    stage.session.refresh(Kind.DEPOSITS)
    banner = stage.window.notices.alerts
    until(banner.text, "the notice")
    assert banner.text() == "1 alert: a deposit vanished from the server's list."
    assert banner.isVisible()
    dialog = show(stage)
    assert listed(dialog) == ["DP2"]
    assert dialog.fields.value("Amount") == "3"
    QTest.mouseClick(dialog.acknowledge_button, Qt.MouseButton.LeftButton)
    until(lambda: not banner.text(), "the notice to go")
    assert not banner.isVisible()
    until(lambda: of_column(dialog, "state") == ["Acknowledged"], "the list to say so")
    assert not dialog.acknowledge_button.isEnabled()


def test_a_record_that_changed_after_it_was_final_is_noticed(make_stage: Any, load: Any, own_treasury: LaidOut) -> None:
    row = {"transactionId": "DP1", "currency": "ZAR", "amount": 5, "status": "COMPLETED"}
    own_treasury.answers["deposits"] = [row]
    stage = load(make_stage(LaidOutConnector(own_treasury)))
    own_treasury.answers["deposits"] = [row | {"amount": 6}]
    stage.session.refresh(Kind.DEPOSITS)
    until(stage.window.notices.alerts.text, "the notice")
    assert stage.window.notices.alerts.text() == "1 alert: a deposit changed after it was final."


def test_an_empty_list_after_a_full_one_is_noticed_and_the_rows_stay(
    make_stage: Any, load: Any, own_treasury: LaidOut
) -> None:
    stage = load(make_stage(LaidOutConnector(own_treasury)))
    before = stage.window.trades.table.rowCount()
    own_treasury.answers["trades"] = []
    stage.session.refresh(Kind.TRADES)
    until(stage.window.notices.alerts.text, "the notice")
    assert stage.window.notices.alerts.text() == "1 alert: the server's list of trades came empty."
    assert stage.window.trades.table.rowCount() == before


def test_alerts_from_before_are_noticed_at_the_start(alerted: Callable[..., Stage]) -> None:
    stage = alerted(ALTERED, GONE)
    until(stage.window.notices.alerts.text, "the notice")
    assert stage.window.notices.alerts.text().startswith("2 alerts: ")
    heard: list[bool] = []
    stage.window.notices.alerts_wanted.connect(lambda: heard.append(True))
    stage.window.notices.alerts.button.click()
    assert heard == [True]


def test_new_ones_stand_first_and_the_newest_of_each_first(alerted: Callable[..., Stage], show: Show) -> None:
    dialog = show(alerted(OLD, EMPTIED, GONE, ALTERED))
    assert listed(dialog) == ["wdl_1", "trd_9", "", "trd_8"]
    assert of_column(dialog, "state") == ["New", "New", "New", "Acknowledged"]
    assert dialog.view.current_row() == 0
    assert dialog.title.text() == "A withdrawal changed after it was final"
    assert "Ask the vendor" in dialog.advice.text()


def test_several_are_acknowledged_at_once_and_offline_too(alerted: Callable[..., Stage], show: Show) -> None:
    stage = alerted(OLD, EMPTIED, GONE, ALTERED)
    dialog = show(stage)
    dialog.view.selectAll()
    assert dialog.acknowledge_button.text() == "Acknowledge 3 alerts"
    dialog.acknowledge_button.click()
    assert not dialog.acknowledge_button.isEnabled()
    until(lambda: of_column(dialog, "state") == ["Acknowledged"] * 4, "all to be acknowledged")
    assert sorted(listed(dialog)) == ["", "trd_8", "trd_9", "wdl_1"]
    until(lambda: not stage.window.notices.alerts.text(), "the notice to go")


def test_it_leads_to_the_record(alerted: Callable[..., Stage], show: Show) -> None:
    dialog = show(alerted(ALTERED, EMPTIED))
    dialog.view.selectRow(1)
    assert dialog.record_button.text() == "Show the deposits"
    dialog.view.selectRow(0)
    assert dialog.record_button.text() == "Show the record"
    QTest.keyClick(dialog.view, Qt.Key.Key_Return)
    assert dialog.led_to == [(Kind.WITHDRAWALS, "wdl_1")]
    assert not dialog.isVisible()


def test_a_currency_has_no_page_to_lead_to(alerted: Callable[..., Stage], show: Show) -> None:
    dialog = show(alerted(replace(GONE, kind=Kind.CURRENCIES, key="XAU", before=b'{"code":"XAU"}')))
    assert not dialog.record_button.isEnabled()
    QTest.keyClick(dialog.view, Qt.Key.Key_Return)
    assert dialog.led_to == []
    assert dialog.isVisible()


def test_its_amounts_follow_the_others(alerted: Callable[..., Stage], show: Show) -> None:
    stage = alerted(ALTERED)
    dialog = show(stage)
    assert dialog.fields.value("Was") == "250.00"
    stage.look.hide_amounts(hidden=True)
    assert dialog.fields.value("Was") == DOTS
    stage.look.hide_amounts(hidden=False)
    assert dialog.fields.value("Was") == "250.00"


def test_none_is_said(alerted: Callable[..., Stage], show: Show) -> None:
    dialog = show(alerted())
    assert dialog.states.isVisible()
    assert dialog.states._title.text() == "No alerts"
    assert not dialog.acknowledge_button.isEnabled()
    assert not dialog.record_button.isEnabled()


def test_who_only_looks_on_acknowledges_nothing(alerted: Callable[..., Stage], show: Show) -> None:
    stage = alerted(ALTERED)
    stage.session.connection = Connection.VIEW_ONLY
    dialog = show(stage)
    assert not dialog.acknowledge_button.isEnabled()
    assert "Another LumeDesk" in dialog.acknowledge_button.accessibleDescription()


def test_closing_while_it_is_written_breaks_nothing(alerted: Callable[..., Stage], show: Show) -> None:
    stage = alerted(ALTERED)
    dialog = show(stage)
    dialog.acknowledge_button.click()
    dialog.close()
    shiboken6.delete(dialog)
    until(lambda: not stage.window.notices.alerts.text(), "the notice to go")


def test_its_controls_have_names(alerted: Callable[..., Stage], show: Show) -> None:
    dialog = show(alerted(ALTERED, GONE))
    controls = focusable(dialog)
    assert len(controls) >= 6
    assert [type(each).__name__ for each in controls if not each.objectName()] == []
    assert [each.objectName() for each in controls if not spoken(each)] == []
    assert repeated(dialog) == {}
