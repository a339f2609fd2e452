"""What the desk remembers to keep withdrawals safe."""

import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lumedesk.domain.limits import CurrencyLimits, Limits
from lumedesk.store import private_file
from lumedesk.store.paths import ProfilePaths
from lumedesk.work.safeguards import NotKept, Safeguards, safeguards_of
from lumedesk.work.session import Session
from tests.support.builders import a_beneficiary, as_read
from tests.support.clock import FakeClock

SOME = Limits().with_currency("ZAR", CurrencyLimits(single=Decimal("5.50")))


@pytest.fixture
def guards(profile: ProfilePaths, clock: FakeClock, qapp: object) -> Safeguards:
    return Safeguards(profile.limits, profile.seen, clock)


def no_space(*_: Any) -> None:
    raise OSError(28, "No space left on device")


def test_saved_limits_are_in_force_and_told(guards: Safeguards, profile: ProfilePaths, clock: FakeClock) -> None:
    told: list[bool] = []
    guards.changed.connect(lambda: told.append(True))
    guards.save_limits(SOME)
    assert guards.limits == SOME
    assert told == [True]
    assert Safeguards(profile.limits, profile.seen, clock).limits == SOME


def test_limits_that_cannot_be_saved_are_an_error_in_words(guards: Safeguards, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_file.os, "fsync", no_space)
    with pytest.raises(NotKept, match="No space left"):
        guards.save_limits(SOME)
    assert guards.limits == Limits()


def test_a_view_only_desk_writes_nothing(profile: ProfilePaths, clock: FakeClock, qapp: object) -> None:
    guards = Safeguards(profile.limits, profile.seen, clock, view_only=True)
    with pytest.raises(NotKept, match="Another LumeDesk"):
        guards.save_limits(SOME)
    guards.notice([a_beneficiary()])
    guards.accept(a_beneficiary(), used=True)
    assert os.listdir(profile.folder) == []  # noqa: PTH208


def test_a_change_is_noticed_across_a_restart_until_it_is_accepted(
    guards: Safeguards, profile: ProfilePaths, clock: FakeClock
) -> None:
    before = as_read(a_beneficiary(id="ben_1", withdraw_form_details={"accountNumber": "1"}))
    after = as_read(a_beneficiary(id="ben_1", withdraw_form_details={"accountNumber": "2"}))
    assert guards.changes(before) == ()
    guards.notice([before])
    again = Safeguards(profile.limits, profile.seen, clock)
    again.notice([after])
    assert [each.label for each in again.changes(after)] == ["Account number"]
    again.accept(after, used=True)
    sighting = again.sighting(after)
    assert again.changes(after) == ()
    assert sighting is not None
    assert sighting.used_at == clock.now()


def test_what_cannot_be_recorded_is_said(guards: Safeguards, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(private_file.os, "fsync", no_space)
        guards.notice([a_beneficiary(id="ben_1")])
        guards.accept(a_beneficiary(id="ben_2"), used=False)
    assert "can't be recorded" in guards.sightings_trouble
    assert guards.sighting(a_beneficiary(id="ben_1")) is not None
    guards.notice([a_beneficiary(id="ben_3")])
    assert guards.sightings_trouble == ""


def test_unreadable_files_are_said(profile: ProfilePaths, clock: FakeClock, qapp: object) -> None:
    for path in (profile.limits, profile.seen):
        Path(path).write_text("{")
    guards = Safeguards(profile.limits, profile.seen, clock)
    assert "None are in force" in guards.limits_trouble
    assert "can't be told" in guards.sightings_trouble


def test_a_session_has_one_set_of_guards(session: Session, profile: ProfilePaths) -> None:
    guards = safeguards_of(session)
    assert safeguards_of(session) is guards
    guards.save_limits(SOME)
    assert profile.limits.exists()
