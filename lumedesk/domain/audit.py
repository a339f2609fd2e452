"""One line of the audit log. How it is kept is the store's business."""

from collections.abc import Mapping
from typing import Any

import msgspec

from lumedesk.domain.details import Field, fields_of, label_of


class AuditRow(msgspec.Struct, frozen=True):
    """What happened to what, when (ISO, UTC), with its facts. `hash` is the row's own, in hex."""

    seq: int
    at: str
    what: str
    about: str
    facts: Mapping[str, Any]
    hash: str

    @property
    def fields(self) -> list[Field]:
        """The facts as labelled fields."""
        return [field for name, value in self.facts.items() for field in fields_of(value, label_of(name))]
