"""What a quote says, how long it holds, and what confirming it takes."""

from decimal import Decimal
from typing import Any

import pytest

from lumedesk.domain.times import instant
from tests.support.sandbox_desk import SandboxDesk


@pytest.fixture
def desk() -> SandboxDesk:
    return SandboxDesk()


def test_a_firm_quote(desk: SandboxDesk) -> None:
    reply = desk.quote("100")
    assert reply.status == 200
    quote = reply.body
    assert (quote["fromCurrency"], quote["toCurrency"], quote["fromAmount"]) == ("USDT", "ZAR", 100)
    assert not quote["isRateInverted"]
    assert quote["toAmount"] == (100 * quote["rate"]).quantize(Decimal("0.01"), "ROUND_DOWN")
    assert quote["quoteStr"]
    life = instant(quote["expiresAt"]).at - instant(quote["createdAt"]).at  # type: ignore[union-attr]
    assert life.total_seconds() == 15


def test_a_price_by_what_is_bought(desk: SandboxDesk) -> None:
    quote = desk.call(
        "POST",
        "/trades/quote",
        {"fromCurrency": "ZAR", "toCurrency": "BTC", "toAmount": Decimal("0.01"), "quoteIntent": "CLIENT_linked"},
    ).body
    assert quote["isRateInverted"]
    assert quote["toAmount"] == Decimal("0.01")
    assert quote["fromAmount"] == (Decimal("0.01") * quote["rate"]).quantize(Decimal("0.01"), "ROUND_UP")


def test_an_indicative_quote_carries_no_reference(desk: SandboxDesk) -> None:
    quote = desk.quote("100", quoteIntent="Indicative").body
    assert "quoteStr" not in quote
    assert quote["quoteIntent"] == "indicative"


@pytest.mark.parametrize(
    "changes",
    [
        {"toAmount": 1},
        {"fromAmount": None},
        {"fromAmount": 0},
        {"fromAmount": -1},
        {"fromAmount": Decimal("0.0000001")},
        {"fromAmount": Decimal("0.000001")},  # buys less than a cent
        {"fromAmount": "100"},
        {"fromAmount": 10**16},
        {"fromCurrency": "NOPE"},
        {"fromCurrency": "GHS"},  # no account
        {"toCurrency": "XRP"},
        {"toCurrency": "USDT"},
        {"toCurrency": None},
        {"quoteIntent": "firm"},
        {"quoteIntent": None},
    ],
)
def test_a_bad_request_is_400(desk: SandboxDesk, changes: dict[str, Any]) -> None:
    assert desk.quote("100", **changes).status == 400


def test_neither_amount_is_400(desk: SandboxDesk) -> None:
    terms = {"fromCurrency": "USDT", "toCurrency": "ZAR", "quoteIntent": "indicative"}
    assert desk.call("POST", "/trades/quote", terms).status == 400


def test_prices_move_and_repeat_with_the_seed() -> None:
    def prices(seed: int) -> list[Decimal]:
        desk = SandboxDesk(seed=seed)
        found = []
        for _ in range(5):
            found.append(desk.quote("100").body["rate"])
            desk.advance(60)
        return found

    assert len(set(prices(1))) == 5
    assert prices(1) == prices(1) != prices(2)


def test_a_confirmed_quote_locks_fills_and_settles(desk: SandboxDesk) -> None:
    usdt, zar = desk.account("USDT"), desk.account("ZAR")
    quote = desk.quote("100").body
    reply = desk.confirm(quote)
    assert reply.status == 200
    trade = reply.body
    assert "fills" not in trade
    assert (trade["status"], trade["completedAt"], trade["rate"]) == ("PENDING", None, quote["rate"])
    assert desk.account("USDT") == (usdt[0] - 100, usdt[1] + 100)
    assert desk.account("ZAR") == zar
    assert desk.get(f"/trades/{trade['transactionId']}")["fills"] == []
    desk.advance(10)
    trade = desk.get(f"/trades/{trade['transactionId']}")
    assert trade["status"] == "COMPLETED"
    assert sum(fill["fromCurrencyAmount"] for fill in trade["fills"]) == 100
    assert sum(fill["toCurrencyAmount"] for fill in trade["fills"]) == quote["toAmount"]
    assert desk.account("USDT") == (usdt[0] - 100, usdt[1])
    assert desk.account("ZAR") == (zar[0] + quote["toAmount"], zar[1])


def test_either_amount_of_the_quote_confirms_it(desk: SandboxDesk) -> None:
    quote = desk.quote("100").body
    terms = {name: quote[name] for name in ("quoteStr", "fromCurrency", "toCurrency", "toAmount")}
    assert desk.call("POST", "/trades/quote/confirm", terms).status == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"quoteStr": "unknown"},
        {"quoteStr": None},
        {"fromCurrency": "USDC"},
        {"toCurrency": "KES"},
        {"fromAmount": Decimal("100.000001")},
        {"toAmount": 1},
        {"fromAmount": None},
    ],
)
def test_what_does_not_match_its_quote_is_400(desk: SandboxDesk, changes: dict[str, Any]) -> None:
    quote = desk.quote("100").body
    assert desk.confirm(quote, **changes).status == 400
    assert desk.confirm(quote).status == 200


def test_a_quote_is_good_once(desk: SandboxDesk) -> None:
    quote = desk.quote("100").body
    assert desk.confirm(quote).status == 200
    assert desk.confirm(quote).status == 400
    assert len(desk.get("/trades")) == 1


@pytest.mark.parametrize(("seconds", "status"), [(14.9, 200), (15, 400)])
def test_a_quote_holds_until_it_expires(desk: SandboxDesk, seconds: float, status: int) -> None:
    quote = desk.quote("100").body
    desk.advance(seconds)
    reply = desk.confirm(quote)
    assert reply.status == status
    if status == 400:
        assert reply.body["message"] == "Quote expired"


def test_the_life_of_a_quote_is_not_the_worlds_pace() -> None:
    desk = SandboxDesk(speed=1000, quote_seconds=3)
    quote = desk.quote("100").body
    life = instant(quote["expiresAt"]).at - instant(quote["createdAt"]).at  # type: ignore[union-attr]
    assert life.total_seconds() == 3


def test_short_funds_are_409_and_leave_the_quote_alive(desk: SandboxDesk) -> None:
    available, _ = desk.account("GBP")
    quote = desk.quote(str(available + 1), "GBP", "USD").body
    assert desk.confirm(quote).status == 409
    assert desk.confirm(quote).status == 409
    assert desk.account("GBP") == (available, 0)


@pytest.mark.parametrize(
    ("amount", "status", "kept", "fills"),
    [
        ("100.13", "CANCELLED", "0", []),
        ("100.17", "REVERSED", "0", ["REVERSED"]),
        ("100.19", "CANCELLED", "50.095", ["COMPLETED"]),
        ("100.23", "COMPLETED", "100.23", ["COMPLETED"]),
    ],
)
def test_the_amount_chooses_how_a_trade_ends(
    desk: SandboxDesk, amount: str, status: str, kept: str, fills: list[str]
) -> None:
    usdt, usdt_locked = desk.account("USDT")
    zar, zar_locked = desk.account("ZAR")
    trade = desk.confirm(desk.quote(amount).body).body
    desk.advance(40)
    ended = desk.get(f"/trades/{trade['transactionId']}")
    assert ended["status"] == status
    assert sorted({fill["status"] for fill in ended["fills"]}) == fills
    assert desk.account("USDT") == (usdt - Decimal(kept), usdt_locked)
    bought = sum(fill["toCurrencyAmount"] for fill in ended["fills"] if fill["status"] == "COMPLETED")
    assert desk.account("ZAR") == (zar + bought, zar_locked)


def test_the_largest_and_the_least_are_priced_between_any_two_currencies(desk: SandboxDesk) -> None:
    for code in ("GHS", "UGX", "TZS", "SOL"):
        assert desk.call("POST", "/accounts", {"currency": code}).status == 201
    held = [account["currency"] for account in desk.get("/accounts")]
    for sell in held:
        for buy in held:
            for amount in ("1e15", "0.00000001"):
                for side in ("fromAmount", "toAmount"):
                    body = {
                        "fromCurrency": sell,
                        "toCurrency": buy,
                        side: Decimal(amount),
                        "quoteIntent": "client_linked",
                    }
                    reply = desk.call("POST", "/trades/quote", body)
                    assert reply.status in ({400} if sell == buy else {200, 400}), (sell, buy)
                    if reply.status == 200:
                        assert reply.body["fromAmount"] > 0
                        assert reply.body["toAmount"] > 0
                        assert desk.confirm(reply.body).status in {200, 409}
