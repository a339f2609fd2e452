"""The rules of the set-up: what is missing, in words and by field, and the profile that comes out."""

from dataclasses import replace

import pytest

from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.domain.errors import Forbidden, RateLimited, TlsFailed, Unauthorised, Unreachable
from lumedesk.domain.profiles import MAX_TITLE, OFFICIAL_URL, Colour, ProfileKind
from lumedesk.domain.setup import KINDS, Answer, SetupAnswers, is_keys_fault, lock_problem

FULL = SetupAnswers(
    " Treasury ",
    ProfileKind.STAGING,
    " https://staging.example.com ",
    " http://proxy:8080 ",
    " /etc/own-ca.pem ",
    is_view_only=True,
    credentials=Credentials("key", Secret("secret")),
)


def test_everything_is_missing_at_first_in_the_order_of_the_form() -> None:
    assert SetupAnswers().missing(needs_passphrase=True) == {
        Answer.TITLE: "Enter a name for this profile.",
        Answer.ADDRESS: "Enter the server's address.",
        Answer.CREDENTIALS: "Enter the API key.",
        Answer.PASSPHRASE: "Set a passphrase.",
    }
    assert list(SetupAnswers().missing(needs_passphrase=True)) == list(Answer)


def test_nothing_is_missing_once_all_is_answered() -> None:
    assert FULL.missing() == {}
    assert list(FULL.missing(needs_passphrase=True)) == [Answer.PASSPHRASE]
    assert replace(FULL, passphrase=Secret("x")).missing(needs_passphrase=True) == {}


@pytest.mark.parametrize(
    ("changes", "answer", "words"),
    [
        ({"title": "  "}, Answer.TITLE, "Enter a name"),
        ({"title": "x" * (MAX_TITLE + 1)}, Answer.TITLE, f"at most {MAX_TITLE}"),
        ({"base_url": " "}, Answer.ADDRESS, "server's address"),
        ({"credentials": None}, Answer.CREDENTIALS, "Enter the API key."),
        ({"credentials": Credentials("key", Secret(""))}, Answer.CREDENTIALS, "Enter the API secret."),
        ({"credentials": Credentials("k\ny", Secret("s"))}, Answer.CREDENTIALS, "API key holds characters"),
    ],
)
def test_what_is_missing_is_named(changes: dict[str, object], answer: Answer, words: str) -> None:
    missing = replace(FULL, **changes).missing()  # type: ignore[arg-type]
    assert list(missing) == [answer]
    assert words in missing[answer]


def test_the_profile_is_what_was_answered_without_the_space_around_it() -> None:
    profile = FULL.profile("staging-2")
    assert (profile.name, profile.title, profile.kind) == ("staging-2", "Treasury", ProfileKind.STAGING)
    assert (profile.base_url, profile.proxy) == ("https://staging.example.com", "http://proxy:8080")
    assert (profile.extra_ca, profile.is_view_only, profile.colour) == ("/etc/own-ca.pem", True, Colour.AMBER)


def test_two_profiles_of_the_same_answers_have_keychain_entries_of_their_own() -> None:
    assert FULL.profile("a").id != FULL.profile("a").id


def test_the_sandbox_is_no_answer() -> None:
    assert ProfileKind.SANDBOX not in KINDS
    with pytest.raises(ValueError, match="sandbox"):
        SetupAnswers(kind=ProfileKind.SANDBOX).profile("sandbox")


def test_only_the_official_server_is_suggested() -> None:
    assert [kind.suggested_url for kind in KINDS] == [OFFICIAL_URL, "", ""]


def test_no_passphrase_is_fine_where_none_is_needed() -> None:
    assert lock_problem("", "", is_required=False) == ""
    assert "at least 10" in lock_problem("", "", is_required=True)
    assert "at least 10" in lock_problem("short", "short", is_required=False)
    assert lock_problem("long enough", "long enougH", is_required=False) == "The two passphrases differ."
    assert lock_problem("", "long enough", is_required=False) != ""
    assert lock_problem("long enough", "long enough", is_required=True) == ""


def test_only_a_refusal_of_the_key_itself_is_its_fault() -> None:
    assert is_keys_fault(Unauthorised("no"))
    assert is_keys_fault(Forbidden("no", documented=True))
    # A firewall's own 403 says nothing about the key.
    assert not is_keys_fault(Forbidden("no"))
    assert not any(map(is_keys_fault, (Unreachable("x"), TlsFailed("x"), RateLimited("x"))))


def test_answers_never_print_what_is_secret() -> None:
    answers = SetupAnswers(credentials=Credentials("k", Secret("canary-1")), passphrase=Secret("canary-2"))
    assert "canary" not in repr(answers)
