"""A desk without windows, on real files and real sockets, and an address whose server is changed under it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from ssl import SSLContext
from typing import Any

from lumedesk.api.client import LumetradeClient
from lumedesk.domain.codec import Codec, encode
from lumedesk.domain.errors import DeskError
from lumedesk.domain.intents import Intent
from lumedesk.domain.kinds import Kind
from lumedesk.domain.movements import Outcome, Verdict
from lumedesk.domain.records import Withdrawal
from lumedesk.store.mirror import Mirror
from lumedesk.store.paths import ProfilePaths
from lumedesk.store.reader import MirrorReader
from lumedesk.work.feeds import DatasetState, FeedReport, Feeds
from lumedesk.work.pace import Pace
from lumedesk.work.sending import Parcel, Sender
from lumedesk.work.watching import Watcher, alike_query
from tests.support.builders import a_withdrawal, json_of
from tests.support.clock import FakeClock
from tests.support.intents import withdrawal_terms
from tests.support.keys import STORE_KEY
from tests.support.raw_server import Connection, RawServer, Received, Script, http
from tests.support.wire import a_client
from tests.work.books import books_of

TERMS = withdrawal_terms()
OLD = a_withdrawal(transaction_id="w-old", amount=Decimal(7))
# What the server shows once it shows the order that was in doubt.
MINE = a_withdrawal(transaction_id="w-new", withdraw_details=TERMS.details)
RECEIPT = b'{"transactionId":"w-new","status":"PENDING"}'


class _AtPort(RawServer):
    """A server on a port of one's choice; 0 for any."""

    async def __aenter__(self) -> "_AtPort":
        self._tasks = set()
        self.heard = asyncio.Event()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, ssl=self.ssl_context)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self


class Site:
    """One address. What stands there is changed with `serve` and `close`; what arrived is kept over all of it."""

    def __init__(self, scheme: str = "http") -> None:
        self._scheme = scheme
        self._server: RawServer | None = None
        self._port = 0
        self.requests: list[Received] = []

    @property
    def url(self) -> str:
        return f"{self._scheme}://localhost:{self._port}"

    @property
    def posts(self) -> list[Received]:
        return [each for each in self.requests if each.method == "POST"]

    async def serve(self, script: bytes | Script, context: SSLContext | None = None) -> None:
        await self.close()
        self._server = _AtPort([script], context, self.requests, port=self._port)
        await self._server.__aenter__()
        self._port = self._server.port

    async def close(self) -> None:
        """Nobody listens there now."""
        if self._server is not None:
            await self._server.__aexit__()
            self._server = None


def listing(*rows: Withdrawal) -> Script:
    """A server in good health, which shows these withdrawals."""

    async def play(connection: Connection) -> None:
        request = await connection.request()
        shown = rows if request.target.endswith("/withdrawals") else ()
        await connection.send(http(200, b"[" + b",".join(json_of(row) for row in shown) + b"]"))

    return play


@dataclass
class Told:
    """What a row of the matrix came to, for the operator and on disk."""

    outcome: Outcome
    states: list[str]
    posts: list[Received]
    offline: DatasetState  # after reading under the same fault
    recovered: DatasetState  # after reading once all is well again
    after: Intent | None

    @property
    def error(self) -> DeskError:
        assert self.outcome.error is not None
        return self.outcome.error


class Rig:
    def __init__(self, profile: ProfilePaths, clock: FakeClock) -> None:
        self.clock = clock
        self.profile = profile
        self.books = books_of(profile, clock)
        self.sender = Sender(self.books, clock, lambda: None)
        self.watcher = Watcher(self.books, self._alike, lambda: None)
        self._mirror = Mirror(profile.mirror, STORE_KEY)
        self._reader = MirrorReader(profile.mirror, STORE_KEY)
        self._states: dict[Kind, DatasetState] = {}

    def close(self) -> None:
        self.books.close()
        self._reader.close()
        self._mirror.close()

    @contextlib.asynccontextmanager
    async def connected(self, site: Site, ca: Path | None = None, **settings: Any) -> AsyncIterator[None]:
        async with a_client(site.url, extra_ca=ca, **settings) as self.client:
            self.feeds = Feeds(
                self.client, self._mirror, self._reader, self.clock, Pace(), self._take, self.watcher.look
            )
            yield

    async def read(self) -> DatasetState:
        """Poll the withdrawals; what the desk knows then."""
        with contextlib.suppress(DeskError):
            await self.feeds.poll_now(Kind.WITHDRAWALS)
        return self._states[Kind.WITHDRAWALS]

    async def withdraw(self, uuid: str = "u1", **terms: Any) -> Outcome:
        return await self.carry(uuid, withdrawal_terms(**terms), self._withdrawal(withdrawal_terms(**terms)))

    async def carry(self, uuid: str, terms: Any, post: Callable[[LumetradeClient], Awaitable[Any]]) -> Outcome:
        client, baseline = self.client, self.watcher.baseline(terms)
        parcel = Parcel(uuid, terms, client.host, client.key_fingerprint, baseline, lambda: post(client))  # type: ignore[arg-type,return-value]
        return await self.sender.carry(parcel)

    def intent(self, uuid: str = "u1") -> Intent:
        assert self.books.journal is not None
        return self.books.journal.get(uuid)

    def states(self, uuid: str = "u1") -> list[str]:
        return [step.state.value for step in self.intent(uuid).steps]

    def shown(self) -> int:
        """How many withdrawals the tables show."""
        return len(self._reader.recent(10))

    def _withdrawal(self, terms: Any) -> Callable[[LumetradeClient], Awaitable[Any]]:
        async def post(client: LumetradeClient) -> Any:
            receipt = await client.create_withdrawal(terms.beneficiary_id, terms.amount)
            return receipt.transaction_id, receipt.status, ""

        return post

    def _alike(self, terms: Any) -> list[Any]:
        kind, equal = alike_query(terms)
        return [Codec[Any](kind.record).decode(document) for document in self._reader.matching(kind, equal)]

    def _take(self, report: FeedReport) -> None:
        self._states[report.kind] = report.state


async def play(
    rig: Rig,
    site: Site,
    fault: Callable[[], Awaitable[None]],
    heal: Callable[..., Awaitable[None]],
    *,
    ca: Path | None = None,
    deadline_s: float = 5.0,
) -> Told:
    """Read while all is well; order and read under `fault`; read when all is well again and the order shows."""
    await heal(listing(OLD))
    async with rig.connected(site, ca):
        before = await rig.read()
        assert (before.error, rig.shown()) == (None, 1)
    rig.clock.advance(60)
    await fault()
    async with rig.connected(site, ca, deadline_s=deadline_s, list_deadline_s=deadline_s):
        outcome = await rig.withdraw()
        states = rig.states()
        offline = await rig.read()
    assert offline.error is not None, "the view is marked"
    assert offline.confirmed_at == before.confirmed_at, "with its age"
    assert rig.shown() == 1, "and what was known is still there"
    assert rig.states() == states, "a list that wasn't read says nothing"
    rig.clock.advance(60)
    await heal(listing(OLD, MINE))
    async with rig.connected(site, ca):
        recovered = await rig.read()
    assert recovered.error is None, "it recovers by itself"
    assert recovered.confirmed_at == rig.clock.now()
    assert rig.shown() == 2
    assert len(site.posts) <= 1, "one POST at most"
    _check_kept(rig, outcome)
    return Told(outcome, states, site.posts, offline, recovered, rig.intent())


def _check_kept(rig: Rig, outcome: Outcome) -> None:
    """What the journal makes of it: the same verdict, the right consequences, also after a restart."""
    states = {
        Verdict.NOT_SENT: ["armed", "sending", "not sent"],
        Verdict.UNKNOWN: ["armed", "sending", "unknown", "likely"],
        Verdict.REFUSED: ["armed", "sending", "refused", "likely"],
        Verdict.ACCEPTED: ["armed", "sending", "accepted"],
    }[outcome.verdict]
    assert rig.states() == states
    if states[-1] == "likely":
        assert rig.intent().steps[-1].candidates == ("w-new",)
    again = books_of(rig.profile, rig.clock)
    assert [step.state.value for step in again.intents[0].steps] == states
    again.close()


def sent_amount(request: Received) -> bool:
    """I10: the bytes are those of what was shown."""
    return request.body == encode({"beneficiaryId": TERMS.beneficiary_id, "amount": TERMS.amount})
