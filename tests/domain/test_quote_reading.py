"""Shapes that the undocumented quote response may have: each is read rightly, or refused with a reason."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from lumedesk.domain.codec import Codec
from lumedesk.domain.money import Amount
from lumedesk.domain.quotes import ASSUMED_LIFE_S, SAFETY_MARGIN_S, Intent, Quote, RawQuote, read_quote
from tests.support.builders import a_quote_request

AT = datetime(2026, 5, 11, 10, 15, 30, tzinfo=UTC)  # 1778494530
TICKS = 1_000.0
JSON: Codec[Any] = Codec(dict[str, Any])


def quoted(body: str | dict[str, Any], request: Any = None, server_date: datetime | None = None) -> Quote:
    fields = JSON.decode(body.encode()) if isinstance(body, str) else body
    return read_quote(RawQuote(fields, server_date, 0.0), request or a_quote_request(), AT, TICKS)


def life(quote: Quote) -> float:
    """Seconds from the request to the expiry that was read."""
    return quote.life_s() + SAFETY_MARGIN_S


def assert_read_rightly(quote: Quote, reference: str = "QT1", life_s: float = 15) -> None:
    assert quote.problem is None
    assert quote.quote_str == reference
    assert (quote.from_amount, quote.to_amount) == (Decimal(100), Decimal("1840.50"))
    assert life(quote) == pytest.approx(life_s)
    assert not quote.life_is_assumed


# Eight shapes


def test_shape_1_flat_with_numbers_and_exact_times_as_the_sandbox_writes_it() -> None:
    quote = quoted(
        """{"quoteStr": "QT1", "fromCurrency": "USDT", "toCurrency": "ZAR", "fromAmount": 100, "toAmount": 1840.50,
        "rate": 18.405, "isRateInverted": false, "fee": 0.1, "quoteIntent": "client_linked",
        "createdAt": "2026-05-11T10:15:30.120Z", "expiresAt": "2026-05-11T10:15:45.120Z"}"""
    )
    assert_read_rightly(quote)
    assert (quote.rate, quote.is_rate_inverted, quote.fee) == (Decimal("18.405"), False, Decimal("0.1"))


def test_shape_2_snake_case_strings_and_seconds_to_live() -> None:
    quote = quoted(
        """{"quote_reference": "QT1", "sell_currency": "usdt", "buy_currency": "zar", "sell_amount": "100.00",
        "buy_amount": "1840.50", "exchange_rate": "18.405", "ttl_seconds": "15", "total_fee": "0.10"}"""
    )
    assert_read_rightly(quote)
    assert (quote.rate, quote.fee) == (Decimal("18.405"), Decimal("0.10"))


def test_shape_3_wrapped_twice_with_milliseconds_since_1970() -> None:
    quote = quoted(
        """{"success": true, "data": {"quote": {"id": "QT1", "fromAmount": 100, "toAmount": 1840.50,
        "createdAt": 1778494530000, "expiresAt": 1778494545000}}}"""
    )
    assert_read_rightly(quote)


def test_shape_4_each_side_an_object_of_its_own_and_milliseconds_to_live() -> None:
    quote = quoted(
        """{"quoteStr": "QT1", "from": {"currency": "USDT", "amount": "100"}, "to": {"currency": "ZAR",
        "amount": "1840.50"}, "validForMs": 15000, "fee": {"amount": 0.1, "currency": "USDT"}}"""
    )
    assert_read_rightly(quote)
    assert (quote.fee, quote.fee_currency) == (Decimal("0.1"), "USDT")


def test_shape_5_without_an_expiry_a_short_labelled_limit_counts() -> None:
    quote = quoted("""{"quoteStr": "QT1", "fromAmount": 100, "toAmount": 1840.50}""")
    assert quote.problem is None
    assert quote.life_is_assumed
    assert life(quote) == pytest.approx(ASSUMED_LIFE_S)


def test_shape_6_without_a_reference_it_is_refused() -> None:
    quote = quoted("""{"id": "req_7", "fromAmount": 100, "toAmount": 1840.50, "expiresIn": 15}""")
    assert "no reference" in str(quote.problem)


def test_shape_7_never_seen_several_offers_are_refused_not_chosen_from() -> None:
    quote = quoted(
        """{"requestId": "req_1", "quotes": [
        {"quoteStr": "QT1", "fromAmount": 100, "toAmount": 1840.50, "expiresIn": 15},
        {"quoteStr": "QT2", "fromAmount": 100, "toAmount": 1841.75, "expiresIn": 15}]}"""
    )
    assert quote.problem == "The server's answer states different amounts to receive: 1,840.50 and 1,841.75."
    assert not quote.may_confirm(TICKS)


def test_shape_8_never_seen_one_offer_in_a_list_with_spans_and_a_pair() -> None:
    quote = quoted(
        """{"result": {"offers": [{"rfq_token": "QT1", "pair": "USDT/ZAR", "source": {"asset": "USDT", "quantity": "100"},
        "destination": {"asset": "ZAR", "quantity": "1840.50"}, "validity": "PT15S", "valid-until": "1778494560"}]}}""",
    )
    assert_read_rightly(quote)


# The parts


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"expiresAt": "2026-05-11T10:15:42"}, 12),
        ({"expiresAt": "2026-05-11T12:15:42+02:00"}, 12),
        ({"expiresAt": 1_778_494_542}, 12),
        ({"expiresAt": "1778494542"}, 12),
        ({"expiresAt": 1_778_494_542_500}, 12.5),
        ({"expiresAt": "1778494542500"}, 12.5),
        ({"expiry": 12}, 12),
        ({"expiry": "12s"}, 12),
        ({"expiresIn": Amount("12.5")}, 12.5),
        ({"expiresIn": 12_000}, 12),
        ({"ttl": "12000ms"}, 12),
        ({"ttlMs": 900}, 0.9),
        ({"validForMilliseconds": "12000"}, 12),
        ({"expiresInSeconds": 12}, 12),
        ({"validity": "PT1M5S"}, 65),
        ({"meta": {"deeper": {"expires_at": "2026-05-11T10:15:42Z"}}}, 12),
        ({"ttl": 40, "meta": {"expiresIn": 12}}, 12),
        ({"ttl": 0}, SAFETY_MARGIN_S),
        ({"ttl": "-3"}, SAFETY_MARGIN_S),
    ],
)
def test_the_earliest_expiry_is_read_in_every_unit(fields: dict[str, Any], expected: float) -> None:
    quote = quoted({"quoteStr": "QT1", "fromAmount": 100, "toAmount": 1840} | fields)
    assert not quote.life_is_assumed
    assert life(quote) == pytest.approx(expected)


@pytest.mark.parametrize(
    "fields",
    [
        {"expiresAt": "soon"},
        {"expiresAt": True},
        {"expiresAt": "2036-05-11T10:15:42Z"},
        {"expiresIn": 10_000_000},
        {"expiresInSeconds": 7_200},
        {"remaining": 900},
        # On this computer's clock alone ten minutes are not believed.
        {"expiresAt": "2026-05-11T10:25:30Z"},
    ],
)
def test_what_is_not_credible_is_no_expiry(fields: dict[str, Any]) -> None:
    assert quoted({"quoteStr": "QT1", "fromAmount": 100, "toAmount": 1840} | fields).life_is_assumed


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"buyAmount": 1841}, "different amounts to receive: 1,840 and 1,841"),
        ({"FROM_AMOUNT": 101}, "different amounts to pay: 100 and 101"),
        ({"buyAmount": "1,840"}, "both amounts"),
        ({"quote_str": "QT2"}, "different references: QT1 and QT2"),
        ({"quoteStr": None, "quoteId": "A", "quoteRef": "B"}, "different references: A and B"),
        ({"rate": 18, "Rate": 19}, "different rates: 18 and 19"),
        ({"fee": 1, "feeAmount": 2}, "different fees: 1 and 2"),
        ({"sellCurrency": "USDC"}, "different currencies to pay"),
        ({"fromCurrency": None, "from": {"currency": "BTC"}}, "You asked for USDT, but the server quoted BTC"),
        ({"fromCurrency": 7}, "currencies to pay in a form that can't be read"),
        ({"pair": "BTC-ZAR"}, "another pair"),
        ({"quoteIntent": "INDICATIVE"}, "information only"),
        ({"status": "REJECTED"}, "marks this quote as rejected"),
        ({"rate": "about 18"}, "rates in a form that can't be read"),
        ({"filler": [{"x": number} for number in range(3_000)]}, "too large"),
    ],
)
def test_doubt_is_a_problem_and_never_a_guess(fields: dict[str, Any], words: str) -> None:
    usual = {"quoteStr": "QT1", "fromCurrency": "USDT", "fromAmount": 100, "toAmount": 1840, "expiresIn": 15}
    quote = quoted({name: value for name, value in (usual | fields).items() if value is not None})
    assert words in str(quote.problem)
    assert not quote.may_confirm(TICKS)


@pytest.mark.parametrize(
    "fields",
    [
        {"buyAmount": Amount("1840.00")},  # the same thing twice
        {"quoteId": "Q-17"},  # the API's own name for the reference decides
        {"inner": {"toAmount": 1}},  # the shallowest decides
        {"previous": {"toAmount": 1, "expiresAt": "2026-05-11T10:15:00Z"}},  # another quote's
        {"pair": "ZARUSDT"},
        {"pair": "ZAR/USDT"},
        {"status": "ACTIVE"},
        {"toAmount": None, "to_amount": {"value": "1840", "currency": "ZAR"}},
        {"fees": [{"amount": 1}, {"amount": 2}]},
    ],
)
def test_what_agrees_is_no_doubt(fields: dict[str, Any]) -> None:
    usual = {"quoteStr": "QT1", "fromCurrency": "USDT", "fromAmount": 100, "toAmount": 1840, "expiresIn": 15}
    quote = quoted({name: value for name, value in (usual | fields).items() if value is not None})
    assert quote.problem is None
    assert (quote.quote_str, quote.to_amount) == ("QT1", Decimal(1840))
    assert life(quote) == pytest.approx(15)


def test_several_fees_are_not_added_up() -> None:
    quote = quoted(
        {
            "quoteStr": "QT1",
            "fromAmount": 100,
            "toAmount": 1840,
            "fees": [{"amount": 1}, {"amount": 2}],
            "expiresIn": 15,
        }
    )
    assert (quote.fee, quote.fee_is_in_parts) == (None, True)


def test_an_indicative_price_shows_a_contradiction_before_its_kind() -> None:
    request = a_quote_request(intent=Intent.INDICATIVE)
    assert "asked to sell" in str(quoted({"fromAmount": 99, "toAmount": 1840}, request).problem)
    assert "information only" in str(quoted({"fromAmount": 100, "toAmount": 1840}, request).problem)


def test_a_deep_answer_ends() -> None:
    nested: dict[str, Any] = {"quoteStr": "QT1"}
    for _ in range(5_000):
        nested = {"x": nested}
    assert "both amounts" in str(quoted(nested).problem)
