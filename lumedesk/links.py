"""Links that open the desk at a page, such as `lumedesk:trades`. Installers register them only where that is chosen.

A link comes from anywhere, so it says which page and nothing else: no record, no amount, no dialog.
"""

import re
from collections.abc import Sequence

SCHEME = "lumedesk:"
# The names of views.pages.book.PLACES, which would bring Qt along.
PAGES = frozenset(
    {
        "overview",
        "accounts",
        "wallets",
        "trades",
        "deposits",
        "withdrawals",
        "beneficiaries",
        "movements",
        "audit",
    }
)
_LINK = re.compile(r"lumedesk:(?://)?([a-z]{1,20})/?", re.IGNORECASE)


def is_link(arguments: Sequence[str]) -> bool:
    """Whether a browser started the program: then no argument of it is an option, whatever a link's writer put into it."""
    return any(each.lower().startswith(SCHEME) for each in arguments)


def page_of(arguments: Sequence[str]) -> str:
    """The page's name; empty where the link names none, or isn't alone."""
    found = _LINK.fullmatch(arguments[0]) if len(arguments) == 1 else None
    name = found[1].lower() if found is not None else ""
    return name if name in PAGES else ""
