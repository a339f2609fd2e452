"""The program's client and the sandbox understand each other on all 18 operations."""

import asyncio
from decimal import Decimal

from lumedesk.api.client import LumetradeClient
from lumedesk.api.endpoint import Endpoint
from lumedesk.api.transport import Transport
from lumedesk.domain.credentials import Credentials
from lumedesk.domain.quotes import QuoteOrder, QuoteRequest
from lumedesk.sandbox.routes import OPERATIONS
from tests.support.sandbox import SandboxControl, running_sandbox


async def use_every_operation(client: LumetradeClient) -> None:
    (account, *_), refused = (await client.list_accounts()).read()
    assert not refused
    assert account.id
    assert await client.get_account(account.id)
    assert (await client.get_account_by_currency("ZAR")).currency == "ZAR"
    assert (await client.create_account("GHS")).id
    (wallet, *_), refused = (await client.list_wallets()).read()
    assert not refused
    assert (await client.get_wallet(wallet.id or "")).id == wallet.id
    currencies, refused = (await client.list_currencies()).read()
    assert not refused
    assert {currency.code: currency.decimals for currency in currencies}["ZAR"] == 2
    (payee, *_), refused = (await client.list_beneficiaries(currency="ZAR")).read()
    assert not refused
    assert (await client.get_beneficiary(payee.id or "")).nickname == payee.nickname
    assert (await client.create_withdrawal(payee.id or "", Decimal("1.50"))).transaction_id
    for listed, looked_up in (
        (client.list_withdrawals, client.get_withdrawal),
        (client.list_deposits, client.get_deposit),
        (client.list_trades, client.get_trade),
    ):
        (row, *_), refused = (await listed()).read()
        assert not refused
        assert (await looked_up(row.transaction_id or "")).transaction_id == row.transaction_id
    quote = (await client.request_quote(QuoteRequest("USDT", "ZAR", from_amount=Decimal(100)))).fields
    order = QuoteOrder(quote["quoteStr"], "USDT", "ZAR", from_amount=Decimal(quote["fromAmount"]))
    assert (await client.confirm_quote(order)).status == "PENDING"


def use(url: str, credentials: Credentials) -> None:
    async def scene() -> None:
        client = LumetradeClient(Transport(Endpoint(url), credentials))
        try:
            await use_every_operation(client)
        finally:
            await client.aclose()

    asyncio.run(scene())


def test_every_operation() -> None:
    with running_sandbox() as address:
        use(address.base_url, address.credentials)
        assert SandboxControl(address).requests().keys() == OPERATIONS
