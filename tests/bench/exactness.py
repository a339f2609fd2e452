"""Every amount of a long list, from the server's digits through store and table into a request: how many were altered."""

from pathlib import Path

from lumedesk.domain.codec import encode
from lumedesk.models.table import AMOUNT, COPY, DISPLAY
from tests.bench import data
from tests.bench.child import in_child
from tests.bench.lines import Line, exactly
from tests.bench.rig import Rig
from tests.bench.workshop import Workshop

_COLUMNS = ("sold", "bought", "rate")


def run(shop: Workshop) -> list[Line]:
    """One line: it is a count, so once is enough."""
    rows = shop.small
    told = in_child("exactness:measure", folder=shop.profile(rows), rows=rows)
    subject = f"exactness, {told['looked_at']:,} generated amounts, API to store to screen to request"
    beside = f"{told['by_float']:,} through a float"
    whole = exactly(subject, "amounts looked at", told["looked_at"], rows * len(_COLUMNS), 1)
    return [exactly(subject, "altered", told["altered"], 0, 1, beside=beside), whole]


def measure(folder: str, rows: int) -> dict[str, int]:
    """In a fresh process: what the table answers for each amount, compared with the digits that were generated."""
    rig = Rig(Path(folder))
    rig.open_session()
    rig.show_trades()
    rig.wait_for_rows(rows)
    table = rig.table
    made = {trade.key: trade.amounts for trade in data.trades(rows)}
    key_column = table.column_index("id")
    columns = [table.column_index(name) for name in _COLUMNS]
    altered = looked_at = 0
    for row in range(rows):
        key = table.index(row, key_column).data(COPY)
        for column, digits in zip(columns, made.pop(key), strict=True):
            looked_at += 1
            altered += not _is_exact(table.index(row, column), digits)
    rig.close()
    if made:
        raise AssertionError(f"{len(made):,} trades never showed")
    by_float = sum(data.altered_by_float(digits) for trade in data.trades(rows) for digits in trade.amounts)
    return {"altered": altered, "looked_at": looked_at, "by_float": by_float}


def _is_exact(index: object, digits: str) -> bool:
    ask = index.data  # type: ignore[attr-defined] - a QModelIndex
    request = encode({"fromAmount": ask(AMOUNT)})
    return (
        ask(COPY) == digits
        and ask(DISPLAY).replace(",", "") == digits
        and request == b'{"fromAmount":' + digits.encode() + b"}"
    )
