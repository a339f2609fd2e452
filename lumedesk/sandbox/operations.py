"""What each of the 18 operations reads from a request, asks of the ledger, and answers. No paths, no HTTP."""

from dataclasses import dataclass, field
from typing import Any

from lumedesk.domain.codec import encode
from lumedesk.sandbox.bodies import JsonBody
from lumedesk.sandbox.clock import Clock, Timeline
from lumedesk.sandbox.listing import check_reserved
from lumedesk.sandbox.market import Market
from lumedesk.sandbox.quotes import QuoteDesk, Terms
from lumedesk.sandbox.refusals import not_found
from lumedesk.sandbox.rows import Rows, listed
from lumedesk.sandbox.seeding import DEFAULT_HISTORY, populated
from lumedesk.sandbox.world import currencies

Query = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Request:
    """What an operation needs to know of an HTTP request."""

    path: dict[str, str] = field(default_factory=dict)
    query: Query = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a JSON body."""

    status: int
    body: bytes


class Desk:
    """The vendor's side: one method per operation. Errors everywhere: Refusal."""

    def __init__(
        self, clock: Clock, seed: int = 1, history: int = DEFAULT_HISTORY, quote_seconds: float = 15.0
    ) -> None:
        self.clock = clock
        market = Market(seed)
        self._timeline = Timeline(clock)
        self.ledger = populated(seed, history, self._timeline, market)
        self._quotes = QuoteDesk(self.ledger, market, clock, quote_seconds)

    def catch_up(self) -> None:
        """Bring the world up to now, before an operation looks at it."""
        self._timeline.catch_up()

    def list_accounts(self, _: Request) -> Answer:
        """Each with what is available and what is locked."""
        return _ok([account.fields() for account in self.ledger.accounts.values()])

    def create_account(self, request: Request) -> Answer:
        """201; 404 unsupported, 409 there already."""
        body = JsonBody(request.body)
        account = self.ledger.open_account(body.text("currency"))
        return Answer(201, encode(account.fields()))

    def get_account(self, request: Request) -> Answer:
        """By its id."""
        for account in self.ledger.accounts.values():
            if account.id == request.path["accountId"]:
                return _ok(account.fields())
        raise not_found("Account")

    def get_account_by_currency(self, request: Request) -> Answer:
        """By its currency, of which there is one at most."""
        account = self.ledger.accounts.get(request.path["currency"])
        if account is None:
            raise not_found("Account")
        return _ok(account.fields())

    def list_wallets(self, request: Request) -> Answer:
        """Where deposits go, by method or network."""
        wallets = list(self.ledger.wallets.values())
        for name in ("paymentMethodType", "networkName"):
            wallets = _filtered(wallets, name, request.query)
        return _ok(wallets)

    def get_wallet(self, request: Request) -> Answer:
        """By its id."""
        return _found(self.ledger.wallets, request.path["walletId"], "Wallet")

    def list_currencies(self, _: Request) -> Answer:
        """Those this key's owner may use."""
        return _ok(currencies())

    def list_beneficiaries(self, request: Request) -> Answer:
        """Confirmed ones, of one currency if asked."""
        return _ok(_filtered(list(self.ledger.beneficiaries.values()), "currency", request.query))

    def get_beneficiary(self, request: Request) -> Answer:
        """By its id."""
        return _found(self.ledger.beneficiaries, request.path["beneficiaryId"], "Beneficiary")

    def create_withdrawal(self, request: Request) -> Answer:
        """201 and the first status; 404 beneficiary, 409 short of funds."""
        body = JsonBody(request.body)
        withdrawal = self.ledger.withdraw(body.text("beneficiaryId"), body.amount("amount"))
        return Answer(201, encode({"transactionId": withdrawal.id, "status": withdrawal.status}))

    def list_withdrawals(self, request: Request) -> Answer:
        """All, newest first."""
        return _history(self.ledger.withdrawals, request)

    def get_withdrawal(self, request: Request) -> Answer:
        """By its id."""
        return _movement(self.ledger.withdrawals, request, "Withdrawal")

    def list_deposits(self, request: Request) -> Answer:
        """All, newest first."""
        return _history(self.ledger.deposits, request)

    def get_deposit(self, request: Request) -> Answer:
        """By its id."""
        return _movement(self.ledger.deposits, request, "Deposit")

    def get_quote(self, request: Request) -> Answer:
        """A price; firm ones carry the reference to confirm."""
        body = JsonBody(request.body)
        return _ok(self._quotes.quote(_terms(body), body.text("quoteIntent")).fields())

    def confirm_quote(self, request: Request) -> Answer:
        """The trade, without fills; 409 short of funds."""
        body = JsonBody(request.body)
        return Answer(200, self._quotes.confirm(body.text("quoteStr"), _terms(body)).confirmation())

    def list_trades(self, request: Request) -> Answer:
        """All with their fills, newest first."""
        return _history(self.ledger.trades, request)

    def get_trade(self, request: Request) -> Answer:
        """By its id."""
        return _movement(self.ledger.trades, request, "Trade")


def _ok(value: Any) -> Answer:
    return Answer(200, encode(value))


def _found(records: dict[str, dict[str, Any]], identity: str, what: str) -> Answer:
    if identity not in records:
        raise not_found(what)
    return _ok(records[identity])


def _movement(rows: Rows, request: Request, what: str) -> Answer:
    row = rows.get(request.path["transactionId"])
    if row is None:
        raise not_found(what)
    return Answer(200, row)


def _history(rows: Rows, request: Request) -> Answer:
    check_reserved(request.query)
    return Answer(200, listed(rows))


def _filtered(records: list[dict[str, Any]], name: str, query: Query) -> list[dict[str, Any]]:
    wanted = {value.upper() for value in query.get(name, []) if value}
    return [record for record in records if not wanted or str(record[name]).upper() in wanted]


def _terms(body: JsonBody) -> Terms:
    body.need_one_of("fromAmount", "toAmount")
    return Terms(
        body.text("fromCurrency"),
        body.text("toCurrency"),
        body.amount_or_none("fromAmount"),
        body.amount_or_none("toAmount"),
    )
