"""What is saved here: its size and ages are told, the period kept is set on purpose, and nothing is deleted by accident."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import shiboken6
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest

from lumedesk.domain.errors import DeskError, Unreachable, Wire
from lumedesk.domain.kinds import Kind
from lumedesk.models.nouns import NOUNS
from lumedesk.views.dialogs.data import DataDialog
from lumedesk.work.session import Connection
from tests.support.names import focusable, repeated, spoken
from tests.support.stage import LaidOut, LaidOutConnector, Stage, settle, until

Show = Callable[[Stage], DataDialog]
MakeStage = Callable[..., Stage]
OLD = {
    "transactionId": "DPOLD",
    "currency": "ZAR",
    "amount": 1,
    "status": "COMPLETED",
    "completedAt": "2019-05-01T08:00:00Z",
}
MOVING = OLD | {"transactionId": "DPMOVING", "status": "PENDING"}
NEW = OLD | {"transactionId": "DPNEW", "completedAt": "2026-05-10T08:00:00Z"}


@pytest.fixture
def show() -> Iterator[Show]:
    """Show the dialog over a stage, once the size is known; gone when the test or the stage ends."""
    shown: list[DataDialog] = []

    def show_one(stage: Stage) -> DataDialog:
        dialog = DataDialog(stage.session, stage.look, stage.window)
        shown.append(dialog)
        dialog.show()
        until(lambda: dialog.is_loaded, "the size")
        settle()
        return dialog

    yield show_one
    for dialog in filter(shiboken6.isValid, shown):
        dialog.close()
        dialog.deleteLater()
    settle()


@pytest.fixture
def own(make_stage: MakeStage, load: Any, own_treasury: LaidOut) -> Stage:
    """A window of its own, whose saved data a test may end: three deposits, one of them old, one never settled."""
    own_treasury.answers["deposits"] = [OLD, MOVING, NEW]
    stage: Stage = load(make_stage(LaidOutConnector(own_treasury)))
    return stage


def deposits(stage: Stage) -> set[str]:
    return {record.transaction_id for kind, record in stage.session.recent(1_000) if kind is Kind.DEPOSITS}  # type: ignore[attr-defined]


def settled(dialog: DataDialog) -> None:
    until(lambda: not dialog._is_busy, "the answer")


def audited(stage: Stage, what: str) -> Any:
    """The facts of the audit log's last row, which must be about `what`."""
    rows: list[Any] = []

    def asked() -> bool:
        stage.session.movements.audit_rows(0, stage.window, rows.extend)
        settle()
        return any(row.what == what for row in rows)

    until(asked, f"the audit log to tell of {what}")
    return next(row.facts for row in rows if row.what == what)


# What is there


def test_size_counts_and_ages_are_told(own: Stage, show: Show) -> None:
    dialog = show(own)
    facts = dialog.facts
    size = facts.value("Size on disk")
    assert size is not None
    assert size.endswith(" MB")
    assert facts.value("Deposits") == "3 deposits, last confirmed: just now"
    accounts = len(own.session.records(Kind.ACCOUNTS))
    assert facts.value("Accounts") == f"{accounts} accounts, last confirmed: just now"
    oldest = facts.value("Oldest record")
    assert oldest is not None
    assert "2019-05-01" in oldest


def test_offline_every_age_can_be_read(own: Stage, make_stage: MakeStage, show: Show) -> None:
    own.close()
    own.clock.advance(3 * 86_400)
    dialog = show(make_stage(None))
    for kind in Kind:
        told = dialog.facts.value(NOUNS[kind][1].capitalize())
        assert told is not None
        assert told.endswith("last confirmed: 3 d ago"), kind


def test_a_desk_that_never_had_data_says_so(make_stage: MakeStage, show: Show) -> None:
    dialog = show(make_stage(None))
    assert dialog.facts.value("Trades") == "0 trades, last confirmed: never"
    assert dialog.facts.value("Oldest record") == "None"


# How long it is kept


def test_everything_is_kept_until_somebody_says_otherwise(own: Stage, show: Show) -> None:
    dialog = show(own)
    assert own.session.retention is None
    assert dialog.period.currentText() == "Keep everything"
    assert not dialog.apply_button.isEnabled()


def test_a_period_is_put_in_force_and_on_record(own: Stage, show: Show) -> None:
    dialog = show(own)
    dialog.period.choose("90")
    assert own.session.retention is None, "choosing alone does nothing"
    dialog.apply_button.click()
    until(lambda: dialog.message.text() == "In force: 90 days.", "it to be in force")
    assert own.session.retention == 90
    assert not dialog.apply_button.isEnabled()
    assert audited(own, "retention changed")["days"] == "90"
    assert show(own).period.value() == "90"


def test_only_what_is_over_and_older_goes(own: Stage, show: Show) -> None:
    assert deposits(own) == {"DPOLD", "DPMOVING", "DPNEW"}
    dialog = show(own)
    dialog.period.choose("365")
    dialog.apply_button.click()
    settled(dialog)
    until(lambda: deposits(own) == {"DPMOVING", "DPNEW"}, "the old deposit to go")
    until(lambda: dialog.facts.value("Deposits") == "2 deposits, last confirmed: just now", "the count to follow")


def test_a_period_from_elsewhere_can_be_kept(own: Stage, show: Show) -> None:
    done: list[object] = []
    own.session.set_retention(30, lambda *_: done.append(True), done.append)
    until(lambda: done, "the period")
    assert done == [True]
    dialog = show(own)
    assert dialog.period.currentText() == "30 days"
    assert not dialog.apply_button.isEnabled()


def test_a_period_that_cannot_be_kept_is_said(own: Stage, show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    """The failure is a fake: what a disk refuses is tested with the file."""
    dialog = show(own)
    monkeypatch.setattr(own.session, "set_retention", lambda _days, _done, failed: refuse(dialog, failed))
    dialog.period.choose("90")
    dialog.apply_button.click()
    assert not dialog.apply_button.isEnabled()
    until(dialog.message.text, "the failure")
    assert "No space" in dialog.message.text()
    assert dialog.apply_button.isEnabled()


def refuse(dialog: DataDialog, failed: Callable[[DeskError], None]) -> None:
    QTimer.singleShot(0, dialog, lambda: failed(DeskError("No space left on device")))


# Its end


def test_deleting_asks_first_and_says_what_is_lost(own: Stage, show: Show) -> None:
    dialog = show(own)
    dialog.activateWindow()
    until(dialog.isActiveWindow, "the dialog to come to the front")
    dialog.delete_button.click()
    words = "\n".join(each.text() for each in dialog.findChildren(type(dialog.heading)) if each.isVisible())
    for part in ("Delete the saved data?", "lost for good", "Movements, audit log, limits", "fetched again"):
        assert part in words
    assert not dialog.offline.isVisible()
    assert dialog.back_button.hasFocus()
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
        QTest.keyClick(dialog.back_button, key)
        QTest.keyClick(dialog.confirm_button, key)
    settle()
    assert not dialog._is_busy
    assert own.session.records(Kind.ACCOUNTS)
    QTest.keyClick(dialog.back_button, Qt.Key.Key_Space)
    assert dialog.heading.text() == "Saved data"
    assert dialog.delete_button.isVisible()
    assert not dialog.confirm_button.isVisible()


def test_it_is_deleted_and_comes_again_by_itself(own: Stage, show: Show) -> None:
    dialog = show(own)
    dialog.delete_button.click()
    dialog.confirm_button.click()
    assert not dialog.confirm_button.isEnabled()
    assert not dialog.back_button.isEnabled()
    settled(dialog)
    assert dialog.message.text() == "The saved data is deleted."
    assert dialog.heading.text() == "Saved data"
    audited(own, "saved data deleted")
    own.session.refresh()
    until(lambda: len(deposits(own)) == 3, "the deposits to come again")
    assert own.window.notices.alerts.text() == "", "what was deleted on purpose is no alert"


def test_offline_it_warns_that_nothing_can_be_shown(own: Stage, make_stage: MakeStage, show: Show) -> None:
    own.close()
    stage = make_stage(None)
    dialog = show(stage)
    dialog.delete_button.click()
    assert dialog.offline.isVisible()
    assert "nothing can be shown until" in dialog.offline.text()
    dialog.confirm_button.click()
    settled(dialog)
    until(lambda: not stage.session.records(Kind.ACCOUNTS) and not deposits(stage), "everything to go")
    until(lambda: dialog.facts.value("Deposits") == "0 deposits, last confirmed: never", "the dialog to say so")


def test_what_cannot_be_deleted_is_said(own: Stage, show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    """The failure is a fake: what a disk refuses is tested with the file."""
    dialog = show(own)
    monkeypatch.setattr(own.session, "wipe_history", lambda _owner, _done, failed: refuse(dialog, failed))
    dialog.delete_button.click()
    dialog.confirm_button.click()
    until(dialog.message.text, "the failure")
    assert "No space" in dialog.message.text()
    assert dialog.confirm_button.isVisible()
    assert dialog.back_button.hasFocus() or not dialog.isActiveWindow()
    assert own.session.records(Kind.ACCOUNTS)


def test_closing_meanwhile_breaks_nothing(own: Stage, show: Show) -> None:
    dialog = show(own)
    dialog.period.choose("90")
    dialog.apply_button.click()
    dialog.close()
    shiboken6.delete(dialog)
    until(lambda: own.session.retention == 90, "it to be in force")
    audited(own, "retention changed")


def test_who_only_looks_on_changes_nothing(own: Stage, show: Show) -> None:
    own.session.connection = Connection.VIEW_ONLY
    dialog = show(own)
    for each in (dialog.period, dialog.apply_button, dialog.delete_button):
        assert not each.isEnabled()
        assert "Another LumeDesk" in each.accessibleDescription()
    assert "Another LumeDesk" in dialog.message.text()


def test_its_controls_have_names_and_room(own: Stage, show: Show) -> None:
    dialog = show(own)
    for _ in range(2):
        controls = focusable(dialog)
        assert len(controls) >= 6
        assert [type(each).__name__ for each in controls if not each.objectName()] == []
        assert [each.objectName() for each in controls if not spoken(each)] == []
        assert repeated(dialog) == {}
        dialog.delete_button.click()
        settle()
    layout = dialog.layout()
    assert layout is not None
    assert dialog.height() >= layout.totalHeightForWidth(dialog.width())


# Working offline by choice


def test_the_status_bar_tells_every_age_and_that_offline_is_a_choice(own: Stage, make_stage: MakeStage) -> None:
    until(lambda: "Deposits: just now" in own.window.status_line.age.toolTip(), "the ages")
    own.close()
    own.clock.advance(7_200)
    stage = make_stage(None)
    line = stage.window.status_line
    assert line.connection.text().endswith("Working offline (your choice)")
    tip = line.age.toolTip()
    assert [f"{NOUNS[kind][1].capitalize()}: 2 h ago" in tip for kind in Kind] == [True] * len(Kind)


def test_pages_tell_a_choice_from_a_server_that_is_away(own: Stage) -> None:
    page = own.window.accounts
    own.window.go_to(Kind.ACCOUNTS)
    own.session.set_offline(offline=True)
    until(lambda: page.trouble.text().startswith("Working offline (your choice): what you see is from "), "the words")
    assert not page.trouble.button.isVisible()
    own.session.set_offline(offline=False)
    until(lambda: not page.trouble.text(), "the desk to be current again")


def test_pages_say_that_the_server_is_away(own: Stage, own_treasury: LaidOut) -> None:
    away = Unreachable("Refused.", wire=Wire.NOT_SENT)
    own_treasury.answers = {kind.table: away for kind in Kind}
    own.session.refresh()
    page = own.window.accounts
    own.window.go_to(Kind.ACCOUNTS)
    until(lambda: page.trouble.text().startswith("Not reachable: what you see is from "), "the words")
    assert page.trouble.button.isVisible()
