"""Statuses: the documented ones, and those nobody has told us of."""

import pytest

from lumedesk.domain.statuses import FINAL_CODES, Tone, status_of

WITHDRAWAL = "PENDING ACCEPTED AWAITING_CONFIRMATION PROCESSING COMPLIANCE_PENDING COMPLETED FAILED CANCELLED REVERSED"
DEPOSIT = "SUBMITTED PENDING PROCESSING COMPLIANCE_PENDING COMPLETED FAILED CANCELLED REVERSED"


@pytest.mark.parametrize("code", sorted({*WITHDRAWAL.split(), *DEPOSIT.split()}))
def test_each_documented_status_has_a_word(code: str) -> None:
    status = status_of(code)
    assert status.code == code
    assert status.label
    assert status.label != code
    assert status.tone is not Tone.UNKNOWN


def test_only_endings_are_final() -> None:
    assert {"COMPLETED", "FAILED", "CANCELLED", "REVERSED"} == FINAL_CODES
    assert all(status_of(code).is_final for code in FINAL_CODES)


@pytest.mark.parametrize("code", ["ON_HOLD", "completed", "<b>DONE</b>"])
def test_an_unknown_status_is_shown_raw_and_not_final(code: str) -> None:
    status = status_of(code)
    assert (status.code, status.label, status.tone, status.is_final) == (code, code, Tone.UNKNOWN, False)


def test_an_unknown_status_is_safe_to_look_at() -> None:
    assert status_of("\u202eDETELPMOC").label == "⟨U+202E⟩DETELPMOC"
    assert len(status_of("X" * 5_000).label) == 60


@pytest.mark.parametrize("code", [None, ""])
def test_no_status_is_said_so(code: str | None) -> None:
    assert status_of(code).label == "Not reported"
