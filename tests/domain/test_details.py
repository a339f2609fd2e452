"""Free-form objects as fields: whole, in order, exact, safe to look at."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumedesk.domain.codec import Codec
from lumedesk.domain.details import Field, fields_of, label_of, summary_of, text_of

JSON = Codec[Any](Any)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("branchCode", "Branch code"),
        ("branch_code", "Branch code"),
        ("address-tag", "Address tag"),
        ("iban", "IBAN"),
        ("bankId", "Bank ID"),
        ("swift code", "SWIFT code"),
        ("line1", "Line1"),
    ],
)
def test_names_become_labels(name: str, label: str) -> None:
    assert label_of(name) == label


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (True, "Yes"),
        (False, "No"),
        (7, "7"),
        (Decimal("0.00000001"), "0.00000001"),
        (Decimal("123456789012345678.12345678"), "123456789012345678.12345678"),
        ("<b>x</b>", "<b>x</b>"),
        ("a\u202eb\n", "a⟨U+202E⟩b⟨U+000A⟩"),
    ],
)
def test_values_are_told_to_the_letter(value: Any, text: str) -> None:
    assert text_of(value) == text


def test_nested_objects_become_headings_over_their_members() -> None:
    value = JSON.decode(b'{"bankName":"X","address":{"city":"Y","lines":["a","b"]},"fee":2.50,"none":null,"empty":{}}')
    assert fields_of(value) == [
        Field("Details", None, 0),
        Field("Bank name", "X", 1),
        Field("Address", None, 1),
        Field("City", "Y", 2),
        Field("Lines", None, 2),
        Field("Lines 1", "a", 3),
        Field("Lines 2", "b", 3),
        Field("Fee", "2.50", 1),
        Field("None", "–", 1),
        Field("Empty", "–", 1),
    ]


@pytest.mark.parametrize("value", [None, 7, "text", [], {}])
def test_what_is_no_object_is_one_field(value: Any) -> None:
    assert len(fields_of(value)) == 1


def test_what_is_too_much_is_cut_and_said_so() -> None:
    fields = fields_of(list(range(2_000)))
    assert len(fields) == 501
    assert fields[-1] == Field("More", "1501 further fields are not shown", 0)


def test_what_is_nested_too_deep_for_lines_is_written_out_exactly() -> None:
    value = JSON.decode(b'{"a":' * 14 + b'[0.10,"x"]' + b"}" * 14)
    assert fields_of(value)[-1].value == '{"a":{"a":[0.10,"x"]}}'


def test_the_deepest_nesting_that_can_arrive_is_shown() -> None:
    depth = 900
    value = JSON.decode(b'{"a":' * depth + b"1" + b"}" * depth)
    assert fields_of(value)[-1].depth == 12


@pytest.mark.parametrize(
    ("details", "summary"),
    [
        ({"branch": "9", "bankName": "X", "accountNumber": "77", "accountName": "Y"}, "Y · X · 77"),
        ({"note": "hello", "nested": {}}, "hello"),
        ({"address": "bc1q\u202e"}, "bc1q⟨U+202E⟩"),
        ({}, "–"),
        ({"nested": {"a": 1}}, "–"),
        (None, "–"),
        ("free text", "free text"),
    ],
)
def test_a_few_words_tell_a_destination(details: Any, summary: str) -> None:
    assert summary_of(details) == summary


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.decimals(allow_nan=False, places=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


@given(anything)
def test_any_json_can_be_shown(value: Any) -> None:
    assert fields_of(value)
    assert summary_of(value)
