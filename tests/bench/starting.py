"""The start of the program beside an empty window's, with the smallest size's rows in the cache and its key in a keychain."""

from tests.bench import start
from tests.bench.lines import Line
from tests.bench.rig import copied
from tests.bench.workshop import Workshop


def run(shop: Workshop) -> list[Line]:
    """What tests/bench/start.py measures, as one of the benchmarks."""
    rows = shop.small
    return start.run(copied(shop.profile(rows), shop.spare("start") / "profile"), rows)
