"""Account numbers and addresses in groups of four, so that people can compare them; no character is added but spaces."""

import re

SIZE = 4
# One word of letters and digits, long enough to get lost in, with a digit somewhere: an account number, an address.
_CODE = re.compile(r"(?=[A-Za-z]*[0-9])[A-Za-z0-9]{9,}")


def is_code(text: str | None) -> bool:
    """Whether a value is one that people compare character by character."""
    return text is not None and _CODE.fullmatch(text) is not None


def in_groups(text: str) -> str:
    """`62847719203` reads `6284 7719 203`."""
    return " ".join(text[at : at + SIZE] for at in range(0, len(text), SIZE))
