"""Measures what the tests can't: `python3 dev.py bench`. Exit code 1 when a goal is missed or a promise broken."""
# ruff: noqa: T201 - it tells what it found

import argparse
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.bench import kills, tables
from tests.bench.lines import Line, not_measured
from tests.bench.workshop import Workshop

_PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
SIZES = (100_000, 1_000_000)


def _lazily(module: str, function: str = "run") -> Callable[[Workshop], list[Line]]:
    """A benchmark's function, imported when it runs: one that is broken costs only its own lines."""

    def run(shop: Workshop) -> list[Line]:
        found = __import__(f"tests.bench.{module}", fromlist=[function])
        lines: list[Line] = getattr(found, function)(shop)
        return lines

    return run


# In the order of the table they write.
BENCHMARKS: dict[str, Callable[[Workshop], list[Line]]] = {
    "opening": _lazily("opening"),
    "sorting": _lazily("asking", "run_sorting"),
    "searching": _lazily("asking", "run_searching"),
    "scrolling": _lazily("asking", "run_scrolling"),
    "arriving": _lazily("arriving"),
    "polling": _lazily("polling"),
    "exactness": _lazily("exactness"),
    "encryption": _lazily("encryption"),
    "start": _lazily("starting"),
    "repainting": _lazily("repainting"),
    "clicking": _lazily("clicking"),
}


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for. Shape: the exit code, the worst of all."""
    parser = argparse.ArgumentParser(prog="dev.py bench", description="Measure what the tests only touch.")
    parser.add_argument("--rows", type=_sizes, metavar="N,N", help="how many trades: the smallest size and the largest")
    parser.add_argument("--only", type=_names, metavar="NAME,NAME", help=f"some of: {', '.join(BENCHMARKS)}")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    parser.add_argument(
        "--kills", type=_number, metavar="N", help="kill the desk N times at each step of an order instead"
    )
    asked = parser.parse_args(arguments)
    if asked.write and asked.only:
        parser.error("docs/performance.md tells of everything: --write goes without --only")
    code = kills.run(asked.kills) if asked.kills else 0
    if asked.kills and not (asked.rows or asked.only or asked.write):
        return code
    return max(code, measure(asked.rows or SIZES, asked.only or tuple(BENCHMARKS), _PAGE if asked.write else None))


def measure(sizes: tuple[int, ...], names: Sequence[str], page: Path | None) -> int:
    """Run these benchmarks and print their lines, to `page` too if there is one. Shape: 1 when a goal is missed."""
    began, load = time.monotonic(), tables.load()
    lines: list[Line] = []
    with tempfile.TemporaryDirectory(prefix="lumedesk-bench-") as folder:
        shop = Workshop(Path(folder), sizes, lambda text: print(text, flush=True))
        for name in names:
            print(f"{name}, after {time.monotonic() - began:,.0f} s", flush=True)
            found = lines_of(name, BENCHMARKS[name], shop)
            print("\n".join(f"  {tables.told(line)}" for line in found), flush=True)
            lines += found
    told = " and ".join(f"{size:,}" for size in sizes)
    took = f"{time.monotonic() - began:,.0f} s in all, {_computed_s():,.0f} s of CPU"
    facts = [*tables.machine(), f"{told} trades; {took}, load {load:.1f} before it began"]
    print("\n" + tables.plain(lines) + "\n\n" + "\n".join(facts))
    if page is not None:
        page.write_text(tables.page(lines, facts), encoding="utf-8")
        print(f"written to {page}")
    return verdict(lines)


def _computed_s() -> float:
    """By this process and those it waited for: beside the time that passed it tells how much else went on."""
    return sum(os.times()[:4])


def lines_of(name: str, benchmark: Callable[[Workshop], list[Line]], shop: Workshop) -> list[Line]:
    """A benchmark's lines; one line that says why, where it could not be measured."""
    try:
        return benchmark(shop)
    except Exception as error:  # noqa: BLE001 - whatever it was, the other benchmarks are still worth having
        traceback.print_exc()
        return [not_measured(name, "everything", "to be measured", f"{type(error).__name__}: {error}".splitlines()[0])]


def verdict(lines: Sequence[Line]) -> int:
    """The exit code: 0 when every goal is met, and there is one."""
    return 0 if lines and all(line.is_met for line in lines) else 1


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(sorted({_number(part) for part in text.replace("_", "").split(",")}))


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        raise argparse.ArgumentTypeError(f"there is no {unknown[0]!r}")
    return tuple(name for name in BENCHMARKS if name in names)


def _number(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 at least")
    return number


if __name__ == "__main__":
    sys.exit(main())
