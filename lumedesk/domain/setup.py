"""The rules of the guided set-up: what it asks for, what is still missing, and the profile that comes out. No files, no Qt."""

from dataclasses import dataclass
from enum import Enum

from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.domain.errors import DeskError, Forbidden, Unauthorised
from lumedesk.domain.lock import passphrase_problem
from lumedesk.domain.profiles import MAX_TITLE, Profile, ProfileKind

# What can be connected with a key, in the order in which it is offered.
KINDS = (ProfileKind.PRODUCTION, ProfileKind.STAGING, ProfileKind.CUSTOM)


class Answer(Enum):
    """What the set-up asks for, in the order of the form."""

    TITLE = "title"
    ADDRESS = "address"
    CREDENTIALS = "credentials"
    PASSPHRASE = "passphrase"  # noqa: S105 - the name of what is asked for


@dataclass(frozen=True, slots=True)
class SetupAnswers:
    """What was answered so far. `passphrase` is None where the operator set none, or hasn't yet.

    Whether an address, a proxy or a CA file can be used is not known here: only whether something stands there.
    """

    title: str = ""
    kind: ProfileKind = ProfileKind.PRODUCTION
    base_url: str = ""
    proxy: str = ""
    extra_ca: str = ""
    is_view_only: bool = False
    credentials: Credentials | None = None
    passphrase: Secret | None = None

    def missing(self, *, needs_passphrase: bool = False) -> dict[Answer, str]:
        """What must still be entered, in words for the form; empty when nothing is. In the order of the form."""
        found: dict[Answer, str] = {}
        title = self.title.strip()
        if not title:
            found[Answer.TITLE] = "Enter a name for this profile."
        elif len(title) > MAX_TITLE:
            found[Answer.TITLE] = f"A name has at most {MAX_TITLE} characters."
        if not self.base_url.strip():
            found[Answer.ADDRESS] = "Enter the server's address."
        problem = (self.credentials or Credentials("", Secret(""))).problem
        if problem:
            found[Answer.CREDENTIALS] = problem
        if needs_passphrase and self.passphrase is None:
            found[Answer.PASSPHRASE] = "Set a passphrase."
        return found

    def profile(self, name: str) -> Profile:
        """The profile that these answers describe, in the folder `name`. Errors: ValueError for the sandbox, which has none."""
        if self.kind not in KINDS:
            raise ValueError("the sandbox isn't set up with answers")
        return Profile(
            name,
            self.kind,
            self.title,
            self.base_url.strip(),
            self.proxy.strip(),
            self.extra_ca.strip(),
            is_view_only=self.is_view_only,
        )


def lock_problem(text: str, again: str, *, is_required: bool) -> str:
    """Why the passphrase can't be this, in words for the form; empty when it can, or when none need be set."""
    if not text and not again and not is_required:
        return ""
    return passphrase_problem(text, again)


def is_keys_fault(error: DeskError) -> bool:
    """Whether a failed test condemns the key itself. Anything else may pass: the key can be kept and tried again later."""
    return isinstance(error, Unauthorised) or (isinstance(error, Forbidden) and error.documented)
