"""What the beneficiaries looked like, across restarts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lumedesk.domain.money import Amount
from lumedesk.domain.records import Beneficiary
from lumedesk.domain.sightings import changes, seen_details
from lumedesk.store.paths import ProfilePaths
from lumedesk.store.seen import SeenFile
from tests.support.builders import a_beneficiary, as_read

NOW = datetime(2026, 5, 11, 10, 15, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def payee(account: str = "1", **details: Any) -> Beneficiary:
    return as_read(a_beneficiary(id="ben_1", withdraw_form_details={"accountNumber": account, **details}))


def opened(profile: ProfilePaths) -> SeenFile:
    file = SeenFile(profile.seen, NOW)
    assert file.trouble == ""
    return file


def test_a_beneficiary_is_seen_the_first_time_and_a_change_survives_restarts(profile: ProfilePaths) -> None:
    assert opened(profile).notice([payee()], NOW)
    assert not opened(profile).notice([payee()], NOW + HOUR)
    assert opened(profile).notice([payee("2")], NOW + 2 * HOUR)
    sighting = opened(profile).of("ben_1")
    assert sighting is not None
    assert [each.label for each in changes(sighting.details, seen_details(payee("2")))] == ["Account number"]
    assert sighting.seen_at == NOW
    assert sighting.changed_at == NOW + 2 * HOUR


def test_the_cooling_off_starts_once_for_each_change(profile: ProfilePaths) -> None:
    file = opened(profile)
    for hours, account in enumerate(["1", "2", "2", "3", "2"]):
        file.notice([payee(account)], NOW + hours * HOUR)
        sighting = file.of("ben_1")
        assert sighting is not None
        assert (
            sighting.changed_at == {0: None, 1: NOW + HOUR, 2: NOW + HOUR, 3: NOW + 3 * HOUR, 4: NOW + 4 * HOUR}[hours]
        )


def test_a_change_that_is_taken_back_is_none(profile: ProfilePaths) -> None:
    file = opened(profile)
    for account in ("1", "2", "1"):
        file.notice([payee(account)], NOW)
    sighting = file.of("ben_1")
    assert sighting is not None
    assert sighting.changed_at is None


def test_accepted_details_are_the_known_ones_and_use_is_remembered(profile: ProfilePaths) -> None:
    file = opened(profile)
    file.notice([payee("1"), payee("2")], NOW)
    file.accept(payee("2"), NOW + HOUR, used=True)
    file.accept(payee("3"), NOW + 2 * HOUR, used=False)
    sighting = opened(profile).of("ben_1")
    assert sighting is not None
    assert sighting.details == seen_details(payee("3"))
    assert sighting.used_at == NOW + HOUR
    assert sighting.changed_at is None


def test_every_shape_of_details_survives(profile: ProfilePaths) -> None:
    odd = payee(number=Amount("1.10"), nested={"a": [1, None, True, {"b": "\u202e<b>"}]}, empty={})
    opened(profile).notice([odd, a_beneficiary(id="ben_2", withdraw_form_details="text"), a_beneficiary(id=None)], NOW)
    file = opened(profile)
    sighting = file.of("ben_1")
    assert sighting is not None
    assert changes(sighting.details, seen_details(odd)) == ()
    assert not file.notice([odd], NOW)
    assert profile.seen.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "alter",
    [
        lambda _: "",
        lambda text: text[:-20],
        lambda _: "[]",
        lambda text: text.replace('\\"1\\"', '\\"2\\"'),
        lambda text: text.replace("+00:00", ""),
        lambda text: text.replace('"version": 1', '"version": 0'),
        lambda text: text.replace('"used_at": null,', ""),
    ],
)
def test_what_cannot_be_trusted_is_set_aside_and_said(profile: ProfilePaths, alter: Any) -> None:
    opened(profile).notice([payee()], NOW)
    altered = alter(profile.seen.read_text())
    profile.seen.write_text(altered)
    file = SeenFile(profile.seen, NOW)
    assert "can't be told" in file.trouble
    assert file.of("ben_1") is None
    [aside] = profile.folder.glob("*.unreadable")
    assert aside.read_text() == altered
    assert "set aside" in SeenFile(profile.seen, NOW).trouble
