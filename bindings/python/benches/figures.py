"""The figures of the package: `cargo xtask bench python` records them.

    pip install mcp==2.3.0
    python bindings/python/benches/figures.py

Prints JSON: the milliseconds of `import trine` with all that it imports (median of ten), the
microseconds of a call in the process (median of eleven rounds), the milliseconds of a hundred
coroutines at once, each of which waits for five, and how often as many calls a second of processor
time a server on standard input and output answers as one of the package `mcp`.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import time

import stdio
import trine

IMPORTS = 10
ROUNDS = 11
CALLS = 20_000
AT_ONCE = 100
WAIT = 0.005


def import_ms():
    """Milliseconds of one import in a process of its own."""
    run = [sys.executable, "-X", "importtime", "-c", "import trine"]
    said = subprocess.run(run, capture_output=True, text=True, check=True).stderr
    # "import time: self [us] | cumulative | imported package"
    (line,) = [line for line in said.splitlines() if line.rpartition("|")[2].strip() == "trine"]
    return int(line.split("|")[1]) / 1000


def call_us():
    """Microseconds of a call with two typed arguments and a structured result."""

    def add(a: int, b: int) -> int:
        "Adds two numbers."
        return a + b

    with trine.Server() as server:
        server.tool(add)
        rounds = []
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            for number in range(CALLS):
                server.call("add", a=number, b=1)
            rounds.append((time.perf_counter() - begun) / CALLS * 1e6)
        assert server.call("add", a=2, b=3) == 5
    return statistics.median(rounds)


def at_once_ms():
    """Milliseconds of coroutines at once, each of which waits."""

    async def later(a: int) -> int:
        "Adds one, later."
        await asyncio.sleep(WAIT)
        return a + 1

    async def calls(server):
        begun = time.perf_counter()
        answers = await asyncio.gather(
            *(server.call_async("later", a=number) for number in range(AT_ONCE))
        )
        assert answers == list(range(1, AT_ONCE + 1)), answers
        return (time.perf_counter() - begun) * 1000

    with trine.Server(in_flight=2 * AT_ONCE) as server:
        server.tool(later)
        return statistics.median(asyncio.run(calls(server)) for _ in range(ROUNDS))


def main():
    figures = {
        "import_ms": statistics.median(import_ms() for _ in range(IMPORTS)),
        "call_us": call_us(),
        "at_once_ms": at_once_ms(),
        **{f"stdio_{depth}": stdio.rates(depth) for depth in stdio.DEPTHS},
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
