"""The yardstick of taking a list in: msgspec alone, into structs with exact amounts, as fast as it can; and fetching it first."""

from decimal import Decimal
from pathlib import Path

import httpx
import msgspec

from tests.bench.process import Watch


class Fill(msgspec.Struct, gc=False, rename="camel"):
    """As the API has it."""

    transaction_id: str
    from_currency: str
    from_currency_amount: Decimal
    to_currency: str
    to_currency_amount: Decimal
    status: str
    modified_at: str
    created_at: str


class Trade(msgspec.Struct, gc=False, rename="camel"):
    """As the API has it."""

    transaction_id: str
    from_currency: str
    to_currency: str
    from_amount: Decimal
    to_amount: Decimal
    rate: Decimal
    is_rate_inverted: bool
    is_rfq: bool
    status: str
    created_at: str
    completed_at: str | None = None
    fills: list[Fill] = []


_DECODER = msgspec.json.Decoder(list[Trade])


def decoded(body: bytes) -> list[Trade]:
    """All at once, as msgspec does it fastest."""
    return _DECODER.decode(body)


async def fetched(client: httpx.AsyncClient, url: str) -> bytes:
    """The list, whole. Errors: httpx's own."""
    response = await client.get(f"{url}/api/v1/trades")
    response.raise_for_status()
    return response.content


def plain_client() -> httpx.AsyncClient:
    """Just httpx, with the settings of the desk's transport."""
    return httpx.AsyncClient(
        transport=httpx.AsyncHTTPTransport(trust_env=False, http1=True, http2=False, retries=0),
        trust_env=False,
        timeout=60.0,
        headers={"Accept": "application/json", "Accept-Encoding": "gzip"},
    )


def measure(body: str) -> dict[str, float]:
    """In a fresh process: msgspec alone, into structs with exact amounts."""
    content = Path(body).read_bytes()
    watch = Watch()
    records = decoded(content)
    return {"cpu_ms": watch.computed(), "rows": len(records)}
