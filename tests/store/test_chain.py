"""The chained log over real files: whatever happens to the file or its marker is noticed, or has changed nothing."""

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from lumedesk.store import chain
from lumedesk.store.chain import ChainBroken, ChainedLog, ChainUnwritable, set_aside

AT = "2026-05-11T10:15:30+00:00"


def filled(place: tuple[Path, Path], rows: int = 5) -> None:
    """Make a log of so many rows, closed: all of it is in the one file."""
    log = ChainedLog(*place)
    for number in range(rows):
        log.append(AT, f"subject{number}", "kind", b'{"n":%d}' % number)
    log.close()


def bodies(place: tuple[Path, Path]) -> list[bytes]:
    log = ChainedLog(*place)
    try:
        return [entry.body for entry in log.entries]
    finally:
        log.close()


def broken(place: tuple[Path, Path]) -> str:
    with pytest.raises(ChainBroken) as caught:
        ChainedLog(*place)
    return str(caught.value)


FIVE = [b'{"n":%d}' % number for number in range(5)]


def test_what_was_appended_is_there_again(place: tuple[Path, Path]) -> None:
    filled(place)
    assert bodies(place) == FIVE
    assert bodies(place) == FIVE


def test_files_are_closed_to_others(place: tuple[Path, Path]) -> None:
    filled(place)
    for path in place:
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700


def test_every_append_is_synced(place: tuple[Path, Path]) -> None:
    log = ChainedLog(*place)
    full = 2
    assert log._db.pragma("synchronous") == full
    assert log._db.pragma("journal_mode") == "wal"
    log.close()


def test_two_writers_continue_one_chain(place: tuple[Path, Path]) -> None:
    one, other = ChainedLog(*place), ChainedLog(*place)
    for number in range(6):
        (one, other)[number % 2].append(AT, "s", "k", b"%d" % number)
    one.catch_up()
    assert [entry.body for entry in one.entries] == [entry.body for entry in other.entries]
    assert [entry.body for entry in one.entries] == [b"%d" % number for number in range(6)]
    one.close()
    other.close()


def test_a_check_that_raises_leaves_nothing(place: tuple[Path, Path]) -> None:
    def no() -> None:
        raise ValueError("no")

    filled(place)
    log = ChainedLog(*place)
    with pytest.raises(ValueError, match="no"):
        log.append(AT, "s", "k", b"6", no)
    log.append(AT, "s", "k", b"7")
    log.close()
    assert bodies(place) == [*FIVE, b"7"]


def test_a_crash_before_the_marker_is_no_alarm(place: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    filled(place)
    with monkeypatch.context() as patch:
        patch.setattr(chain, "_write_marker", lambda *_: None)
        log = ChainedLog(*place)
        log.append(AT, "s", "k", b"late")
        log.close()
    assert bodies(place) == [*FIVE, b"late"]


def test_a_start_cut_off_before_its_first_write_begins_again(place: tuple[Path, Path]) -> None:
    place[0].parent.mkdir(parents=True)
    place[0].touch()
    filled(place)
    assert bodies(place) == FIVE


# What is done to the file, and what the operator is told.


def zeroed(path: Path) -> None:
    path.write_bytes(b"")


def blank(path: Path) -> None:
    path.unlink()
    connection = apsw.Connection(str(path))
    connection.pragma("user_version", 0)
    connection.execute("VACUUM")
    connection.close()


def garbage(path: Path) -> None:
    path.write_bytes(random.Random(1).randbytes(8192))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def cut_to_a_page(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:4096])


def head_only(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def row_changed(path: Path) -> None:
    sql(path, "UPDATE log SET body = x'00' WHERE seq = 3")


def row_gone(path: Path) -> None:
    sql(path, "DELETE FROM log WHERE seq = 3")


def last_gone(path: Path) -> None:
    sql(path, "DELETE FROM log WHERE seq = 6")


def row_put_in(path: Path) -> None:
    sql(path, "INSERT INTO log VALUES (7, '', 's', 'k', x'00', x'00')")


def body_of_another_type(path: Path) -> None:
    sql(path, "UPDATE log SET body = 2000000000 WHERE seq = 3")


def not_text(path: Path) -> None:
    sql(path, "UPDATE log SET at = CAST(x'ff41' AS TEXT) WHERE seq = 3")


def table_gone(path: Path) -> None:
    sql(path, "DROP TABLE log")


def newer(path: Path) -> None:
    sql(path, "PRAGMA user_version = 2")


def sql(path: Path, statement: str) -> None:
    connection = apsw.Connection(str(path))
    connection.execute(statement)
    connection.close()


HARM: dict[str, tuple[Callable[[Path], None], str]] = {
    "emptied": (zeroed, "was emptied"),
    "replaced by an empty database": (blank, "was emptied"),
    "gone": (Path.unlink, "is gone, but it was here before"),
    "garbage": (garbage, "is damaged"),
    "cut": (cut, "is damaged"),
    "cut at a page": (cut_to_a_page, "is damaged|was emptied"),
    "cut in its head": (head_only, "is damaged|was emptied"),
    "a row changed": (row_changed, "Row 3 of the record was changed"),
    "a row gone": (row_gone, "Row 3 of the record is missing"),
    "the last row gone": (last_gone, "older than it was"),
    "a row put in": (row_put_in, "Row 7 of the record was changed"),
    "a body of another type": (body_of_another_type, "Row 3 of the record is damaged"),
    "text that is none": (not_text, "is damaged"),
    "no table": (table_gone, "is damaged"),
}


def test_a_newer_desks_log_is_refused_but_not_damaged(place: tuple[Path, Path]) -> None:
    filled(place)
    newer(place[0])
    with pytest.raises(ChainUnwritable, match="newer LumeDesk"):
        ChainedLog(*place)


@pytest.mark.parametrize("harm", HARM)
def test_harm_to_the_file_is_noticed(place: tuple[Path, Path], harm: str) -> None:
    filled(place)
    do, words = HARM[harm]
    do(place[0])
    before = place[0].read_bytes() if place[0].exists() else None
    message = broken(place)
    assert any(word in message for word in words.split("|")), message
    if before and harm != "replaced by an empty database":
        assert (place[0].read_bytes() if place[0].exists() else None) == before, "nothing is repaired behind one's back"
    assert broken(place), "and it stays so"


def test_a_file_set_back_is_noticed(place: tuple[Path, Path], tmp_path: Path) -> None:
    filled(place)
    backup = shutil.copy(place[0], tmp_path / "backup")
    log = ChainedLog(*place)
    log.append(AT, "s", "k", b"later")
    log.close()
    shutil.copy(backup, place[0])
    assert "older than it was" in broken(place)


def test_a_file_of_another_profile_is_noticed(place: tuple[Path, Path], tmp_path: Path) -> None:
    filled(place)
    other = tmp_path / "other" / "journal.sqlite", tmp_path / "heads" / "other.json"
    filled(other)
    shutil.copy(other[0], place[0])
    assert "isn't the file that was here before" in broken(place)


def test_a_write_ahead_log_that_is_lost_is_noticed(place: tuple[Path, Path], tmp_path: Path) -> None:
    filled(place)
    log = ChainedLog(*place)
    log.append(AT, "s", "k", b"in the write-ahead log")
    copy = tmp_path / "copy" / "journal.sqlite"
    copy.parent.mkdir()
    shutil.copy(place[0], copy)
    with pytest.raises(ChainBroken, match="older than it was"):
        ChainedLog(copy, place[1])
    log.close()


MARKERS = {
    "empty": "",
    "no JSON": "{",
    "a list": "[]",
    "a number": "7",
    "without a hash": '{"seq": 6}',
    "without a number": '{"hash": "00"}',
    "no whole number": '{"seq": "x", "hash": "00"}',
    "endless": '{"seq": 1e999, "hash": "00"}',
    "deep": "[" * 100_000,
    "another hash": '{"seq": 6, "hash": "00"}',
    "ahead": '{"seq": 7, "hash": "00"}',
}


@pytest.mark.parametrize("content", MARKERS.values(), ids=MARKERS)
def test_harm_to_the_marker_is_noticed(place: tuple[Path, Path], content: str) -> None:
    filled(place)
    place[1].write_text(content)
    assert broken(place)


def test_a_marker_that_is_gone_is_noticed(place: tuple[Path, Path]) -> None:
    filled(place)
    place[1].unlink()
    assert "marker" in broken(place)


def test_every_flip_in_the_marker_is_noticed(place: tuple[Path, Path]) -> None:
    filled(place)
    whole = place[1].read_bytes()
    for bit in range(8 * len(whole)):
        place[1].write_bytes(flipped(whole, bit))
        try:
            assert bodies(place) == FIVE
        except ChainBroken:
            continue
        assert json.loads(flipped(whole, bit)) == json.loads(whole), f"bit {bit} passed"


def flipped(whole: bytes, bit: int) -> bytes:
    changed = bytearray(whole)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_no_flip_in_the_file_changes_what_is_read(place: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpointed: all is in the one file. Either the flip is told, or every row is as it was."""
    monkeypatch.setattr(chain.os, "fsync", lambda _: None)
    filled(place, 40)
    whole, known = place[0].read_bytes(), place[1].read_bytes()
    true = bodies(place)
    told = 0
    for bit in random.Random(7).sample(range(8 * len(whole)), 500):
        restored(place, flipped(whole, bit), known)
        try:
            assert bodies(place) == true, f"bit {bit}: silently another content"
        except (ChainBroken, ChainUnwritable):
            told += 1
    assert told > 150


def test_no_flip_in_the_write_ahead_log_changes_what_is_read(
    place: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a killed process leaves it. SQLite drops damaged frames and all after them; the marker tells."""
    monkeypatch.setattr(chain.os, "fsync", lambda _: None)
    log = ChainedLog(*place)
    for number in range(10):
        log.append(AT, f"s{number}", "k", b"%d" % number)
    wal = place[0].with_name(place[0].name + "-wal")
    files, known = {path.name: path.read_bytes() for path in (place[0], wal)}, place[1].read_bytes()
    true = [entry.body for entry in log.entries]
    log.close()
    copy = tmp_path / "copy" / place[0].name, tmp_path / "copy.json"
    copy[0].parent.mkdir()
    told = 0
    for bit in random.Random(8).sample(range(8 * len(files[wal.name])), 300):
        restored(copy, files[place[0].name], known, wal=flipped(files[wal.name], bit))
        try:
            assert bodies(copy) == true, f"bit {bit}: silently another content"
        except (ChainBroken, ChainUnwritable):
            told += 1
    assert told > 100


def restored(place: tuple[Path, Path], content: bytes, marker: bytes, *, wal: bytes | None = None) -> None:
    for suffix in ("-wal", "-shm"):
        place[0].with_name(place[0].name + suffix).unlink(missing_ok=True)
    place[0].write_bytes(content)
    place[1].write_bytes(marker)
    if wal is not None:
        place[0].with_name(place[0].name + "-wal").write_bytes(wal)


def test_setting_aside_keeps_every_file(place: tuple[Path, Path]) -> None:
    kept = []
    for number in range(3):
        filled(place, 2 + number)
        content = place[0].read_bytes()
        aside = set_aside(*place, "20260511T101530Z")
        kept.append((aside, content))
        assert not place[0].exists()
        assert not place[1].exists()
    assert len({aside for aside, _ in kept}) == 3
    assert all(aside.read_bytes() == content for aside, content in kept)
    assert len(list(place[1].parent.iterdir())) == 3
