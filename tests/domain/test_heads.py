"""What is read only as far as a list needs is read in full whenever it looks different from what is documented."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumedesk.api.parse import refuse_duplicates
from lumedesk.domain.codec import Codec
from lumedesk.domain.heads import trade_heads
from lumedesk.domain.records import Fill, Trade
from tests.support.builders import a_fill, a_trade, json_of

_TRADE = Codec[Trade](Trade)


def plain(**changes: Any) -> bytes:
    """A trade as documented: every member there, null or not, nothing between the tokens."""
    whole: dict[str, Any] = json.loads(json_of(a_trade(fills=(a_fill(), a_fill()))))
    names, fill_names = Trade.__struct_encode_fields__, Fill.__struct_encode_fields__
    whole["fills"] = [dict.fromkeys(fill_names) | each for each in whole["fills"]]
    return json.dumps(dict.fromkeys(names) | whole | changes, separators=(",", ":")).encode()


def test_a_plain_trade_is_read_by_its_head() -> None:
    row = plain()
    heads = [head for head in trade_heads(b",".join([row, row]), [row, row]) if head is not None]
    assert [head.transaction_id for head in heads] == [_TRADE.decode(row).transaction_id] * 2
    assert heads[0].status == _TRADE.decode(row).status


@pytest.mark.parametrize(
    "row",
    [
        plain(fromAmount="NaN"),
        plain(rate={"a": 1}),
        plain(toAmount=True),
        plain(fromAmount=10**41),
        plain(transactionId=None),
        plain(transactionId=""),
        plain(fills="none"),
        plain(extra=1),
        plain(status="a,b"),
        plain().replace(b'"status"', b'"statuses"'),
        plain().replace(b'"rate":', b'"rate":1,"rate":'),
        plain().replace(b'"rate":', b'"rate" :'),
        plain().replace(b'"rate":', b'"rate":1,"rate" :'),
        plain().replace(b'"fromAmount":', b'"fromAmount":' + b"1" * 61),
        plain().replace(b'"fromCurrencyAmount":', b'"fromCurrencyAmount":' + b"1" * 61, 1),
        plain().replace(b'"fromCurrencyAmount":', b'"fromCurrencyAmount":1e999'.ljust(30, b"9") + b",", 1),
        b"{}",
        b"[]",
        b"NaN",
    ],
)
def test_whatever_looks_different_must_be_read_in_full(row: bytes) -> None:
    assert trade_heads(row, [row]) == [None]
    one, other = trade_heads(b",".join([plain(), row]), [plain(), row])
    assert one is not None, "the others are read by their heads nonetheless"
    assert other is None


@pytest.mark.parametrize("shift", range(8))
def test_a_long_number_is_noticed_wherever_it_stands(shift: int) -> None:
    def with_figures(count: int) -> bytes:
        figure = b'"fromAmount":1.' + b"1" * (count - 2)
        return plain(transactionId="t" * (shift + 1), fromAmount=7).replace(b'"fromAmount":7', figure)

    assert trade_heads(with_figures(33), [with_figures(33)]) != [None]
    assert trade_heads(with_figures(34), [with_figures(34)]) == [None]


@pytest.mark.parametrize("name", ["completedAt", "fills"])
def test_a_trade_under_way_may_lack_some(name: str) -> None:
    whole = json.loads(plain())
    del whole[name]
    row = json.dumps(whole, separators=(",", ":")).encode()
    assert trade_heads(row, [row]) != [None]
    twice = row.replace(b'"rate":', b'"rate":1,"rate":')
    assert trade_heads(twice, [twice]) == [None]


@given(st.data())
def test_what_is_read_by_its_head_can_be_read_in_full(data: st.DataObject) -> None:
    row = plain()
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(row) - 1))
        part = data.draw(st.sampled_from([b"", b'"', b"1", b"e9", b",", b'"rate":1,', b"null", b"}", b"\\", b"\xff"]))
        row = row[:start] + part + row[start + data.draw(st.integers(0, 3)) :]
    if trade_heads(row, [row]) != [None]:
        for each in json.loads(b"[" + row + b"]"):
            raw = json.dumps(each).encode()
            _TRADE.decode(raw)
        refuse_duplicates(b"[" + row + b"]")
