"""The pages on accounts, wallets and beneficiaries."""

from typing import Any

from PySide6.QtCore import Qt, Signal

from lumedesk.domain.details import Field, fields_of
from lumedesk.domain.kinds import Kind
from lumedesk.domain.records import Account, Beneficiary, Wallet
from lumedesk.models.holdings import AccountsTable, BeneficiariesTable, WalletsTable, route_of, total_of
from lumedesk.models.texts import exact_time, sum_field, words
from lumedesk.views.pages.record_page import SmallPage
from lumedesk.views.parts.qr import QrCode
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import button
from lumedesk.views.theme import Look
from lumedesk.work.session import Session

_DESTINATION_FIELDS = frozenset({"Id", "Account number", "Address", "Address tag", "IBAN", "Branch code"})


class AccountsPage(SmallPage):
    """One account per currency."""

    # The operator wants an account in another currency. UI thread.
    account_wanted = Signal()

    noun = ("account", "accounts")
    empty_title = "No accounts yet"
    empty_advice = "Create one for a currency you trade."

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__("accounts", "Accounts", Kind.ACCOUNTS, AccountsTable(), session, look)
        self.create_button = button("accounts-create", "Create account", "primary")
        self.create_button.clicked.connect(self.account_wanted)
        self.action_row.addWidget(self.create_button)
        self.detail.finish()
        self.view.let_sort("currency", Qt.SortOrder.AscendingOrder)
        self.load()

    def heading_of(self, record: Account) -> str:
        """The currency."""
        return words(record.currency)

    def fields_of(self, record: Account) -> list[Field]:
        """All the account's fields."""
        return [
            sum_field("Available", record.balance, record.currency),
            sum_field("Locked", record.locked_balance, record.currency),
            sum_field("Total", total_of(record), record.currency),
            Field("Id", words(record.id)),
        ]


class WalletsPage(SmallPage):
    """Where money can be deposited to."""

    noun = ("wallet", "wallets")
    empty_title = "No wallets yet"
    empty_advice = "Wallets are opened with an account."
    fixed_fields = _DESTINATION_FIELDS

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__("wallets", "Wallets", Kind.WALLETS, WalletsTable(), session, look)
        self.network = self.add_filter("wallets-network", "Network")
        self.method = self.add_filter("wallets-method", "Payment method")
        self.qr_code = QrCode("wallets-qr")
        self.qr_hint = Label(
            "Compare the address on the paying side with the one above, to the last character.", "caption"
        )
        self.qr_hint.setWordWrap(True)
        self.detail.more.addWidget(self.qr_code, 0, Qt.AlignmentFlag.AlignLeft)
        self.detail.more.addWidget(self.qr_hint)
        self.detail.finish()
        self.view.let_sort("currency", Qt.SortOrder.AscendingOrder)
        self.load()

    def heading_of(self, record: Wallet) -> str:
        """The currency and how a deposit reaches it."""
        return f"{words(record.currency)} · {route_of(record)}"

    def fields_of(self, record: Wallet) -> list[Field]:
        """All the wallet's fields, the deposit details whole."""
        fields = [Field("Currency", words(record.currency))]
        if record.network_name:
            fields.append(Field("Network", words(record.network_name)))
        if record.payment_method_type:
            fields.append(Field("Payment method", words(record.payment_method_type)))
        return [*fields, Field("Id", words(record.id)), *fields_of(record.deposit_details, "Pay to")]

    def show_more(self, record: Wallet) -> None:
        """A QR code, for a crypto address only."""
        details = record.deposit_details
        address = details.get("address") if isinstance(details, dict) and record.network_name else None
        self.qr_code.show_text(address if isinstance(address, str) else "")
        self.qr_hint.setVisible(isinstance(address, str))

    def apply_filters(self) -> None:
        """Show what search field and drop-downs say."""
        network, method = self.network.value(), self.method.value()

        def accepts(wallet: Wallet) -> bool:
            return (not network or wallet.network_name == network) and (
                not method or wallet.payment_method_type == method
            )

        self.table.accept(accepts if network or method else None)
        super().apply_filters()

    def _take_records(self, kind: Kind) -> None:
        if kind is self.kind:
            wallets: tuple[Wallet, ...] = self.session.records(kind)
            self.network.offer(_choices("All networks", [wallet.network_name for wallet in wallets]))
            self.method.offer(_choices("All methods", [wallet.payment_method_type for wallet in wallets]))
        super()._take_records(kind)


class BeneficiariesPage(SmallPage):
    """Whom money can be sent to."""

    # (beneficiary id): the operator wants to send money there. UI thread.
    withdrawal_wanted = Signal(str)

    noun = ("beneficiary", "beneficiaries")
    empty_title = "No beneficiaries yet"
    empty_advice = "Beneficiaries are added and confirmed with the vendor; they appear here by themselves."
    fixed_fields = _DESTINATION_FIELDS

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__("beneficiaries", "Beneficiaries", Kind.BENEFICIARIES, BeneficiariesTable(), session, look)
        self.currency = self.add_filter("beneficiaries-currency", "Currency")
        self.pay_button = button("beneficiaries-pay", "Withdraw to this beneficiary")
        self.pay_button.clicked.connect(self._want_withdrawal)
        self.detail.more.addWidget(self.pay_button)
        self.detail.finish()
        self.view.let_sort("nickname", Qt.SortOrder.AscendingOrder)
        self.load()

    def heading_of(self, record: Beneficiary) -> str:
        """The name."""
        return words(record.nickname)

    def fields_of(self, record: Beneficiary) -> list[Field]:
        """All the beneficiary's fields, the destination whole."""
        return [
            Field("Currency", words(record.currency)),
            Field("Added", exact_time(record.created_at) or words(record.created_at)),
            Field("Id", words(record.id)),
            *fields_of(record.withdraw_form_details, "Pays to"),
        ]

    def apply_filters(self) -> None:
        """Show what search field and drop-down say."""
        currency = self.currency.value()

        def accepts(beneficiary: Beneficiary) -> bool:
            return beneficiary.currency == currency

        self.table.accept(accepts if currency else None)
        super().apply_filters()

    def _take_records(self, kind: Kind) -> None:
        if kind is self.kind:
            held: tuple[Beneficiary, ...] = self.session.records(kind)
            self.currency.offer(_choices("All currencies", [each.currency for each in held]))
        super()._take_records(kind)

    def _want_withdrawal(self) -> None:
        record: Any = self.current_record()
        if record is not None:
            self.withdrawal_wanted.emit(record.id)


def _choices(all_label: str, values: list[str | None]) -> list[tuple[str, str]]:
    return [(all_label, ""), *((words(value), value) for value in sorted({value for value in values if value}))]
