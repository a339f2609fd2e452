"""The currency list in every shape it may come in."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumedesk.domain.currencies import read_currencies
from lumedesk.domain.records import Currency

ZAR = Currency(code="ZAR", name="Rand", decimals=2)
SHAPES: dict[str, Any] = {
    "objects": [{"code": "ZAR", "name": "Rand", "decimals": 2}],
    "other names": [{"currencyCode": "ZAR", "displayName": "Rand", "precision": 2}],
    "wrapped": {"currencies": [{"code": "ZAR", "name": "Rand", "decimals": 2}], "total": 1},
    "a page": {"content": [{"currency": "ZAR", "label": "Rand", "decimalPlaces": 2}], "totalElements": 1},
    "a mapping": {"ZAR": {"name": "Rand", "decimals": 2}},
    "a wrapped mapping": {"data": {"ZAR": {"name": "Rand", "decimals": 2}}},
    "a code within": [{"currency": {"code": "ZAR"}, "name": "Rand", "scale": 2}],
    "twice": [{"code": "ZAR", "name": "Rand", "decimals": 2}, "ZAR"],
}


@pytest.mark.parametrize("answer", SHAPES.values(), ids=SHAPES)
def test_a_currency_is_found_in_each_shape(answer: Any) -> None:
    found = read_currencies(answer)
    assert found is not None
    assert (found.currencies, found.skipped) == ((ZAR,), ())


def test_bare_codes_are_enough() -> None:
    found = read_currencies(["ZAR", "USDT", "USDC.e"])
    assert found is not None
    assert [each.code for each in found.currencies] == ["ZAR", "USDT", "USDC.e"]


@pytest.mark.parametrize(
    ("entry", "networks"),
    [
        ({"networks": ["TRON", "ETH", "TRON"]}, ("TRON", "ETH")),
        ({"networks": [{"networkName": "TRON"}, {"code": "ETH"}, 7, {}]}, ("TRON", "ETH")),
        ({"chains": {"TRON": {}, "ETH": {}}}, ("TRON", "ETH")),
        ({"network": "TRON"}, ("TRON",)),
        ({"networks": None}, ()),
        ({}, ()),
    ],
)
def test_networks_are_found(entry: dict[str, Any], networks: tuple[str, ...]) -> None:
    found = read_currencies([{"code": "USDT", **entry}])
    assert found is not None
    assert found.currencies[0].networks == networks


@pytest.mark.parametrize(
    ("entry", "enabled"),
    [
        ({"enabled": True}, True),
        ({"isActive": False}, False),
        ({"disabled": True}, False),
        ({"status": "ACTIVE"}, True),
        ({"status": "suspended"}, False),
        ({"status": "ODD"}, None),
        ({"enabled": "yes"}, None),
        ({}, None),
    ],
)
def test_whether_it_is_enabled_is_told_when_the_entry_says_so(entry: dict[str, Any], enabled: bool | None) -> None:
    found = read_currencies([{"code": "USDT", **entry}])
    assert found is not None
    assert found.currencies[0].enabled is enabled


@pytest.mark.parametrize("decimals", [-1, 37, True, "2", 2.5, None])
def test_decimals_that_make_no_sense_are_not_taken(decimals: Any) -> None:
    found = read_currencies([{"code": "ZAR", "decimals": decimals}])
    assert found is not None
    assert found.currencies[0].decimals is None


def test_what_names_no_currency_is_skipped_and_counted() -> None:
    found = read_currencies([7, None, {"x": 1}, "ZAR", "not a code!", ""])
    assert found is not None
    assert [each.code for each in found.currencies] == ["ZAR"]
    assert found.skipped == (0, 1, 2, 4, 5)


@pytest.mark.parametrize("answer", [None, 7, "ZAR", {"error": "x"}, {"message": "no", "code": 7}])
def test_what_is_no_list_is_none(answer: Any) -> None:
    assert read_currencies(answer) is None


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["code", "currencies", "networks", "name", "status", "ZAR"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@given(anything)
def test_reading_never_raises(answer: Any) -> None:
    read_currencies(answer)
