"""The short way to a trade's facts gives what the long way gives, or gives way to it."""

import json

from hypothesis import example, given
from hypothesis import strategies as st

from lumedesk.domain.codec import Codec
from lumedesk.domain.kinds import Kind
from lumedesk.domain.records import Trade
from lumedesk.store import facts
from lumedesk.store.histories import SHAPES

_NUMBERS = st.one_of(
    st.from_regex(r"-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,24})?", fullmatch=True),
    st.sampled_from(
        ["0", "0.0", "0.00010", "10", "100.00", "1e3", "1.5E-7", "null", "-0", "9" * 38, "0." + "0" * 36 + "1"]
    ),
)
_TEXTS = st.none() | st.text(max_size=8) | st.sampled_from(["2026-05-11T10:15:30Z", "2026-05-11T10:15:35", "ẞ", "\0"])


@given(st.lists(_NUMBERS, min_size=3, max_size=3), st.lists(_TEXTS, min_size=8, max_size=8), st.booleans())
@example(
    ["0.054", "18.4", "1"],
    ["trd_1", "2026-02-30T10:00:00Z", "9999-12-31T23:59:59Z", "COMPLETED", "a", "b", "f", "g"],
    True,
)
def test_facts_are_the_same_either_way(numbers: list[str], texts: list[str | None], has_fills: bool) -> None:
    names = ("transactionId", "createdAt", "completedAt", "status", "fromCurrency", "toCurrency")
    fills = [{"transactionId": text} for text in texts[6:]] if has_fills else None
    members = [json.dumps(dict(zip(names, texts, strict=False)) | {"fills": fills})[1:-1]]
    members += [f'"{name}":{number}' for name, number in zip(("fromAmount", "toAmount", "rate"), numbers, strict=True)]
    raw = ("{" + ",".join(members) + "}").encode()
    expected = SHAPES[Kind.TRADES].values(Codec[Trade](Trade).decode(raw))
    for at, wanted in ((None, expected), (7, (7, *expected[1:]))):
        assert facts.facts_of(Kind.TRADES, raw, at) == wanted
        short = facts._trade_facts(raw, at)
        assert short is None or short == wanted


def test_a_plain_trade_takes_the_short_way() -> None:
    raw = (
        b'{"transactionId":"t","fromCurrency":"USDT","toCurrency":"ZAR","fromAmount":12.50,"toAmount":0.07,"rate":18,'
        b'"status":"COMPLETED","createdAt":"2026-05-11T10:15:30Z","completedAt":null,"fills":[{"transactionId":"F1"}]}'
    )
    short = facts._trade_facts(raw)
    assert short is not None
    assert short[-1] == "t\nf1"


def test_a_trade_under_way_takes_the_short_way_too() -> None:
    raw = (
        b'{"transactionId":"t","fromCurrency":"USDT","toCurrency":"ZAR","fromAmount":12.50,"toAmount":0.07,"rate":18,'
        b'"status":"PENDING","createdAt":"2026-05-11T10:15:30Z"}'
    )
    assert facts._trade_facts(raw) == SHAPES[Kind.TRADES].values(Codec[Trade](Trade).decode(raw))


def test_what_cannot_be_read_has_no_facts() -> None:
    for kind, raw in ((Kind.TRADES, b'{"fromAmount":"12"}'), (Kind.DEPOSITS, b"\xff")):
        assert set(facts.facts_of(kind, raw)) == {None}
        assert facts.facts_of(kind, raw, 7) == (7, *[None] * (len(SHAPES[kind].columns) - 1))
