"""All 18 operations and each documented failure, against the sandbox over a real socket."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from lumedesk.api.client import LumetradeClient
from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.domain.errors import (
    Conflict,
    DeskError,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    ServerFault,
    TimedOut,
    Unauthorised,
    Unreachable,
    Unreadable,
    Wire,
)
from lumedesk.domain.quotes import QuoteOrder, QuoteRequest
from lumedesk.sandbox.launch import SandboxAddress
from tests.support.sandbox import SandboxControl, running_sandbox
from tests.support.wire import a_client

Call = Callable[[LumetradeClient], Awaitable[Any]]
ONE = Decimal(1)


@pytest.fixture(scope="module")
def address() -> Iterator[SandboxAddress]:
    with running_sandbox(history=50, speed=0) as address:
        yield address


@pytest.fixture
def control(address: SandboxAddress) -> Iterator[SandboxControl]:
    control = SandboxControl(address)
    control.clear()
    yield control
    control.clear()


def asked(address: SandboxAddress, call: Call, *, credentials: Credentials | None = None, **settings: float) -> Any:
    async def scenario() -> Any:
        given = credentials or address.credentials
        async with a_client(address.base_url, credentials=given, **settings) as client:
            return await call(client)

    return asyncio.run(scenario())


def failure(address: SandboxAddress, call: Call, **settings: Any) -> DeskError:
    with pytest.raises(DeskError) as caught:
        asked(address, call, **settings)
    return caught.value


LISTS: dict[str, tuple[Call, Callable[[LumetradeClient, Any], Awaitable[Any]]]] = {
    "accounts": (lambda c: c.list_accounts(), lambda c, r: c.get_account(r.id)),
    "account by currency": (lambda c: c.list_accounts(), lambda c, r: c.get_account_by_currency(r.currency)),
    "wallets": (lambda c: c.list_wallets(), lambda c, r: c.get_wallet(r.id)),
    "beneficiaries": (lambda c: c.list_beneficiaries(), lambda c, r: c.get_beneficiary(r.id)),
    "withdrawals": (lambda c: c.list_withdrawals(), lambda c, r: c.get_withdrawal(r.transaction_id)),
    "deposits": (lambda c: c.list_deposits(), lambda c, r: c.get_deposit(r.transaction_id)),
    "trades": (lambda c: c.list_trades(), lambda c, r: c.get_trade(r.transaction_id)),
}


@pytest.mark.parametrize(("every", "one"), LISTS.values(), ids=LISTS)
def test_a_list_and_one_of_its_records_agree(
    address: SandboxAddress, every: Call, one: Callable[[LumetradeClient, Any], Awaitable[Any]]
) -> None:
    listing = asked(address, every)
    records, set_aside = listing.read()
    assert records
    assert not set_aside
    assert not listing.partial
    assert asked(address, lambda client: one(client, records[0])) == records[0]


def test_lists_can_be_filtered(address: SandboxAddress) -> None:
    wallets = asked(address, lambda c: c.list_wallets()).read()[0]
    network = next(wallet.network_name for wallet in wallets if wallet.network_name)
    found = asked(address, lambda c: c.list_wallets(network_name=network)).read()[0]
    assert found == [wallet for wallet in wallets if wallet.network_name == network]
    beneficiaries = asked(address, lambda c: c.list_beneficiaries()).read()[0]
    currency = beneficiaries[0].currency
    found = asked(address, lambda c: c.list_beneficiaries(currency=currency)).read()[0]
    assert found == [each for each in beneficiaries if each.currency == currency]


def test_currencies_are_found(address: SandboxAddress) -> None:
    currencies, set_aside = asked(address, lambda c: c.list_currencies()).read()
    assert {account.currency for account in asked(address, lambda c: c.list_accounts()).read()[0]} <= {
        currency.code for currency in currencies
    }
    assert not set_aside


def test_an_account_is_opened_once(address: SandboxAddress) -> None:
    currencies = {currency.code for currency in asked(address, lambda c: c.list_currencies()).read()[0]}
    held = {account.currency for account in asked(address, lambda c: c.list_accounts()).read()[0]}
    missing = sorted(currencies - held)[0]
    account = asked(address, lambda c: c.create_account(missing))
    assert (account.currency, account.balance) == (missing, 0)
    error = failure(address, lambda c: c.create_account(missing))
    assert (type(error), error.documented, error.wire) == (Conflict, True, Wire.ANSWERED)


def test_a_quote_is_confirmed(address: SandboxAddress) -> None:
    ask = QuoteRequest("USDT", "ZAR", from_amount=Decimal("10.5"))
    quote = asked(address, lambda c: c.request_quote(ask))
    assert quote.server_date is not None
    order = QuoteOrder(quote.fields["quoteStr"], "USDT", "ZAR", from_amount=Decimal("10.5"))
    trade = asked(address, lambda c: c.confirm_quote(order))
    assert (trade.from_amount, trade.from_currency, trade.to_currency, trade.fills) == (
        Decimal("10.5"),
        "USDT",
        "ZAR",
        None,
    )
    assert trade.transaction_id in {each.transaction_id for each in asked(address, lambda c: c.list_trades()).read()[0]}
    assert failure(address, lambda c: c.confirm_quote(order)).wire is Wire.ANSWERED


def beneficiary_of(address: SandboxAddress) -> str:
    held = {account.currency: account.balance for account in asked(address, lambda c: c.list_accounts()).read()[0]}
    every = asked(address, lambda c: c.list_beneficiaries()).read()[0]
    return str(next(each.id for each in every if (held.get(each.currency) or 0) > 10))


def test_a_withdrawal_is_made_and_listed(address: SandboxAddress) -> None:
    beneficiary = beneficiary_of(address)
    receipt = asked(address, lambda c: c.create_withdrawal(beneficiary, Decimal("1.50")))
    assert receipt.status
    withdrawal = asked(address, lambda c: c.get_withdrawal(receipt.transaction_id))
    assert withdrawal.amount == Decimal("1.50")


REFUSED: dict[str, tuple[type[DeskError], Call]] = {
    "currency not supported": (NotFound, lambda c: c.create_account("XXX")),
    "currency missing": (Invalid, lambda c: c.create_account("")),
    "account": (NotFound, lambda c: c.get_account("no-such")),
    "account of a currency": (NotFound, lambda c: c.get_account_by_currency("XXX")),
    "wallet": (NotFound, lambda c: c.get_wallet("w/1")),
    "beneficiary": (NotFound, lambda c: c.get_beneficiary("no such")),
    "withdrawal": (NotFound, lambda c: c.get_withdrawal("a?x")),
    "deposit": (NotFound, lambda c: c.get_deposit("a#x")),
    "trade": (NotFound, lambda c: c.get_trade("..x")),
    "withdrawal to nobody": (NotFound, lambda c: c.create_withdrawal("no-such", ONE)),
    "quote of an unknown pair": (Invalid, lambda c: c.request_quote(QuoteRequest("XXX", "YYY", from_amount=ONE))),
    "confirming an unknown quote": (
        Invalid,
        lambda c: c.confirm_quote(QuoteOrder("?", "USDT", "ZAR", from_amount=ONE)),
    ),
}


@pytest.mark.parametrize(("kind", "call"), REFUSED.values(), ids=REFUSED)
def test_each_documented_refusal_is_told_apart(address: SandboxAddress, kind: type[DeskError], call: Call) -> None:
    error = failure(address, call)
    assert (type(error), error.wire, error.documented) == (kind, Wire.ANSWERED, True)
    assert error.request_id
    assert error.detail


def test_more_than_there_is_conflicts(address: SandboxAddress) -> None:
    beneficiary = beneficiary_of(address)
    error = failure(address, lambda c: c.create_withdrawal(beneficiary, Decimal("999999999")))
    assert (type(error), error.documented) == (Conflict, True)


def test_a_wrong_key_and_a_weak_key_are_refused(address: SandboxAddress) -> None:
    wrong = Credentials(address.credentials.key, Secret("wrong"))
    error = failure(address, lambda c: c.list_accounts(), credentials=wrong)
    assert (type(error), error.documented) == (Unauthorised, True)
    error = failure(address, lambda c: c.create_account("XXX"), credentials=address.view_only)
    assert (type(error), error.documented) == (Forbidden, True)


FAULTS: dict[str, tuple[dict[str, Any], type[DeskError], Wire]] = {
    "dropped before": ({"fault": "drop_before_commit"}, Unreachable, Wire.MAYBE_SENT),
    "dropped after": ({"fault": "drop_after_commit"}, Unreachable, Wire.MAYBE_SENT),
    "error after": ({"fault": "error_after_commit"}, ServerFault, Wire.ANSWERED),
    "cut": ({"fault": "truncate"}, Unreachable, Wire.MAYBE_SENT),
    "HTML": ({"fault": "html"}, Unreadable, Wire.ANSWERED),
    "429": ({"fault": "status", "status": 429}, RateLimited, Wire.ANSWERED),
    "503": ({"fault": "status", "status": 503}, ServerFault, Wire.ANSWERED),
    "late": ({"fault": "delay", "seconds": 2}, TimedOut, Wire.MAYBE_SENT),
}


@pytest.mark.parametrize(("fault", "kind", "wire"), FAULTS.values(), ids=FAULTS)
def test_an_order_is_received_once_whatever_goes_wrong(
    address: SandboxAddress, control: SandboxControl, fault: dict[str, Any], kind: type[DeskError], wire: Wire
) -> None:
    beneficiary = beneficiary_of(address)
    control.fault("createWithdrawal", **fault)
    error = failure(address, lambda c: c.create_withdrawal(beneficiary, ONE), deadline_s=0.3)
    assert (type(error), error.wire) == (kind, wire)
    assert control.requests()["createWithdrawal"] == 1


def test_a_read_outlives_two_faults(address: SandboxAddress, control: SandboxControl) -> None:
    control.fault("tradeHistory", "truncate")
    control.fault("tradeHistory", "status", status=503)
    assert len(asked(address, lambda c: c.list_trades())) >= 50
    assert control.requests()["tradeHistory"] == 3
