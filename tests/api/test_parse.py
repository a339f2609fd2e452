"""Lists row by row: what is wrong is set aside and counted, what is right keeps every digit."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lumedesk.api.parse import Listing, listing, single
from lumedesk.domain.codec import Codec
from lumedesk.domain.errors import Unreadable, Wire
from lumedesk.domain.records import Account, Deposit, Trade

DEPOSITS = Codec[Deposit](Deposit)
DATA = Path(__file__).parent.parent / "data"


def opened(body: bytes) -> Listing[Deposit]:
    return listing(body, DEPOSITS, "deposits")


BAD_ROWS = {
    "NaN": b'{"amount":NaN}',
    "Infinity": b'{"amount":-Infinity}',
    "1e400": b'{"amount":1e400}',
    "1e999999": b'{"amount":1e999999}',
    "an exponent of 21 digits": b'{"amount":1e999999999999999999999}',
    "200 digits": b'{"amount":' + b"9" * 200 + b"}",
    "5000 digits": b'{"amount":' + b"9" * 5000 + b"}",
    "200 decimals": b'{"amount":0.' + b"9" * 200 + b"}",
    "a string": b'{"amount":"1"}',
    "a string of NaN": b'{"amount":"NaN"}',
    "a string with a bar": b'{"amount":"1_000"}',
    "other digits": '{"amount":"١٢"}'.encode(),
    "a truth": b'{"amount":true}',
    "an object": b'{"amount":{"value":1}}',
    "leading zero": b'{"amount":01}',
    "leading plus": b'{"amount":+1}',
    "amount twice": b'{"amount":1,"amount":2}',
    "amount twice, spaced": b'{"amount":1,"amount" :2}',
    "amount twice, escaped": b'{"amount":1,"am\\u006funt":2}',
    "amount twice, disguised": b'{"amount":1,"amount" :2,"status":":x"}',
    "unknown name twice": b'{"amount":1,"x":{"y":1,"y":1}}',
    "depth": b'{"amount":1,"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "depth of objects": b'{"amount":1,"x":' + b'{"a":' * 5_000 + b"1" + b"}" * 5_000 + b"}",
    "invalid UTF-8": b'{"status":"\xff"}',
    "invalid UTF-8 in an unknown field": b'{"x":"\xff"}',
    "lone surrogate": b'{"status":"\\ud800"}',
    "lone surrogate in bytes": b'{"status":"\xed\xa0\x80"}',
    "line break in a string": b'{"status":"a\nb"}',
    "null": b"null",
    "a number": b"3",
    "a list": b"[[]]",
    "status of another type": b'{"status":7}',
}


@pytest.mark.parametrize("row", BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_bad_row_is_set_aside_and_costs_no_other(row: bytes) -> None:
    records, set_aside = opened(b'[{"amount":1},' + row + b',{"amount":2}]').read()
    assert [record.amount for record in records] == [1, 2]
    assert [each.position for each in set_aside] == [1]
    assert set_aside[0].reason


GOOD_ROWS = {
    "null amount": b'{"amount":null}',
    "nothing": b"{}",
    "extra fields": b'{"x":1e400,"y":' + b"9" * 5000 + b',"z":[{"a":1},{"a":1}]}',
    "unknown status": b'{"status":"ON_HOLD"}',
    "odd text": b'{"status":":x \\":\\" }] , \\u0000"}',
    "surrogate pair": b'{"status":"\\ud83d\\ude00"}',
}


@pytest.mark.parametrize("row", GOOD_ROWS.values(), ids=GOOD_ROWS)
def test_what_is_merely_odd_is_kept(row: bytes) -> None:
    ((rows, set_aside),) = opened(b"[ " + row + b" ]").pieces()
    assert not set_aside
    assert rows[0].raw == row


BAD_BODIES = {
    "nothing": b"",
    "null": b"null",
    "text": b'"[]"',
    "HTML": b"<html></html>",
    "byte order mark": b"\xef\xbb\xbf[]",
    "UTF-16": "[]".encode("utf-16"),
    "bytes behind": b"[] x",
    "two lists": b'[{"amount":1}][{"amount":2}]',
    "cut": b'[{"amount":1},{"amou',
    "cut after a comma": b'[{"amount":1},',
    "unclosed depth": b"[" * 100_000,
    "crossed brackets": b'[{"amount":1]}',
    "an object without a list": b'{"id":"x"}',
    "an object with two lists": b'{"content":[],"items":[]}',
    "a list of texts in an object": b'{"content":["a"]}',
    "the list twice in an object": b'{"content":[{"amount":1}],"content":[{"amount":2}]}',
    "an object, cut": b'{"content":[{"amount":1}]',
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES)
def test_a_body_that_is_no_list_is_refused_at_once(body: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        opened(body)
    assert caught.value.wire is Wire.ANSWERED


PAGES: dict[str, tuple[dict[str, Any], bool]] = {
    "a mere wrapper": ({}, False),
    "all of them": ({"totalElements": 2, "last": True, "totalPages": 1}, False),
    "more elements": ({"totalElements": 3}, True),
    "not the last": ({"last": False}, True),
    "more pages": ({"totalPages": 2}, True),
    "has next": ({"hasNext": True}, True),
    "a cursor": ({"nextCursor": "abc"}, True),
    "no cursor": ({"nextCursor": None}, False),
    "nested": ({"page": {"size": 2, "number": 0, "totalElements": 900, "totalPages": 450}}, True),
    "nested, all": ({"meta": {"total": 2}}, False),
    "odd facts": ({"total": "many", "page": 3, "meta": []}, False),
}


@pytest.mark.parametrize("name", ["content", "items", "data", "results", "deposits"])
@pytest.mark.parametrize(("facts", "partial"), PAGES.values(), ids=PAGES)
def test_a_page_is_read_and_says_whether_there_is_more(name: str, facts: dict[str, Any], partial: bool) -> None:
    found = opened(json.dumps({name: [{"amount": 1}, {"amount": 2}], **facts}, indent=1).encode())
    assert [record.amount for record in found.read()[0]] == [1, 2]
    assert found.partial is partial


def test_pieces_are_lazy_and_keep_order_and_positions() -> None:
    rows = [b'{"amount":%d}' % number if number % 100 else b"3" for number in range(1234)]
    found = opened(b"[" + b",".join(rows) + b"]")
    pieces = list(found.pieces(500))
    assert [len(good) + len(bad) for good, bad in pieces] == [500, 500, 234]
    assert [row.raw for good, _ in pieces for row in good] == [row for row in rows if row != b"3"]
    assert [each.position for _, bad in pieces for each in bad] == list(range(0, 1234, 100))
    assert len(found) == 1234


def test_an_empty_list_has_no_pieces() -> None:
    assert list(opened(b" [ ] ").pieces()) == []


def test_equal_bodies_have_equal_digests() -> None:
    assert opened(b"[]").digest == opened(b"[]").digest != opened(b"[ ]").digest
    assert len(opened(b"[]").digest) == 16


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_body_does_worse_than_being_refused(body: bytes) -> None:
    for text in (body, b"[" + body + b"]", b'[{"amount":' + body + b"}]", b'{"content":[' + body + b"]}"):
        try:
            opened(text).read()
        except Unreadable:
            continue


ANY_ROW = st.recursive(
    st.none() | st.text(max_size=5) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ANY_ROW, max_size=4))
def test_any_rows_come_back_as_they_were_sent(rows: list[Any]) -> None:
    body = json.dumps(rows).encode()
    spoilt = json.dumps([*rows, float("nan")]).encode()
    assert len(opened(body)) == len(rows)
    good, bad = opened(spoilt).read()
    assert len(good) + len(bad) == len(rows) + 1


def test_the_vendors_examples_keep_their_values() -> None:
    trades, set_aside = listing((DATA / "vendor_trades.json").read_bytes(), Codec[Trade](Trade), "trades").read()
    (trade,) = trades
    assert not set_aside
    assert (trade.from_amount, trade.to_amount, str(trade.rate)) == (Decimal(100), Decimal(1840), "18.4")
    assert (trade.transaction_id, trade.is_rfq, trade.is_rate_inverted) == ("trd_4J7K2N", True, False)
    assert (trade.created_at, trade.completed_at) == ("2026-05-11T10:15:30Z", "2026-05-11T10:15:35")
    assert trade.fills is not None
    assert str(trade.fills[0].to_currency_amount) == "1840"
    assert single((DATA / "vendor_trade.json").read_bytes(), Codec[Trade](Trade)) == trade
    deposit = single((DATA / "vendor_deposit.json").read_bytes(), DEPOSITS)
    assert (deposit.transaction_id, deposit.amount, deposit.fee) == ("DP9H2K7P", 100, 0)
    account = single((DATA / "vendor_account_created.json").read_bytes(), Codec[Account](Account))
    assert account == Account(
        id="acc_8F4J2N", currency="ZAR", balance=account.balance, locked_balance=account.locked_balance
    )
    assert (str(account.balance), str(account.locked_balance)) == ("2500", "0")
