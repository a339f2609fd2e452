"""Everything that a server can do wrong, met by the open desk: with what it reads, with what it sends, with orders."""

from collections.abc import Callable, Coroutine
from decimal import Decimal
from functools import partial
from typing import Any

from lumedesk.api.client import LumetradeClient
from lumedesk.api.endpoint import Endpoint
from lumedesk.api.transport import Transport
from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.domain.quotes import QuoteRequest
from lumedesk.domain.withdrawals import WithdrawalOrder
from tests.support.canary_desk import Run, an_order, heard, worked
from tests.support.desk import Asker
from tests.support.wire import no_wait

# What the server does wrong. Each kind of answer that the program tells apart is there.
ANSWERS = ("401", "403", "404", "409", "422", "429", "500", "302", "html", "cut", "shape", "plain", "reset")
OF_ORDERS = ("500", "reset", "cut", "422", "302", "shape", "plain", "401")


def answers_to_everything(run: Run) -> None:
    """Each kind of wrong answer to a read and to something that is sent, by the client of the open desk's settings."""
    for kind in ANSWERS:
        run.server(kind, "getAccounts", "createAccount", "getQuote")
        for name, call in _calls():
            error = worked(run, _asked(run.plan.urls["gate"], None, run.plan.new_credentials, call))
            run.tell_error(name, kind, error)
    run.server("")
    error = worked(run, _asked(run.plan.urls["gate"], None, run.plan.new_credentials, _odd_id(run.plan.new_secret)))
    run.tell_error("read", "an id that nobody has", error)
    bad = Credentials(run.plan.key, Secret(run.plan.new_secret + "\n"))
    run.tell_error("read", "a secret no header carries", worked(run, _asked(run.plan.urls["gate"], None, bad, _read)))


def servers_that_are_rude(run: Run) -> None:
    """No TLS to trust, a proxy that refuses, what isn't HTTP, resets, silence: for a read and for something sent."""
    for name, url in run.plan.urls.items():
        if name == "gate":
            continue
        proxy = url if name == "refusing proxy" else None
        target = run.plan.urls["unknown CA"] if proxy else url
        for what, call in _calls():
            error = worked(run, _asked(target, proxy, run.plan.new_credentials, call))
            run.tell_error(what, name, error)


async def _asked(
    url: str, proxy: str | None, credentials: Credentials, call: Callable[[LumetradeClient], Coroutine[Any, Any, Any]]
) -> Any:
    transport = Transport(Endpoint(url, proxy), credentials, deadline_s=0.5, list_deadline_s=0.5, sleep=no_wait)
    client = LumetradeClient(transport)
    try:
        return await call(client)
    finally:
        await client.aclose()


def _calls() -> list[tuple[str, Callable[[LumetradeClient], Coroutine[Any, Any, Any]]]]:
    return [("read", _read), ("send", _send)]


async def _read(client: LumetradeClient) -> Any:
    found = await client.list_accounts()
    return found.read()


async def _send(client: LumetradeClient) -> Any:
    return await client.create_account("EUR")


def _odd_id(name: str) -> Callable[[LumetradeClient], Coroutine[Any, Any, Any]]:
    async def ask(client: LumetradeClient) -> Any:
        return await client.get_account(name)

    return ask


# Money


def quotes_and_withdrawals(run: Run) -> None:
    """Orders that fail in every way, most of them so that nobody knows what became of them."""
    movements = run.session().movements
    request = QuoteRequest("USDT", "ZAR", from_amount=Decimal("12.5"))
    run.server("422", "getQuote")
    error = heard(lambda asker: movements.request_quote(request, asker, asker.done, asker.failed))
    run.tell_error("quote", "422", error)
    for number, kind in enumerate(OF_ORDERS, 1):
        run.server("")
        wanted = QuoteRequest("USDT", "ZAR", from_amount=Decimal(f"{number}.5"))
        quote = heard(partial(_ask_quote, run, wanted))
        run.server(kind, "createWithdrawal", "confirmQuote")
        for name, give in (
            ("confirmation", partial(_confirm, run, quote)),
            ("withdrawal", partial(_withdraw, run, an_order(run, f"{number}.25"))),
        ):
            outcome = heard(give)
            run.tell(name, kind, outcome.verdict.value)
            run.tell_error(name, kind, outcome.error)
    run.server("")


def _ask_quote(run: Run, request: QuoteRequest, asker: Asker) -> None:
    run.session().movements.request_quote(request, asker, asker.done, asker.failed)


def _confirm(run: Run, quote: Any, asker: Asker) -> None:
    run.session().movements.confirm(quote, asker, asker.done)


def _withdraw(run: Run, order: WithdrawalOrder, asker: Asker) -> None:
    run.session().movements.withdraw(order, asker, asker.done)
