"""What the desk remembers to keep withdrawals safe."""

import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from lumedesk.domain.errors import DeskError
from lumedesk.domain.limits import CurrencyLimits, Limits
from lumedesk.store import private_file
from lumedesk.store.paths import ProfilePaths
from lumedesk.work.engine import Engine
from lumedesk.work.safeguards import NotKept, Safeguards
from lumedesk.work.session import Session
from tests.support.builders import a_beneficiary, as_read
from tests.support.clock import FakeClock

SOME = Limits().with_currency("ZAR", CurrencyLimits(single=Decimal("5.50")))


MakeGuards = Callable[..., Safeguards]


@pytest.fixture
def make(profile: ProfilePaths, clock: FakeClock, engine: Engine) -> MakeGuards:
    """Guards on the profile's files, as a start of the desk makes them."""
    return lambda **options: Safeguards(profile.limits, profile.seen, clock, engine, **options)


@pytest.fixture
def guards(make: MakeGuards) -> Safeguards:
    return make()


def save(qtbot: QtBot, guards: Safeguards, limits: Limits) -> DeskError | None:
    """Save and wait; the failure, if it failed."""
    ended: list[DeskError | None] = []
    guards.save_limits(limits, lambda: ended.append(None), ended.append)
    qtbot.waitUntil(lambda: bool(ended))
    return ended[0]


def after(qtbot: QtBot, guards: Safeguards, do: Callable[[], None]) -> None:
    """Do something and wait until it is written."""
    with qtbot.waitSignal(guards.changed):
        do()


def no_space(*_: Any) -> None:
    raise OSError(28, "No space left on device")


def test_saved_limits_are_in_force_and_told(qtbot: QtBot, guards: Safeguards, make: MakeGuards) -> None:
    with qtbot.waitSignal(guards.changed):
        assert save(qtbot, guards, SOME) is None
    assert guards.limits == SOME
    assert make().limits == SOME


def test_limits_that_cannot_be_saved_are_an_error_in_words(
    qtbot: QtBot, guards: Safeguards, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(private_file.os, "fsync", no_space)
    failure = save(qtbot, guards, SOME)
    assert isinstance(failure, NotKept)
    assert "No space left" in failure.detail
    assert guards.limits == Limits()


def test_a_view_only_desk_writes_nothing(qtbot: QtBot, make: MakeGuards, profile: ProfilePaths) -> None:
    guards = make(view_only=True)
    failure = save(qtbot, guards, SOME)
    assert isinstance(failure, NotKept)
    assert "Another LumeDesk" in failure.detail
    guards.notice([a_beneficiary()])
    guards.accept(a_beneficiary(), used=True)
    assert os.listdir(profile.folder) == []  # noqa: PTH208


def test_a_change_is_noticed_across_a_restart_until_it_is_accepted(
    qtbot: QtBot, guards: Safeguards, make: MakeGuards, clock: FakeClock
) -> None:
    before = as_read(a_beneficiary(id="ben_1", withdraw_form_details={"accountNumber": "1"}))
    changed = as_read(a_beneficiary(id="ben_1", withdraw_form_details={"accountNumber": "2"}))
    assert guards.changes(before) == ()
    after(qtbot, guards, lambda: guards.notice([before]))
    again = make()
    after(qtbot, again, lambda: again.notice([changed]))
    assert [each.label for each in again.changes(changed)] == ["Account number"]
    after(qtbot, again, lambda: again.accept(changed, used=True))
    sighting = again.sighting(changed)
    assert again.changes(changed) == ()
    assert sighting is not None
    assert sighting.used_at == clock.now()


def test_what_cannot_be_recorded_is_said(qtbot: QtBot, guards: Safeguards, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(private_file.os, "fsync", no_space)
        after(qtbot, guards, lambda: guards.notice([a_beneficiary(id="ben_1")]))
    assert "can't be recorded" in guards.sightings_trouble
    assert guards.sighting(a_beneficiary(id="ben_1")) is not None
    after(qtbot, guards, lambda: guards.notice([a_beneficiary(id="ben_3")]))
    assert guards.sightings_trouble == ""


def test_unreadable_files_are_said(profile: ProfilePaths, make: MakeGuards) -> None:
    for path in (profile.limits, profile.seen):
        Path(path).write_text("{")
    guards = make()
    assert "None are in force" in guards.limits_trouble
    assert "can't be told" in guards.sightings_trouble


def test_a_session_keeps_its_guards_beside_its_mirror(qtbot: QtBot, session: Session, profile: ProfilePaths) -> None:
    assert save(qtbot, session.safeguards, SOME) is None
    assert profile.limits.exists()
