"""Finding a query's rows in little time: which index to go by, and when to look at rows one by one.

A million rows are there to be found. Walking an index in its order costs nothing, looking at a row's facts on the way some
microseconds, and ordering many rows anew a second: so the first rows come by the cheapest of three ways, as many as are
expected, and all of them behind.
"""

import os.path
import sys
from array import array
from typing import Any

import apsw
import msgspec
from msgspec.structs import replace

from lumedesk.domain.kinds import Kind
from lumedesk.domain.queries import Found, HistoryQuery
from lumedesk.store.counting import Counts
from lumedesk.store.finding import Clause, Sql, both, clauses_of, narrows
from lumedesk.store.histories import SHAPES
from lumedesk.store.mirror_file import MirrorError
from lumedesk.store.schema import facts_of, indexes_of

# As many rows are ordered at once; of more, only those are ordered that are met first.
_FEW = 2_500
# More rows than this are met soon enough by looking at one after the other, in order.
_MANY = 15_000
# So many rows at most are looked at one by one only to be counted.
_MOST_COUNTED = 250_000
# As many rows found last are looked through for what is found by a word typed on: among more, a first few say little.
_MOST_WITHIN = 200_000
# So many numbers are compared, or rows looked at, before anything is shown.
_NUMBER_STEPS = 60_000
_ROW_STEPS = 3_000
_ROW_DIGITS = 8
_BAD_ROW = "The local data are damaged: a row's number isn't one."


class _Plan(msgspec.Struct, frozen=True):
    """How to go about a query. `driver`: the clause that fewest rows may meet, of those that an index helps.

    `most`: how many these are, or one more than _MANY. `rows` finds them: few of them are known by number.
    """

    clauses: tuple[Clause, ...]
    driver: Clause | None
    most: int
    rows: Sql

    @property
    def is_few(self) -> bool:
        """Whether so few rows may be found that all of them are looked at."""
        return self.driver is not None and self.most <= _FEW

    @property
    def is_exact(self) -> bool:
        """Whether the driver's rows are those found."""
        return len(self.clauses) == 1 and self.driver is not None and self.driver.is_exact


class Search:
    """The queries on one connection. Each method's caller holds a snapshot. Errors: ValueError for names nobody knows."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db
        self._version = -1
        # All of this holds until another connection writes.
        self._begun: tuple[HistoryQuery, _Plan] | None = None
        self._planned: tuple[HistoryQuery, _Plan] | None = None
        self._latest: tuple[HistoryQuery, array[int]] | None = None
        self._counts = Counts(self._one)
        self._totals: dict[Kind, int] = {}
        self._values: dict[tuple[Kind, str], list[str]] = {}

    def whole(self, query: HistoryQuery) -> "array[int]":
        """The numbers of all rows found, in order."""
        plan = self._plan(query)
        if not plan.clauses:
            rows = self._packed(self._unfiltered(query))
        elif plan.is_exact and plan.most > _MANY and query.order != "id":
            rows = self._packed(self._passed(query, plan))
        else:
            rows = self._packed(self._sorted(query, plan))
        self._latest = (query, rows) if len(rows) <= _MOST_WITHIN else None
        return rows

    def first(self, query: HistoryQuery, limit: int) -> Found:
        """The first rows found, in order, fewer than `limit` where that would take long; all, where there are few."""
        plan = self._begin(query)
        if not plan.clauses:
            unfiltered = self._unfiltered(query)
            rows = self._numbers(Sql(f"{unfiltered.text} LIMIT ?", (*unfiltered.bindings, limit)))
            # To count them takes longer than to find the first ones: only what was counted before is told.
            total = len(rows) if len(rows) < limit else self._known_total(query)
            return Found(query, rows, max(total, len(rows)), is_whole=len(rows) < limit)
        if plan.is_few:
            rows = self._packed(self._sorted(query, plan))
            return Found(query, rows, len(rows))
        early = self._within(query, plan, limit)
        if len(early) == limit:
            # Typed on, a word is met among what was found last; nothing needs to be counted.
            return Found(query, early, limit, is_whole=False)
        plan = self._plan(query)
        known = plan.most if plan.is_exact and plan.driver is not None and len(plan.driver.ways) == 1 else 0
        rows = max(early, self._numbers(self._walk(query, plan, limit)), key=len)
        return Found(query, rows, max(known, len(rows)), is_whole=False)

    def count(self, query: HistoryQuery) -> int:
        """How many rows are found."""
        counted = self.quick_count(query)
        if counted is not None:
            return counted
        return self._counted_one_by_one(query.kind, self._plan(query))

    def quick_count(self, query: HistoryQuery) -> int | None:
        """How many rows are found, where indexes tell; None where rows would have to be looked at."""
        plan = self._begin(query)
        if not plan.clauses:
            return self._total_of(query)
        if plan.is_few:
            return self._counted_one_by_one(query.kind, plan)
        if len(plan.clauses) == 1 and plan.clauses[0].has_rows:
            return self._counted_by_ways(query.kind, plan.clauses[0])
        return None

    def among(self, query: HistoryQuery) -> tuple[Sql, bool]:
        """The test on a row `f` of facts that tells the rows found; and whether it leads to a few of them by an index."""
        plan = self._plan(query)
        return self._where(plan), plan.driver is not None and plan.most <= _MANY

    def total(self, kind: Kind) -> int:
        """How many rows there are, with those that aren't found yet."""
        self._refresh()
        if kind not in self._totals:
            self._totals[kind] = self._one(f"SELECT count(*) FROM {kind.table}")  # noqa: S608
        return self._totals[kind]

    def distinct(self, kind: Kind, column: str) -> list[str]:
        """The different texts in a column, ordered."""
        self._refresh()
        if (kind, column) not in self._values:
            self._values[kind, column] = self._distinct(kind, column)
        return self._values[kind, column]

    # What is asked first

    def _refresh(self) -> None:
        version = self._one("PRAGMA data_version")
        if version != self._version:
            self._version = version
            self._begun = self._planned = self._latest = None
            self._counts.forget()
            self._totals.clear()
            self._values.clear()

    def _distinct(self, kind: Kind, column: str) -> list[str]:
        facts = facts_of(kind)
        sql = f"SELECT DISTINCT {column} FROM {facts} WHERE {column} IS NOT NULL ORDER BY 1"  # noqa: S608
        index = f"{facts}_{column}"
        if index in indexes_of(kind) and self._one("SELECT count(*) FROM sqlite_schema WHERE name = ?", (index,)):
            # From one value to the next by the index, in place of reading it from end to end.
            sql = (
                f"WITH RECURSIVE each (value) AS (SELECT min({column}) FROM {facts} UNION ALL SELECT"  # noqa: S608
                f" (SELECT min({column}) FROM {facts} WHERE {column} > each.value) FROM each"
                " WHERE each.value IS NOT NULL) SELECT value FROM each WHERE value IS NOT NULL"
            )
        return [str(value) for (value,) in self._db.execute(sql)]

    def _prefix(self, kind: Kind) -> str:
        """How all ids begin, folded: ids that stand first and last in their order begin alike, so all between do."""
        [(first, last)] = self._db.execute(
            f"SELECT (SELECT min(id) FROM {kind.table}), (SELECT max(id) FROM {kind.table})"  # noqa: S608
        )
        if first is None:
            return ""
        shared: str = os.path.commonprefix([first, last])  # noqa: RUF071 - letters, not folders
        return shared.casefold().partition("\0")[0]

    def _begin(self, query: HistoryQuery) -> _Plan:
        """How to go about a query that finds few rows; for another one, only what must hold."""
        self._refresh()
        # Asked several times over for one search: its first rows, their count, all of them.
        if self._begun is None or self._begun[0] != query:
            self._begun = (query, self._begun_plan(query))
            self._counts.keep(way.rows for clause in self._begun[1].clauses for way in clause.ways)
        return self._begun[1]

    def _begun_plan(self, query: HistoryQuery) -> _Plan:
        kind = query.kind
        if query.order not in SHAPES[kind].orders:
            raise ValueError(f"{kind.table} has no order {query.order}")
        clauses = tuple(clauses_of(query, lambda column: self.distinct(kind, column), self._prefix(kind)))
        plan = _Plan(clauses, None, _MANY + 1, Sql(""))
        for clause in clauses:
            if clause.has_rows:
                rows = clause.rows()
                few = self._packed(Sql(f"SELECT row FROM ({rows.text}) LIMIT {_FEW + 1}", rows.bindings))  # noqa: S608
                if len(few) <= _FEW and (plan.driver is None or len(few) < plan.most):
                    # Few are looked up only once.
                    known = Sql("SELECT value AS row FROM json_each(?)", (str(few.tolist()),))
                    plan = _Plan(clauses, clause, len(few), known)
        return plan

    def _plan(self, query: HistoryQuery) -> _Plan:
        begun = self._begin(query)
        if begun.is_few:
            return begun
        if self._planned is None or self._planned[0] != query:
            helped = [clause for clause in begun.clauses if clause.has_rows]
            plan = begun
            if helped:
                driver = min(helped, key=self._size)
                plan = _Plan(begun.clauses, driver, self._size(driver), driver.rows())
            self._planned = (query, plan)
        return self._planned[1]

    def _size(self, clause: Clause) -> int:
        """How many rows its indexes lead to, or one more than _MANY."""
        return min(_MANY + 1, sum(self._counts.size(way.rows, _MANY) for way in clause.ways if way.rows is not None))

    # The SQL of each way

    def _where(self, plan: _Plan) -> Sql:
        """The test on a row `f` of facts: through the driver where that spares most rows, else by looking at each."""
        if plan.driver is None or plan.most > _MANY:
            return both(plan.clauses)
        rows = plan.rows
        others = both(clause for clause in plan.clauses if clause is not plan.driver or not clause.is_exact)
        return Sql(f"f.row IN ({rows.text}) AND {others.text}", rows.bindings + others.bindings)

    def _unfiltered(self, query: HistoryQuery) -> Sql:
        kind, facts = query.kind, facts_of(query.kind)
        direction = _direction(query)
        if query.order == "id":
            return Sql(f"SELECT row FROM {kind.table} ORDER BY id {direction}, row {direction}")  # noqa: S608
        if query.order != "at":
            return Sql(f"SELECT row FROM {facts} ORDER BY {query.order} {direction} NULLS LAST, row {direction}")  # noqa: S608
        last = self._one(f"SELECT ifnull(max(row), 0) FROM {facts}")  # noqa: S608
        if self._one(f"SELECT ifnull(max(row), 0) FROM {kind.table}") <= last:  # noqa: S608
            return Sql(f"SELECT row FROM {facts} ORDER BY at {direction}, row {direction}")  # noqa: S608
        # Rows that came just now are shown among the others before anything else is known of them.
        return Sql(
            f"SELECT row FROM (SELECT at, row FROM {facts} UNION ALL SELECT at, row FROM {kind.table} WHERE row > ?)"  # noqa: S608
            f" ORDER BY at {direction}, row {direction}",
            (last,),
        )

    def _sorted(self, query: HistoryQuery, plan: _Plan) -> Sql:
        """All rows found, ordered anew."""
        source, where = f"{facts_of(query.kind)} f", self._where(plan)
        key, direction = f"+f.{query.order}", _direction(query)
        if query.order == "id":
            source, key = f"{source} CROSS JOIN {query.kind.table} k ON k.row = f.row", "+k.id"
        order = f"{key} {direction} NULLS LAST, f.row {direction}"
        return Sql(f"SELECT f.row AS row FROM {source} WHERE {where.text} ORDER BY {order}", where.bindings)  # noqa: S608

    def _passed(self, query: HistoryQuery, plan: _Plan) -> Sql:
        """All rows found, by passing over all rows in order: for many, whose numbers alone tell whether they are found."""
        rows = plan.rows
        order = f"f.{query.order} {_direction(query)} NULLS LAST, f.row {_direction(query)}"
        sql = f"SELECT f.row AS row FROM {facts_of(query.kind)} f WHERE +f.row IN ({rows.text}) ORDER BY {order}"  # noqa: S608
        return Sql(sql, rows.bindings)

    def _walk(self, query: HistoryQuery, plan: _Plan, limit: int) -> Sql:
        """The first rows in the order of its index, looked at one by one."""
        facts, direction = facts_of(query.kind), _direction(query)
        table, key = (query.kind.table, "id") if query.order == "id" else (facts, query.order)
        order = f"ORDER BY {key} {direction} NULLS LAST, row {direction}"
        tests, steps, among = plan.clauses, _ROW_STEPS, Sql("1")
        if plan.driver is not None and plan.most <= _MANY:
            # Whether a row is among the driver's is known from its number, without looking at it.
            rows = plan.rows
            steps, among = _NUMBER_STEPS, Sql(f"+o.row IN ({rows.text})", rows.bindings)
            tests = tuple(each for each in tests if each is not plan.driver or not each.is_exact)
        test = both(tests)
        # The limit within keeps SQLite from passing over all rows for the last few.
        return Sql(
            f"SELECT o.row FROM (SELECT row FROM {table} {order} LIMIT {steps}) o"  # noqa: S608
            f" CROSS JOIN {facts} f ON f.row = o.row WHERE {among.text} AND {test.text} LIMIT {limit}",
            among.bindings + test.bindings,
        )

    def _within(self, query: HistoryQuery, plan: _Plan, limit: int) -> "array[int]":
        """The first rows among those found last, where these hold all that is looked for now; else none."""
        if self._latest is None:
            return array("I")
        earlier, rows = self._latest
        if replace(earlier, text=query.text) != query or not narrows(query.text, earlier.text):
            return array("I")
        test = both(plan.clauses)
        return self._numbers(
            Sql(
                f"SELECT f.row FROM json_each(?) o CROSS JOIN {facts_of(query.kind)} f ON f.row = o.value"  # noqa: S608
                f" WHERE {test.text} LIMIT {limit}",
                (str(rows[:_ROW_STEPS].tolist()), *test.bindings),
            )
        )

    def _counted_one_by_one(self, kind: Kind, plan: _Plan) -> int:
        where = self._where(plan)
        return self._one(f"SELECT count(*) FROM {facts_of(kind)} f WHERE {where.text}", where.bindings)  # noqa: S608

    def _counted_by_ways(self, kind: Kind, clause: Clause) -> int | None:
        """How many rows meet a clause, mostly by its indexes alone; None where these don't tell."""
        large = [*clause.ways]
        if len(large) > 1:
            large = [way for way in clause.ways if way.rows is not None and self._counts.size(way.rows, _MANY) > _MANY]
        if len(large) > 1:
            return None
        told = large or [way for way in clause.ways if way.is_exact]
        by_index = Clause(tuple(told))
        rows, counted = by_index.rows(once=len(told) > 1), by_index.holds
        count: int | None
        if by_index.is_exact:
            rest = told[0].others if len(told) == 1 else None
            count = self._counts.count(rows, rest, lambda: self._total_found(kind))
        else:
            count = self._counted_among(kind, rows, counted, told[0].ids if len(told) == 1 else None)
        others = Clause(tuple(way for way in clause.ways if way not in told))
        if count is None or not others.ways:
            return count
        # The others are few enough to be looked at.
        rows, holds = others.rows(once=True), others.holds
        return count + self._one(
            f"SELECT count(*) FROM {facts_of(kind)} f WHERE f.row IN ({rows.text}) AND {holds.text}"  # noqa: S608
            f" AND NOT {counted.text}",
            rows.bindings + holds.bindings + counted.bindings,
        )

    def _counted_among(self, kind: Kind, rows: Sql, holds: Sql, ids: tuple[str, str] | None) -> int | None:
        """How many of these rows really are found; None where they are too many to be looked at. `ids`: see Way."""
        known = self._run_of_ids(kind, ids) if ids else range(0)
        if known:
            # Only those before and behind need be looked at.
            among = f"SELECT row FROM ({rows.text}) WHERE row"  # noqa: S608
            text = f"{among} < {known.start} UNION ALL {among} >= {known.stop}"
            rows = Sql(text, rows.bindings * 2)
        [(looked_at, count)] = self._db.execute(
            f"SELECT count(*), count(*) FILTER (WHERE {holds.text}) FROM (SELECT row FROM ({rows.text})"  # noqa: S608
            f" LIMIT {_MOST_COUNTED + 1}) o CROSS JOIN {facts_of(kind)} f ON f.row = o.row",
            holds.bindings + rows.bindings,
        )
        return len(known) + count if looked_at <= _MOST_COUNTED else None

    def _run_of_ids(self, kind: Kind, ids: tuple[str, str]) -> range:
        """The numbers of the rows that have such an id; empty unless they came one after another.

        So they do where a server counts its ids up, and where it makes them from the time.
        """
        if self._is_behind(kind):
            return range(0)
        sql = f"SELECT count(*), ifnull(min(row), 0), ifnull(max(row), -1) FROM {kind.table} WHERE id >= ? AND id < ?"  # noqa: S608
        [(count, first, last)] = self._db.execute(sql, ids)
        run = range(first, last + 1)
        return run if len(run) == count else range(0)

    def _total_of(self, query: HistoryQuery) -> int:
        """How many rows there are in this order: those that came just now are in some only."""
        return self.total(query.kind) if query.order in ("at", "id") else self._total_found(query.kind)

    def _total_found(self, kind: Kind) -> int:
        """How many rows there are, without those that aren't found yet."""
        if not self._is_behind(kind):
            return self.total(kind)
        return self._one(f"SELECT count(*) FROM {facts_of(kind)}")  # noqa: S608

    def _known_total(self, query: HistoryQuery) -> int:
        """The same where it was found before, or else 0."""
        is_all = query.order in ("at", "id") or not self._is_behind(query.kind)
        return self._totals.get(query.kind, 0) if is_all else 0

    def _is_behind(self, kind: Kind) -> bool:
        shown = self._one(f"SELECT ifnull(max(row), 0) FROM {kind.table}")  # noqa: S608
        return shown > self._one(f"SELECT ifnull(max(row), 0) FROM {facts_of(kind)}")  # noqa: S608

    # Answers

    def _one(self, sql: str, bindings: tuple[Any, ...] = ()) -> int:
        value = self._db.execute(sql, bindings).get
        if type(value) is not int:
            raise MirrorError("The local data are damaged: a number isn't one.")
        return value

    def _numbers(self, sql: Sql) -> "array[int]":
        try:
            return array("I", [row for (row,) in self._db.execute(sql.text, sql.bindings)])
        except (TypeError, OverflowError) as error:
            raise MirrorError(_BAD_ROW) from error

    def _packed(self, sql: Sql) -> "array[int]":
        """Many row numbers as one text: a million of them cross over at once, and nobody waits for Python meanwhile."""
        [(count, told)] = self._db.execute(
            f"SELECT count(*), group_concat(printf('%08x', row), '') FROM ({sql.text})",  # noqa: S608
            sql.bindings,
        )
        told = told or ""
        if len(told) != count * _ROW_DIGITS:
            raise MirrorError(_BAD_ROW)
        packed = bytes.fromhex(told)
        rows = array("I")
        rows.frombytes(packed)
        if sys.byteorder == "little":
            rows.byteswap()
        return rows


def _direction(query: HistoryQuery) -> str:
    return "DESC" if query.descending else "ASC"
