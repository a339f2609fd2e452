"""The dialog for the local limits: what is typed is in force exactly, what can't be read is named, nothing is half saved."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from PySide6.QtTest import QTest

from lumedesk.domain.kinds import Kind
from lumedesk.domain.limits import CurrencyLimits, Limits
from lumedesk.store import private_file
from lumedesk.views.dialogs.limits import LimitsDialog
from lumedesk.work.safeguards import Safeguards
from tests.support.stage import Stage, settle, until


@pytest.fixture
def show(stage: Stage) -> Iterator[Callable[[], LimitsDialog]]:
    """Show the dialog as it is now; gone when the test ends."""
    shown: list[LimitsDialog] = []

    def show_one() -> LimitsDialog:
        shown.append(LimitsDialog(stage.session, stage.look, stage.window))
        shown[-1].show()
        settle()
        return shown[-1]

    yield show_one
    for dialog in shown:
        dialog.close()
        dialog.deleteLater()
    settle()


@pytest.fixture
def dialog(show: Callable[[], LimitsDialog]) -> LimitsDialog:
    return show()


def guards_of(stage: Stage) -> Safeguards:
    return stage.session.safeguards


def put_in_force(stage: Stage, limits: Limits) -> None:
    failures: list[Any] = []
    guards_of(stage).save_limits(limits, lambda: None, failures.append)
    until(lambda: guards_of(stage).limits == limits, "the limits are saved")
    assert failures == []


def save(dialog: LimitsDialog) -> None:
    dialog.save_button.click()
    until(lambda: not dialog.isVisible(), "the limits are saved")


def type_into(dialog: LimitsDialog, name: str, text: str) -> None:
    field: Any = dialog.findChild(object, name)
    field.clear()
    QTest.keyClicks(field, text)


def test_what_is_typed_is_in_force_and_in_the_audit_log(stage: Stage, dialog: LimitsDialog) -> None:
    type_into(dialog, "limits-ZAR-single", "1500.50")
    type_into(dialog, "limits-ZAR-typed_from", "1,234.56")
    payee = stage.session.records(Kind.BENEFICIARIES)[0]
    type_into(dialog, f"limits-beneficiary-{payee.id}", "99")
    dialog.days.setValue(30)
    save(dialog)
    expected = Limits({"ZAR": CurrencyLimits(single=Decimal("1500.50"), typed_from=Decimal("1234.56"))}, {}, 30)
    assert guards_of(stage).limits == expected.with_beneficiary(payee.id, Decimal(99))
    assert not dialog.isVisible()
    rows: list[Any] = []
    stage.session.movements.audit_rows(0, stage.window, rows.extend)
    until(lambda: rows, "the audit log")
    assert rows[-1].what == "limits changed"
    assert rows[-1].facts["currencies"] == {"ZAR": {"single": "1500.50", "typed_from": "1234.56"}}


def test_what_was_set_comes_back_to_the_digit_and_saving_it_changes_nothing(
    stage: Stage, show: Callable[[], LimitsDialog]
) -> None:
    set_before = Limits({"BTC": CurrencyLimits(daily=Decimal("1.234")), "XYZ": CurrencyLimits(single=Decimal("5.00"))})
    put_in_force(stage, set_before)
    dialog = show()
    save(dialog)
    assert guards_of(stage).limits == set_before


def test_an_emptied_field_is_no_limit(stage: Stage, show: Callable[[], LimitsDialog]) -> None:
    put_in_force(stage, Limits({"ZAR": CurrencyLimits(single=Decimal(5))}))
    dialog = show()
    type_into(dialog, "limits-ZAR-single", " ")
    save(dialog)
    assert guards_of(stage).limits == Limits()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1,000", "could mean 1000 or 1.000"),
        ("abc", "doesn't belong"),
        ("-5", "without a sign"),
        ("0", "more than zero"),
    ],
)
def test_what_cannot_be_read_is_named_and_nothing_is_saved(
    stage: Stage, dialog: LimitsDialog, text: str, words: str
) -> None:
    type_into(dialog, "limits-USD-daily", "7")
    type_into(dialog, "limits-ZAR-daily", text)
    dialog.save_button.click()
    assert dialog.isVisible()
    assert "ZAR: A day" in dialog.message.text()
    assert words in dialog.message.text()
    assert guards_of(stage).limits == Limits()


def test_a_full_disk_is_said(stage: Stage, dialog: LimitsDialog, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    type_into(dialog, "limits-ZAR-single", "5")
    with monkeypatch.context() as patch:
        patch.setattr(private_file.os, "fsync", no_space)
        dialog.save_button.click()
        until(lambda: dialog.message.text(), "the failure is said")
    assert "No space left" in dialog.message.text()
    assert guards_of(stage).limits == Limits()
    save(dialog)
    assert guards_of(stage).limits.of("ZAR").single == 5
