"""What is said about an order that went wrong: never more than is known."""

import itertools

import pytest

from lumedesk.domain import errors
from lumedesk.domain.errors import DeskError, Forbidden, Invalid, NotFound, Offline, Unauthorised, Wire
from lumedesk.domain.movements import Verdict, verdict_on

FAMILY = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, DeskError)]
SAYS_NO = {Invalid: 400, Unauthorised: 401, Forbidden: 403, NotFound: 404}


@pytest.mark.parametrize("kind", [each for each in FAMILY if each is not Offline])
def test_the_verdict_follows_from_the_wire_and_the_documented_word(kind: type[DeskError]) -> None:
    for wire, documented in itertools.product(Wire, (True, False)):
        verdict = verdict_on(kind(wire=wire, documented=documented, http_status=SAYS_NO.get(kind)))
        if wire is Wire.NOT_SENT:
            assert verdict is Verdict.NOT_SENT
        elif wire is Wire.ANSWERED and documented and kind in SAYS_NO:
            assert verdict is Verdict.REFUSED
        else:
            assert verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("status", [402, 405, 408, 409, 410, 423, 425, 429, 499])
def test_a_status_that_nobody_documented_as_a_refusal_is_none(status: int) -> None:
    assert verdict_on(Invalid(wire=Wire.ANSWERED, documented=True, http_status=status)) is Verdict.UNKNOWN


def test_working_offline_sends_nothing() -> None:
    assert verdict_on(Offline()) is Verdict.NOT_SENT


def test_no_failure_is_ever_taken_for_success() -> None:
    every = (kind(wire=wire) for kind in FAMILY if kind is not Offline for wire in Wire)
    assert Verdict.ACCEPTED not in {verdict_on(error) for error in every}
