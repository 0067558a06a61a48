"""Hubs in C and C++: what they refuse, serve and replace, and the examples of the page."""

from __future__ import annotations

import re
import unittest
from pathlib import Path

from programs import LIBTRINE_HOST, OUT, SANITIZED, SHARED, Way, output

EXPECTED = Path("host-example/expected")
# The version of the program stands in what it says of itself.
VERSION = re.compile(r'("serverInfo":\{[^}]*"version":)"[^"]*"')


def answers(lines: str) -> list[str]:
    """The answers in the order of their requests: calls run side by side. That the hub takes its
    tools out at its end is told to who still listens."""
    all_of_them = VERSION.sub(r'\1""', lines).splitlines()
    return sorted(line for line in all_of_them if '"id":' in line)


def build(way: Way, source: str) -> Path:
    """A program in C, or in C++ with its library."""
    name = f"hub-{Path(source).stem}"
    if source.endswith(".c"):
        line = f"-std=gnu11 -O1 -g -Wall -Wextra -Werror -Iinclude {source}"
        return way.compile(name, line, LIBTRINE_HOST)
    line = f"-std=c++17 -O1 -g -Wall -Wextra -Werror -Iinclude {source} -lstdc++"
    return way.compile(name, line, LIBTRINE_HOST)


def plugin(version: int) -> Path:
    """A version of step.c as a library."""
    file = OUT / f"libstep{version}.so"
    flags = f"-std=c99 -shared -fPIC -DVERSION={version} -Iinclude tests/c/hub/step.c"
    output("gcc", *flags.split(), "-o", file)
    return file


class Hubs(unittest.TestCase):
    maxDiff = None

    def test_a_hub_refuses_serves_replaces_and_ends(self) -> None:
        plugins = [plugin(version) for version in (1, 2)]
        for way in (SHARED, SANITIZED):
            program = way.command(build(way, "tests/c/hub/life.c"))
            # What is mapped is never unmapped, so its handle counts as leaked.
            output(*program, *plugins, ASAN_OPTIONS="detect_leaks=0")

    def test_the_example_in_c_answers_what_is_recorded(self) -> None:
        program = build(SHARED, "host-example/hub/greeter.c")
        said = output(program, given=(EXPECTED / "greeter.in").read_bytes()).decode()
        wanted = (EXPECTED / "greeter.out").read_text()
        self.assertEqual(answers(said), answers(wanted))

    def test_the_example_in_cpp_calls_its_tool(self) -> None:
        said = output(build(SHARED, "host-example/hub/counter.cpp")).decode().splitlines()
        beginnings = [line.partition(": {")[0] for line in said]
        self.assertEqual(
            beginnings[:4],
            ["done", "done", "count: by must be at most 100", "count: the tool threw an exception"],
        )
        self.assertIn('"total":42', said[1])
        self.assertIn('"capabilities":["arithmetic"]', said[4])
        self.assertEqual(said[5:], ["3 calls, 1 errors", "shut down at 42"])


if __name__ == "__main__":
    unittest.main()
