"""Ten thousand flipped bits and cut files: what a mirror shows is what was written into it, or it is refused."""

import logging
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lumedesk.domain.credentials import Secret
from lumedesk.domain.kinds import HISTORIES, Kind
from lumedesk.domain.queries import HistoryQuery
from lumedesk.store.mirror import Mirror
from lumedesk.store.mirror_file import MirrorError
from lumedesk.store.reader import MirrorReader
from tests.support.builders import a_deposit, a_trade, a_withdrawal, an_account, json_of
from tests.support.keys import STORE_KEY
from tests.support.mirrors import SEEN, write

FLIPS = 10_000
# What is made of the records takes longer to read than they do.
ANSWERS_EVERY = 10
# Met by a start that may write, which sets the file aside and begins another.
STARTS = 200
WAL_FLIPS = 1_500
CUTS = 300
ROWS = range(1, 400)
KINDS = sorted(HISTORIES, key=lambda kind: kind.table)

Whole = tuple[Any, ...]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Each file that is set aside is told; so many of them would fill the log."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def filled(path: Path, key: Secret | None) -> Mirror:
    """A mirror with a few hundred rows, written in two polls; still open."""
    mirror = Mirror(path, key)
    write(mirror, Kind.TRADES, [a_trade(transaction_id=f"t{n}") for n in range(150)])
    write(mirror, Kind.DEPOSITS, [a_deposit(transaction_id=f"d{n}") for n in range(40)])
    mirror.begin()
    accounts = [an_account(id=f"a{n}") for n in range(20)]
    mirror.write_small(Kind.ACCOUNTS, [(str(each.id), json_of(each)) for each in accounts], SEEN)
    mirror.commit()
    write(mirror, Kind.TRADES, [a_trade(transaction_id=f"t{n}", status="REVERSED") for n in range(250)])
    write(mirror, Kind.WITHDRAWALS, [a_withdrawal(transaction_id=f"w{n}") for n in range(60)])
    return mirror


def read(path: Path, key: Secret | None) -> Whole:
    """All records, through the desk's reader. Errors: MirrorError."""
    reader = MirrorReader(path, key)
    try:
        return (*(reader.documents(kind, ROWS) for kind in KINDS), reader.small(Kind.ACCOUNTS))
    finally:
        reader.close()


def answers(path: Path, key: Secret | None) -> Whole:
    """What is found, ordered and summed of them. Errors: MirrorError."""
    reader = MirrorReader(path, key)
    try:
        return (
            *(reader.order(HistoryQuery(kind, "at")).tolist() for kind in KINDS),
            *(reader.sums(HistoryQuery(kind)) for kind in KINDS),
            reader.order(HistoryQuery(Kind.TRADES, "from_amount", text="t12")).tolist(),
            [(alert.what, alert.key, alert.before, alert.after) for alert in reader.alerts()],
        )
    finally:
        reader.close()


def seen(path: Path, key: Secret | None, look: Callable[[Path, Secret | None], Whole] = read) -> Whole | None:
    """The same; None when the file is refused, as a whole or at its first bad page."""
    try:
        return look(path, key)
    except MirrorError:
        return None


def nothing(path: Path) -> Whole:
    """What a mirror shows that was just begun."""
    Mirror(path, STORE_KEY).close()
    return read(path, STORE_KEY)


def flip(path: Path, at: int, bit: int) -> None:
    with path.open("r+b", buffering=0) as file:
        file.seek(at)
        [byte] = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ (1 << bit)]))


def flips(path: Path, number: int, seed: int) -> Iterator[None]:
    """Bits all over the file, one at a time; each is flipped back before the next."""
    chance, size = random.Random(seed), path.stat().st_size
    for turn in range(number):
        at, bit = (turn * size) // number + chance.randrange(max(1, size // number)), chance.randrange(8)
        flip(path, min(at, size - 1), bit)
        yield
        flip(path, min(at, size - 1), bit)


def judged(path: Path, number: int, key: Secret | None) -> Counter[str]:
    """How often the flips of a file are harmless, refused, or wrong on screen."""
    right = {look: look(path, key) for look in (read, answers)}
    told: Counter[str] = Counter()
    for turn, _ in enumerate(flips(path, number, seed=number)):
        look = read if turn % ANSWERS_EVERY else answers
        found = seen(path, key, look)
        told["refused" if found is None else "right" if found == right[look] else "wrong"] += 1
    return told


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mirror.sqlite"


def test_ten_thousand_flipped_bits_show_no_wrong_figure(path: Path) -> None:
    filled(path, STORE_KEY).close()
    whole = read(path, STORE_KEY)
    told = judged(path, FLIPS, STORE_KEY)
    assert told["wrong"] == 0
    assert told["refused"] > FLIPS // 5, "much of the file is records, and what is made of them is looked at too"
    assert sum(told.values()) == FLIPS
    assert read(path, STORE_KEY) == whole


def test_the_same_flips_of_a_file_in_the_clear_do_show_wrong_figures(path: Path) -> None:
    """So that the test above is known to see one."""
    filled(path, None).close()
    assert judged(path, 500, None)["wrong"] > 50


def test_a_start_sets_a_flipped_file_aside_or_shows_it_whole(path: Path) -> None:
    filled(path, STORE_KEY).close()
    whole = read(path, STORE_KEY)
    empty = nothing(path.with_name("empty.sqlite"))
    told: Counter[str] = Counter()
    aside = path.with_name("mirror.sqlite.damaged")
    for _ in flips(path, STARTS, seed=2):
        flipped = path.read_bytes()
        Mirror(path, STORE_KEY).close()
        found = read(path, STORE_KEY)
        if aside.exists():
            assert aside.read_bytes() == flipped, "nothing is thrown away"
            assert found == empty, "it is begun anew"
            aside.replace(path)
            told["set aside"] += 1
        else:
            assert found == whole
            told["whole"] += 1
    assert told["set aside"] > STARTS * 9 // 10, "a start looks at every page"


@pytest.fixture
def logged(path: Path, tmp_path: Path) -> tuple[Path, list[Whole]]:
    """A mirror whose last polls stand in its write-ahead log only, as a crash leaves it; and all that it ever showed."""
    states: list[Whole] = []
    mirror = filled(path, STORE_KEY)
    mirror.close()
    states.append(read(path, STORE_KEY))
    mirror = Mirror(path, STORE_KEY)
    for turn in range(3):
        write(mirror, Kind.TRADES, [a_trade(transaction_id=f"t{n}", status=f"NEW_{turn}") for n in range(250)])
        states.append(read(path, STORE_KEY))
    (tmp_path / "crashed").mkdir()
    for name in ("mirror.sqlite", "mirror.sqlite-wal"):
        shutil.copy(path.with_name(name), tmp_path / "crashed" / name)
    mirror.close()
    return tmp_path / "crashed" / "mirror.sqlite", states


def test_flipped_bits_in_the_log_show_a_whole_poll_or_nothing(logged: tuple[Path, list[Whole]]) -> None:
    path, states = logged
    wal = path.with_name("mirror.sqlite-wal")
    told: Counter[Any] = Counter()
    assert seen(path, STORE_KEY) == states[-1]
    for _ in flips(wal, WAL_FLIPS, seed=3):
        found = seen(path, STORE_KEY)
        told["refused" if found is None else states.index(found) if found in states else "wrong"] += 1
        path.with_name("mirror.sqlite-shm").unlink(missing_ok=True)
    assert told["wrong"] == 0
    assert set(told) - {"refused"} == {0, 1, 2}, "cut back to a poll before the last"


def test_cut_files_show_a_whole_poll_or_nothing(logged: tuple[Path, list[Whole]]) -> None:
    path, states = logged
    told: Counter[str] = Counter()
    for part in (path, path.with_name("mirror.sqlite-wal")):
        content = part.read_bytes()
        chance = random.Random(4)
        for _ in range(CUTS):
            part.write_bytes(content[: chance.randrange(len(content))])
            found = seen(path, STORE_KEY)
            told[f"{part.name[-3:]} {'refused' if found is None else 'right' if found in states else 'wrong'}"] += 1
            path.with_name("mirror.sqlite-shm").unlink(missing_ok=True)
        part.write_bytes(content)
    assert not [each for each in told if each.endswith("wrong")], told
    assert told["ite refused"] > CUTS // 2
    assert told["wal right"] > CUTS // 2
