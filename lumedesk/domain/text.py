"""Text from the server, made safe to look at: what is invisible or reorders a line is spelled out."""

import unicodedata

_MAX_LENGTH = 2_000
_HIDDEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}


def shown(text: str, max_length: int = _MAX_LENGTH) -> str:
    """`text` with each control, format or line-breaking character written as `⟨U+202E⟩`, cut at `max_length`."""
    if len(text) > max_length:
        text = text[: max_length - 1] + "…"
    if text.isascii() and text.isprintable():
        return text
    return "".join(f"⟨U+{ord(char):04X}⟩" if unicodedata.category(char) in _HIDDEN else char for char in text)
