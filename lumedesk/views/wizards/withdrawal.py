"""The withdrawal, step by step: whom, how much, checks, look again, send, and follow. The rules are in domain/withdrawals.py."""

from PySide6.QtCore import QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from lumedesk.domain.checks import CheckVerdict, run_checks, typing_threshold
from lumedesk.domain.errors import DeskError, Wire
from lumedesk.domain.kinds import Kind
from lumedesk.domain.movements import Outcome, Verdict
from lumedesk.domain.records import Beneficiary
from lumedesk.domain.text import shown
from lumedesk.domain.withdrawals import Step, WithdrawalFlow
from lumedesk.models.payees import PastPayments
from lumedesk.models.texts import amount
from lumedesk.views.dialogs.dialog import Dialog
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import Banner
from lumedesk.views.theme import UNIT, Look
from lumedesk.views.wizards.conventions import system_convention
from lumedesk.views.wizards.withdrawal_checks import ChecksStep
from lumedesk.views.wizards.withdrawal_facts import account_of, decimals_of, facts_of
from lumedesk.views.wizards.withdrawal_result import ResultStep
from lumedesk.views.wizards.withdrawal_review import ReviewStep
from lumedesk.views.wizards.withdrawal_steps import AmountStep, BeneficiaryStep
from lumedesk.work.session import Session

_TITLES = {
    Step.BENEFICIARY: ("1", "Beneficiary"),
    Step.AMOUNT: ("2", "Amount"),
    Step.CHECKS: ("3", "Checks"),
    Step.REVIEW: ("4", "Review"),
    Step.RESULT: ("5", "Result"),
}
# A balance grows old while the operator reads.
_LOOK_AGAIN_MS = 5_000
_CHANGED = "The beneficiary's details are different from what you chose. Look at them again."
_GONE = "The beneficiary isn't among the confirmed ones any more."


class WithdrawalWizard(Dialog):
    """One withdrawal. The flow holds the answers; the steps show it; this frame draws the buttons."""

    def __init__(
        self, session: Session, look: Look, beneficiary_id: str | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__("withdrawal", "New withdrawal", "Send money to a confirmed beneficiary.", parent)
        self._session = session
        self._guards = session.safeguards
        self._guards.notice(session.records(Kind.BENEFICIARIES))
        self._past = PastPayments(session, self)
        self._notice = ""
        self.step = Step.BENEFICIARY
        self.flow = WithdrawalFlow(blocked=session.movements.unresolved, convention=system_convention())
        self._build(look)
        self._connect()
        self.setMinimumSize(760, 640)
        # Tall enough for a bank's details to be reviewed at a glance, where the screen allows.
        self.resize(860, 800)
        self.beneficiary_step.search.setFocus()
        self.beneficiary_step.offer(self._guards.draft)
        self._past.look()
        if beneficiary_id:
            self.beneficiary_step.choose(beneficiary_id)
        self._show()
        if self.flow.missing(Step.BENEFICIARY) is None:
            self.go_on()

    def _build(self, look: Look) -> None:
        row = QHBoxLayout()
        row.setSpacing(UNIT)
        self._trail: dict[Step, Label] = {}
        for step, (number, title) in _TITLES.items():
            label = Label(f"{number}  {title}", "trail")
            label.setObjectName(f"withdrawal-trail-{step.name.lower()}")
            self._trail[step] = label
            row.addWidget(label)
        row.addStretch(1)
        self.beneficiary_step = BeneficiaryStep(self._session, self._guards, self._past, look)
        self.amount_step = AmountStep(self.flow.convention, look)
        self.checks_step = ChecksStep(look)
        self.review_step = ReviewStep(look)
        self.result_step = ResultStep(self._session, look)
        self.outcome = self.result_step.pane
        self._pages: dict[Step, QWidget] = {
            Step.BENEFICIARY: self.beneficiary_step,
            Step.AMOUNT: self.amount_step,
            Step.CHECKS: self.checks_step,
            Step.REVIEW: self.review_step,
            Step.SENDING: self.review_step,
            Step.RESULT: self.result_step,
        }
        self._stack = QStackedWidget()
        for page in dict.fromkeys(self._pages.values()):
            self._stack.addWidget(page)
        self.message = Banner("withdrawal-message")
        self.body.addLayout(row)
        self.body.addWidget(self._stack, 1)
        self.body.addWidget(self.message)
        self.back_button = self.add_button("withdrawal-back", "Back")
        self.again_button = self.add_button("withdrawal-again", "Change and try again")
        self.send_button = self.add_button("withdrawal-send", "Send", "primary")
        self.next_button = self.add_button("withdrawal-next", "Next", "primary")
        self.keep_place(self.next_button)

    def _connect(self) -> None:
        session = self._session
        self.back_button.clicked.connect(self.go_back)
        self.again_button.clicked.connect(self.try_again)
        self.next_button.clicked.connect(self.go_on)
        self.send_button.clicked.connect(self.send)
        self.beneficiary_step.chosen.connect(self._choose)
        self.beneficiary_step.opened.connect(self.go_on)
        self.beneficiary_step.changes.acknowledged.connect(self._acknowledge)
        self.beneficiary_step.draft_offer.button.clicked.connect(self.go_on_with_draft)
        self.amount_step.typed.connect(self._type_amount)
        self.amount_step.entered.connect(self.go_on)
        self.amount_step.all_wanted.connect(self._type_all)
        self.amount_step.confirmed.connect(self._confirm_reading)
        self.checks_step.reasoned.connect(self._give_reason)
        self.checks_step.attested.connect(self._attest)
        self.checks_step.refresh_button.clicked.connect(self._refresh)
        self.review_step.retyped.connect(self._retype)
        session.records_changed.connect(self._take_records)
        session.state_changed.connect(self._take_state)
        session.history_changed.connect(self._take_history)
        session.movements.changed.connect(self._take_movements)
        self._guards.changed.connect(self._look_again)
        self._past.changed.connect(self._look_again)
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_AGAIN_MS)
        self._timer.timeout.connect(self._look_again)

    # What the operator does

    def go_on(self) -> None:
        """Go to the next step, if this one is complete. Never sends."""
        if self.step < Step.REVIEW and self.flow.missing(self.step) is None:
            self._notice = ""
            self._enter(Step(self.step + 1))

    def go_back(self) -> None:
        """Go to the step before; nothing typed is lost."""
        if Step.BENEFICIARY < self.step < Step.SENDING:
            self._notice = ""
            self._enter(Step(self.step - 1))

    def go_on_with_draft(self) -> None:
        """Take up what was closed before it was sent; all of it is looked at anew."""
        draft = self._guards.draft
        self._guards.draft = None
        self.beneficiary_step.offer(None)
        if draft is None:
            return
        self.beneficiary_step.search.clear()
        if self.beneficiary_step.choose(draft.beneficiary_id):
            self._type_amount(draft.typed)
            self.go_on()

    def send(self) -> None:
        """Send the order on screen, once, if it still may be."""
        if self.step is not Step.REVIEW or self._session.movements.refusal:
            return
        self._look_again()
        if self.flow.missing(Step.REVIEW) is not None:
            return
        self._guards.draft = None
        self._enter(Step.SENDING)
        try:
            self._session.movements.withdraw(self.flow.order(), self, self._take_outcome)
        except ValueError as error:
            self._take_outcome(Outcome(Verdict.NOT_SENT, error=DeskError(str(error), wire=Wire.NOT_SENT)))

    def try_again(self) -> None:
        """Go back into the draft after an order that moved no money; what is sent then is a new order."""
        if self.step is not Step.RESULT or not self.result_step.may_try_again:
            return
        earlier = self.result_step.intent
        self.flow = self.flow.anew(earlier.uuid if earlier else None)
        self.step = Step.REVIEW
        self._reread()
        self._look_again()
        if self.step is Step.REVIEW:
            self._enter(self.flow.first_incomplete)

    def reject(self) -> None:
        """Close, unless the order is on its way: its outcome must be seen. An unfinished draft is kept."""
        if self.step is Step.SENDING:
            self.message.say("The withdrawal is being sent. Its outcome is shown here in a moment.")
            return
        if (self.step < Step.SENDING or self.verdict is Verdict.NOT_SENT) and self.flow.draft is not None:
            self._guards.draft = self.flow.draft
        self._timer.stop()
        super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        """As Qt has it; the window's own close button asks the same as Cancel."""
        self.reject()
        event.setAccepted(not self.isVisible())

    def _choose(self, beneficiary: Beneficiary | None) -> None:
        if self.step is Step.BENEFICIARY:
            self._notice = ""
            self._take(beneficiary)
            self._show()

    def _acknowledge(self, is_acknowledged: bool) -> None:
        self.flow = self.flow.acknowledge(is_acknowledged=is_acknowledged)
        self._show()

    def _type_amount(self, text: str) -> None:
        self.flow = self.flow.type_amount(text)
        self._show()

    def _type_all(self) -> None:
        self.flow = self.flow.type_all()
        self._show()

    def _confirm_reading(self) -> None:
        self.flow = self.flow.confirm_reading()
        self.amount_step.setFocus()
        self._show()

    def _give_reason(self, name: str, text: str) -> None:
        self.flow = self.flow.give_reason(name, text)
        self._show()

    def _attest(self, name: str, is_attested: bool) -> None:
        self.flow = self.flow.attest(name, is_attested=is_attested)
        self._show()

    def _retype(self, text: str) -> None:
        self.flow = self.flow.retype(text)
        self._show()

    # What happens

    def _take_outcome(self, outcome: Outcome) -> None:
        if outcome.verdict is Verdict.ACCEPTED and self.flow.beneficiary is not None:
            self._guards.accept(self.flow.beneficiary, used=True)
        elif outcome.verdict in (Verdict.NOT_SENT, Verdict.REFUSED):
            # Whatever was different from what was reviewed should be here when the operator goes back.
            self._session.refresh(Kind.BENEFICIARIES, Kind.ACCOUNTS)
        statement = self.review_step.statement.text().removeprefix("Send ")
        self.result_step.show_outcome(outcome, self.flow.uuid, statement)
        self._enter(Step.RESULT)

    def _take_records(self, kind: Kind) -> None:
        if kind is Kind.BENEFICIARIES:
            self._guards.notice(self._session.records(kind))
            self.beneficiary_step.show_payees()
            self.beneficiary_step.offer(self._guards.draft)
        if kind in (Kind.BENEFICIARIES, Kind.ACCOUNTS, Kind.CURRENCIES) and self.step < Step.SENDING:
            self._reread()
            self._look_again()

    def _take_state(self, kind: Kind) -> None:
        if kind is Kind.ACCOUNTS:
            self._look_again()

    def _take_history(self, kind: Kind, _rows: tuple[int, ...]) -> None:
        if kind is Kind.WITHDRAWALS:
            self._past.look()

    def _take_movements(self) -> None:
        if self.step < Step.SENDING:
            self.flow = self.flow.with_blocked(self._session.movements.unresolved)
            self._look_again()

    def _reread(self) -> None:
        """Take the chosen beneficiary as it is now; back to the first step if it isn't what was chosen."""
        chosen = self.flow.beneficiary
        if chosen is None:
            return
        held: tuple[Beneficiary, ...] = self._session.records(Kind.BENEFICIARIES)
        now = next((each for each in held if each.id == chosen.id), None)
        self._take(now)
        if now is None:
            self._notice = _GONE
            self.beneficiary_step.forget()
            self._enter(Step.BENEFICIARY)
        elif self.step > Step.BENEFICIARY and self.flow.missing(Step.BENEFICIARY) is not None:
            self._notice = _CHANGED
            self._enter(Step.BENEFICIARY)

    def _take(self, beneficiary: Beneficiary | None) -> None:
        if beneficiary is None:
            self.flow = self.flow.unchoose()
            return
        account, decimals = account_of(beneficiary, self._session), decimals_of(beneficiary, self._session)
        self.flow = self.flow.choose(beneficiary, account, decimals, self._guards.changes(beneficiary))

    def _look_again(self) -> None:
        """Make the checks once more where their results are shown or count."""
        is_due = self.step in (Step.CHECKS, Step.REVIEW)
        facts = facts_of(self.flow, self._session, self._guards, self._past) if is_due else None
        if facts is not None:
            self.flow = self.flow.with_checks(run_checks(facts), typing_threshold(facts))
        if self.step < Step.SENDING:
            self._show()

    def _refresh(self) -> None:
        self._session.refresh(Kind.ACCOUNTS, Kind.BENEFICIARIES, Kind.WITHDRAWALS)

    # What is shown

    def _enter(self, step: Step) -> None:
        self.step = step
        if step is Step.CHECKS:
            self.checks_step.begin()
        if step in (Step.CHECKS, Step.REVIEW):
            self._timer.start()
            # The beneficiary and the balance are fetched once more in the moment of sending.
            self._session.refresh(Kind.ACCOUNTS, Kind.WITHDRAWALS)
            self._look_again()
        else:
            self._timer.stop()
            self._show()
        if step is Step.REVIEW and self.flow.needs_retyping:
            self.review_step.retype.setFocus()
        else:
            self._pages[step].setFocus()

    def _show(self) -> None:
        step, flow = self.step, self.flow
        self._stack.setCurrentWidget(self._pages[step])
        now = Step.RESULT if step is Step.SENDING else step
        for each, label in self._trail.items():
            label.set_look("trail-now" if each is now else "trail-past" if each < now else "trail")
        self.beneficiary_step.show_flow(flow)
        self.amount_step.show_flow(flow)
        if step is Step.CHECKS:
            self.checks_step.show_flow(flow)
        if step in (Step.REVIEW, Step.SENDING):
            self.review_step.show_flow(flow, is_open=step is Step.REVIEW)
        missing = flow.missing(step) if step < Step.SENDING else None
        self._show_buttons(missing)
        self._say(missing)

    def _show_buttons(self, missing: str | None) -> None:
        step, is_sending = self.step, self.step is Step.SENDING
        self.back_button.setVisible(Step.BENEFICIARY < step < Step.RESULT)
        self.back_button.setEnabled(not is_sending)
        self.again_button.setVisible(step is Step.RESULT and self.result_step.may_try_again)
        self.next_button.setVisible(step < Step.REVIEW)
        self.next_button.setEnabled(missing is None)
        self.send_button.setVisible(step in (Step.REVIEW, Step.SENDING))
        self.send_button.setEnabled(missing is None and not is_sending and not self._session.movements.refusal)
        self.send_button.setText("Sending…" if is_sending else f"Send {self._sum()}".replace("&", "&&"))
        self.close_button.setEnabled(not is_sending)
        self.close_button.setText("Close" if step is Step.RESULT else "Cancel")

    def _say(self, missing: str | None) -> None:
        refusal = self._session.movements.refusal
        if self.step >= Step.SENDING:
            self.message.say("")
        elif refusal:
            self.message.say(f"Nothing can be sent. {shown(refusal)}", "failed")
        elif self._notice:
            self.message.say(self._notice, "failed")
        elif missing and (self.step is Step.CHECKS or (self.step is Step.REVIEW and missing != self._asked())):
            stops = any(each.verdict is CheckVerdict.STOP for each in self.flow.checks)
            self.message.say(shown(missing), "failed" if stops or not self.flow.amount else "warning")
        else:
            self.message.say("")

    def _asked(self) -> str | None:
        """What the review itself asks for, beside the field."""
        return self.flow.missing(Step.REVIEW) if self.flow.missing(Step.CHECKS) is None else None

    def _sum(self) -> str:
        currency = self.flow.beneficiary.currency if self.flow.beneficiary else None
        return f"{amount(self.flow.amount)} {shown(currency or '', 20)}"

    @property
    def verdict(self) -> Verdict | None:
        """What became of the withdrawal; None before there is an outcome."""
        return self.result_step.verdict if self.step is Step.RESULT else None
