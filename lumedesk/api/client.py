"""The Lumetrade v1 API: one method per operation. How a request travels and what moves money safely live elsewhere."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from lumedesk.api.arrival import Arrival
from lumedesk.api.parse import Listing, SetAside, digest_of, listing, single, unreadable
from lumedesk.api.transport import Answer, Transport
from lumedesk.domain.codec import Codec, encode
from lumedesk.domain.currencies import CurrencyList, read_currencies
from lumedesk.domain.errors import FieldError, Invalid, Wire
from lumedesk.domain.kinds import Kind
from lumedesk.domain.money import AmountError, checked
from lumedesk.domain.quotes import QuoteOrder, QuoteRequest, RawQuote
from lumedesk.domain.records import (
    Account,
    Beneficiary,
    Currency,
    Deposit,
    Trade,
    Wallet,
    Withdrawal,
    WithdrawalReceipt,
)

T = TypeVar("T")

_ACCOUNT = Codec[Account](Account)
_WALLET = Codec[Wallet](Wallet)
_BENEFICIARY = Codec[Beneficiary](Beneficiary)
_RECEIPT = Codec[WithdrawalReceipt](WithdrawalReceipt)
_WITHDRAWAL = Codec[Withdrawal](Withdrawal)
_DEPOSIT = Codec[Deposit](Deposit)
_TRADE = Codec[Trade](Trade)
_FIELDS = Codec[dict[str, Any]](dict[str, Any])
_ANYTHING = Codec[Any](Any)


@dataclass(frozen=True, slots=True, repr=False)
class CurrencyListing:
    """The currency list as read; `digest` is equal for equal bodies, as in `Listing`."""

    found: CurrencyList
    body: bytes
    digest: bytes
    server_date: datetime | None
    round_trip_s: float

    def read(self) -> tuple[list[Currency], list[SetAside]]:
        """As `Listing.read`: the entries that could be read, and one SetAside for each that couldn't."""
        return list(self.found.currencies), [SetAside(at, "names no currency") for at in self.found.skipped]


class LumetradeClient:
    """All 18 operations.

    Errors, for every method: DeskError (see `domain.errors`), whose `wire` says how far the request got. Reads may try
    again by themselves; what creates or confirms is sent once, and its errors leave the rest to the caller.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @property
    def host(self) -> str:
        """Where orders go."""
        return self._transport.host

    @property
    def is_asked(self) -> bool:
        """Whether an exchange is under way that somebody may wait for: any but a long list. On any thread."""
        return self._transport.is_asked

    @property
    def key_fingerprint(self) -> str:
        """Tells two API keys apart without naming either."""
        return self._transport.key_fingerprint

    async def aclose(self) -> None:
        """Close the connections. Called once, on the loop that used them."""
        await self._transport.aclose()

    # Accounts

    async def list_accounts(self) -> Listing[Account]:
        """All accounts, in the server's order; may be empty. Source: GET /accounts."""
        return await self._list("accounts", _ACCOUNT)

    async def create_account(self, currency: str) -> Account:
        """Open an account. Errors: Invalid, NotFound (currency not supported), Conflict (exists). Source: POST /accounts."""
        return _read(await self._transport.post("accounts", body=encode({"currency": currency})), _ACCOUNT)

    async def get_account(self, account_id: str) -> Account:
        """One account. Errors: NotFound. Source: GET /accounts/{accountId}."""
        return _read(await self._transport.get("accounts", account_id), _ACCOUNT)

    async def get_account_by_currency(self, currency: str) -> Account:
        """The account in `currency`. Errors: NotFound (account or currency). Source: GET /accounts/currency/{currency}."""
        return _read(await self._transport.get("accounts", "currency", currency), _ACCOUNT)

    # Wallets and currencies

    async def list_wallets(
        self, *, payment_method_type: str | None = None, network_name: str | None = None
    ) -> Listing[Wallet]:
        """Deposit addresses and bank details, filtered by the server; may be empty. Source: GET /wallets."""
        return await self._list("wallets", _WALLET, paymentMethodType=payment_method_type, networkName=network_name)

    async def get_wallet(self, wallet_id: str) -> Wallet:
        """One wallet. Errors: NotFound. Source: GET /wallets/{walletId}."""
        return _read(await self._transport.get("wallets", wallet_id), _WALLET)

    async def list_currencies(self) -> CurrencyListing:
        """The currencies this key's owner may use, read tolerantly: the shape is undocumented. Source: GET /currencies."""
        answer = await self._transport.get("currencies", whole_list=True)
        found = read_currencies(_read(answer, _ANYTHING))
        if found is None:
            raise unreadable("it holds no list of currencies", answer.request_id)
        return CurrencyListing(found, answer.body, digest_of(answer.body), answer.server_date, answer.round_trip_s)

    # Beneficiaries and withdrawals

    async def list_beneficiaries(self, *, currency: str | None = None) -> Listing[Beneficiary]:
        """Confirmed beneficiaries, filtered by the server; may be empty. Source: GET /beneficiaries."""
        return await self._list("beneficiaries", _BENEFICIARY, currency=currency)

    async def get_beneficiary(self, beneficiary_id: str) -> Beneficiary:
        """One beneficiary. Errors: NotFound. Source: GET /beneficiaries/{beneficiaryId}."""
        return _read(await self._transport.get("beneficiaries", beneficiary_id), _BENEFICIARY)

    async def create_withdrawal(self, beneficiary_id: str, amount: Decimal) -> WithdrawalReceipt:
        """Send money out. Never retried.

        Shape: a receipt that has its id. Units: the beneficiary's currency, the digits as `amount` shows them.
        Errors: Invalid, NotFound (beneficiary), Conflict (funds or state); Unreadable with wire ANSWERED for a 2xx
        without an id, which says nothing about whether the money moved.
        Source: POST /beneficiaries/withdrawals.
        """
        _require({"beneficiaryId": beneficiary_id})
        body = encode({"beneficiaryId": beneficiary_id, "amount": _payable("amount", amount)})
        answer = await self._transport.post("beneficiaries", "withdrawals", body=body)
        receipt = _read(answer, _RECEIPT)
        if not receipt.transaction_id:
            raise unreadable("the receipt has no transactionId", answer.request_id)
        return receipt

    async def list_withdrawals(self) -> Listing[Withdrawal]:
        """The whole history of withdrawals, in no promised order; may be empty. Source: GET /withdrawals."""
        return await self._list("withdrawals", _WITHDRAWAL)

    async def get_withdrawal(self, transaction_id: str) -> Withdrawal:
        """One withdrawal. Errors: NotFound. Source: GET /withdrawals/{transactionId}."""
        return _read(await self._transport.get("withdrawals", transaction_id), _WITHDRAWAL)

    # Deposits

    async def list_deposits(self) -> Listing[Deposit]:
        """The whole history of deposits, in no promised order; may be empty. Source: GET /deposits."""
        return await self._list("deposits", _DEPOSIT)

    async def get_deposit(self, transaction_id: str) -> Deposit:
        """One deposit. Errors: NotFound. Source: GET /deposits/{transactionId}."""
        return _read(await self._transport.get("deposits", transaction_id), _DEPOSIT)

    # Histories while they come in

    async def arrive(self, kind: Kind, known: bytes | None, take: Callable[[Arrival], Awaitable[T]]) -> T:
        """Read a whole history of any length; `take` gets it piece by piece, anew with each try. Errors: DeskError.

        Source: GET /trades, /deposits, /withdrawals.
        """
        return await self._transport.arrive(kind.table, known, take)

    # Quotes and trades

    async def request_quote(self, request: QuoteRequest) -> RawQuote:
        """Ask for a price. Never retried: a second quote is the operator's to ask for.

        Shape: the answer's fields, undocumented; numbers with a fraction are Amounts, whole ones ints.
        Errors: Invalid. Source: POST /trades/quote.
        """
        _require({"fromCurrency": request.from_currency, "toCurrency": request.to_currency})
        body = _one_amount(request.from_amount, request.to_amount)
        body |= {
            "fromCurrency": request.from_currency,
            "toCurrency": request.to_currency,
            "quoteIntent": request.intent.value,
        }
        answer = await self._transport.post("trades", "quote", body=encode(body))
        return RawQuote(_read(answer, _FIELDS), answer.server_date, answer.round_trip_s)

    async def confirm_quote(self, order: QuoteOrder) -> Trade:
        """Trade at a quoted price. Never retried.

        Shape: a trade that has its id, without fills. Errors: Invalid, Conflict; Unreadable with wire ANSWERED for a
        2xx without an id, which says nothing about whether the trade was made.
        Source: POST /trades/quote/confirm.
        """
        _require({"quoteStr": order.quote_str, "fromCurrency": order.from_currency, "toCurrency": order.to_currency})
        body = _one_amount(order.from_amount, order.to_amount)
        body |= {"fromCurrency": order.from_currency, "toCurrency": order.to_currency, "quoteStr": order.quote_str}
        answer = await self._transport.post("trades", "quote", "confirm", body=encode(body))
        trade = _read(answer, _TRADE)
        if not trade.transaction_id:
            raise unreadable("the trade has no transactionId", answer.request_id)
        return trade

    async def list_trades(self) -> Listing[Trade]:
        """The whole history of trades with their fills, in no promised order; may be empty. Source: GET /trades."""
        return await self._list("trades", _TRADE)

    async def get_trade(self, transaction_id: str) -> Trade:
        """One trade with its fills. Errors: NotFound. Source: GET /trades/{transactionId}."""
        return _read(await self._transport.get("trades", transaction_id), _TRADE)

    async def _list(self, resource: str, codec: Codec[T], **query: str | None) -> Listing[T]:
        given = {name: value for name, value in query.items() if value is not None}
        answer = await self._transport.get(resource, query=given, whole_list=True)
        return listing(
            answer.body,
            codec,
            resource,
            server_date=answer.server_date,
            request_id=answer.request_id,
            round_trip_s=answer.round_trip_s,
        )


def _read(answer: Answer, codec: Codec[T]) -> T:
    return single(answer.body, codec, answer.request_id)


def _one_amount(from_amount: Decimal | None, to_amount: Decimal | None) -> dict[str, Any]:
    if (from_amount is None) == (to_amount is None):
        raise _refused("fromAmount", "give exactly one of the two amounts")
    if from_amount is not None:
        return {"fromAmount": _payable("fromAmount", from_amount)}
    return {"toAmount": _payable("toAmount", to_amount)}


def _payable(field: str, amount: Decimal | None) -> Decimal:
    if not isinstance(amount, Decimal):
        raise _refused(field, "must be an exact decimal")
    try:
        checked(amount)
    except AmountError as error:
        raise _refused(field, str(error)) from error
    if amount <= 0:
        raise _refused(field, "must be more than zero")
    return amount


def _require(texts: dict[str, str]) -> None:
    for field, text in texts.items():
        if not text:
            raise _refused(field, "is missing")


def _refused(field: str, why: str) -> Invalid:
    return Invalid(f"{field}: {why}", wire=Wire.NOT_SENT, fields=(FieldError(field, why),))
