"""The records of the Lumetrade v1 API. The vendor documents every field as optional, so every field may be None."""

from typing import Any

import msgspec

from lumedesk.domain.money import Amount

# Free-form details: an object by the contract, any JSON in practice, nested too. Numbers with a fraction arrive as
# Amount, so their digits survive.
Details = Any


class Record(msgspec.Struct, frozen=True, rename="camel", gc=False, kw_only=True):
    """What all records share: camelCase on the wire, immutable here, unknown fields ignored."""


class Account(Record, frozen=True):
    """One currency's account. `balance` is what is available; `locked_balance` comes on top of it."""

    id: str | None = None
    currency: str | None = None
    balance: Amount | None = None
    locked_balance: Amount | None = None


class Wallet(Record, frozen=True):
    """Where deposits go: bank details (`payment_method_type` set) or a crypto address (`network_name` set)."""

    id: str | None = None
    currency: str | None = None
    deposit_details: Details | None = None
    network_name: str | None = None
    payment_method_type: str | None = None


class Beneficiary(Record, frozen=True):
    """A confirmed destination for withdrawals in one currency."""

    id: str | None = None
    currency: str | None = None
    nickname: str | None = None
    withdraw_form_details: Details | None = None
    created_at: str | None = None


class Withdrawal(Record, frozen=True):
    """Money on its way out, or gone."""

    transaction_id: str | None = None
    currency: str | None = None
    amount: Amount | None = None
    fee: Amount | None = None
    status: str | None = None
    withdraw_details: Details | None = None
    created_at: str | None = None
    completed_at: str | None = None


class WithdrawalReceipt(Record, frozen=True):
    """The answer to a created withdrawal: its id and first status, nothing else."""

    transaction_id: str | None = None
    status: str | None = None


class Deposit(Record, frozen=True):
    """Money coming in. No creation time is documented."""

    transaction_id: str | None = None
    currency: str | None = None
    amount: Amount | None = None
    fee: Amount | None = None
    status: str | None = None
    completed_at: str | None = None


class Fill(Record, frozen=True):
    """One execution within a trade."""

    transaction_id: str | None = None
    from_currency: str | None = None
    from_currency_amount: Amount | None = None
    to_currency: str | None = None
    to_currency_amount: Amount | None = None
    status: str | None = None
    modified_at: str | None = None
    created_at: str | None = None


class Trade(Record, frozen=True):
    """`from_amount` was sold, `to_amount` bought. `fills` is absent from the answer to a confirmed quote."""

    transaction_id: str | None = None
    from_currency: str | None = None
    to_currency: str | None = None
    from_amount: Amount | None = None
    to_amount: Amount | None = None
    rate: Amount | None = None
    is_rate_inverted: bool | None = None
    is_rfq: bool | None = None
    status: str | None = None
    created_at: str | None = None
    completed_at: str | None = None
    fills: tuple[Fill, ...] | None = None


class Currency(Record, frozen=True):
    """A currency the key's owner may use. The API's shape is undocumented; `domain.currencies` reads it tolerantly."""

    code: str
    name: str | None = None
    decimals: int | None = None
    networks: tuple[str, ...] = ()
    enabled: bool | None = None
