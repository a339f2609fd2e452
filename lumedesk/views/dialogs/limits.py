"""The dialog for the desk's own limits on withdrawals: a row for each currency and for each beneficiary."""

from decimal import Decimal

from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLineEdit, QScrollArea, QSpinBox, QVBoxLayout, QWidget

from lumedesk.domain.amount_entry import Convention, read_amount
from lumedesk.domain.errors import DeskError
from lumedesk.domain.kinds import Kind
from lumedesk.domain.limits import MAX_REPEAT_DAYS, CurrencyLimits, Limits
from lumedesk.domain.money import AmountError, fixed
from lumedesk.domain.records import Account, Beneficiary, Currency
from lumedesk.domain.text import shown
from lumedesk.views.dialogs.dialog import Dialog, labelled
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import Banner, Card
from lumedesk.views.theme import DOUBLE, UNIT, Look
from lumedesk.views.wizards.conventions import system_convention
from lumedesk.work.session import Session

_COLUMNS = (
    ("single", "One payment"),
    ("daily", "A day"),
    ("beneficiary_daily", "A day, each beneficiary"),
    ("typed_from", "Type the amount again from"),
)
_NOTE = (
    "Advisory: they hold on this computer only, and a payment above one still goes with a reason. An empty field sets no"
    " limit. A day is a calendar day in UTC. Without an amount of your own, an amount is typed again from half of the limit"
    " for one payment on; without that, from ten times the usual payment on; without a history, from half of the balance on."
)


class AmountField(QLineEdit):
    """An amount or nothing, written as on this system."""

    def __init__(self, name: str, purpose: str, convention: Convention, decimals: int | None) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(purpose)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setPlaceholderText("No limit")
        self._convention = convention
        self._decimals = decimals
        self._given: tuple[str, Decimal | None] = ("", None)

    def give(self, amount: Decimal | None) -> None:
        """Show `amount`; left as it is, it comes back exactly."""
        self._given = ("" if amount is None else self._convention.write(amount), amount)
        self.setText(self._given[0])

    def amount(self) -> Decimal | None:
        """What stands there. Errors: AmountError."""
        text = self.text().strip()
        if text == self._given[0]:
            return self._given[1]
        if not text:
            return None
        entry = read_amount(text, self._convention, self._decimals)
        if entry.ambiguous_as is not None:
            raise AmountError(
                f"“{text}” could mean {entry.canonical} or {fixed(entry.ambiguous_as)}. Write it without a sign between"
                f" thousands, and with other than three decimals: {self._convention.example}."
            )
        return entry.amount


class LimitsDialog(Dialog):
    """Edits all limits of the profile at once; they are in force once saved."""

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:  # noqa: ARG002 - alike
        super().__init__("limits", "Limits on withdrawals", _NOTE, parent)
        self._session = session
        self._guards = session.safeguards
        self._convention = system_convention()
        self._currencies: dict[str, dict[str, AmountField]] = {}
        self._beneficiaries: dict[str, AmountField] = {}
        self.message = Banner("limits-message")
        self.days = QSpinBox()
        self.days.setObjectName("limits-days")
        self.days.setRange(1, MAX_REPEAT_DAYS)
        self.days.setValue(self._guards.limits.repeat_days)
        self.days.setSuffix(" days")
        self.days.setMaximumWidth(120)
        self._build()
        self.save_button = self.add_button("limits-save", "Save", "primary")
        self.save_button.clicked.connect(self.save)
        self.setMinimumSize(760, 560)
        self.resize(880, 720)
        next(iter([*(each["single"] for each in self._currencies.values()), self.days])).setFocus()
        if self._guards.limits_trouble:
            self.message.say(self._guards.limits_trouble, "failed")

    def save(self) -> None:
        """Put what the form says in force and close, or say what is wrong with it."""
        try:
            limits = self._limits()
        except AmountError as error:
            self.message.say(str(error), "failed")
            return
        self.save_button.setEnabled(False)
        if limits != self._guards.limits:
            self._session.movements.note("limits changed", "", _told(limits))
        self._guards.save_limits(limits, self.accept, self._show_failure)

    def _show_failure(self, error: DeskError) -> None:
        self.save_button.setEnabled(True)
        self.message.say(f"{error.title}. {error.detail} {error.advice}", "failed")

    def _limits(self) -> Limits:
        """Errors: AmountError, which names the field."""
        limits = replace(self._guards.limits, repeat_days=self.days.value())
        for code, fields in self._currencies.items():
            amounts = {name: _read(field) for name, field in fields.items()}
            limits = limits.with_currency(code, CurrencyLimits(**amounts))
        for identity, field in self._beneficiaries.items():
            limits = limits.with_beneficiary(identity, _read(field))
        return limits

    def _build(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, UNIT, 0)
        column.setSpacing(DOUBLE)
        column.addWidget(self._currency_card())
        column.addWidget(self._beneficiary_card())
        column.addLayout(labelled("Ask about the same amount to the same beneficiary within", self.days))
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setObjectName("limits-scroll")
        scroll.setAccessibleName("Limits")
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setWidget(inner)
        self.body.addWidget(scroll, 1)
        self.body.addWidget(self.message)

    def _currency_card(self) -> Card:
        card, grid = _grid_card("By currency")
        for column, (_, title) in enumerate(_COLUMNS, 1):
            grid.addWidget(Label(title, "label", wraps=True), 0, column, Qt.AlignmentFlag.AlignBottom)
            grid.setColumnStretch(column, 1)
        held: tuple[Account, ...] = self._session.records(Kind.ACCOUNTS)
        limits = self._guards.limits
        codes = dict.fromkeys([*(each.currency for each in held if each.currency), *limits.currencies])
        for row, code in enumerate(codes, 1):
            grid.addWidget(Label(shown(code, 20), "strong"), row, 0)
            self._currencies[code] = {}
            for column, (name, title) in enumerate(_COLUMNS, 1):
                field = self._field(f"limits-{code}-{name}", f"{shown(code, 20)}: {title}", code)
                if name == "typed_from":
                    field.setPlaceholderText("By default")
                field.give(getattr(limits.of(code), name))
                self._currencies[code][name] = field
                grid.addWidget(field, row, column)
        return card

    def _beneficiary_card(self) -> Card:
        card, grid = _grid_card("By beneficiary, in a day")
        grid.setColumnStretch(0, 1)
        held: tuple[Beneficiary, ...] = self._session.records(Kind.BENEFICIARIES)
        limits = self._guards.limits
        known = {each.id: each for each in held if each.id}
        for row, identity in enumerate(dict.fromkeys([*known, *limits.beneficiaries]), 1):
            each = known.get(identity)
            name = shown((each.nickname if each else None) or identity, 60)
            code = (each.currency if each else None) or ""
            field = self._field(f"limits-beneficiary-{identity}", f"{name}: a day", code)
            field.setPlaceholderText("As the currency's")
            field.give(limits.beneficiaries.get(identity))
            field.setMaximumWidth(220)
            self._beneficiaries[identity] = field
            grid.addWidget(Label(name), row, 0)
            grid.addWidget(Label(shown(code, 20), "muted"), row, 1)
            grid.addWidget(field, row, 2)
        return card

    def _field(self, name: str, purpose: str, code: str) -> AmountField:
        currencies: tuple[Currency, ...] = self._session.records(Kind.CURRENCIES)
        decimals = next((each.decimals for each in currencies if each.code == code), None)
        return AmountField(name, purpose, self._convention, decimals)


def _grid_card(title: str) -> tuple[Card, QGridLayout]:
    card = Card()
    grid = QGridLayout()
    grid.setHorizontalSpacing(UNIT)
    grid.setVerticalSpacing(UNIT)
    card.inner.addWidget(Label(title, "strong"))
    card.inner.addLayout(grid)
    return card, grid


def _read(field: AmountField) -> Decimal | None:
    try:
        return field.amount()
    except AmountError as error:
        field.setFocus()
        raise AmountError(f"{field.accessibleName()}. {error}") from error


def _told(limits: Limits) -> dict[str, object]:
    """For the audit log."""
    currencies = {
        code: {name: fixed(amount) for name, _ in _COLUMNS if (amount := getattr(each, name)) is not None}
        for code, each in limits.currencies.items()
    }
    beneficiaries = {identity: fixed(amount) for identity, amount in limits.beneficiaries.items()}
    return {"currencies": currencies, "beneficiaries": beneficiaries, "days": limits.repeat_days}
