"""A list's rows are found in its bytes however these are cut, and what was there before is known again."""

import json
from collections.abc import Sequence
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumedesk.api import splitting
from lumedesk.api.recognising import Recogniser
from lumedesk.api.splitting import Piece, Same, Splitter
from lumedesk.domain.codec import UnreadableJson
from lumedesk.domain.segments import Segment, segment_of

# What might be taken for the end of a row, within one.
_TEXTS = st.text(st.sampled_from('},{[]":\\ \n\u00e9a0'), max_size=12)
_VALUES = st.recursive(
    _TEXTS | st.integers(-9, 9) | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=6,
)
_ROWS = st.lists(st.dictionaries(_TEXTS, _VALUES, max_size=4), max_size=40)
_SPACES = st.sampled_from(["", " ", "\n  ", "\t\r\n"])


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """So small that a short list has many."""
    monkeypatch.setattr(splitting, "_PIECE", 64)
    monkeypatch.setattr(splitting, "_TAIL", 48)


def run(
    body: bytes, cuts: Sequence[int] = (), known: Sequence[Segment] = (), recogniser: Recogniser | None = None
) -> tuple[list[Same | Piece], Splitter]:
    splitter = Splitter(known, "trades", recogniser)
    told: list[Same | Piece] = []
    ends = sorted({min(cut, len(body)) for cut in cuts} | {len(body)})
    for start, end in zip([0, *ends], ends, strict=False):
        told += splitter.feed(body[start:end])
    return [*told, *splitter.end()], splitter


def compact(rows: object, space: str = "") -> bytes:
    """As a server sends it that leaves out what it may: then runs are passed over without a copy."""
    return json.dumps(rows, separators=(f",{space}", ":")).encode()


def rows_of(told: Sequence[Same | Piece], known: Sequence[bytes] = ()) -> list[object]:
    """All rows told of, decoded; those of runs that came again from the bytes they had."""
    bodies = (known[each.first : each.end] if isinstance(each, Same) else [each.body] for each in told)
    return list(chain.from_iterable(json.loads(b"[" + body + b"]") for body in chain.from_iterable(bodies)))


def positions(told: Sequence[Same | Piece]) -> list[int]:
    """The runs that came again."""
    return [position for each in told if isinstance(each, Same) for position in range(each.first, each.end)]


@given(_ROWS, _SPACES, _SPACES, st.lists(st.integers(0, 3000), max_size=8))
def test_all_rows_are_told_in_order_wherever_the_bytes_are_cut(
    rows: list[object], space: str, other: str, cuts: list[int]
) -> None:
    between = f"{space},{other}"
    body = (other + "[" + space + between.join(json.dumps(row) for row in rows) + other + "]" + space).encode()
    told, splitter = run(body, cuts)
    assert rows_of(told) == rows
    assert [json.loads(row) for each in told if isinstance(each, Piece) for row in each.rows] == rows
    assert splitter.is_empty == (not rows)


@given(
    _ROWS,
    _ROWS,
    st.integers(0, 40),
    st.integers(0, 5),
    st.lists(st.integers(0, 3000), max_size=5),
    st.sampled_from(["", " "]),
    st.integers(0, 2),
)
def test_a_list_that_changed_is_told_whole_by_what_came_again_and_what_is_new(
    rows: list[object], new: list[object], at: int, gone: int, cuts: list[int], space: str, times: int
) -> None:
    body = compact(rows, space)
    before = [piece.body for piece in run(body)[0] if isinstance(piece, Piece)]
    known, recogniser = [segment_of(body) for body in before], Recogniser()
    for _ in range(times):
        run(body, [1], known, recogniser)
    changed = rows[:at] + new + rows[at + gone :]
    told, _ = run(compact(changed, space), cuts, known, recogniser)
    assert rows_of(told, before) == changed
    places = positions(told)
    assert places == sorted(set(places))


def numbered(count: int) -> list[dict[str, object]]:
    return [{"id": f"row {number}", "amount": number * 7919} for number in range(count)]


@pytest.mark.parametrize("at", [0, 150, 299])
def test_one_changed_row_leaves_nearly_all_runs_alone(at: int) -> None:
    rows = numbered(300)
    before = [piece.body for piece in run(json.dumps(rows).encode())[0] if isinstance(piece, Piece)]
    rows[at] = {"id": rows[at]["id"], "amount": "another"}
    told, _ = run(json.dumps(rows).encode(), [], [segment_of(body) for body in before])
    assert rows_of(told, before) == rows
    read = [each for each in told if isinstance(each, Piece)]
    assert sum(len(piece.rows) for piece in read) <= 8
    assert len(positions(told)) >= len(before) - 2


def test_new_rows_in_front_leave_all_runs_alone() -> None:
    rows = numbered(100)
    before = [piece.body for piece in run(json.dumps(rows).encode())[0] if isinstance(piece, Piece)]
    told, _ = run(json.dumps([{"id": "new"}, *rows]).encode(), [], [segment_of(body) for body in before])
    assert len(positions(told)) == len(before)


def test_the_same_list_is_not_looked_into() -> None:
    body = json.dumps(numbered(100)).encode()
    before = [segment_of(piece.body) for piece in run(body)[0] if isinstance(piece, Piece)]
    told, _ = run(body, range(0, len(body), 50), before)
    assert positions(told) == list(range(len(before)))
    assert all(isinstance(each, Same) for each in told)


@given(st.integers(0, 10_000), st.lists(st.integers(0, 10_000), max_size=5))
def test_a_changed_byte_anywhere_is_found_by_one_that_knows_the_list_well(at: int, cuts: list[int]) -> None:
    body = compact(numbered(100))
    pieces = [piece.body for piece in run(body)[0] if isinstance(piece, Piece)]
    before, recogniser = [segment_of(piece) for piece in pieces], Recogniser()
    everything = list(range(len(before)))
    for each in ([], [1], cuts, [9_000]):
        told, _ = run(body, each, before, recogniser)
        assert positions(told) == everything
        assert all(isinstance(each, Same) for each in told)
    # Any letter of an amount or an id.
    places = [place for place, byte in enumerate(body) if chr(byte).isdigit()]
    place = places[at % len(places)]
    changed = body[:place] + (b"7" if body[place : place + 1] != b"7" else b"8") + body[place + 1 :]
    told, _ = run(changed, cuts, before, recogniser)
    assert rows_of(told, pieces) == json.loads(changed)


def well_known(rows: object) -> tuple[list[bytes], list[Segment], Recogniser]:
    """The list's runs as they came, what is remembered of them, and one that saw them several times."""
    body, recogniser = compact(rows), Recogniser()
    pieces = [piece.body for piece in run(body)[0] if isinstance(piece, Piece)]
    known = [segment_of(piece) for piece in pieces]
    for _ in range(2):
        run(body, [1], known, recogniser)
    return pieces, known, recogniser


@pytest.mark.parametrize("count", range(90, 110))
def test_rows_behind_a_list_that_is_known_well_leave_all_runs_alone(count: int) -> None:
    before, known, recogniser = well_known(numbered(count))
    rows = [*numbered(count), {"id": "new"}]
    told, _ = run(compact(rows), [1], known, recogniser)
    assert positions(told) == list(range(len(known)))
    assert rows_of(told, before) == rows


def test_a_row_in_front_that_came_by_itself_is_told_first() -> None:
    before, known, recogniser = well_known(numbered(100))
    rows = [{"id": "new"}, *numbered(100)]
    told, _ = run(compact(rows), [1, len('[{"id":"new"},')], known, recogniser)
    assert rows_of(told, before) == rows


def test_a_list_that_is_known_well_is_known_again_wherever_it_is_cut() -> None:
    body = compact(numbered(100))
    _, known, recogniser = well_known(numbered(100))
    for cut in range(1, len(body)):
        told, _ = run(body, [1, cut], known, recogniser)
        assert positions(told) == list(range(len(known))), cut


def test_a_recogniser_forgets_what_is_no_longer_known() -> None:
    recogniser, run_of_rows = Recogniser(), b'{"a":1}'
    known = segment_of(run_of_rows)
    assert recogniser.is_same(known.digest, run_of_rows)
    recogniser.keep_only([])
    assert recogniser.is_same(known.digest, run_of_rows)
    assert not recogniser.is_same(known.digest, b'{"a":2}')


@pytest.mark.parametrize(
    "body",
    [b"", b"  ", b"[", b"[{}", b'[{"a":1}}]', b'[{"a":1}] x', b'[{"a":1}]]', b"<html>", b'{"a":1}', b'"[]"'],
)
def test_what_is_no_list_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableJson):
        run(body, range(len(body)))


def test_a_list_that_was_cut_between_two_rows_is_refused() -> None:
    body = json.dumps(numbered(50)).encode()
    before = [segment_of(piece.body) for piece in run(body)[0] if isinstance(piece, Piece)]
    cut = body[: before[0].size + 1]
    assert body[len(cut) :].startswith(b", {")
    with pytest.raises(UnreadableJson):
        run(cut, [], before)


def test_a_broken_row_costs_no_other() -> None:
    rows = [json.dumps(row).encode() for row in numbered(60)]
    rows[30] = b'{"id": "row 30", "amount": NaN}'
    told, _ = run(b"[" + b",".join(rows) + b"]")
    assert [row for piece in told if isinstance(piece, Piece) for row in piece.rows] == rows


def test_a_page_in_an_object_is_read_and_says_that_there_is_more() -> None:
    body = json.dumps({"content": numbered(3), "totalElements": 9}).encode()
    told, splitter = run(body, [5, 20])
    assert rows_of(told) == numbered(3)
    assert splitter.is_partial
