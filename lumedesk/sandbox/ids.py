"""Opaque ids in the vendor's look, the same for the same seed. Nothing here knows what they name."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_SPACE = 2**30


class Ids:
    """Counts through all six-letter ids in a scattered order, so none repeats."""

    def __init__(self, seed: int) -> None:
        self._next = (seed * 0x9E3779B1 + 0x1B873593) % _SPACE

    def new(self, prefix: str) -> str:
        """`trd_` gives `trd_4J7K2N`."""
        # An odd step visits every number below a power of two before any comes again.
        self._next = number = (self._next + 0x2545F491) % _SPACE
        return f"{prefix}{_PAIRS[number >> 20]}{_PAIRS[(number >> 10) & 1023]}{_PAIRS[number & 1023]}"
