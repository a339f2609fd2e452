"""What a profile is: whose money it shows, where the server is, and how the window tells it apart. No files, no secrets."""

import os
from enum import Enum

import msgspec
from msgspec.structs import force_setattr

OFFICIAL_URL = "https://api.lumetrade.com"
MAX_TITLE = 40


class ProfileKind(Enum):
    """What stands behind a profile, in the order in which it is offered."""

    PRODUCTION = "production"
    STAGING = "staging"
    SANDBOX = "sandbox"
    CUSTOM = "custom"

    @property
    def label(self) -> str:
        """The kind's name on screen."""
        return self.value.capitalize()

    @property
    def note(self) -> str:
        """What is at stake, in two words for the window."""
        return _NOTES[self]

    @property
    def colour(self) -> "Colour":
        """The colour a new profile of this kind gets."""
        return _COLOURS[self]

    @property
    def suggested_url(self) -> str:
        """The address to start from; empty where none is known."""
        return OFFICIAL_URL if self is ProfileKind.PRODUCTION else ""


class Colour(Enum):
    """The colours a profile can carry; what each looks like is the theme's."""

    RED = "red"
    AMBER = "amber"
    GREEN = "green"
    BLUE = "blue"
    GREY = "grey"


_NOTES = {
    ProfileKind.PRODUCTION: "Real money",
    ProfileKind.STAGING: "Test system",
    ProfileKind.SANDBOX: "Invented money",
    ProfileKind.CUSTOM: "Own server",
}
_COLOURS = {
    ProfileKind.PRODUCTION: Colour.RED,
    ProfileKind.STAGING: Colour.AMBER,
    ProfileKind.SANDBOX: Colour.GREEN,
    ProfileKind.CUSTOM: Colour.BLUE,
}


class Profile(msgspec.Struct, frozen=True):
    """One profile. `name` is its folder's, `title` what people read; `id` names its entries in the keychain.

    `base_url` is empty for the sandbox, which is started anew each time. `proxy` and `extra_ca` (a PEM file's path) are
    empty where there is none.
    """

    name: str
    kind: ProfileKind
    title: str = ""
    base_url: str = ""
    proxy: str = ""
    extra_ca: str = ""
    colour: Colour | None = None
    is_view_only: bool = False
    id: str = msgspec.field(default_factory=lambda: os.urandom(8).hex())

    def __post_init__(self) -> None:
        force_setattr(self, "title", self.title.strip()[:MAX_TITLE] or self.name.capitalize())
        force_setattr(self, "colour", self.colour or self.kind.colour)

    @property
    def is_sandbox(self) -> bool:
        """True for a profile whose server is the built-in sandbox: its records are a throwaway."""
        return self.kind is ProfileKind.SANDBOX

    @property
    def note(self) -> str:
        """What is at stake, and whether anything can be sent, in a few words for the window."""
        return f"{self.kind.note} · View only" if self.is_view_only else self.kind.note


class Listed(msgspec.Struct, frozen=True):
    """One folder of a list of profiles: a profile, or why it can't be read."""

    name: str
    profile: Profile | None
    problem: str = ""
