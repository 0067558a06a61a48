"""Memory over a million calls and ten thousand servers, which must be the same as before them.

    python bindings/python/benches/memory.py [--calls N] [--servers N]
    python bindings/python/benches/memory.py --valgrind

Calls are good ones, one of ten that fails, and coroutines. Python counts its own bytes
(tracemalloc), and the system all of the process. With --valgrind the script runs itself in
valgrind, with a few calls and servers and with more: more calls may lose no more bytes. It ends
with an error where memory grew.
"""

import argparse
import asyncio
import gc
import os
import re
import subprocess
import sys
import tracemalloc

import trine

# What may come on top: Python's own tables grow in steps, and the system gives whole pages.
PYTHON_MAX = 64 * 1024
SYSTEM_MAX = 8 * 1024 * 1024
# What a run in valgrind does, and how much less the first one.
FEW = (200, 10)
MORE = 5
VALGRIND = ("valgrind", "--leak-check=full", "--error-exitcode=0")


def add(a: int, b: int) -> dict:
    "Adds two numbers."
    if b == 9:
        raise ValueError("nine is refused")
    return {"sum": a + b}


async def later(a: int) -> int:
    "Adds one, later."
    await asyncio.sleep(0)
    return a + 1


def calls(server: trine.Server, count: int) -> None:
    for number in range(count):
        try:
            server.call("add", a=number, b=number % 10)
        except trine.ToolError:
            assert number % 10 == 9
        if number % 100 == 0:
            assert server.call("later", a=number) == number + 1


def servers(count: int) -> None:
    for _ in range(count):
        with trine.Server() as server:
            server.tool(add)
            assert server.call("add", a=1, b=2) == {"sum": 3}


def opened() -> trine.Server:
    server = trine.Server()
    server.tool(add)
    server.tool(later)
    return server


def used() -> tuple[int, int]:
    gc.collect()
    with open("/proc/self/statm") as statm:
        pages = int(statm.read().split()[1])
    return tracemalloc.get_traced_memory()[0], pages * os.sysconf("SC_PAGE_SIZE")


def measure(call_count: int, server_count: int) -> int:
    tracemalloc.start()
    grew = False
    with opened() as server:
        calls(server, max(call_count // 20, 1))
        servers(max(server_count // 20, 1))
        for name, count, work in (
            ("calls", call_count, lambda: calls(server, call_count)),
            ("servers", server_count, lambda: servers(server_count)),
        ):
            before = used()
            work()
            python, system = (now - then for now, then in zip(used(), before))
            print(f"{count:>9,} {name:<8} Python {python:>+9,} B, process {system:>+11,} B")
            grew = grew or python > PYTHON_MAX or system > SYSTEM_MAX
    if grew:
        print(f"more than {PYTHON_MAX:,} B, or {SYSTEM_MAX:,} of the process, came on top")
    return int(grew)


def lost(times: int) -> int:
    """Bytes that a run in valgrind lost."""
    counts = [str(count * times) for count in FEW]
    run = [*VALGRIND, sys.executable, __file__, "--run", *counts]
    ended = subprocess.run(run, env={**os.environ, "PYTHONMALLOC": "malloc"}, text=True,
                           stderr=subprocess.PIPE, check=True)
    found = re.findall(r"(?:definitely|indirectly) lost: ([\d,]+) bytes", ended.stderr)
    if "All heap blocks were freed" not in ended.stderr and len(found) != 2:
        raise SystemExit(f"valgrind says nothing of what was lost:\n{ended.stderr[-2000:]}")
    return sum(int(number.replace(",", "")) for number in found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--servers", type=int, default=10_000)
    parser.add_argument("--valgrind", action="store_true")
    parser.add_argument("--run", type=int, nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        with opened() as server:
            calls(server, given.run[0])
        servers(given.run[1])
        return 0
    if given.valgrind:
        few, many = lost(1), lost(MORE)
        print(f"{FEW[0]} calls and {FEW[1]} servers lose {few:,} B, {MORE} times as many {many:,} B")
        return int(many > few)
    return measure(given.calls, given.servers)


if __name__ == "__main__":
    sys.exit(main())
