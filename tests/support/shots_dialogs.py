"""The dialogs and their states, each set up for its picture. What takes the pictures is shots.py."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from lumedesk.domain.checks import CheckVerdict
from lumedesk.domain.kinds import Kind
from lumedesk.domain.limits import CurrencyLimits, Limits
from lumedesk.domain.movements import Verdict
from lumedesk.domain.withdrawals import Step
from lumedesk.sandbox.launch import SandboxOptions, SandboxProcess
from lumedesk.views.dialogs.create_account import CreateAccountDialog
from lumedesk.views.dialogs.dialog import Dialog
from lumedesk.views.dialogs.limits import LimitsDialog
from lumedesk.views.dialogs.quote import QuoteDialog, State
from lumedesk.views.dialogs.quote_settings import QuoteSettingsDialog
from lumedesk.views.wizards.withdrawal import WithdrawalWizard
from tests.support.sandbox import SandboxControl
from tests.support.shots_pages import Camera, staged, wait_for_rows
from tests.support.stage import SandboxConnector, Stage, settle, until

D = TypeVar("D", bound=Dialog)

# Long enough to take both schemes of a picture, short enough to wait for.
_HOLD_S = 3.0


class Set:
    """A stage, the sandbox behind it, and the dialog in front."""

    def __init__(self, stage: Stage, process: SandboxProcess, control: SandboxControl) -> None:
        self.stage = stage
        self.process = process
        self.control = control

    def opened(self, open_it: Callable[[], None], kind: type[D]) -> D:
        """The dialog, shown and laid out."""
        open_it()
        dialog = self.stage.window.dialog
        assert isinstance(dialog, kind)
        until(dialog.isVisible, "the dialog")
        return dialog

    def close(self, dialog: Dialog) -> None:
        """Close a dialog that lets itself be closed."""
        dialog.close()
        until(lambda: self.stage.window.dialog is None, "the dialog to close")
        settle()


@contextmanager
def on_set(camera: Camera, home: Path) -> Iterator[Set]:
    """A filled window over a sandbox that stands still."""
    with SandboxProcess(SandboxOptions(speed=0)) as process:
        address = process.start()
        with staged(home / "filled", SandboxConnector(address)) as stage:
            wait_for_rows(stage)
            yield Set(stage, process, SandboxControl(address))


def create_account(camera: Camera, home: Path) -> None:
    """Choosing, and two refusals."""
    with on_set(camera, home) as each:
        dialog = each.opened(each.stage.window.open_create_account, CreateAccountDialog)
        camera.take(dialog, "create-account")
        for status, state in ((404, "refused"), (503, "failed")):
            each.control.fault("createAccount", "status", status=status)
            dialog.create_button.click()
            until(dialog.create_button.isEnabled, "the refusal")
            camera.take(dialog, f"create-account-{state}")
        each.close(dialog)


def quote(camera: Camera, home: Path) -> None:
    """From an empty form to every outcome."""
    with on_set(camera, home) as each:
        dialog = _quote_dialog(each)
        camera.take(dialog, "quote-editing")
        dialog.amount.setText("1,000")
        dialog.amount.textEdited.emit("1,000")
        camera.take(dialog, "quote-amount-error")
        _quote_until_firm(dialog)
        camera.take(dialog, "quote-firm")
        each.stage.clock.advance(11)
        until(lambda: dialog.terms.ring.text() in "1234", "the last seconds")
        camera.take(dialog, "quote-last-seconds")
        each.stage.clock.advance(5)
        until(lambda: dialog.state is State.EXPIRED, "the quote to expire")
        camera.take(dialog, "quote-expired")
        each.control.fault("getQuote", "status", status=503)
        dialog.ask()
        until(lambda: dialog.state is State.EDITING, "the failed quote")
        camera.take(dialog, "quote-failed")
        _confirm(camera, each, dialog)


def _confirm(camera: Camera, each: Set, dialog: QuoteDialog) -> None:
    _quote_until_firm(dialog)
    each.control.fault("confirmQuote", "delay", seconds=_HOLD_S)
    dialog.confirm()
    dialog.close()
    camera.take(dialog, "quote-confirming")
    _quote_outcome(camera, each, dialog, Verdict.ACCEPTED)
    dialog = _quote_dialog(each)
    _quote_until_firm(dialog)
    each.control.advance(60)
    dialog.confirm()
    _quote_outcome(camera, each, dialog, Verdict.REFUSED)
    dialog = _quote_dialog(each)
    _quote_until_firm(dialog)
    each.control.fault("confirmQuote", "drop_after_commit")
    dialog.confirm()
    _quote_outcome(camera, each, dialog, Verdict.UNKNOWN)
    dialog = _quote_dialog(each)
    # Not the amount whose outcome is unknown: that one is blocked.
    _quote_until_firm(dialog, "25001")
    each.process.stop()
    dialog.confirm()
    _quote_outcome(camera, each, dialog, Verdict.NOT_SENT)


def _quote_dialog(each: Set) -> QuoteDialog:
    dialog = each.opened(each.stage.window.open_quote, QuoteDialog)
    dialog.sell.choose("USDT")
    dialog.buy.choose("ZAR")
    return dialog


def _quote_until_firm(dialog: QuoteDialog, amount: str = "25000") -> None:
    dialog.amount.setText(amount)
    dialog.amount.textEdited.emit(amount)
    dialog.ask()
    until(lambda: dialog.state is State.FIRM, "a firm quote")


def _quote_outcome(camera: Camera, each: Set, dialog: QuoteDialog, verdict: Verdict) -> None:
    until(lambda: dialog.verdict is verdict, f"a confirmation that is {verdict.value}")
    camera.take(dialog, f"quote-{verdict.value.replace(' ', '-')}")
    each.close(dialog)


def withdrawal(camera: Camera, home: Path) -> None:
    """Each step, and every outcome."""
    with on_set(camera, home) as each:
        wizard = each.opened(each.stage.window.open_withdrawal, WithdrawalWizard)
        camera.take(wizard, "withdrawal-1-beneficiary")
        wizard.beneficiary_step.choose(_beneficiary(each, "Atlas Freight Inc."))
        camera.take(wizard, "withdrawal-1-chosen")
        wizard.go_on()
        camera.take(wizard, "withdrawal-2-amount")
        _type(wizard, "9999999")
        camera.take(wizard, "withdrawal-2-amount-error")
        _type(wizard, "12,500")
        camera.take(wizard, "withdrawal-2-amount-ambiguous")
        _type(wizard, "12500.50")
        camera.take(wizard, "withdrawal-2-amount-typed")
        wizard.go_on()
        until(lambda: wizard.flow.checks, "the checks")
        settle()
        camera.take(wizard, "withdrawal-3-checks")
        _answer(wizard)
        wizard.go_on()
        settle()
        _retype(wizard)
        camera.take(wizard, "withdrawal-4-review")
        each.control.fault("createWithdrawal", "delay", seconds=_HOLD_S)
        wizard.send()
        wizard.close()
        camera.take(wizard, "withdrawal-4-sending")
        until(lambda: wizard.verdict is Verdict.ACCEPTED, "the accepted withdrawal")
        camera.take(wizard, "withdrawal-5-accepted")
        each.control.advance(600)
        each.stage.clock.advance(600)
        each.stage.session.refresh(Kind.WITHDRAWALS)
        until(lambda: wizard.outcome.status == "COMPLETED", "the withdrawal to complete")
        camera.take(wizard, "withdrawal-5-followed")
        each.close(wizard)
        _other_outcomes(camera, each)


def withdrawal_doubts(camera: Camera, home: Path) -> None:
    """A changed beneficiary, checks that ask for answers, an amount to be typed again, and a draft from before."""
    with on_set(camera, home) as each:
        guards = each.stage.session.safeguards
        limits = Limits().with_currency("USD", CurrencyLimits(single=Decimal(5000), daily=Decimal(9000)))
        guards.save_limits(limits, lambda: None, print)
        until(lambda: guards.limits == limits, "the limits are saved")
        for name, dialog in (
            ("limits", LimitsDialog(each.stage.session, each.stage.look, each.stage.window)),
            ("quote-settings", QuoteSettingsDialog(each.stage.session, each.stage.window)),
        ):
            dialog.show()
            settle()
            camera.take(dialog, name)
            dialog.deleteLater()
            settle()
        chosen = _beneficiary(each, "Atlas Freight Inc.")
        wizard = each.opened(each.stage.window.open_withdrawal, WithdrawalWizard)
        each.control.change_beneficiary(chosen, "accountNumber", "483029170052")
        each.stage.session.refresh(Kind.BENEFICIARIES)
        wizard.beneficiary_step.choose(chosen)
        until(lambda: wizard.flow.changes, "the changed beneficiary")
        settle()
        camera.take(wizard, "withdrawal-1-changed")
        wizard.beneficiary_step.changes.declaration.click()
        wizard.go_on()
        _type(wizard, "60000")
        wizard.go_on()
        settle()
        camera.take(wizard, "withdrawal-3-answers")
        _answer(wizard)
        camera.take(wizard, "withdrawal-3-answered")
        wizard.go_on()
        settle()
        camera.take(wizard, "withdrawal-4-typed-again")
        each.close(wizard)
        wizard = each.opened(each.stage.window.open_withdrawal, WithdrawalWizard)
        camera.take(wizard, "withdrawal-1-draft")
        each.close(wizard)


def _other_outcomes(camera: Camera, each: Set) -> None:
    for verdict, fault in (
        (Verdict.REFUSED, {"fault": "status", "status": 422}),
        (Verdict.UNKNOWN, {"fault": "drop_after_commit"}),
    ):
        each.control.fault("createWithdrawal", **fault)  # type: ignore[arg-type]
        _withdraw(camera, each, verdict)
    _blocked(camera, each)
    each.stage.clock.advance(1)
    wizard = ready_to_send(each, "0.5")
    each.process.stop()
    wizard.send()
    _outcome(camera, each, wizard, Verdict.NOT_SENT)


def _withdraw(camera: Camera, each: Set, verdict: Verdict) -> None:
    wizard = ready_to_send(each, "0.25" if verdict is Verdict.UNKNOWN else "0.5")
    wizard.send()
    _outcome(camera, each, wizard, verdict)


def _outcome(camera: Camera, each: Set, wizard: WithdrawalWizard, verdict: Verdict) -> None:
    until(lambda: wizard.verdict is verdict, f"a withdrawal that is {verdict.value}")
    camera.take(wizard, f"withdrawal-5-{verdict.value.replace(' ', '-')}")
    each.close(wizard)


def ready_to_send(each: Set, amount: str) -> WithdrawalWizard:
    wizard = _at_amount(each)
    _type(wizard, amount)
    wizard.go_on()
    each.stage.session.refresh(Kind.ACCOUNTS)
    until(lambda: not any(check.verdict is CheckVerdict.STOP for check in wizard.flow.checks), "a fresh balance")
    _answer(wizard)
    wizard.go_on()
    _retype(wizard)
    assert wizard.step is Step.REVIEW, wizard.flow.missing(Step.CHECKS)
    return wizard


def _answer(wizard: WithdrawalWizard) -> None:
    """Give every reason and declaration that is asked for."""
    for check in wizard.flow.checks:
        row = wizard.checks_step.row(check.name)
        assert row is not None
        if check.needs_reason:
            row.reason.setText("Agreed with the CFO, invoice 2231")
            row.reason.textEdited.emit(row.reason.text())
        if check.attestation and not row.declaration.isChecked():
            row.declaration.click()
    settle()


def _retype(wizard: WithdrawalWizard) -> None:
    if wizard.flow.needs_retyping:
        wizard.review_step.retype.setText(wizard.flow.typed)
        wizard.review_step.retype.textEdited.emit(wizard.flow.typed)
        settle()


def _blocked(camera: Camera, each: Set) -> None:
    """The same again, after one whose outcome is unknown."""
    wizard = _at_amount(each)
    _type(wizard, "0.25")
    camera.take(wizard, "withdrawal-2-blocked")
    each.close(wizard)


def _at_amount(each: Set) -> WithdrawalWizard:
    chosen = _beneficiary(each, "Cold storage")
    wizard = each.opened(lambda: each.stage.window.open_withdrawal(chosen), WithdrawalWizard)
    assert wizard.step is Step.AMOUNT
    return wizard


def _beneficiary(each: Set, nickname: str) -> str:
    held = each.stage.session.records(Kind.BENEFICIARIES)
    return str(next(record.id for record in held if record.nickname == nickname))


def _type(wizard: WithdrawalWizard, text: str) -> None:
    wizard.amount_step.amount.setText(text)
    wizard.amount_step.amount.textEdited.emit(text)
    settle()


def about(camera: Camera, home: Path) -> None:
    """What this is."""
    with on_set(camera, home) as each:
        dialog = each.opened(each.stage.window.open_about, Dialog)
        camera.take(dialog, "about")
        each.close(dialog)


SCENES = {
    "create-account": create_account,
    "quote": quote,
    "withdrawal": withdrawal,
    "withdrawal-doubts": withdrawal_doubts,
    "about": about,
}
