"""All 18 operations against an independent mock of our contract, which refuses requests that break it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from lumedesk.api.client import CurrencyListing, LumetradeClient
from lumedesk.api.parse import Listing
from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.domain.errors import DeskError, Unauthorised
from lumedesk.domain.quotes import Intent, QuoteOrder, QuoteRequest, RawQuote
from lumedesk.domain.records import Account, Beneficiary, Deposit, Record, Trade, Wallet, Withdrawal, WithdrawalReceipt
from tests.support.prism import running_prism
from tests.support.wire import a_client

Call = Callable[[LumetradeClient], Awaitable[Any]]


@pytest.fixture(scope="module")
def mock() -> Iterator[str]:
    with running_prism() as url:
        yield url


BUY = QuoteRequest("USDT", "ZAR", to_amount=Decimal("0.00000001"))
LOOK = QuoteRequest("USDT", "ZAR", from_amount=Decimal("123456789012345678.12345678"), intent=Intent.INDICATIVE)
ORDER = QuoteOrder("q", "USDT", "ZAR", from_amount=Decimal("100"))
OPERATIONS: dict[str, tuple[type, Call]] = {
    "getAccounts": (Account, lambda c: c.list_accounts()),
    "createAccount": (Account, lambda c: c.create_account("ZAR")),
    "getAccount": (Account, lambda c: c.get_account("acc_8F4J2N")),
    "getAccountByCurrency": (Account, lambda c: c.get_account_by_currency("ZAR")),
    "getWallets": (Wallet, lambda c: c.list_wallets(payment_method_type="BANK", network_name="TRON")),
    "getWallet": (Wallet, lambda c: c.get_wallet("wal_3H7K9Q")),
    "getCurrencies": (CurrencyListing, lambda c: c.list_currencies()),
    "getBeneficiaries": (Beneficiary, lambda c: c.list_beneficiaries(currency="ZAR")),
    "getBeneficiary": (Beneficiary, lambda c: c.get_beneficiary("ben_5T2R8W")),
    "createWithdrawal": (WithdrawalReceipt, lambda c: c.create_withdrawal("ben_5T2R8W", Decimal("1.50"))),
    "getWithdrawHistory": (Withdrawal, lambda c: c.list_withdrawals()),
    "getWithdraw": (Withdrawal, lambda c: c.get_withdrawal("wdl_6M4P1Z")),
    "depositHistory": (Deposit, lambda c: c.list_deposits()),
    "getDeposit": (Deposit, lambda c: c.get_deposit("dep_9H2K7P")),
    "getQuote to": (RawQuote, lambda c: c.request_quote(BUY)),
    "getQuote indicative": (RawQuote, lambda c: c.request_quote(LOOK)),
    "confirmQuote": (Trade, lambda c: c.confirm_quote(ORDER)),
    "tradeHistory": (Trade, lambda c: c.list_trades()),
    "getTrade": (Trade, lambda c: c.get_trade("TID4J7K2N")),
}


@pytest.mark.parametrize(("kind", "call"), OPERATIONS.values(), ids=OPERATIONS)
def test_an_operation_keeps_to_the_contract(mock: str, kind: type, call: Call) -> None:
    async def scenario() -> Any:
        async with a_client(mock) as client:
            return await call(client)

    result = asyncio.run(scenario())
    if isinstance(result, Listing):
        records, set_aside = result.read()
        assert records
        assert not set_aside
        result = records[0]
    assert isinstance(result, kind)
    if isinstance(result, Record):
        assert any(getattr(result, name) is not None for name in result.__struct_fields__)


def test_the_mock_does_look_at_what_it_gets(mock: str) -> None:
    async def scenario() -> DeskError:
        async with a_client(mock, credentials=Credentials("k", Secret("s"))) as client:
            with pytest.raises(DeskError) as caught:
                await client.request_quote(QuoteRequest("USDT", "ZAR", from_amount=Decimal(1), intent=WRONG))  # type: ignore[arg-type]
            return caught.value

    error = asyncio.run(scenario())
    assert not isinstance(error, Unauthorised)
    assert error.http_status in {400, 422, 500}


class WRONG:
    """A value that is no intent."""

    value = 7
