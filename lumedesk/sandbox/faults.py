"""Faults that a test or an operator in training asks for, and a count of what was received. Acting on them is the server's.

- delay: the request is acted on at once, its answer comes `seconds` later;
- drop_before_commit, drop_after_commit: the connection dies without an answer, the request not acted on, or acted on;
- error_after_commit: acted on, then answered with `status` (500);
- truncate: acted on, the answer stops half-way;
- html: a captive portal's page with status 200, not acted on;
- status: `status` (503) in the error envelope, not acted on; `seconds`, if given, becomes Retry-After;
  a 3xx points to another host.
"""

from collections import Counter
from dataclasses import dataclass
from enum import Enum

from lumedesk.sandbox.bodies import JsonBody
from lumedesk.sandbox.refusals import invalid


class Kind(Enum):
    """What goes wrong."""

    DELAY = "delay"
    DROP_BEFORE = "drop_before_commit"
    DROP_AFTER = "drop_after_commit"
    ERROR_AFTER = "error_after_commit"
    TRUNCATE = "truncate"
    HTML = "html"
    STATUS = "status"


@dataclass(slots=True)
class Fault:
    """One fault for the next `times` requests of an operation."""

    operation: str
    kind: Kind
    times: int
    seconds: float
    status: int


class Faults:
    """The faults still to come, first asked first served, and the requests seen per operation."""

    def __init__(self, operations: frozenset[str]) -> None:
        self._operations = operations
        self._waiting: list[Fault] = []
        self.seen: Counter[str] = Counter()

    def request(self, body: JsonBody) -> None:
        """Line up a fault. Errors: Refusal 400."""
        operation, kind = body.text("operation"), body.text("fault")
        if operation not in self._operations:
            raise invalid("operation", "is not an operationId")
        if kind not in {member.value for member in Kind}:
            raise invalid("fault", "must be one of " + ", ".join(member.value for member in Kind))
        default_status = 500 if kind == Kind.ERROR_AFTER.value else 503
        default_seconds = 1 if kind == Kind.DELAY.value else 0
        self._waiting.append(
            Fault(
                operation,
                Kind(kind),
                int(_number(body, "times", 1, 1, 1_000_000)),
                _number(body, "seconds", default_seconds, 0, 3600),
                int(_number(body, "status", default_status, 200, 599)),
            )
        )

    def next_for(self, operation: str) -> Fault | None:
        """Count a request and take the fault that waits for it, if any."""
        self.seen[operation] += 1
        for fault in self._waiting:
            if fault.operation == operation:
                fault.times -= 1
                if not fault.times:
                    self._waiting.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        """Forget the waiting faults and the counts."""
        self._waiting.clear()
        self.seen.clear()


def _number(body: JsonBody, name: str, default: float, least: float, most: float) -> float:
    number = float(body.amount(name)) if name in body else default
    if not least <= number <= most:
        raise invalid(name, f"must be from {least} to {most}")
    return number
