"""Finding text in the records of the small kinds, which are few enough to be looked at one by one."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from lumedesk.store.finding import begins_amount
from lumedesk.store.histories import words_in


def holds_words(record: Any, words: Sequence[str]) -> bool:
    """Whether each of the words, folded, occurs in one of the record's texts or begins one of its amounts."""
    values = msgspec.structs.astuple(record)
    amounts = [value for value in values if isinstance(value, Decimal)]
    texts = words_in(*(value for value in values if not isinstance(value, Decimal | bool)))
    return all(word in texts or any(begins_amount(word, amount) for amount in amounts) for word in words)
