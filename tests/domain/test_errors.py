"""The family of errors: each has words for the operator, none has the secret."""

import pickle

import pytest

from lumedesk.domain import errors
from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.domain.errors import DeskError, Offline, Wire

FAMILY = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, DeskError)]


@pytest.mark.parametrize("kind", FAMILY)
def test_each_error_says_what_and_what_now(kind: type[DeskError]) -> None:
    error = kind("the detail")
    assert error.title
    assert error.advice.endswith(".")
    assert str(error) == f"{error.title}: the detail"
    assert str(kind()) == kind.title


def test_titles_tell_the_errors_apart() -> None:
    assert len({kind.title for kind in FAMILY}) == len(FAMILY) >= 14


def test_only_reads_that_may_recover_are_retryable() -> None:
    assert {kind.__name__ for kind in FAMILY if kind.retryable} == {
        "Unreachable",
        "TimedOut",
        "RateLimited",
        "ServerFault",
    }


def test_working_offline_sends_nothing() -> None:
    assert Offline().wire is Wire.NOT_SENT


def test_a_secret_shows_itself_nowhere() -> None:
    credentials = Credentials("key", Secret("s3cret"))
    assert "s3cret" not in f"{credentials!r} {credentials.secret} {credentials.secret!r}"
    assert credentials.secret.reveal() == "s3cret"
    assert Secret("a") == Secret("a") != Secret("b")
    with pytest.raises(TypeError):
        pickle.dumps(credentials.secret)
    with pytest.raises(TypeError):
        hash(credentials.secret)
