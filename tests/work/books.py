"""Books, sender and watcher on real files, with rows and a server's answers that the test puts in; no windows, no network."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from lumedesk.domain.errors import DeskError
from lumedesk.domain.intents import Intent, Terms
from lumedesk.domain.movements import Outcome
from lumedesk.store.paths import ProfilePaths
from lumedesk.work.books import Books
from lumedesk.work.sending import Parcel, Sender
from lumedesk.work.watching import Watcher
from tests.support.clock import FakeClock
from tests.support.intents import withdrawal_terms
from tests.support.keys import STORE_KEY

Answer = tuple[str | None, str | None, str]


def books_of(profile: ProfilePaths, clock: FakeClock, refusal: str = "") -> Books:
    heads = profile.head_of(profile.journal), profile.head_of(profile.audit)
    return Books(profile.journal, profile.audit, heads, clock, refusal, STORE_KEY)


class Bench:
    """One desk without windows. `rows` is what its mirror holds."""

    def __init__(self, profile: ProfilePaths, clock: FakeClock) -> None:
        self.clock = clock
        self.profile = profile
        self.rows: list[Any] = []
        self.posts = 0
        self.changes = 0
        self.open()

    def open(self) -> None:
        """Start as after a crash or a quit."""
        self.books = books_of(self.profile, self.clock)
        self.use_books()

    def use_books(self) -> None:
        """Send and watch with the books that are open."""
        self.sender = Sender(self.books, self.clock, self._note)
        self.watcher = Watcher(self.books, lambda _terms: self.rows, self._note)

    def restart(self) -> None:
        self.books.close()
        self.open()

    def parcel(
        self,
        answer: Answer | BaseException | Callable[[], Answer] = ("w1", "PENDING", ""),
        terms: Terms | None = None,
        uuid: str = "u1",
        late: Callable[[], DeskError | None] = lambda: None,
        **settings: Any,
    ) -> Parcel:
        """An order that the server answers so."""

        async def post() -> Answer:
            self.posts += 1
            if isinstance(answer, BaseException):
                raise answer
            return answer() if callable(answer) else answer

        terms = terms or withdrawal_terms(amount=Decimal("250.00"))
        return Parcel(
            uuid, terms, "host", settings.pop("key", "k1"), settings.pop("baseline", ()), post, late, **settings
        )

    def carry(self, *arguments: Any, **settings: Any) -> Outcome:
        return asyncio.run(self.sender.carry(self.parcel(*arguments, **settings)))

    def intent(self, uuid: str = "u1") -> Intent:
        assert self.books.journal is not None
        return self.books.journal.get(uuid)

    def states(self, uuid: str = "u1") -> list[str]:
        return [step.state.value for step in self.intent(uuid).steps]

    def logged(self) -> list[tuple[str, str]]:
        """The audit log: what, about what."""
        return [(row.what, row.about) for row in self.books.audit_rows()]

    def _note(self) -> None:
        self.changes += 1
