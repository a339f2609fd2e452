"""Adding up exactly what a history's sort keys stand for: in whole numbers of few digits, which SQLite adds without rounding."""

from decimal import Context, Decimal, Inexact
from typing import Any

from lumedesk.domain.queries import HistoryQuery, Total
from lumedesk.store.histories import SHAPES

# As many rows are added up at once, so that nobody waits long. SQLite's whole numbers hold the sum of 12 digits each of
# forty times as many; what they can't hold it refuses to add.
SLICE = 200_000
_DIGITS = 12
_CHUNKS = 5
_PREFIX = 3
# A million amounts of 60 digits with 40 decimals each, and room to spare.
_EXACT = Context(prec=400, traps=[Inexact])


class BadKey(ValueError):
    """Bytes that are no amount's sort key."""


def amount_of(key: bytes) -> Decimal:
    """The number that a sort key stands for: the inverse of `sort_key`, but for zeros at the end. Errors: BadKey."""
    if key == b"\x01":
        return Decimal(0)
    if key[:1] == b"\x00" and key[-1:] == b"\xff":
        key, sign = b"\x02" + bytes(0xFF - byte for byte in key[1:-1]), 1
    elif key[:1] == b"\x02":
        sign = 0
    else:
        raise BadKey("not a sort key")
    mantissa = key[_PREFIX:]
    if not mantissa.isdigit():
        raise BadKey("not a sort key")
    exponent = int.from_bytes(key[1:_PREFIX], "big") - 0x8000 - len(mantissa) + 1
    return Decimal((sign, tuple(digit - ord("0") for digit in mantissa), exponent))


def _group_sql(facts: str, column: str, currency: str, where: str) -> str:
    """SQL that adds the amounts of equal size, some digits at a time.

    Shape: currency, whether completed, the key's first bytes or for negative amounts all of it, its length, how many, and
    the sums of its digits, 12 by 12.
    """
    chunks = ", ".join(
        f"sum(CAST(substr(f.{column}, {_PREFIX + 1 + at * _DIGITS}, {_DIGITS}) AS INTEGER))" for at in range(_CHUNKS)
    )
    size = f"CASE WHEN f.{column} < x'01' THEN f.{column} ELSE substr(f.{column}, 1, {_PREFIX}) END"
    return (
        f"SELECT f.{currency}, f.status IS 'COMPLETED', {size}, length(f.{column}), count(*), {chunks}"  # noqa: S608
        f" FROM {facts} f WHERE f.{column} IS NOT NULL AND f.{currency} IS NOT NULL AND {where} GROUP BY 1, 2, 3, 4"
    )


class Sums:
    """Adds up the groups of any number of slices."""

    def __init__(self) -> None:
        self._sums: dict[str, list[Decimal]] = {}

    def take(self, group: tuple[Any, ...]) -> None:
        """Add one group of `_group_sql`. Errors: BadKey."""
        currency, is_completed, size, length, count, *chunks = group
        amount = self._of(size, length, count, chunks)
        both = self._sums.setdefault(currency, [Decimal(0), Decimal(0)])
        both[0] = _EXACT.add(both[0], amount)
        if is_completed:
            both[1] = _EXACT.add(both[1], amount)

    def _of(self, size: bytes, length: int, count: int, chunks: list[int]) -> Decimal:
        if size[:1] == b"\x00":
            return _EXACT.multiply(amount_of(size), Decimal(count))
        if size == b"\x01":
            return Decimal(0)
        if size[:1] != b"\x02" or not all(type(each) is int for each in chunks):
            raise BadKey("not a sort key")
        digits = length - _PREFIX
        if not 0 < digits <= _CHUNKS * _DIGITS:
            raise BadKey("not a sort key")
        whole = 0
        for at, chunk in enumerate(chunks):
            # The last digits of a key stand further left than those of a full chunk do.
            width = min(max(digits - at * _DIGITS, 0), _DIGITS)
            whole = whole * 10**width + chunk
        exponent = int.from_bytes(size[1:_PREFIX], "big") - 0x8000 - digits + 1
        return _EXACT.scaleb(Decimal(whole), exponent)

    @property
    def totals(self) -> tuple[Total, ...]:
        """By currency."""
        return tuple(Total(currency, each[0], each[1]) for currency, each in sorted(self._sums.items()))


class Adding:
    """The sums of a query's rows while they are added up, slice by slice. `version` is that of the data they are of."""

    def __init__(self, query: HistoryQuery) -> None:
        self.query = query
        self.version: int | None = None
        self.sums: dict[str, Sums] = {}
        self._where = ""
        self._bindings: tuple[Any, ...] = ()
        self._after, self._step, self._last = 0, 0, 0

    def begin(self, version: int, where: str, bindings: tuple[Any, ...], step: int, last: int) -> None:
        """Begin (anew) with rows up to the number `last`, `step` at a time, of which `where` holds."""
        self.version = version
        self.sums = {column: Sums() for column, _ in SHAPES[self.query.kind].sums}
        self._where, self._bindings = where, bindings
        self._after, self._step, self._last = 0, step, last

    def slice(self, facts: str) -> list[tuple[str, str, tuple[Any, ...]]]:
        """For each column the SQL of its next slice, with what its marks stand for; it counts as added then."""
        bindings = (*self._bindings, self._after, self._after + self._step)
        self._after += self._step
        where = f"{self._where} AND f.row > ? AND f.row <= ?"
        sums = SHAPES[self.query.kind].sums
        return [(column, _group_sql(facts, column, currency, where), bindings) for column, currency in sums]

    @property
    def is_done(self) -> bool:
        """Whether all rows are added."""
        return self.version is not None and self._after >= self._last

    @property
    def totals(self) -> dict[str, tuple[Total, ...]]:
        """The sums so far, by column."""
        return {column: sums.totals for column, sums in self.sums.items()}
