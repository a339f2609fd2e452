"""What takes too long for every run of the tests: `python3 dev.py bench --kills 500`. Exit code 1 when a promise is broken."""

import argparse
import sys
from collections.abc import Callable

from tests.bench import kills

# Each benchmark: its option, what its number means, and the function that runs it and gives the exit code.
BENCHMARKS: dict[str, tuple[str, Callable[[int], int]]] = {
    "kills": ("kill the desk N times at each step of an order", kills.run),
}


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for. Shape: the exit code, the worst of all."""
    parser = argparse.ArgumentParser(prog="dev.py bench", description="Measure what the tests only touch.")
    for name, (meaning, _) in BENCHMARKS.items():
        parser.add_argument(f"--{name}", type=_number, metavar="N", help=meaning)
    asked = vars(parser.parse_args(arguments))
    wanted = [(run, asked[name]) for name, (_, run) in BENCHMARKS.items() if asked[name] is not None]
    if not wanted:
        parser.error("say what to measure")
    return max(run(number) for run, number in wanted)


def _number(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 at least")
    return number


if __name__ == "__main__":
    sys.exit(main())
