"""The withdrawal, step by step: whom, how much, look again, send, and follow. The rules are in domain/withdrawals.py."""

from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from lumedesk.domain.kinds import Kind
from lumedesk.domain.movements import Outcome, Verdict
from lumedesk.domain.records import Account, Beneficiary, Currency
from lumedesk.domain.text import shown
from lumedesk.domain.withdrawals import Step, WithdrawalFlow
from lumedesk.models.texts import amount
from lumedesk.views.dialogs.dialog import Dialog
from lumedesk.views.parts.outcome import OutcomePane
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import Banner
from lumedesk.views.theme import UNIT, Look
from lumedesk.views.wizards.withdrawal_steps import AmountStep, BeneficiaryStep, ReviewStep
from lumedesk.work.session import Session

_TITLES = {
    Step.BENEFICIARY: ("1", "Beneficiary"),
    Step.AMOUNT: ("2", "Amount"),
    Step.REVIEW: ("3", "Review"),
    Step.RESULT: ("4", "Result"),
}


class WithdrawalWizard(Dialog):
    """One withdrawal. The flow holds the answers; the steps show it; this frame draws the buttons."""

    def __init__(
        self, session: Session, look: Look, beneficiary_id: str | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__("withdrawal", "New withdrawal", "Send money to a confirmed beneficiary.", parent)
        self._session = session
        self.flow = WithdrawalFlow(blocked=session.movements.unresolved)
        self.step = Step.BENEFICIARY
        self._is_sending = False
        self._build_trail()
        self.beneficiary_step = BeneficiaryStep(session, look)
        self.amount_step = AmountStep(look)
        self.review_step = ReviewStep(look)
        self.outcome = OutcomePane("withdrawal-outcome", "withdrawal", Kind.WITHDRAWALS, session, look)
        self._stack = QStackedWidget()
        for page in (self.beneficiary_step, self.amount_step, self.review_step, self.outcome):
            self._stack.addWidget(page)
        self.message = Banner("withdrawal-message")
        self.body.addWidget(self._stack, 1)
        self.body.addWidget(self.message)
        self.back_button = self.add_button("withdrawal-back", "Back")
        self.next_button = self.add_button("withdrawal-next", "Next", "primary")
        self.send_button = self.add_button("withdrawal-send", "Send", "primary")
        self.back_button.clicked.connect(self.go_back)
        self.next_button.clicked.connect(self.go_on)
        self.send_button.clicked.connect(self.send)
        self.beneficiary_step.chosen.connect(self._choose)
        self.beneficiary_step.opened.connect(self.go_on)
        self.amount_step.typed.connect(self._type_amount)
        self.amount_step.entered.connect(self.go_on)
        session.records_changed.connect(self._take_records)
        self.setMinimumSize(760, 620)
        # Tall enough for a bank's details to be reviewed at a glance, where the screen allows.
        self.resize(820, 760)
        self.beneficiary_step.search.setFocus()
        if beneficiary_id:
            self.beneficiary_step.choose(beneficiary_id)
        self._show()
        if self.flow.missing(Step.BENEFICIARY) is None:
            self.go_on()

    def _build_trail(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(UNIT)
        self._trail: dict[Step, Label] = {}
        for step, (number, title) in _TITLES.items():
            label = Label(f"{number}  {title}", "trail")
            label.setObjectName(f"withdrawal-trail-{step.name.lower()}")
            self._trail[step] = label
            row.addWidget(label)
        row.addStretch(1)
        self.body.addLayout(row)

    # What the operator does

    def go_on(self) -> None:
        """Go to the next step, if this one is complete. Never sends."""
        if self.step < Step.REVIEW and self.flow.missing(self.step) is None:
            self.step = Step(self.step + 1)
            self._show()

    def go_back(self) -> None:
        """Go to the step before; nothing typed is lost."""
        if Step.BENEFICIARY < self.step < Step.RESULT and not self._is_sending:
            self.step = Step(self.step - 1)
            self._show()

    def send(self) -> None:
        """Send the order on screen, once."""
        if self.step is not Step.REVIEW or self._is_sending or self.flow.missing(Step.REVIEW) is not None:
            return
        self._is_sending = True
        self._show()
        self._session.movements.withdraw(self.flow.order(), self, self._take_outcome)

    def reject(self) -> None:
        """Close, unless the order is on its way: its outcome must be seen."""
        if self._is_sending:
            self.message.say("The withdrawal is being sent. Its outcome is shown here in a moment.")
            return
        super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        """As Qt has it; the window's own close button asks the same as Cancel."""
        self.reject()
        event.setAccepted(not self.isVisible())

    def _choose(self, beneficiary: Beneficiary | None) -> None:
        if beneficiary is None:
            self.flow = WithdrawalFlow(typed=self.flow.typed, blocked=self.flow.blocked)
        else:
            self.flow = self.flow.choose(beneficiary, self._account(beneficiary), self._decimals(beneficiary))
        self._show()

    def _type_amount(self, text: str) -> None:
        self.flow = self.flow.type_amount(text)
        self._show()

    # What happens

    def _take_outcome(self, outcome: Outcome) -> None:
        self._is_sending = False
        self.message.say("")
        self.outcome.show_outcome(outcome, self.review_step.statement.text().removeprefix("Send "))
        self.step = Step.RESULT
        self._show()

    def _take_records(self, kind: Kind) -> None:
        if kind is Kind.ACCOUNTS and self.flow.beneficiary is not None and not self._is_sending:
            self.flow = self.flow.with_account(self._account(self.flow.beneficiary))
            self._show()

    def _account(self, beneficiary: Beneficiary) -> Account | None:
        accounts: tuple[Account, ...] = self._session.records(Kind.ACCOUNTS)
        return next((each for each in accounts if each.currency == beneficiary.currency), None)

    def _decimals(self, beneficiary: Beneficiary) -> int | None:
        currencies: tuple[Currency, ...] = self._session.records(Kind.CURRENCIES)
        return next((each.decimals for each in currencies if each.code == beneficiary.currency), None)

    def _show(self) -> None:
        changed = self._stack.currentIndex() != int(self.step)
        self._stack.setCurrentIndex(int(self.step))
        for step, label in self._trail.items():
            label.set_look("trail-now" if step is self.step else "trail-past" if step < self.step else "trail")
        self.amount_step.show_flow(self.flow)
        if self.step is Step.REVIEW:
            self.review_step.show_flow(self.flow)
        missing = self.flow.missing(self.step) if self.step < Step.RESULT else None
        self.back_button.setVisible(self.step in (Step.AMOUNT, Step.REVIEW))
        self.back_button.setEnabled(not self._is_sending)
        self.next_button.setVisible(self.step < Step.REVIEW)
        self.next_button.setEnabled(missing is None)
        self.send_button.setVisible(self.step is Step.REVIEW)
        self.send_button.setEnabled(missing is None and not self._is_sending)
        self.send_button.setText("Sending…" if self._is_sending else f"Send {self._sum()}")
        self.close_button.setEnabled(not self._is_sending)
        self.close_button.setText("Close" if self.step is Step.RESULT else "Cancel")
        if self.step is Step.REVIEW and not self._is_sending:
            self.message.say(missing or "", "failed")
        if changed:
            (self.beneficiary_step, self.amount_step, self.review_step, self.outcome)[self.step].setFocus()

    def _sum(self) -> str:
        currency = self.flow.beneficiary.currency if self.flow.beneficiary else None
        return f"{amount(self.flow.amount)} {shown(currency or '', 20)}"

    @property
    def verdict(self) -> Verdict | None:
        """What became of the withdrawal; None before there is an outcome."""
        return self.outcome.verdict
