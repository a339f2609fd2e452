"""What an operator asks for, as SQL: what must hold for a row, and the ways to such rows that spare looking at all."""

import json
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import msgspec
from msgspec.structs import replace

from lumedesk.domain.kinds import Kind
from lumedesk.domain.money import MAX_DIGITS, MAX_EXPONENT, added, sort_key
from lumedesk.domain.queries import HistoryQuery
from lumedesk.domain.statuses import status_of
from lumedesk.store.datasets import micros_of
from lumedesk.store.histories import SHAPES
from lumedesk.store.schema import facts_of, words_of

# SQLite refuses more than 1,000 terms, and nobody types as many words.
MAX_WORDS = 100
# A text is found by runs of three letters, each with its place. Of a long word its end is enough, where ids differ most: each
# hit is looked at again.
_GRAM = 3
_LONGEST = 8
# Three letters alone stand in many texts by chance.
_SHORTEST = 4
# SQLite takes 32,766 marks in a statement; a server may invent as many statuses.
_MAX_MARKS = 200
_NUMBER = re.compile(r"(-?)(0|[1-9][0-9,]*)(?:\.([0-9]*))?")


class Sql(msgspec.Struct, frozen=True):
    """A piece of SQL, made of our own names only, and what its marks stand for."""

    text: str
    bindings: tuple[Any, ...] = ()


class Way(msgspec.Struct, frozen=True):
    """One way for a row to meet a clause. `holds` tests the row `f` of facts; `rows` finds such rows through an index.

    Without `is_exact` the rows found are only those that may hold. `rows` is None where no index helps. `others` finds all
    rows but those, where that is known too. All rows whose ids lie between `ids`, the second of them left out, hold.
    """

    holds: Sql
    rows: Sql | None
    is_exact: bool = True
    others: Sql | None = None
    ids: tuple[str, str] | None = None


class Clause(msgspec.Struct, frozen=True):
    """What must hold for each row found: one of its ways. Without any, no row meets it."""

    ways: tuple[Way, ...]

    @property
    def holds(self) -> Sql:
        """The test on a row `f` of facts; never NULL."""
        tests = [way.holds for way in self.ways]
        return Sql(f"ifnull({' OR '.join(test.text for test in tests) or '0'}, 0)", _bound(tests))

    @property
    def is_exact(self) -> bool:
        """Whether all rows that `rows` finds meet the clause."""
        return all(way.is_exact for way in self.ways)

    @property
    def has_rows(self) -> bool:
        """Whether an index helps."""
        return all(way.rows is not None for way in self.ways)

    def rows(self, *, once: bool = False) -> Sql:
        """The numbers of the rows that may meet it; `once` each, or a row as often as there are ways to it."""
        parts = [way.rows for way in self.ways if way.rows is not None]
        union = " UNION " if once else " UNION ALL "
        return Sql(union.join(part.text for part in parts) or "SELECT 0 AS row WHERE 0", _bound(parts))


def both(clauses: Iterable[Clause]) -> Sql:
    """The test that all of them hold for a row `f` of facts."""
    tests = [clause.holds for clause in clauses]
    return Sql(" AND ".join(test.text for test in tests) or "1", _bound(tests))


def clauses_of(query: HistoryQuery, few: Callable[[str], list[str]], prefix: str) -> list[Clause]:
    """All that must hold. Errors: ValueError for a column the history hasn't got.

    `few` tells the different values of a column that has only few of them; `prefix` is how all ids begin, folded.
    """
    kind, shape = query.kind, SHAPES[query.kind]
    made: list[Clause] = []
    for column, values in query.any_of:
        if column not in shape.columns or column in ("words", *shape.amounts):
            raise ValueError(f"{kind.table} has no column {column} to choose by")
        made.append(Clause((_one_of(kind, column, values),) if values else ()))
    if query.since is not None or query.until is not None:
        since, until = (None if end is None else micros_of(end) for end in (query.since, query.until))
        made.append(Clause((_between(kind, "at", (">=", since), ("<", until)),)))
    if query.least is not None or query.most is not None:
        if query.amount not in shape.amounts:
            raise ValueError(f"{kind.table} has no amount {query.amount}")
        least, most = (None if end is None else sort_key(end) for end in (query.least, query.most))
        made.append(Clause((_between(kind, query.amount, (">=", least), ("<=", most)),)))
    # What stands in every id leaves nothing out.
    made += [_word(kind, word, few, prefix) for word in words_of_search(query.text) if word not in prefix]
    return made


def words_of_search(text: str) -> list[str]:
    """The words that are looked for, folded, each once."""
    return list(dict.fromkeys(text.casefold().split()))[:MAX_WORDS]


def begins_amount(word: str, amount: Decimal) -> bool:
    """Whether a word is a number by which an amount is found: its whole part, or how it begins beyond the point."""
    return any(_is_within(sort_key(amount), low, high) for low, high in amount_ranges(word))


def amount_ranges(word: str) -> list[tuple[tuple[str, bytes], tuple[str, bytes]]]:
    """Where the sort keys of the amounts lie that begin with a word; nowhere for one that is no number."""
    match = _NUMBER.fullmatch(word)
    if match is None:
        return []
    sign, whole, fraction = match[1], match[2].replace(",", ""), match[3] or ""
    if len(whole) > MAX_DIGITS or len(fraction) > MAX_EXPONENT:
        return []
    low = Decimal(f"{whole}.{fraction or 0}")
    high = added(low, Decimal(1).scaleb(-len(fraction)))
    # The exact keys: rounding to Python's usual 28 digits would move the ends.
    negative = ((">", sort_key(high.copy_negate())), ("<=", sort_key(low.copy_negate())))
    positive = ((">=", sort_key(low)), ("<", sort_key(high)))
    if sign:
        return [negative]
    # Zero has one key and would be found twice.
    return [(negative[0], ("<", negative[1][1])) if not low else negative, positive]


def _is_within(key: bytes, low: tuple[str, bytes], high: tuple[str, bytes]) -> bool:
    above = key > low[1] or (low[0] == ">=" and key == low[1])
    below = key < high[1] or (high[0] == "<=" and key == high[1])
    return above and below


def _word(kind: Kind, word: str, few: Callable[[str], list[str]], prefix: str) -> Clause:
    if "\0" in word or any("\ud800" <= char <= "\udfff" for char in word):
        return Clause(())  # stands in no text
    shape = SHAPES[kind]
    ways = [_text(kind, word, prefix)]
    for column in shape.few:
        told = _told_status if column == "status" else str.casefold
        every = few(column)
        values = tuple(value for value in every if word in told(value))
        if values:
            others = tuple(value for value in every if value not in values)
            ways.append(replace(_one_of(kind, column, values), others=_none_of(kind, column, others)))
    for low, high in amount_ranges(word):
        ways += [_between(kind, column, low, high) for column in shape.amounts]
    return Clause(tuple(ways))


def _told_status(code: str) -> str:
    """A status as the server names it and as the operator reads it."""
    return f"{code}\n{status_of(code).label}".casefold()


def _text(kind: Kind, word: str, prefix: str) -> Way:
    holds = Sql("instr(f.words, ?)", (word,))
    if len(word) < _GRAM:
        return Way(holds, None)
    piece = _telling(word, prefix)
    quoted = '"' + piece.replace('"', '""') + '"'
    table = words_of(kind)
    rows = Sql(f"SELECT rowid AS row FROM {table} WHERE {table} MATCH ?", (quoted,))  # noqa: S608 - our own names
    return Way(holds, rows, is_exact=piece == word, ids=_ids_beginning_with(word))


def _ids_beginning_with(word: str) -> tuple[str, str] | None:
    """The first of them, and the first behind them."""
    return (word, word[:-1] + chr(ord(word[-1]) + 1)) if word.isascii() else None


def _telling(word: str, prefix: str) -> str:
    """The piece of a word that it is looked up by: the lists of what stands in every id are long and leave nothing out."""
    places = [at for at in range(len(word) - _GRAM + 1) if word[at : at + _GRAM] not in prefix]
    end = places[-1] + _GRAM if places else len(word)
    begin = max(min(places[0] if places else 0, end - _SHORTEST), end - _LONGEST, 0)
    return word[begin:end]


def narrows(text: str, earlier: str) -> bool:
    """Whether all that `text` finds is found by `earlier` as well, as when a word was typed on."""
    words = words_of_search(text)
    # A longer number finds other amounts: 123 is no amount that begins with 12.
    longer = [word for word in words if not amount_ranges(word)]
    return all(old in words or any(old in word for word in longer) for old in words_of_search(earlier))


def _one_of(kind: Kind, column: str, values: tuple[str, ...]) -> Way:
    one_of = _listed(values)
    # The plus keeps SQLite from finding rows by this test: that is what `rows` is for.
    holds = Sql(f"+f.{column} IN ({one_of.text})", one_of.bindings)
    if column not in SHAPES[kind].few:
        return Way(holds, None)
    rows = f"SELECT row FROM {facts_of(kind)} WHERE {column} IN ({one_of.text})"  # noqa: S608
    return Way(holds, Sql(rows, one_of.bindings))


def _none_of(kind: Kind, column: str, others: tuple[str, ...]) -> Sql:
    """The rows that have one of the other values of a column, or none."""
    listed = _listed(others)
    sql = f"SELECT row FROM {facts_of(kind)} WHERE {column}"  # noqa: S608 - our own names
    return Sql(f"{sql} IS NULL UNION ALL {sql} IN ({listed.text})", listed.bindings)


def _listed(values: tuple[str, ...]) -> Sql:
    if len(values) > _MAX_MARKS:
        return Sql("SELECT value FROM json_each(?)", (json.dumps(values),))
    return Sql(", ".join("?" * len(values)), values)


def _between(kind: Kind, column: str, *ends: tuple[str, Any]) -> Way:
    given = [(sign, end) for sign, end in ends if end is not None]
    bindings = tuple(end for _, end in given)
    holds = " AND ".join(f"+f.{column} {sign} ?" for sign, _ in given)
    rows = " AND ".join(f"{column} {sign} ?" for sign, _ in given)
    return Way(Sql(f"({holds})", bindings), Sql(f"SELECT row FROM {facts_of(kind)} WHERE {rows}", bindings))  # noqa: S608


def _bound(parts: Iterable[Sql]) -> tuple[Any, ...]:
    return tuple(value for part in parts for value in part.bindings)
