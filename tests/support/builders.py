"""Records for tests: whole and plausible, any field changed by name; and the JSON they come as."""

from collections.abc import Callable
from decimal import Decimal
from itertools import count
from typing import Any, TypeVar

import msgspec

from lumedesk.domain.codec import Codec, encode
from lumedesk.domain.money import Amount
from lumedesk.domain.quotes import Intent, QuoteRequest, RawQuote
from lumedesk.domain.records import Account, Beneficiary, Deposit, Fill, Record, Trade, Wallet, Withdrawal

R = TypeVar("R", bound=Record)
_numbers = count(1)


def json_of(record: Any) -> bytes:
    """A record as the API would write it: amounts as numbers with exactly their digits, nothing that is None."""
    return encode(_plain(record))


def as_read(record: R) -> R:
    """The record once it has been through JSON, as everything in the desk has."""
    return Codec[R](type(record)).decode(json_of(record))


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        named = zip(value.__struct_encode_fields__, msgspec.structs.astuple(value), strict=True)
        return {name: _plain(item) for name, item in named if item is not None}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value


def _made(kind: Callable[..., R], changes: dict[str, Any], **usual: Any) -> R:
    fields = usual | changes
    exact = {name: Amount(value) if isinstance(value, Decimal) else value for name, value in fields.items()}
    return kind(**exact)


def an_account(**changes: Any) -> Account:
    number = next(_numbers)
    usual = {"id": f"acc_{number}", "currency": "ZAR", "balance": Decimal("2500.00"), "locked_balance": Decimal("0.00")}
    return _made(Account, changes, **usual)


def a_wallet(**changes: Any) -> Wallet:
    number = next(_numbers)
    details = {"bankName": "Standard Bank", "accountNumber": "0410229981"}
    usual = {"id": f"wal_{number}", "currency": "ZAR", "deposit_details": details, "payment_method_type": "EFT"}
    return _made(Wallet, changes, **usual)


def a_beneficiary(**changes: Any) -> Beneficiary:
    number = next(_numbers)
    return _made(
        Beneficiary,
        changes,
        id=f"ben_{number}",
        currency="ZAR",
        nickname="Umhlanga Logistics",
        withdraw_form_details={"bankName": "First National Bank", "accountNumber": "62847719203"},
        created_at="2025-02-03T08:12:44Z",
    )


def a_fill(**changes: Any) -> Fill:
    number = next(_numbers)
    return _made(
        Fill,
        changes,
        transaction_id=f"fil_{number}",
        from_currency="USDT",
        from_currency_amount=Decimal(100),
        to_currency="ZAR",
        to_currency_amount=Decimal(1840),
        status="COMPLETED",
        created_at="2026-05-11T10:15:30Z",
    )


def a_trade(**changes: Any) -> Trade:
    number = next(_numbers)
    return _made(
        Trade,
        changes,
        transaction_id=f"trd_{number}",
        from_currency="USDT",
        to_currency="ZAR",
        from_amount=Decimal(100),
        to_amount=Decimal(1840),
        rate=Decimal("18.4"),
        is_rate_inverted=False,
        is_rfq=True,
        status="COMPLETED",
        created_at="2026-05-11T10:15:30Z",
        completed_at="2026-05-11T10:15:35",
    )


def a_withdrawal(**changes: Any) -> Withdrawal:
    number = next(_numbers)
    return _made(
        Withdrawal,
        changes,
        transaction_id=f"wdl_{number}",
        currency="ZAR",
        amount=Decimal("250.00"),
        fee=Decimal("7.50"),
        status="PENDING",
        withdraw_details={"bankName": "Nedbank", "accountNumber": "1147720093"},
        created_at="2026-05-11T10:15:30Z",
    )


def a_deposit(**changes: Any) -> Deposit:
    number = next(_numbers)
    return _made(
        Deposit,
        changes,
        transaction_id=f"DP{number}",
        currency="ZAR",
        amount=Decimal("1000.00"),
        fee=Decimal("0.00"),
        status="COMPLETED",
        completed_at="2026-05-11T10:15:35",
    )


def a_quote_request(**changes: Any) -> QuoteRequest:
    usual = {"from_currency": "USDT", "to_currency": "ZAR", "from_amount": Decimal(100)}
    return QuoteRequest(**(usual | {"intent": Intent.CLIENT_LINKED} | changes))


def a_raw_quote(*, round_trip_s: float = 0.25, server_date: Any = None, **changes: Any) -> RawQuote:
    """An answer to `a_quote_request()`; a field given as None is left out."""
    fields = {
        "quoteStr": "QT1",
        "fromCurrency": "USDT",
        "toCurrency": "ZAR",
        "fromAmount": 100,
        "toAmount": 1840,
        "rate": Amount("18.4"),
        "expiresIn": 15,
    } | changes
    return RawQuote({name: value for name, value in fields.items() if value is not None}, server_date, round_trip_s)
