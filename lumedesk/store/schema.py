"""The tables of the mirror: what is kept of each record, and what is built behind it to order, filter and search by.

A history has three tables. `trades` holds the records as they came; `trades_facts` what is ordered and filtered by,
without the records, so that looking through all of it stays cheap; `trades_words` finds text. The latter two are filled
behind the first: rows above the highest one in `trades_facts` are shown already, but not yet found.
"""

from lumedesk.domain.kinds import Kind
from lumedesk.store.histories import SHAPES

SCHEMA_VERSION = 3
PAGE_SIZE = 8192
# SQLite's own 4,050 leaves half of each page of ours empty: two blocks and what encryption keeps at a page's end don't fit.
_WORDS_BLOCK = 4_000
# What is found is gathered in as many bytes before it is written: with SQLite's own 1 MB, a step's rows come in many parts.
WORDS_GATHERED = 8 * 1024 * 1024

# No table is ordered by these, and filters find enough by others.
_UNORDERED = frozenset({"words", "completed_at", "from_currency", "to_currency"})

# What one poll found out of the ordinary, and each status a row was seen in. `row` is a history's row number.
_COMMON = (
    "CREATE TABLE datasets (kind TEXT PRIMARY KEY, digest BLOB NOT NULL, confirmed_at INTEGER NOT NULL,"
    " set_aside INTEGER NOT NULL) WITHOUT ROWID",
    # An unfinished poll: rows above `last_row` are taken out again unless it is finished.
    "CREATE TABLE arriving (kind TEXT PRIMARY KEY, last_row INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE small (kind TEXT, position INTEGER, id TEXT NOT NULL, doc BLOB NOT NULL, gone_at INTEGER,"
    " PRIMARY KEY (kind, position)) WITHOUT ROWID",
    # The server's list as it came last, in pieces: how long each was, its digest, how it began, its rows' numbers.
    "CREATE TABLE segments (kind TEXT, position REAL, size INTEGER NOT NULL, digest BLOB NOT NULL,"
    " head BLOB NOT NULL, rows BLOB NOT NULL, PRIMARY KEY (kind, position)) WITHOUT ROWID",
    "CREATE TABLE transitions (kind TEXT, row INTEGER, seen_at INTEGER, status TEXT,"
    " PRIMARY KEY (kind, row, seen_at)) WITHOUT ROWID",
    "CREATE TABLE alerts (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, what TEXT NOT NULL,"
    " seen_at INTEGER NOT NULL, before BLOB, after BLOB, acknowledged_at INTEGER)",
)


def facts_of(kind: Kind) -> str:
    """The name of the table that a history is ordered and filtered by."""
    return f"{kind.table}_facts"


def words_of(kind: Kind) -> str:
    """The name of the table that finds text in a history."""
    return f"{kind.table}_words"


def indexes_of(kind: Kind) -> dict[str, str]:
    """The statement that makes each index on a history's facts, by the index's name."""
    facts = facts_of(kind)
    columns = [name for name in SHAPES[kind].columns if name not in _UNORDERED]
    return {f"{facts}_{name}": f"CREATE INDEX {facts}_{name} ON {facts} ({name})" for name in columns}


def statements() -> list[str]:
    """All that makes an empty mirror."""
    made = [*_COMMON]
    for kind in SHAPES:
        made += [_records(kind), *statements_behind(kind)]
    return made


def statements_behind(kind: Kind) -> list[str]:
    """What makes the tables that are filled behind a history's records, and their indexes."""
    words = words_of(kind)
    return [
        f"CREATE TABLE {facts_of(kind)} (row INTEGER PRIMARY KEY, {', '.join(SHAPES[kind].columns)})",
        # With each run of letters its place is kept, so that a word of several runs is found without looking at texts.
        # What is put in is folded already.
        f"CREATE VIRTUAL TABLE {words} USING fts5(words, content='', columnsize=0, tokenize='trigram case_sensitive 1')",
        f"INSERT INTO {words} ({words}, rank) VALUES ('pgsz', {_WORDS_BLOCK}), ('hashsize', {WORDS_GATHERED})",  # noqa: S608
        *indexes_of(kind).values(),
    ]


def _records(kind: Kind) -> str:
    # `at` is the record's own time, or else when it was first seen. `gone_at`: since when the server's list lacks it;
    # `altered_at`: when it was changed after it was final.
    return (
        f"CREATE TABLE {kind.table} (row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL,"
        " first_seen INTEGER NOT NULL, gone_at INTEGER, altered_at INTEGER, doc BLOB NOT NULL)"
    )
