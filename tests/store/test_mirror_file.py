"""The mirror's file: made, brought up to date, refused, begun anew."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import apsw
import pytest

from lumedesk.domain.codec import Codec
from lumedesk.domain.kinds import HISTORIES, Kind
from lumedesk.domain.queries import HistoryQuery
from lumedesk.domain.statuses import status_of
from lumedesk.store.cipher import connect
from lumedesk.store.datasets import Dataset
from lumedesk.store.mirror import Mirror
from lumedesk.store.mirror_file import MirrorError, mirror_size, open_mirror
from lumedesk.store.reader import MirrorReader
from lumedesk.store.schema import SCHEMA_VERSION, facts_of, statements, words_of
from tests.support.keys import STORE_KEY

VERSION_1 = Path(__file__).parents[1] / "data" / "mirror-v1.sqlite"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mirror.sqlite"


def shape_of(path: Path) -> list[tuple[str, str]]:
    connection = connect(path, STORE_KEY)
    try:
        return list(connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name"))
    finally:
        connection.close()


def test_a_file_of_version_1_is_brought_up_to_date_with_all_it_held(path: Path, tmp_path: Path) -> None:
    shutil.copy(VERSION_1, path)
    old = connect(shutil.copy(VERSION_1, tmp_path / "as it was"), STORE_KEY, apsw.SQLITE_OPEN_READONLY)
    held = {kind: dict(old.execute(f"SELECT id, doc FROM {kind.table}")) for kind in HISTORIES}
    small = list(old.execute("SELECT id, doc FROM small ORDER BY kind, position"))
    old.close()
    assert all(len(rows) == 60 for rows in held.values())
    mirror = Mirror(path, STORE_KEY)
    for kind in HISTORIES:
        while mirror.catch_up(kind):
            pass
    reader = MirrorReader(path, STORE_KEY)
    for kind in HISTORIES:
        rows = reader.order(HistoryQuery(kind))
        kept = [each.doc for each in reader.documents(kind, rows).values()]
        assert sorted(kept) == sorted(held[kind].values())
        codec: Codec[object] = Codec(kind.record)
        final = sum(status_of(getattr(codec.decode(doc), "status", None)).is_final for doc in kept)
        assert reader.unfinished(kind, ("COMPLETED",)) == 60 - final
        assert len(reader.order(HistoryQuery(kind, text=next(iter(held[kind]))))) == 1
        assert reader.dataset(kind) == Dataset(b"", datetime(2026, 11, 20, 9, tzinfo=UTC), 0)
    assert [
        (Kind.ACCOUNTS.key(Codec(Kind.ACCOUNTS.record).decode(doc)), doc) for doc in reader.small(Kind.ACCOUNTS)
    ] == small
    reader.close()
    mirror.close()
    new = tmp_path / "new.sqlite"
    Mirror(new, STORE_KEY).close()
    assert shape_of(path) == shape_of(new)


def test_a_file_of_version_2_is_filled_in_anew(path: Path, tmp_path: Path) -> None:
    new = Path(shutil.copy(VERSION_1, tmp_path / "new.sqlite"))
    mirror = Mirror(new, STORE_KEY)
    mirror.catch_up(Kind.TRADES)
    mirror.close()
    shutil.copy(new, path)
    old = connect(path, STORE_KEY)
    for kind in HISTORIES:
        old.execute(f"DROP TABLE {words_of(kind)}")
        old.execute(
            f"CREATE VIRTUAL TABLE {words_of(kind)} USING fts5(words, content='', columnsize=0, detail=none,"
            " tokenize='trigram')"
        )
        old.execute(f"INSERT INTO {words_of(kind)} (rowid, words) SELECT row, ifnull(words, '') FROM {facts_of(kind)}")
    old.pragma("user_version", 2)
    [key] = next(old.execute("SELECT min(id) FROM trades"))
    old.close()
    mirror = Mirror(path, STORE_KEY)
    assert mirror.is_behind(Kind.TRADES)
    while mirror.catch_up(Kind.TRADES):
        pass
    reader = MirrorReader(path, STORE_KEY)
    assert len(reader.order(HistoryQuery(Kind.TRADES))) == 60
    assert len(reader.order(HistoryQuery(Kind.TRADES, text=key))) == 1
    assert len(reader.order(HistoryQuery(Kind.TRADES, text=key[-6:]))) == 1
    reader.close()
    mirror.close()
    assert shape_of(path) == shape_of(new)


def test_a_file_of_a_newer_desk_is_refused_and_left_alone(path: Path) -> None:
    Mirror(path, STORE_KEY).close()
    connection = connect(path, STORE_KEY)
    connection.pragma("user_version", SCHEMA_VERSION + 1)
    connection.close()
    before = path.read_bytes()
    with pytest.raises(MirrorError, match="newer LumeDesk"):
        open_mirror(path, STORE_KEY)
    assert path.read_bytes() == before
    assert not list(path.parent.glob("*.damaged*"))


def test_a_file_of_no_sense_is_set_aside_and_begun_anew(path: Path) -> None:
    path.write_bytes(b"no database at all" * 1000)
    Mirror(path, STORE_KEY).close()
    assert path.with_name("mirror.sqlite.damaged").read_bytes().startswith(b"no database")
    reader = MirrorReader(path, STORE_KEY)
    assert not reader.order(HistoryQuery(Kind.TRADES))
    reader.close()


def test_a_wiped_mirror_holds_nothing_and_leaves_nothing_on_disk(path: Path) -> None:
    shutil.copy(VERSION_1, path)
    mirror = Mirror(path, STORE_KEY)
    for kind in HISTORIES:
        while mirror.catch_up(kind):
            pass
    mirror.checkpoint()
    full = mirror_size(path)
    mirror.wipe()
    assert mirror_size(path) < full
    reader = MirrorReader(path, STORE_KEY)
    for kind in HISTORIES:
        assert not reader.order(HistoryQuery(kind))
        assert reader.dataset(kind) is None
    assert not reader.small(Kind.ACCOUNTS)
    reader.close()
    mirror.close()
    empty = path.with_name("empty.sqlite")
    Mirror(empty, STORE_KEY).close()
    assert mirror_size(path) <= mirror_size(empty)


def test_the_tables_are_those_of_the_version() -> None:
    connection = apsw.Connection(":memory:")
    for statement in statements():
        connection.execute(statement)
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    assert {"trades", "trades_facts", "trades_words", "segments", "transitions", "alerts", "arriving"} <= names
