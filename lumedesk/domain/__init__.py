"""The rules of the desk: records, money, errors and flows. No Qt, no network, no files."""

import sys


def _load_msgspec() -> None:
    """Where typing_extensions is installed, msgspec reads annotations with it, and waits for it for 10 ms.

    Python's own typing, which is loaded already, does the same for whatever stands in these modules.
    """
    name = "typing_extensions"
    if name in sys.modules:
        return
    sys.modules[name] = None  # type: ignore[assignment] # can't be imported meanwhile
    try:
        import msgspec  # noqa: F401
    finally:
        del sys.modules[name]


_load_msgspec()
