"""Rows 30 to 49 of the fault matrix: what a server's lists may hold, from the socket to the operator's table."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import pytest
from PySide6.QtCore import Qt

from lumedesk.domain.codec import encode
from lumedesk.domain.errors import Invalid, Wire
from lumedesk.domain.kinds import Kind
from tests.support.clock import FakeClock
from tests.support.data_desk import ONE_ROW, DataDesk
from tests.support.ingest_victim import Job, Victims
from tests.support.list_server import ListServer, array
from tests.support.raw_server import Connection, RawServer, http
from tests.support.stage import Held, until
from tests.support.wire import a_client

OUT = Kind.WITHDRAWALS
STALE = "What you see is from "


@pytest.fixture
def server() -> Iterator[ListServer]:
    with ListServer() as server:
        yield server


@pytest.fixture
def desk(qapp: object, tmp_path: Path, server: ListServer, clock: FakeClock) -> Iterator[DataDesk]:
    desk = DataDesk(tmp_path, server, clock)
    yield desk
    desk.close()


def row(key: str, **members: str | bytes) -> bytes:
    """A withdrawal, or what is left of one: each member as the JSON it shall come as."""
    usual: dict[str, str | bytes] = {"transactionId": f'"{key}"', "currency": '"ZAR"', "status": '"COMPLETED"'}
    return _json(usual | {"createdAt": '"2026-05-11T10:15:30Z"'} | members)


def trade(key: str, figure: str, **members: str | bytes) -> bytes:
    """A trade with every documented member and no other, which the desk reads by a shorter way. `figure` was sold."""
    fill = {"transactionId": f'"f-{key}"', "fromCurrency": '"USDT"', "fromCurrencyAmount": "1", "toCurrency": '"ZAR"'}
    fill |= {"toCurrencyAmount": "18.4", "status": '"COMPLETED"', "modifiedAt": "null", "createdAt": "null"}
    usual: dict[str, str | bytes] = {"transactionId": f'"{key}"', "fromCurrency": '"USDT"', "toCurrency": '"ZAR"'}
    usual |= {"fromAmount": figure, "toAmount": "18.4", "rate": "18.4", "isRateInverted": "false", "isRfq": "true"}
    usual |= {"status": '"COMPLETED"', "createdAt": '"2026-05-11T10:15:30Z"', "completedAt": "null"}
    return _json(usual | {"fills": b"[" + _json(fill) + b"]"} | members)


def _json(members: dict[str, Any]) -> bytes:
    texts = ((name, json if isinstance(json, bytes) else json.encode()) for name, json in members.items())
    return b"{" + b",".join(b'"%s":%s' % (name.encode(), json) for name, json in texts) + b"}"


def made(kind: Kind, key: str, figure: str = "2", **members: str | bytes) -> bytes:
    """A row of a history with this figure, as the JSON it shall come as."""
    return trade(key, figure, **members) if kind is Kind.TRADES else row(key, amount=figure, **members)


def rows_of(kind: Kind, figures: dict[str, str]) -> list[bytes]:
    return [made(kind, key, figure) for key, figure in figures.items()]


@pytest.fixture(params=[OUT, Kind.TRADES], ids=lambda kind: kind.table)
def kind(request: pytest.FixtureRequest) -> Kind:
    """One history whose rows are read in full, and one that has a shorter way for rows as documented."""
    return cast(Kind, request.param)


def refuses_rows(desk: DataDesk, kind: Kind, *bad: bytes) -> None:
    """Each of these stands in place of w1: it is set aside in sight, the last good w1 stays, and what is new comes in."""
    good = {"w1": "250.00"}
    desk.serve(kind, *rows_of(kind, good))
    desk.sees(kind, good)
    for turn, each in enumerate(bad):
        good[f"n{turn}"] = f"{turn}.25"
        desk.serve(kind, each, *rows_of(kind, good)[1:])
        desk.sees(kind, good, ONE_ROW)
    desk.serve(kind, *rows_of(kind, good))
    desk.sees(kind, good)
    assert desk.alerts() == [], "a row that can't be read is not gone"


def refuses_bodies(desk: DataDesk, *bad: bytes) -> None:
    """None of these is a list: all that was known stays, with its age and the reason why it isn't newer."""
    good: dict[str, str] = {}
    for turn, each in enumerate(bad):
        good[f"n{turn}"] = f"{turn}.25"
        desk.serve(OUT, *rows_of(OUT, good))
        desk.sees(OUT, good)
        desk.serve_body(OUT, each)
        desk.sees(OUT, good, STALE)
        assert "The answer can't be read" in desk.banner(OUT)
    assert desk.alerts() == []


def test_row_30_what_json_has_no_number_for_is_rejected_in_sight(desk: DataDesk, kind: Kind) -> None:
    refuses_rows(desk, kind, *(made(kind, "w1", each) for each in ("NaN", "Infinity", "-Infinity", "nan")))


@pytest.mark.parametrize("small", [Kind.ACCOUNTS, Kind.DEPOSITS], ids=lambda kind: kind.table)
def test_row_30_in_every_list(desk: DataDesk, small: Kind) -> None:
    name, field, column = {
        Kind.ACCOUNTS: (b"id", b"balance", "available"),
        Kind.DEPOSITS: (b"transactionId", b"amount", "amount"),
    }[small]
    good = b'{"%s":"b","%s":7}' % (name, field)
    desk.serve(small, b'{"%s":"a","%s":NaN}' % (name, field), good)
    desk.sees(small, {"b": "7"}, ONE_ROW, column)


def test_row_30_in_a_long_list_one_row_costs_no_other(desk: DataDesk) -> None:
    rows = _many(0, 40_000)
    desk.serve(OUT, *rows)
    table = desk.page(OUT).table
    until(lambda: table.rowCount() == 40_000 and table.is_whole, "all rows")
    desk.serve(OUT, row("w00000", amount="NaN"), *rows[1:], row("new", amount="1"))
    until(lambda: table.rowCount() == 40_001 and table.is_whole, "the new row")
    until(lambda: desk.banner(OUT) == ONE_ROW, "the bad row to be told")
    assert desk.alerts() == []


def test_row_31_text_in_place_of_a_number_is_rejected_in_sight(desk: DataDesk, kind: Kind) -> None:
    texts = ('"NaN"', '"1_000"', '"١٢"', '"12"', '"1e3"', '""', "true", "[1]", '{"value":1}')
    refuses_rows(desk, kind, *(made(kind, "w1", each) for each in texts))


EXPONENTS = ("1e400", "1e999999", "-1e999999", "1e-999999", "1e9999999999999999999", "0e999999", "1e-41", "5e-324")


def test_row_32_absurd_exponents_are_rejected_before_arithmetic(desk: DataDesk, kind: Kind) -> None:
    refuses_rows(desk, kind, *(made(kind, "w1", each) for each in EXPONENTS))


def test_row_32_in_a_trade_s_other_figures_and_in_its_fills(desk: DataDesk) -> None:
    others = [trade("w1", "2", **{name: each}) for name in ("toAmount", "rate") for each in EXPONENTS[:4]]
    fills = [b'[{"fromCurrencyAmount":%s}]' % each.encode() for each in EXPONENTS[:4]]
    whole = trade("w1", "2").partition(b'"fromCurrencyAmount":1')
    plain = [whole[0] + b'"fromCurrencyAmount":%s' % each.encode() + whole[2] for each in EXPONENTS[:4]]
    refuses_rows(desk, Kind.TRADES, *others, *plain, *(trade("w1", "2", fills=each) for each in fills))


def test_row_33_more_digits_than_any_amount_has_are_rejected(desk: DataDesk, kind: Kind) -> None:
    figures = ("9" * 200, "9" * 5_000, "0." + "3" * 200, "0." + "3" * 5_000, "9" * 100 + "." + "9" * 100, "9" * 61)
    refuses_rows(desk, kind, *(made(kind, "w1", each) for each in figures))


def test_row_33_as_many_digits_as_a_currency_may_have_are_shown_to_the_last(desk: DataDesk, kind: Kind) -> None:
    desk.serve(kind, made(kind, "w1", "12345678901234567890.123456789012345678"))
    desk.sees(kind, {"w1": "12,345,678,901,234,567,890.123456789012345678"})


def test_row_34_a_name_that_occurs_twice_is_rejected(desk: DataDesk, kind: Kind) -> None:
    figure = b"fromAmount" if kind is Kind.TRADES else b"amount"
    more = (b'"%s":2' % figure, b'"\\u00%x%s":2' % (figure[0], figure[1:]), b'"transactionId":"w1"')
    twice = [made(kind, "w1")[:-1] + b"," + each + b"}" for each in more]
    # The other one, and an object within, also where nothing else is unknown.
    twice += [
        made(kind, "w9")[:-1] + b',"transactionId":"w1"}',
        made(kind, "w1", fills='[{"status":"A","status":"B"}]'),
    ]
    twice += [made(kind, "w1", unheardOf='[{"deep":{"a":1,"a":1}}]'), made(kind, "w1").replace(b"status", figure, 1)]
    refuses_rows(desk, kind, *twice)


LISTS, OBJECTS = b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 100_000 + b"1" + b"}" * 100_000


def test_row_35_a_row_nested_a_hundred_thousand_deep_is_rejected(desk: DataDesk, kind: Kind) -> None:
    refuses_rows(desk, kind, LISTS, OBJECTS, *(made(kind, "w1", withdrawDetails=deep) for deep in (LISTS, OBJECTS)))


def test_row_35_a_list_nested_a_hundred_thousand_deep_is_rejected(desk: DataDesk) -> None:
    refuses_bodies(desk, b"[" * 100_000, OBJECTS, b'{"content":' + LISTS)


def test_row_36_what_is_no_unicode_is_rejected(desk: DataDesk, kind: Kind) -> None:
    texts = (b'"\xff"', b'"\xc3\x28"', b'"\xed\xa0\x80"', b'"\\ud800"', b'"\\udc00\\ud800"')
    refuses_rows(desk, kind, *(made(kind, "w1", status=each) for each in texts))


def test_row_37_a_byte_order_mark_and_trailing_bytes_are_rejected(desk: DataDesk) -> None:
    good = array(row("w1", amount="9"))
    refuses_bodies(desk, b"\xef\xbb\xbf" + good, good + b"x", good + b"\x00", good + good, good + b"]", good[:-1])


def test_row_38_an_amount_that_is_null_is_a_dash_and_the_list_survives(desk: DataDesk) -> None:
    desk.serve(OUT, row("w1", amount="null", fee="null"), row("w2", amount="7.10"))
    desk.sees(OUT, {"w1": "–", "w2": "7.10"})
    assert desk.cells(OUT, "fee") == {"w1": "–", "w2": "–"}


def test_row_39_what_is_missing_is_a_dash_and_a_missing_id_is_counted(desk: DataDesk) -> None:
    bare = b'{"transactionId":"w1"}'
    desk.serve(OUT, bare, row("w2", amount="7.10"), b'{"amount":5}', b'{"transactionId":"","amount":6}')
    desk.sees(OUT, {"w1": "–", "w2": "7.10"}, "The server sent 2 rows that can't be read")
    assert desk.cells(OUT, "currency")["w1"] == "–"
    assert desk.cells(OUT, "status")["w1"] == "Not reported"
    assert not desk.is_final(OUT, "w1")


def test_row_40_fields_nobody_has_heard_of_are_passed_over(desk: DataDesk) -> None:
    more = '{"new":[1,{"a":"b"}],"amount":99}'
    desk.serve(OUT, row("w1", amount="7.10", riskScore="0.97", nested=more, Amount="8"), row("w2", amount="1"))
    desk.sees(OUT, {"w1": "7.10", "w2": "1"})


def test_row_41_a_status_nobody_has_heard_of_is_shown_as_it_came_and_is_no_end(desk: DataDesk) -> None:
    desk.serve(OUT, row("w1", status='"ON_HOLD"'), row("w2", status='"completed"'), row("w3"))
    desk.sees(OUT, {"w1": "ON_HOLD", "w2": "completed", "w3": "Completed"}, column="status")
    assert [desk.is_final(OUT, key) for key in ("w1", "w2", "w3")] == [False, False, True]


def test_row_42_times_with_and_without_a_zone_are_all_utc_and_in_order(desk: DataDesk) -> None:
    stamps = {"w1": "10:15:30Z", "w2": "10:15:35", "w3": "12:15:33+02:00", "w4": "10:15:40.5Z", "w5": "10:15:36.25"}
    desk.serve(OUT, *(row(key, amount="1", createdAt=f'"2026-05-11T{at}"') for key, at in stamps.items()))
    desk.sees(OUT, dict.fromkeys(stamps, "1"))
    assert desk.order(OUT) == ["w4", "w5", "w2", "w3", "w1"]
    for key, at in stamps.items():
        told = desk.tooltip(OUT, key, "created")
        assert f"2026-05-11 10:15:{'33' if key == 'w3' else at[6:8]} UTC" in told
        assert ("assumed" in told) == (key in {"w2", "w5"})


def test_row_43_odd_times_are_read_or_shown_as_they_came(desk: DataDesk) -> None:
    told = {
        "w1": ("2026-05-11T10:15:30.123456789Z", "2026-05-11 10:15:30 UTC"),
        "w2": ("2016-12-31T23:59:60Z", "2017-01-01 00:00:00 UTC"),
        "w3": ("2026-05-11T24:00:00Z", "2026-05-12 00:00:00 UTC"),
        "w4": ("9999-12-31T24:00:00Z", "9999-12-31T24:00:00Z"),
        "w5": ("2026-02-30T10:15:30Z", "2026-02-30T10:15:30Z"),
        "w6": ("0000-00-00T00:00:00Z", "0000-00-00T00:00:00Z"),
        "w7": ("tomorrow", "tomorrow"),
    }
    desk.serve(OUT, *(row(key, amount="1", createdAt=f'"{stamp}"') for key, (stamp, _) in told.items()))
    desk.sees(OUT, dict.fromkeys(told, "1"))
    for key, (_, seen) in told.items():
        assert seen in desk.tooltip(OUT, key, "created") + desk.cells(OUT, "created")[key]
    dated = [key for key in desk.order(OUT) if key in {"w1", "w2", "w3"}]
    assert dated == ["w3", "w1", "w2"]


HOSTILE_IDS = ("w/1", "..", ".", "a?x", "a#b", "%2e%2e", "w 1", "../../accounts", "\u202ew1", "<b>w1</b>")


def test_row_44_ids_that_read_like_paths_are_shown_to_the_letter(desk: DataDesk) -> None:
    desk.serve(OUT, *(row(key.replace("\u202e", "\\u202e"), amount="1") for key in HOSTILE_IDS))
    desk.sees(OUT, dict.fromkeys(HOSTILE_IDS, "1"))
    shown = desk.cells(OUT, "id")
    assert shown.pop("\u202ew1") == "⟨U+202E⟩w1"
    assert shown == {key: key for key in shown}


def test_row_44_ids_that_read_like_paths_are_quoted_and_dots_are_rejected() -> None:
    async def scenario() -> list[str]:
        async with RawServer([http(200, row("any"))]) as server, a_client(server.url) as client:
            for key in HOSTILE_IDS:
                if key.strip("."):
                    await client.get_withdrawal(key)
                else:
                    with pytest.raises(Invalid) as refusal:
                        await client.get_withdrawal(key)
                    assert refusal.value.wire is Wire.NOT_SENT
            return [request.target for request in server.requests]

    asked = [target.removeprefix("/api/v1/withdrawals/") for target in asyncio.run(scenario())]
    assert asked == [quote(key, safe="") for key in HOSTILE_IDS if key.strip(".")]
    assert not any(set(target) & set("/?# ") for target in asked)


MARKUP = ("<b>Umhlanga</b>", "<img src=file:///etc/passwd>", "&lt;i&gt;", "<table><tr><td>" * 20, "=HYPERLINK(1)")


def test_row_48_a_hostile_nickname_is_shown_to_the_letter(desk: DataDesk) -> None:
    told = {f"b{number}": text for number, text in enumerate(MARKUP)}
    rows = [b'{"id":"%s","currency":"ZAR","nickname":%s}' % (key.encode(), encode(text)) for key, text in told.items()]
    hidden = b'{"id":"b9","currency":"ZAR","nickname":"Umh\\u202eagnal\\u0000\\nga"}'
    desk.serve(Kind.BENEFICIARIES, *rows, hidden)
    desk.sees(Kind.BENEFICIARIES, told | {"b9": "Umh⟨U+202E⟩agnal⟨U+0000⟩⟨U+000A⟩ga"})
    page = desk.page(Kind.BENEFICIARIES)
    for key, text in told.items():
        page.show_record(key)
        assert page.detail.title.text() == text
        assert page.detail.title.textFormat() == Qt.TextFormat.PlainText


def test_row_45_the_desk_works_while_a_long_list_arrives(desk: DataDesk) -> None:
    known, first, rest = (_many(start, stop) for start, stop in ((0, 500), (500, 5_000), (5_000, 20_000)))
    desk.serve(OUT, *known)
    table, page = desk.page(OUT).table, desk.page(OUT)
    until(lambda: table.rowCount() == 500, "the first list")
    held, body = Held(b""), array(*known, *first, *rest)

    async def slowly(connection: Connection) -> None:
        answer = http(200, body)
        await connection.send(answer[: -len(array(*rest))])
        await held.wait()
        await connection.send(answer[-len(array(*rest)) :])

    desk.window.go_to(OUT)
    desk.server.play(OUT, slowly)
    desk.ask(OUT)
    until(lambda: table.rowCount() > 1_000, "rows of a list that isn't whole yet")
    page.show_record("w00017")
    until(lambda: page.detail.isVisible(), "a record to be opened meanwhile")
    assert desk.order(OUT) == ["w00017"]
    page.clear_filters()
    until(lambda: 1_000 < table.rowCount() < 20_000, "the rows so far")
    held.release()
    until(lambda: table.rowCount() == 20_000 and table.is_whole, "all rows")
    assert table.record(page.view.current_row()).transaction_id == "w00017", "what was open stays open"


def _many(start: int, stop: int) -> list[bytes]:
    return [row(f"w{number:05}", amount=f"{number}.25") for number in range(start, stop)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked")
def test_row_45_a_list_many_times_as_long_takes_little_more_memory(server: ListServer, tmp_path: Path) -> None:
    """That a million rows stay within 1 GB is measured by `dev.py bench`."""
    peaks, sizes_kib = [], []
    with Victims() as victims:
        # The shorter one is long enough to fill whatever has a size of its own.
        for count in (30_000, 100_000):
            rows = [trade(f"t{number:05}", f"{number}.25") for number in range(count)]
            server.lay(Kind.TRADES, *rows)
            folder = tmp_path / str(count)
            folder.mkdir()
            ended = victims.run(Job(str(folder), server.url, nth=0))
            assert not ended.was_killed
            peaks.append(ended.peak_kib)
            sizes_kib.append(sum(map(len, rows)) // 1024)
    more_kib = sizes_kib[1] - sizes_kib[0]
    assert more_kib > 25_000
    # To hold the body alone would take all of it, and records three times that.
    assert peaks[1] - peaks[0] < more_kib * 2 // 3, f"{peaks} KiB for {sizes_kib} KiB of rows"


def test_row_46_an_empty_list_after_a_full_one_changes_nothing_and_is_told(desk: DataDesk) -> None:
    good = {"w1": "250.00", "w2": "0.5"}
    desk.serve(OUT, *rows_of(OUT, good))
    desk.sees(OUT, good)
    for empty in (b"[]", b" [ ] ", b'{"content":[],"totalElements":0}'):
        desk.serve_body(OUT, empty)
        desk.hears(("emptied", OUT, ""))
        desk.sees(OUT, good)
    assert desk.audited("emptied") == 1
    desk.serve(OUT, *rows_of(OUT, good), row("w3", amount="1"))
    desk.sees(OUT, good | {"w3": "1"})
    desk.hears(("emptied", OUT, ""))


@pytest.mark.parametrize(
    ("kind", "rows", "column"),
    [
        (Kind.ACCOUNTS, (b'{"id":"a1","currency":"ZAR","balance":5}',), "available"),
        (Kind.BENEFICIARIES, (b'{"id":"b1","nickname":"Umhlanga"}', b'{"id":"b2","nickname":"Nedbank"}'), "nickname"),
    ],
    ids=["accounts", "beneficiaries"],
)
def test_row_46_a_small_list_that_comes_empty_keeps_its_rows_too(
    desk: DataDesk, kind: Kind, rows: tuple[bytes, ...], column: str
) -> None:
    desk.serve(kind, *rows)
    until(lambda: len(desk.cells(kind, column)) == len(rows), "the list")
    before = desk.cells(kind, column)
    desk.serve(kind)
    desk.hears(("emptied", kind, ""))
    desk.sees(kind, before, column=column)
    assert desk.audited("emptied") == 1


def test_row_47_a_row_that_vanishes_is_kept_marked_and_told(desk: DataDesk) -> None:
    good = {"w1": "250.00", "w2": "0.5", "w3": "7"}
    desk.serve(OUT, *rows_of(OUT, good))
    desk.sees(OUT, good)
    desk.serve(OUT, *rows_of(OUT, {"w2": "0.5", "w3": "7", "w4": "1"}))
    desk.sees(OUT, good | {"w4": "1"})
    desk.hears(("gone", OUT, "w1"))
    assert desk.marks(OUT, "w1") == ["gone"]
    assert desk.marks(OUT, "w2") == []
    assert desk.audited("gone") == 1
    desk.serve(OUT, *rows_of(OUT, {"w2": "0.5", "w3": "7", "w4": "1", "w5": "2"}))
    desk.sees(OUT, good | {"w4": "1", "w5": "2"})
    desk.hears(("gone", OUT, "w1"))
    desk.serve(OUT, *rows_of(OUT, good | {"w4": "1", "w5": "2"}))
    until(lambda: desk.marks(OUT, "w1") == [], "the row to be back")
    assert desk.audited("gone") == 1, "told once"


def test_row_47_rows_beyond_a_page_are_not_gone(desk: DataDesk) -> None:
    """The day paging starts, a page is no proof of what isn't on it."""
    good = {"w1": "250.00", "w2": "0.5", "w3": "7"}
    desk.serve(OUT, *rows_of(OUT, good))
    desk.sees(OUT, good)
    desk.serve_body(OUT, b'{"content":%s,"totalElements":4}' % array(*rows_of(OUT, {"w4": "1", "w3": "7"})))
    desk.sees(OUT, good | {"w4": "1"})
    assert desk.alerts() == []
    assert desk.marks(OUT, "w1") == []


@pytest.mark.parametrize("member", ["amount", "currency", "fee"])
def test_row_47_a_row_that_changes_after_it_was_final_is_told(desk: DataDesk, member: str) -> None:
    before = {"amount": "250.00", "fee": "7.50", "currency": '"ZAR"'}
    desk.serve(OUT, row("w1", **before), row("w2", amount="1"))
    desk.sees(OUT, {"w1": "250.00", "w2": "1"})
    after = before | {member: {"amount": "25000", "fee": "0", "currency": '"USD"'}[member]}
    desk.serve(OUT, row("w1", **after), row("w2", amount="1"))
    desk.hears(("altered", OUT, "w1"))
    desk.sees(OUT, {"w1": "25,000" if member == "amount" else "250.00", "w2": "1"})
    assert desk.marks(OUT, "w1") == ["altered"]
    assert desk.audited("altered") == 1
    alert = desk.told_alerts()[0]
    assert (alert.before, alert.after) == (row("w1", **before), row("w1", **after))


def test_row_47_the_same_record_written_otherwise_is_no_change(desk: DataDesk) -> None:
    desk.serve(OUT, row("w1", amount="250.00"), row("w2", amount="1"))
    desk.sees(OUT, {"w1": "250.00", "w2": "1"})
    desk.serve(
        OUT,
        b' { "status":"COMPLETED", "amount": 250.00, "currency":"ZAR","transactionId":"w1",\n'
        b'"createdAt":"2026-05-11T10:15:30Z"}',
        row("w2", amount="1"),
        row("w3", amount="2"),
    )
    desk.sees(OUT, {"w1": "250.00", "w2": "1", "w3": "2"})
    assert desk.alerts() == []


def test_row_49_a_status_that_goes_backwards_is_shown_and_audited(desk: DataDesk) -> None:
    statuses = ("PROCESSING", "PENDING", "COMPLETED", "PENDING")
    for status in statuses:
        desk.serve(OUT, row("w1", status=f'"{status}"', amount="1"))
        desk.sees(OUT, {"w1": status.capitalize()}, column="status")
    assert desk.statuses_of(OUT, "w1") == list(statuses)
    assert desk.audited("backwards") == 2
