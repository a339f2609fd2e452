"""Rows 57 to 68 of the fault matrix: killed processes, and journals, disks and folders that aren't as they were."""

import asyncio
import os
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lumedesk.domain.kinds import HISTORIES, Kind
from lumedesk.domain.movements import Outcome, Verdict
from lumedesk.store import mirror_file
from lumedesk.store import paths as paths_module
from lumedesk.store.cipher import connect
from lumedesk.store.mirror import Mirror
from lumedesk.store.mirror_file import MirrorError
from lumedesk.store.paths import ProfilePaths
from lumedesk.store.reader import MirrorReader
from lumedesk.store.schema import PAGE_SIZE
from tests.matrix import doomed
from tests.matrix.rig import OLD, RECEIPT, Rig, Site, listing
from tests.store.full_disk import full_disk, needs_limits, no_room, read_only_folder
from tests.support.builders import a_withdrawal, json_of
from tests.support.clock import FakeClock
from tests.support.data_desk import DataDesk
from tests.support.keys import STORE_KEY
from tests.support.list_server import ListServer
from tests.support.mirrors import write
from tests.support.raw_server import Connection, http
from tests.support.stage import until
from tests.work.books import Bench, books_of

POINTS = [
    *((number, place) for number in range(1, doomed.APPENDS + 1) for place in doomed.PLACES),
    (0, "before the POST"),
    (0, "after the POST"),
]
OLD_MIRROR = Path(__file__).resolve().parents[1] / "data" / "mirror-v1.sqlite"
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def killed(profile: ProfilePaths, number: int, place: str) -> tuple[Path, int]:
    folder = profile.folder.parent.parent
    doomed.give(folder, at=place, append=number)
    return folder, doomed.sent(folder)


def opened(profile: ProfilePaths, clock: FakeClock) -> list[str]:
    """The states of the one intent as a start finds them, the same at a second one; empty where there is none."""
    seen = []
    for _ in range(2):
        books = books_of(profile, clock)
        assert books.refusal == ""
        seen.append([step.state.value for intent in books.intents for step in intent.steps])
        books.close()
    assert seen[0] == seen[1]
    return seen[0]


@forks
@pytest.mark.parametrize(("number", "place"), POINTS)
def test_row_57_killed_at_any_step_nothing_is_lost_or_doubled(
    profile: ProfilePaths, clock: FakeClock, number: int, place: str
) -> None:
    _, posts = killed(profile, number, place)
    states = opened(profile, clock)
    assert posts <= 1
    if posts:
        assert states[-1] in ("unknown", "accepted"), "an order that was sent is never called not sent"
    if states:
        assert states[-1] in ("not sent", "unknown", "accepted")
    else:
        assert (number, place) == (1, doomed.PLACES[0])
    bench = Bench(profile, clock)
    again = bench.carry(("w2", None, ""), uuid="u2").verdict
    # Blocked while in doubt; otherwise a new order of the operator's is free to go.
    assert again is (Verdict.NOT_SENT if states[-1:] == ["unknown"] else Verdict.ACCEPTED)
    logged = [what for what, about in bench.logged() if about == "u1"]
    bench.books.close()
    assert len(logged) == len([state for state in states if state != "sending"]), "the audit log lacks nothing"


@forks
@pytest.mark.parametrize("place", doomed.PLACES)
@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize(("step", "state"), [(1, "not sent"), (3, "unknown")])
def test_row_58_killed_while_it_recovers_the_result_is_the_same(
    profile: ProfilePaths, clock: FakeClock, step: int, state: str, number: int, place: str
) -> None:
    folder, _ = killed(profile, step, doomed.PLACES[2])
    assert doomed.recover(folder, at=place, append=number), "it was killed during recovery"
    states = opened(profile, clock)
    assert states == ["armed", *["sending"] * (state == "unknown"), state]
    books = books_of(profile, clock)
    logged = [(row.what, row.facts.get("state")) for row in books.audit_rows()]
    books.close()
    assert logged.count(("recovered", state)) == 1


def over_a_socket(rig: Rig, script: Any, order: Callable[[], Any] | None = None) -> tuple[Outcome, int]:
    """Give one order to a server that plays `script`; the outcome and how many POSTs arrived."""

    async def scenario() -> tuple[Outcome, int]:
        site = Site()
        await site.serve(script)
        try:
            async with rig.connected(site):
                outcome = await (order or rig.withdraw)()
        finally:
            await site.close()
        return outcome, len(site.posts)

    return asyncio.run(scenario())


@needs_limits
def test_row_59_a_disk_full_at_arming_sends_nothing(rig: Rig) -> None:
    async def order() -> Outcome:
        with no_room():
            return await rig.withdraw()

    outcome, posts = over_a_socket(rig, http(201, RECEIPT), order)
    assert (outcome.verdict, posts) == (Verdict.NOT_SENT, 0)
    assert "can't be written" in str(outcome.error)
    assert "can't be written" in rig.books.refusal
    assert opened(rig.profile, rig.clock) == []


def test_row_59_a_disk_that_really_is_full_sends_nothing(profile: ProfilePaths, clock: FakeClock) -> None:
    with full_disk(profile.folder) as fill:
        rig = Rig(profile, clock)
        fill()
        outcome, posts = over_a_socket(rig, http(201, RECEIPT))
        rig.close()
    assert (outcome.verdict, posts) == (Verdict.NOT_SENT, 0)
    assert "full" in rig.books.refusal or "can't be written" in rig.books.refusal


@needs_limits
def test_row_60_a_disk_full_at_the_outcome_is_unknown_on_restart(rig: Rig) -> None:
    room = no_room()

    async def fills_up(connection: Connection) -> None:
        await connection.request()
        room.__enter__()
        await connection.send(http(201, RECEIPT))

    try:
        outcome, posts = over_a_socket(rig, fills_up)
    finally:
        room.__exit__(None, None, None)
    assert (outcome.verdict, outcome.transaction_id, posts) == (Verdict.ACCEPTED, "w-new", 1)
    assert "could not be recorded" in rig.books.refusal
    assert opened(rig.profile, rig.clock) == ["armed", "sending", "unknown"]


def refuses(profile: ProfilePaths, clock: FakeClock, words: str) -> None:
    """Nothing is sent, this start and the next, until the operator has seen it; nothing is thrown away."""
    for _ in range(2):
        rig = Rig(profile, clock)
        assert words in rig.books.refusal
        assert rig.books.can_start_anew
        outcome, posts = over_a_socket(rig, http(201, RECEIPT))
        assert (outcome.verdict, posts) == (Verdict.NOT_SENT, 0)
        rig.close()
    rig = Rig(profile, clock)
    rig.books.start_anew("looked at the lists by hand")
    outcome, posts = over_a_socket(rig, http(201, RECEIPT))
    assert (outcome.verdict, posts) == (Verdict.ACCEPTED, 1)
    assert "looked at the lists by hand" in [row.facts.get("reason") for row in rig.books.audit_rows()]
    rig.close()


def in_doubt(profile: ProfilePaths, clock: FakeClock) -> None:
    """A journal with an order of unknown outcome."""
    rig = Rig(profile, clock)
    outcome, _ = over_a_socket(rig, b"")
    assert outcome.verdict is Verdict.UNKNOWN
    rig.close()


def test_row_61_a_read_only_folder_sends_nothing_and_still_shows(profile: ProfilePaths, clock: FakeClock) -> None:
    mirror = Mirror(profile.mirror, STORE_KEY)
    write(mirror, Kind.WITHDRAWALS, [a_withdrawal(transaction_id="w1")])
    mirror.close()
    in_doubt(profile, clock)
    with read_only_folder(profile.folder, profile.folder):
        books = books_of(profile, clock)
        assert "can't be kept" in books.refusal
        assert not books.can_start_anew, "nothing is damaged"
        bench = Bench.__new__(Bench)
        bench.books = books
        reader = MirrorReader(profile.mirror, STORE_KEY)
        assert len(reader.recent(10)) == 1
        reader.close()
        books.close()
    assert opened(profile, clock) == ["armed", "sending", "unknown"]


def test_row_62_a_zero_byte_journal_refuses_sends(profile: ProfilePaths, clock: FakeClock) -> None:
    in_doubt(profile, clock)
    profile.journal.write_bytes(b"")
    refuses(profile, clock, "was emptied")


@pytest.mark.parametrize("harm", ["garbage", "truncated", "gone"])
def test_row_63_a_garbage_or_truncated_journal_is_put_aside_and_refuses_sends(
    profile: ProfilePaths, clock: FakeClock, harm: str
) -> None:
    in_doubt(profile, clock)
    content = {"garbage": b"\xa5" * 9_000, "truncated": profile.journal.read_bytes()[:4_500], "gone": b""}[harm]
    profile.journal.write_bytes(content)
    if harm == "gone":
        profile.journal.unlink()
    refuses(profile, clock, "is gone" if harm == "gone" else "is damaged")
    kept = [path.read_bytes() for path in profile.folder.glob("journal.sqlite.*.damaged")]
    assert kept == ([] if harm == "gone" else [content])


@pytest.mark.parametrize("where", [0.2, 0.55, 0.9])
def test_row_64_a_flipped_bit_refuses_sends(profile: ProfilePaths, clock: FakeClock, where: float) -> None:
    """The cipher notices already; that the chain of rows does too is shown in tests/store/test_chain.py."""
    in_doubt(profile, clock)
    content = bytearray(profile.journal.read_bytes())
    content[int(len(content) * where)] ^= 1
    profile.journal.write_bytes(bytes(content))
    refuses(profile, clock, "is damaged")


@pytest.mark.parametrize("harm", ["garbage", "truncated", "a page"])
def test_row_65_a_corrupt_cache_is_rebuilt(profile: ProfilePaths, clock: FakeClock, harm: str) -> None:
    mirror = Mirror(profile.mirror, STORE_KEY)
    write(mirror, Kind.WITHDRAWALS, [a_withdrawal() for _ in range(300)])
    mirror.close()
    whole = profile.mirror.read_bytes()
    broken = {
        "garbage": b"\xa5" * 9_000,
        "truncated": whole[:9_000],
        "a page": whole[:20_480] + b"\xa5" * 4_096 + whole[24_576:],
    }[harm]
    profile.mirror.write_bytes(broken)
    in_doubt(profile, clock)  # orders don't depend on it
    assert profile.mirror.with_name("mirror.sqlite.damaged").read_bytes() == broken
    rig = Rig(profile, clock)
    assert rig.shown() == 0

    async def scenario() -> None:
        site = Site()
        await site.serve(listing(OLD))
        try:
            async with rig.connected(site):
                assert (await rig.read()).error is None
        finally:
            await site.close()

    asyncio.run(scenario())
    assert rig.shown() == 1
    assert rig.states() == ["armed", "sending", "unknown"]
    rig.close()


@pytest.mark.parametrize("where", [0.05, 0.3, 0.5])
def test_row_65_a_bad_page_that_no_start_looked_at_is_found_and_the_cache_rebuilt(
    qapp: object, tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, where: float
) -> None:
    """Looking at all of a large file takes too long for a start; here every file counts as large."""
    monkeypatch.setattr(mirror_file, "_CHECKED_SIZE", 0)
    rows = [json_of(a_withdrawal(transaction_id=f"w{number}")) for number in range(1_000)]
    with ListServer() as server:
        with closing(DataDesk(tmp_path, server, clock)) as desk:
            desk.serve(Kind.WITHDRAWALS, *rows)
            shows(desk, 1_000)
        [path] = tmp_path.rglob("mirror.sqlite")
        content = bytearray(path.read_bytes())
        content[int(len(content) * where) // PAGE_SIZE * PAGE_SIZE + 4_000] ^= 1
        path.write_bytes(bytes(content))
        # What one start runs into, the next one mends at the latest.
        with closing(DataDesk(tmp_path, server, clock)) as desk:
            desk.serve(Kind.WITHDRAWALS, *reversed(rows), json_of(OLD))
            table = desk.page(Kind.WITHDRAWALS).table
            until(lambda: desk.banner(Kind.WITHDRAWALS) or table.rowCount() == 1_001, "an end")
        with closing(DataDesk(tmp_path, server, clock)) as desk:
            desk.serve(Kind.WITHDRAWALS, *rows, json_of(OLD))
            shows(desk, 1_001)


def shows(desk: DataDesk, count: int) -> None:
    """Wait until the page shows so many withdrawals, and nothing is wrong with them."""
    page = desk.page(Kind.WITHDRAWALS)
    desk.window.go_to(Kind.WITHDRAWALS)
    until(lambda: page.table.rowCount() == count and not desk.banner(Kind.WITHDRAWALS), f"{count} rows")
    assert "" not in desk.order(Kind.WITHDRAWALS), "each of them can be read"


def test_row_66_a_newer_schema_is_refused(profile: ProfilePaths, clock: FakeClock) -> None:
    in_doubt(profile, clock)
    for path in (profile.journal, profile.mirror):
        connection = connect(path, STORE_KEY)
        connection.pragma("user_version", 99)
        connection.close()
    with pytest.raises(MirrorError, match="newer LumeDesk"):
        Mirror(profile.mirror, STORE_KEY)
    profile.mirror.unlink()
    for _ in range(2):
        rig = Rig(profile, clock)
        assert "newer LumeDesk" in rig.books.refusal
        assert not rig.books.can_start_anew, "what a newer version wrote isn't damaged"
        outcome, posts = over_a_socket(rig, http(201, RECEIPT))
        assert (outcome.verdict, posts) == (Verdict.NOT_SENT, 0)
        rig.close()


def test_row_66_a_mirror_without_a_schema_gets_it(profile: ProfilePaths) -> None:
    profile.mirror.touch()
    mirror = Mirror(profile.mirror, STORE_KEY)
    write(mirror, Kind.WITHDRAWALS, [a_withdrawal()])
    mirror.close()


def test_row_66_an_old_schema_is_brought_up_to_date_with_all_that_it_held(
    profile: ProfilePaths, clock: FakeClock
) -> None:
    shutil.copy(OLD_MIRROR, profile.mirror)
    before = old_documents(profile.mirror)
    rig = Rig(profile, clock)
    assert shown_documents(profile.mirror) == before
    assert not profile.mirror.with_name("mirror.sqlite.damaged").exists()

    async def scenario() -> None:
        site = Site()
        await site.serve(listing(OLD))
        try:
            async with rig.connected(site):
                assert (await rig.read()).error is None, "the lists go on from there"
        finally:
            await site.close()

    asyncio.run(scenario())
    rig.close()
    after = shown_documents(profile.mirror)
    assert after[Kind.WITHDRAWALS] == [*before[Kind.WITHDRAWALS], json_of(OLD)]
    rig = Rig(profile, clock)
    assert shown_documents(profile.mirror) == after, "once is enough"
    rig.close()


def old_documents(path: Path) -> dict[Kind, list[bytes]]:
    """What a file of version 1 holds of each history, read as it was then."""
    connection = connect(path, STORE_KEY)
    try:
        assert connection.pragma("user_version") == 1
        found = {kind: list(connection.execute(f"SELECT doc FROM {kind.table} ORDER BY row")) for kind in HISTORIES}
    finally:
        connection.close()
    assert all(len(rows) == 60 for rows in found.values())
    return {kind: [doc for (doc,) in rows] for kind, rows in found.items()}


def shown_documents(path: Path) -> dict[Kind, list[bytes]]:
    """What the tables show of each history now, oldest row first."""
    reader = MirrorReader(path, STORE_KEY)
    try:
        return {
            kind: [doc for _, (doc, *_) in sorted(reader.documents(kind, range(1, 100)).items())] for kind in HISTORIES
        }
    finally:
        reader.close()


def test_row_67_a_journal_restored_from_a_backup_refuses_sends(
    profile: ProfilePaths, clock: FakeClock, tmp_path: Path
) -> None:
    in_doubt(profile, clock)
    backup = shutil.copytree(profile.folder, tmp_path / "backup")
    bench = Bench(profile, clock)
    bench.watcher.give_up("u1", "asked")
    bench.books.close()
    shutil.rmtree(profile.folder)
    shutil.copytree(backup, profile.folder)
    refuses(profile, clock, "is older than it was")


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs"])
def test_row_68_a_network_drive_sends_nothing(
    profile: ProfilePaths, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"1 0 0:1 / / rw - ext4 /dev/x rw\n2 1 0:2 / {tmp_path.resolve()} rw - {kind} server:/x rw\n")
    monkeypatch.setattr(paths_module, "_MOUNTS", mounts)
    rig = Rig(profile, clock)
    assert "network drive" in rig.books.refusal
    assert not rig.books.can_start_anew
    outcome, posts = over_a_socket(rig, http(201, RECEIPT))
    assert (outcome.verdict, posts) == (Verdict.NOT_SENT, 0)
    rig.close()
    assert not profile.journal.exists()
