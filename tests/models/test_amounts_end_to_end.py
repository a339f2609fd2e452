"""An amount's way through the desk: API JSON, mirror file, table, and back into a request. Not a digit may change."""

from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lumedesk.api.parse import listing
from lumedesk.domain.codec import Codec, encode
from lumedesk.domain.kinds import Kind
from lumedesk.domain.money import typed_amount
from lumedesk.domain.records import Account, Withdrawal
from lumedesk.models.holdings import AccountsTable
from lumedesk.models.table import AMOUNT, COPY
from lumedesk.models.transfers import WithdrawalsTable
from lumedesk.store.datasets import Dataset
from lumedesk.store.mirror import Mirror
from lumedesk.store.reader import MirrorReader
from tests.models.conftest import DirectSource
from tests.support.builders import an_account
from tests.support.mirrors import SEEN

# A JSON number's digits, up to what the desk takes for credible.
figures = st.builds(
    lambda whole, fraction: f"{whole}.{fraction}" if fraction else str(whole),
    st.integers(0, 10**22),
    st.text("0123456789", max_size=18),
)


def through_the_mirror(digits: str) -> tuple[str, str, Any]:
    """What the withdrawals' table shows, copies and holds of an amount that came as these digits."""
    body = b'[{"transactionId":"w1","amount":' + digits.encode() + b',"fee":0.10,"unknown":{"kept":1.10}}]'
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mirror.sqlite"
        mirror = Mirror(path)
        for rows, bad in listing(body, Codec[Withdrawal](Withdrawal), "withdrawals").pieces():
            assert not bad
            arriving = mirror.arriving(Kind.WITHDRAWALS, SEEN)
            arriving.take(body, [("w1", row.raw, row.record) for row in rows])
            arriving.finish(Dataset(b"", SEEN, 0), is_partial=False)
        while mirror.catch_up(Kind.WITHDRAWALS):
            pass
        reader = MirrorReader(path)
        assert reader.document(Kind.WITHDRAWALS, "w1") == body[1:-1]
        table = WithdrawalsTable(DirectSource(reader))
        table.ask()
        cell = table.index(0, table.column_index("amount"))
        answers = cell.data(), cell.data(COPY), cell.data(AMOUNT)
        reader.close()
        mirror.close()
    return answers


@settings(deadline=None, max_examples=40)
@example("0.00000001")
@example("123456789012345678.12345678")
@example("1840")
@example("1840.00")
@example("0.10")
@given(figures)
def test_an_amount_from_the_api_reaches_the_table_and_a_request_unchanged(qapp: object, digits: str) -> None:
    display, copy, held = through_the_mirror(digits)
    assert display.replace(",", "") == digits
    assert copy == digits
    assert encode({"amount": held}) == b'{"amount":' + digits.encode() + b"}"


@settings(deadline=None)
@example("0.00000001")
@example("123456789012345678.12345678")
@example("1840")
@given(figures.filter(lambda digits: Decimal(digits) > 0))
def test_an_amount_that_was_copied_and_typed_is_sent_as_it_stood(qapp: object, digits: str) -> None:
    account = Codec[Account](Account).decode(b'{"id":"a","currency":"ZAR","balance":' + digits.encode() + b"}")
    table = AccountsTable()
    table.set_records([account])
    copied = table.index(0, table.column_index("available")).data(COPY)
    assert encode({"amount": typed_amount(copied)}) == b'{"amount":' + digits.encode() + b"}"


@pytest.mark.parametrize("digits", ["1e400", '"1840"', "NaN", "1" * 61])
def test_a_figure_that_can_not_be_trusted_never_reaches_a_table(digits: str) -> None:
    rows, bad = next(listing(b'[{"amount":' + digits.encode() + b"}]", Codec[Withdrawal](Withdrawal), "x").pieces())
    assert (len(rows), len(bad)) == (0, 1)


def test_a_total_reaches_the_table_exactly(qapp: object) -> None:
    table = AccountsTable()
    table.set_records([an_account(balance=Decimal("123456789012345678901.12345678"), locked_balance=Decimal("0.1"))])
    assert table.index(0, table.column_index("total")).data(COPY) == "123456789012345678901.22345678"
