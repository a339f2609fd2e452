"""What each order puts on the wire, and which orders never get there."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from lumedesk.api.client import LumetradeClient
from lumedesk.domain.errors import Invalid, Unreadable, Wire
from lumedesk.domain.money import Amount
from lumedesk.domain.quotes import Intent, QuoteOrder, QuoteRequest
from tests.support.raw_server import RawServer, Received, http
from tests.support.wire import a_client

Call = Callable[[LumetradeClient], Awaitable[Any]]
DIGITS = ["0.00000001", "123456789012345678.12345678", "1840", "1840.00", "0.10"]


def sent(answer: bytes, call: Call) -> tuple[Received, Any]:
    async def scenario() -> tuple[Received, Any]:
        async with RawServer([answer]) as server, a_client(server.url) as client:
            result = await call(client)
            return server.requests[0], result

    return asyncio.run(scenario())


def not_sent(call: Call) -> Invalid:
    async def scenario() -> Invalid:
        async with RawServer([http(200, b"{}")]) as server, a_client(server.url) as client:
            with pytest.raises(Invalid) as caught:
                await call(client)
            assert server.connections == 0
            return caught.value

    error = asyncio.run(scenario())
    assert error.wire is Wire.NOT_SENT
    return error


@pytest.mark.parametrize("digits", DIGITS)
def test_a_withdrawal_sends_the_digits_as_shown(digits: str) -> None:
    request, receipt = sent(
        http(201, b'{"transactionId":"wd_1","status":"PENDING"}'),
        lambda c: c.create_withdrawal("ben_1", Decimal(digits)),
    )
    assert (request.method, request.target) == ("POST", "/api/v1/beneficiaries/withdrawals")
    assert request.headers["content-type"] == "application/json"
    assert request.body == f'{{"beneficiaryId":"ben_1","amount":{digits}}}'.encode()
    assert (receipt.transaction_id, receipt.status) == ("wd_1", "PENDING")


@pytest.mark.parametrize("digits", DIGITS)
def test_a_quote_and_its_confirmation_send_the_digits_as_shown(digits: str) -> None:
    request, quote = sent(
        http(
            200, f'{{"quoteStr":"q","toAmount":{digits}}}'.encode(), headers={"Date": "Mon, 11 May 2026 10:00:00 GMT"}
        ),
        lambda c: c.request_quote(QuoteRequest("USDT", "ZAR", from_amount=Decimal(digits))),
    )
    assert request.target == "/api/v1/trades/quote"
    assert request.body == (
        f'{{"fromAmount":{digits},"fromCurrency":"USDT","toCurrency":"ZAR","quoteIntent":"client_linked"}}'.encode()
    )
    assert str(quote.fields["toAmount"]) in {digits, "1E-8"}
    assert quote.server_date is not None
    assert quote.round_trip_s > 0
    request, trade = sent(
        http(200, f'{{"transactionId":"t","toAmount":{digits}}}'.encode()),
        lambda c: c.confirm_quote(QuoteOrder("q/1", "USDT", "ZAR", to_amount=Amount(digits))),
    )
    assert request.target == "/api/v1/trades/quote/confirm"
    assert request.body == f'{{"toAmount":{digits},"fromCurrency":"USDT","toCurrency":"ZAR","quoteStr":"q/1"}}'.encode()
    assert (trade.to_amount, trade.fills) == (Decimal(digits), None)


def test_an_indicative_quote_says_so() -> None:
    ask = QuoteRequest("USDT", "ZAR", to_amount=Decimal(5), intent=Intent.INDICATIVE)
    request, _ = sent(http(200, b"{}"), lambda c: c.request_quote(ask))
    assert request.body == b'{"toAmount":5,"fromCurrency":"USDT","toCurrency":"ZAR","quoteIntent":"indicative"}'


def test_an_account_is_asked_for_by_currency_alone() -> None:
    request, account = sent(http(201, b'{"id":"acc_1","currency":"ZAR"}'), lambda c: c.create_account("ZAR"))
    assert (request.method, request.target, request.body) == ("POST", "/api/v1/accounts", b'{"currency":"ZAR"}')
    assert account.id == "acc_1"


BAD_AMOUNTS: list[Any] = [
    Decimal(0),
    Decimal("-1"),
    Decimal("NaN"),
    Decimal("Infinity"),
    Decimal("1e99"),
    1.5,
    None,
    "1",
]


@pytest.mark.parametrize("amount", BAD_AMOUNTS)
def test_an_amount_that_cannot_be_paid_is_not_sent(amount: Any) -> None:
    assert not_sent(lambda c: c.create_withdrawal("ben_1", amount)).fields[0].field == "amount"
    if amount is not None:
        assert (
            not_sent(lambda c: c.request_quote(QuoteRequest("A", "B", from_amount=amount))).fields[0].field
            == "fromAmount"
        )
        assert (
            not_sent(lambda c: c.confirm_quote(QuoteOrder("q", "A", "B", to_amount=amount))).fields[0].field
            == "toAmount"
        )


def test_both_amounts_or_none_are_not_sent() -> None:
    one = Decimal(1)
    not_sent(lambda c: c.request_quote(QuoteRequest("A", "B")))
    not_sent(lambda c: c.request_quote(QuoteRequest("A", "B", from_amount=one, to_amount=one)))
    not_sent(lambda c: c.confirm_quote(QuoteOrder("q", "A", "B")))
    not_sent(lambda c: c.confirm_quote(QuoteOrder("q", "A", "B", from_amount=one, to_amount=one)))


def test_an_order_with_a_part_missing_is_not_sent() -> None:
    one = Decimal(1)
    assert not_sent(lambda c: c.create_withdrawal("", one)).fields[0].field == "beneficiaryId"
    assert not_sent(lambda c: c.confirm_quote(QuoteOrder("", "A", "B", to_amount=one))).fields[0].field == "quoteStr"
    assert not_sent(lambda c: c.request_quote(QuoteRequest("A", "", to_amount=one))).fields[0].field == "toCurrency"


@pytest.mark.parametrize("body", [b"{}", b'{"transactionId":null}', b"[]", b'{"transactionId":"t","toAmount":"1"}'])
def test_a_trade_without_its_id_is_an_unreadable_answer(body: bytes) -> None:
    async def scenario() -> None:
        async with RawServer([http(200, body)]) as server, a_client(server.url) as client:
            with pytest.raises(Unreadable) as caught:
                await client.confirm_quote(QuoteOrder("q", "A", "B", to_amount=Decimal(1)))
            assert caught.value.wire is Wire.ANSWERED

    asyncio.run(scenario())


def test_the_currency_list_is_read_and_counted() -> None:
    _, found = sent(http(200, b'[{"code":"ZAR","decimals":2},"USDT",7]'), lambda c: c.list_currencies())
    currencies, set_aside = found.read()
    assert [currency.code for currency in currencies] == ["ZAR", "USDT"]
    assert [each.position for each in set_aside] == [2]
    assert len(found.digest) == 16


def test_a_currency_list_that_is_none_is_refused() -> None:
    async def scenario() -> None:
        async with RawServer([http(200, b'{"error":"x"}')]) as server, a_client(server.url) as client:
            with pytest.raises(Unreadable):
                await client.list_currencies()

    asyncio.run(scenario())
