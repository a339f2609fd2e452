"""The key and secret of a profile, in types that never print what they hold."""

from dataclasses import dataclass


class Secret:
    """A string that shows itself only when asked by name. Never in a repr, a log, a traceback or a pickle."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

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


@dataclass(frozen=True, slots=True)
class Credentials:
    """What each request carries as X-API-KEY and X-API-SECRET."""

    key: str
    secret: Secret
