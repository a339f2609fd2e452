"""How the system writes amounts, from Qt's locale to the domain's convention."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from PySide6.QtCore import QLocale

from lumedesk.domain.amount_entry import PLAIN, Convention, read_amount
from lumedesk.views.wizards.conventions import system_convention


@pytest.fixture(autouse=True)
def _locale() -> Iterator[None]:
    before = QLocale()
    yield
    QLocale.setDefault(before)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("C", PLAIN),
        ("en_US", Convention(".", (",",))),
        ("de_DE", Convention(",", (".",))),
        ("en_IN", Convention(".", (",",), lakhs=True)),
        ("hi_IN", Convention(".", (",",), lakhs=True)),
        ("ar_EG", PLAIN),
    ],
)
def test_the_systems_signs_are_taken_where_they_are_ours(name: str, expected: Convention) -> None:
    QLocale.setDefault(QLocale(name))
    assert system_convention() == expected


@pytest.mark.parametrize(
    "name", ["en_US", "de_DE", "fr_FR", "de_CH", "en_IN", "en_ZA", "pt_BR", "sv_SE", "pl_PL", "it_CH"]
)
def test_what_the_system_writes_is_read_exactly(name: str) -> None:
    QLocale.setDefault(QLocale(name))
    written = QLocale().toString(1234567.25, "f", 2)
    assert read_amount(written, system_convention()).amount == Decimal("1234567.25")
