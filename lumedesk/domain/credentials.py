"""The key and secret of a profile, in types that never print what they hold."""

import weakref

import msgspec
from msgspec.structs import force_setattr


class Secret:
    """A string that shows itself only when asked by name. Never in a repr, a log, a traceback or a pickle."""

    __slots__ = ("__weakref__", "_value")

    def __init__(self, value: str) -> None:
        self._value = value
        _alive[id(self)] = self

    def reveal(self) -> str:
        """Return the secret itself: for a request header or the keychain, nothing else."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    def __reduce__(self) -> str:
        raise TypeError("a secret is never pickled")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    __hash__ = None  # type: ignore[assignment]


# Every secret that this process holds, so that the log can leave each out without being told of it.
_alive: "weakref.WeakValueDictionary[int, Secret]" = weakref.WeakValueDictionary()


def living_secrets() -> tuple[Secret, ...]:
    """All secrets that exist now. For what must never write one down."""
    return tuple(_alive.values())


class Credentials(msgspec.Struct, frozen=True):
    """What each request carries as X-API-KEY and X-API-SECRET."""

    key: str
    secret: Secret
    # Makes the key one of the living secrets, so that logs and what a server echoes leave it out too.
    _kept_out: Secret | None = None

    def __post_init__(self) -> None:
        force_setattr(self, "_kept_out", Secret(self.key))

    @property
    def problem(self) -> str:
        """Why no request could carry these, in words for the form; empty when one can."""
        for what, value in (("key", self.key), ("secret", self.secret.reveal())):
            if not value:
                return f"Enter the API {what}."
            if not (value.isascii() and value.isprintable() and value == value.strip()):
                return f"The API {what} holds characters that no request can carry; was it copied whole?"
        return ""
