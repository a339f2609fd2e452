"""A quote: read from whatever the server writes, held to its deadline, sent as it was shown."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumedesk.domain.money import Amount
from lumedesk.domain.quotes import ASSUMED_LIFE_S, SAFETY_MARGIN_S, Intent, Quote, QuoteOrder, RawQuote, read_quote
from tests.support.builders import a_quote_request, a_raw_quote

AT = datetime(2026, 5, 11, 10, 15, 30, tzinfo=UTC)
TRIP_S = 0.25
TICKS = 1_000.0


def quoted(request: Any = None, at: datetime = AT, **fields: Any) -> Quote:
    return read_quote(a_raw_quote(round_trip_s=TRIP_S, **fields), request or a_quote_request(), at, TICKS)


def life(at: datetime = AT, **fields: Any) -> float:
    """Seconds to confirm, with what is kept back added again."""
    return quoted(at=at, **({"expiresIn": None} | fields)).life_s() + TRIP_S + SAFETY_MARGIN_S


def test_a_whole_quote_can_be_confirmed_as_it_is() -> None:
    quote = quoted()
    assert quote.problem is None
    assert (quote.from_amount, quote.to_amount, quote.rate) == (Decimal(100), Decimal(1840), Decimal("18.4"))
    assert quote.order() == QuoteOrder("QT1", "USDT", "ZAR", from_amount=Decimal(100))


def test_the_side_that_was_asked_for_is_sent_back() -> None:
    order = quoted(a_quote_request(from_amount=None, to_amount=Decimal(1840))).order()
    assert (order.from_amount, order.to_amount) == (None, Decimal(1840))


@pytest.mark.parametrize(
    "fields",
    [
        {"expiresIn": 15},
        {"ttl_seconds": "15"},
        {"validForMs": 15_000},
        {"expiresAt": "2026-05-11T10:15:45Z"},
        {"valid_until": "2026-05-11T10:15:45"},
        {"expiry": "2026-05-11T12:15:45+02:00"},
        {"quote": {"Expires-At": "2026-05-11T10:15:45Z"}},
    ],
)
def test_the_expiry_is_found_under_usual_names(fields: dict[str, Any]) -> None:
    assert life(**fields) == pytest.approx(15)
    assert not quoted(**fields).life_is_assumed


def test_without_an_expiry_a_short_life_is_assumed_and_said_so() -> None:
    quote = quoted(expiresIn=None)
    assert quote.life_is_assumed
    assert quote.life_s() == pytest.approx(ASSUMED_LIFE_S - TRIP_S - SAFETY_MARGIN_S)


def test_the_shortest_of_several_expiries_counts() -> None:
    assert life(ttl=40, expiresAt="2026-05-11T10:15:38Z") == pytest.approx(8)


def test_an_incredible_expiry_is_not_believed() -> None:
    assert quoted(expiresIn=None, expiresAt="2036-05-11T10:15:38Z").life_is_assumed
    assert quoted(expiresIn=10_000_000).life_is_assumed


@pytest.mark.parametrize("wrong_by", [timedelta(hours=1), timedelta(hours=-1), timedelta(seconds=7)])
def test_a_wrong_clock_of_ours_changes_nothing_where_the_server_says_its_own(wrong_by: timedelta) -> None:
    expiry = {"expiresAt": "2026-05-11T10:15:45Z"}
    assert life(AT + wrong_by, createdAt="2026-05-11T10:15:30Z", **expiry) == pytest.approx(15)
    # The Date header is cut to the second: it may have been as much later there.
    assert life(AT + wrong_by, server_date=AT, **expiry) == pytest.approx(14)


def test_an_expiry_that_has_passed_leaves_no_time() -> None:
    quote = quoted(expiresIn=None, expiresAt="2026-05-11T10:15:29Z")
    assert quote.life_s() == 0
    assert not quote.may_confirm(TICKS)


def test_confirming_ends_before_the_server_s_deadline() -> None:
    quote = quoted()
    last = TICKS + 15 - TRIP_S - SAFETY_MARGIN_S
    assert quote.may_confirm(last - 0.001)
    assert not quote.may_confirm(last)
    assert (quote.remaining_s(last - 2), quote.remaining_s(last + 5)) == (2, 0)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"toAmount": None}, "both amounts"),
        ({"toAmount": "NaN"}, "both amounts"),
        ({"toAmount": "1_840"}, "both amounts"),
        ({"toAmount": "١٨٤٠"}, "both amounts"),
        ({"toAmount": True}, "both amounts"),
        ({"toAmount": Amount("1e41")}, "both amounts"),
        ({"toAmount": 0}, "more than zero"),
        ({"toAmount": Amount("-1840")}, "more than zero"),
        ({"fromAmount": 1_000}, "asked to sell 100, but the server quoted 1,000"),
        ({"fromCurrency": "USDC"}, "asked for USDT"),
        ({"toCurrency": "NGN"}, "asked for ZAR"),
        ({"quoteStr": None}, "no reference"),
        ({"quoteStr": "  "}, "no reference"),
        ({"quoteStr": 7}, "no reference"),
    ],
)
def test_what_is_missing_or_contradicts_keeps_it_from_being_confirmed(fields: dict[str, Any], words: str) -> None:
    quote = quoted(**fields)
    assert words in str(quote.problem)
    assert not quote.may_confirm(TICKS)
    with pytest.raises(ValueError, match=words):
        quote.order()


def test_an_indicative_price_is_never_confirmed() -> None:
    quote = quoted(a_quote_request(intent=Intent.INDICATIVE))
    assert "information only" in str(quote.problem)
    with pytest.raises(ValueError, match="information"):
        quote.order()


def test_amounts_as_strings_are_read_exactly() -> None:
    quote = quoted(fromAmount="100", toAmount="123456789012345678.12345678")
    assert quote.to_amount == Decimal("123456789012345678.12345678")


def test_the_shallowest_of_equal_names_wins() -> None:
    assert quoted(inner={"toAmount": 1}).to_amount == Decimal(1840)


leaves = st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.decimals().map(Amount)
names = st.sampled_from(["quoteStr", "fromAmount", "toAmount", "expiresAt", "ttl", "rate", "fromCurrency", "x"])
answers = st.dictionaries(
    names, st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(names, inner), max_leaves=5)
)


@given(answers)
def test_reading_never_raises_and_never_invents(answer: dict[str, Any]) -> None:
    quote = read_quote(RawQuote(answer, None, 0.1), a_quote_request(), AT, TICKS)
    if quote.may_confirm(TICKS):
        order = quote.order()
        assert order.quote_str.strip()
        assert order.from_amount == Decimal(100)
