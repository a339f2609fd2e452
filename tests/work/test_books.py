"""The books as a whole: recovery at a start, refusal when something is wrong, and beginning anew."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lumedesk.domain.intents import Ground, State, Step
from lumedesk.store import chain
from lumedesk.store.paths import ProfilePaths
from lumedesk.work.books import Books
from tests.store.full_disk import needs_limits, no_room, read_only_folder
from tests.support.clock import FakeClock
from tests.support.intents import SENDING, UNKNOWN, accepted, an_arming
from tests.work.books import books_of


@pytest.fixture
def books(profile: ProfilePaths, clock: FakeClock) -> Iterator[Books]:
    books = books_of(profile, clock)
    yield books
    books.close()


def journal_with(profile: ProfilePaths, clock: FakeClock, *ways: tuple[Step, ...]) -> list[str]:
    """Write intents, then end without a word."""
    books = books_of(profile, clock)
    assert books.journal is not None
    uuids = []
    for way in ways:
        intent = books.journal.arm(an_arming())
        uuids.append(intent.uuid)
        for step in way:
            intent = books.journal.move(intent.uuid, intent.state, step)
    books.close()
    return uuids


def logged(books: Books) -> list[tuple[str, str]]:
    return [(row.what, row.about) for row in books.audit_rows()]


def test_new_books_are_empty_and_open(books: Books) -> None:
    assert books.intents == ()
    assert books.refusal == ""
    assert not books.can_start_anew
    assert books.audit_rows() == []


def test_a_start_recovers_what_was_unfinished(profile: ProfilePaths, clock: FakeClock) -> None:
    armed, sending, doubt = journal_with(profile, clock, (), (SENDING,), (SENDING, UNKNOWN))
    for _ in range(3):
        books = books_of(profile, clock)
        assert [each.state for each in books.intents] == [State.NOT_SENT, State.UNKNOWN, State.UNKNOWN]
        assert logged(books).count(("recovered", armed)) == 1
        assert logged(books).count(("recovered", sending)) == 1
        assert ("recovered", doubt) not in logged(books)
        assert books.refusal == ""
        books.close()


def test_what_a_crash_kept_from_the_audit_log_is_written_at_the_next_start(
    profile: ProfilePaths, clock: FakeClock
) -> None:
    """The journal comes first, so the log may lack its last word; never the other way round."""
    steps = SENDING, UNKNOWN, accepted("w1", Ground.OPERATOR)
    (uuid,) = journal_with(profile, clock, steps)
    for _ in range(2):
        books = books_of(profile, clock)
        assert logged(books) == [("armed", uuid), ("unknown", uuid), ("accepted", uuid)]
        assert books.audit_rows()[0].facts["terms"]["currency"] == "ZAR"
        assert books.audit_rows()[2].facts["transaction_id"] == "w1"
        books.close()


def test_without_a_journal_nothing_is_opened(profile: ProfilePaths, clock: FakeClock) -> None:
    books = books_of(profile, clock, "view only")
    assert (books.refusal, books.intents, books.audit_rows()) == ("view only", (), [])
    books.note("heard", "of", {"no": "one"})
    with pytest.raises(OSError, match="not ours"):
        books.start_anew("please")
    assert not profile.journal.exists()
    assert books.refusal == "view only"


def test_the_first_reason_stays(books: Books) -> None:
    books.refuse("first")
    books.refuse("second")
    assert books.refusal == "first"


@pytest.mark.parametrize("harmed", ["journal", "audit"])
def test_damaged_books_refuse_until_new_ones_are_begun(profile: ProfilePaths, clock: FakeClock, harmed: str) -> None:
    (uuid,) = journal_with(profile, clock, (SENDING, UNKNOWN))
    path: Path = getattr(profile, harmed)
    path.write_bytes(b"\0" * 5_000)
    content = path.read_bytes()
    for _ in range(2):
        books = books_of(profile, clock)
        assert "can't be trusted" in books.refusal
        assert books.can_start_anew
        assert [each.uuid for each in books.intents] == ([uuid] if harmed == "audit" else []), "what is whole is shown"
        books.close()
    books = books_of(profile, clock)
    books.start_anew("seen and understood")
    assert (books.refusal, books.can_start_anew) == ("", False)
    row = books.audit_rows()[-1]
    assert (row.what, row.facts["reason"]) == ("books begun anew", "seen and understood")
    (kept,) = row.facts["set aside"]
    assert Path(kept).read_bytes() == content, "nothing is deleted"
    books.close()
    books = books_of(profile, clock)
    assert books.refusal == ""
    assert [each.uuid for each in books.intents] == ([uuid] if harmed == "audit" else []), "a doubt outlives the log"
    has_steps = any(row.what == "armed" for row in books.audit_rows())
    assert has_steps == (harmed == "audit"), "a log begun anew has the journal's steps again"
    books.close()


def test_whole_books_are_not_begun_anew(books: Books) -> None:
    """New books forget what is open: a defect elsewhere is no reason for them."""
    assert books.journal is not None
    intent = books.journal.arm(an_arming())
    books.refuse("a defect in the desk")
    with pytest.raises(OSError, match="whole"):
        books.start_anew("just so")
    assert books.intents == (intent,)
    assert books.refusal == "a defect in the desk"


def test_books_begun_anew_twice_in_a_second_keep_both(profile: ProfilePaths, clock: FakeClock) -> None:
    for _ in range(3):
        journal_with(profile, clock, (SENDING, UNKNOWN))
        profile.journal.write_bytes(b"\1" * 5_000)
        books = books_of(profile, clock)
        books.start_anew("again")
        books.close()
    assert len(list(profile.folder.glob("journal.sqlite.*.damaged"))) == 3
    assert not list(profile.folder.glob("audit.sqlite.*.damaged")), "what is whole stays"


@needs_limits
def test_an_audit_log_that_cannot_be_written_ends_sending(books: Books) -> None:
    with no_room():
        books.note("lost", "", {})
    assert "audit log can't be written" in books.refusal
    assert not books.can_start_anew


def test_a_folder_that_cannot_be_written_is_a_refusal(profile: ProfilePaths, clock: FakeClock) -> None:
    (uuid,) = journal_with(profile, clock, (SENDING, UNKNOWN))
    with read_only_folder(profile.folder, profile.folder):
        books = books_of(profile, clock)
        assert "can't be kept" in books.refusal
        assert not books.can_start_anew
        books.close()
    books = books_of(profile, clock)
    assert (books.refusal, books.intents[0].uuid) == ("", uuid)
    books.close()


def test_closing_twice_is_fine(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    books.close()
    books.close()
    assert books.intents == ()
    monkeypatch.setattr(chain, "_write_marker", lambda *_: pytest.fail("closed books write nothing"))
    books.note("late", "", {})
