"""The dialog that opens an account in one more currency."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from lumedesk.domain.errors import Conflict, DeskError, NotFound
from lumedesk.domain.kinds import Kind
from lumedesk.domain.records import Account, Currency
from lumedesk.domain.text import shown
from lumedesk.views.dialogs.dialog import Dialog, labelled
from lumedesk.views.parts.widgets import Banner, Chooser, explain
from lumedesk.views.theme import Look
from lumedesk.work.session import Session


class CreateAccountDialog(Dialog):
    """Offers the currencies the API lists, less the ones held."""

    # (account id): it exists now. UI thread.
    created = Signal(str)

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(
            "create-account", "Create account", "An account holds one currency. Creating one moves no money.", parent
        )
        self._session = session
        self._is_busy = False
        self.currency = Chooser("create-account-currency", "Currency", look)
        self.answer = Banner("create-account-result")
        self.create_button = self.add_button("create-account-create", "Create account", "primary")
        self.create_button.clicked.connect(self._create)
        self.body.addLayout(labelled("Currency", self.currency))
        self.body.addWidget(self.answer)
        self.body.addStretch(1)
        self.setMinimumWidth(440)
        session.records_changed.connect(self._take_records)
        self._offer()
        self.currency.setFocus()

    def _offer(self) -> None:
        currencies: tuple[Currency, ...] = self._session.records(Kind.CURRENCIES)
        held = {account.currency for account in self._session.records(Kind.ACCOUNTS)}
        offered = [each for each in currencies if each.code not in held and each.enabled is not False]
        self.currency.offer([(_label(each), each.code) for each in offered])
        self.currency.setEnabled(bool(offered) and not self._is_busy)
        self.create_button.setEnabled(bool(offered) and not self._is_busy)
        if not offered and not self._is_busy:
            loaded = self._session.state(Kind.CURRENCIES).confirmed_at is not None
            self.answer.say(
                "You hold an account in every currency offered." if loaded else "The currencies aren't loaded yet."
            )

    def _take_records(self, kind: Kind) -> None:
        if kind in (Kind.CURRENCIES, Kind.ACCOUNTS) and not self._is_busy:
            self._offer()

    def _create(self) -> None:
        self._set_busy(busy=True)
        self.answer.say(f"Creating the {self.currency.value()} account…", "moving")
        self._session.create_account(self.currency.value(), self, self._show_created, self._show_failed)

    def _show_created(self, account: Account) -> None:
        self.created.emit(account.id or "")
        self.accept()

    def _show_failed(self, error: DeskError) -> None:
        code = self.currency.value()
        self._set_busy(busy=False)
        if isinstance(error, NotFound):
            why = f"{code} isn't offered to you: it isn't enabled for your jurisdiction."
        elif isinstance(error, Conflict):
            why = f"You hold a {code} account already. It appears under Accounts."
        else:
            why = ""
        told = explain(error, of_order=True)
        self.answer.say(f"{why}\n{told}" if why else told, "failed")
        self.currency.setFocus()

    def _set_busy(self, *, busy: bool) -> None:
        self._is_busy = busy
        self.create_button.setEnabled(not busy)
        self.currency.setEnabled(not busy)


def _label(currency: Currency) -> str:
    return shown(f"{currency.code} · {currency.name}" if currency.name else currency.code, 80)
