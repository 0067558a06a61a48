"""The host examples: each is built, run on a recorded conversation, and answers what is recorded.
Those in C and C++ are watched as well: no socket, no process, no heap."""

from __future__ import annotations

import re
import unittest
from dataclasses import replace
from pathlib import Path

from programs import (
    LIBTRINE,
    LIBTRINE_SHARED,
    OUT,
    PROGRAMS,
    SHARED,
    STATIC,
    TARGET,
    WATCHED,
    Way,
    ended,
    files,
    heap_counter,
    output,
)

EXPECTED = Path("host-example/expected")
# Calls of the system that no example has reason to make.
FORBIDDEN = "socket,connect,clone,clone3,fork,vfork"
# Each conversation, and the sources of its program.
SOURCES = {
    "hello": "host-example/c/hello.c",
    "well": "host-example/device/well.c host-example/device/stdio.c",
    "counter": "host-example/cpp/counter.cpp",
    "notes": "host-example/cpp/notes.cpp",
}


def build(way: Way, name: str, source: str, library: Path) -> Path:
    """A C compiler links C++ too: nothing of C++'s library is needed. The sanitizers do need it."""
    if source.endswith(".c"):
        return way.compile(name, f"-O2 -Iinclude -std=c99 {source}", library)
    if "sanitized" in way.name:
        way = replace(way, compiler={"gcc": "g++", "clang": "clang++"}[way.compiler])
    flags = "-O2 -Iinclude -x c++ -std=c++17 -fno-exceptions -fno-rtti"
    return way.compile(name, f"{flags} {source} -x none", library)


def first_commands(page: str, changes: dict[str, str]) -> tuple[bytes, str]:
    """Runs the commands that a page begins with, after changes to their text: what they print, and
    the block behind them. Blocks are what is indented."""
    blocks = re.findall(r"(?m)(?:^    .*\n)+", Path(page).read_text())
    script, following = (re.sub(r"(?m)^    ", "", block) for block in blocks[:2])
    for before, after in changes.items():
        script = script.replace(before, after)
    return output("sh", "-euc", script), following


class Examples(unittest.TestCase):
    maxDiff = None

    def converses(self, name: str, *program: str | Path) -> None:
        """The program answers what is recorded."""
        said = output(*program, given=(EXPECTED / f"{name}.in").read_bytes())
        self.assertEqual(said.decode(), (EXPECTED / f"{name}.out").read_text())

    def is_modest(self, name: str, program: Path) -> None:
        """Watches the system calls of a program in the same conversation, then its heap."""
        given, log = (EXPECTED / f"{name}.in").read_bytes(), OUT / "strace.log"
        strace = ("strace", "-f", "-qq", "-e", f"trace={FORBIDDEN}", "-o", log)
        output(*strace, program, given=given)
        self.assertEqual([line for line in log.read_text().splitlines() if "(" in line], [])
        counted = ended(program, given=given, LD_PRELOAD=heap_counter())
        self.assertEqual((counted.returncode, counted.stderr.strip()), (0, b"heap calls: 0"))

    def test_examples_answer_what_is_recorded_and_open_start_and_allocate_nothing(self) -> None:
        for way, library in ((STATIC, LIBTRINE), (SHARED, LIBTRINE_SHARED)):
            for name, source in SOURCES.items():
                program = build(way, name, source, library)
                self.converses(name, program)
                self.is_modest(name, program)
        self.converses("multiply", PROGRAMS / "trine-example")

    def test_sanitizers_and_valgrind_find_nothing_in_them(self) -> None:
        for way in WATCHED:
            for name, source in SOURCES.items():
                self.converses(name, *way.command(build(way, name, source, LIBTRINE)))

    def test_the_classes_in_cpp_behave_under_sanitizers(self) -> None:
        for way in WATCHED[:2]:
            for source in files("tests/c/hpp_run", "cpp"):
                output(build(way, source.stem, str(source), LIBTRINE))

    def test_the_quick_start_prints_what_it_says(self) -> None:
        # The library is there already, and nothing is to be left in the root folder.
        program = str(OUT / "quick")
        changes = {
            "cargo xtask dist x86_64-unknown-linux-gnu\n": "",
            # The tests have the largest profile, which holds that of the page.
            "target/dist/x86_64-unknown-linux-gnu/full": str(LIBTRINE.parent),
            " -o hello": f" -o {program}",
            "./hello": program,
        }
        said, wanted = first_commands("docs/c-quickstart.md", changes)
        self.assertEqual(said.decode(), wanted)

    def test_the_code_in_the_header_on_resources_of_tools_runs(self) -> None:
        opening = Path("include/trine_resources.h").read_text().partition("*/")[0]
        lines = [line[7:] for line in opening.splitlines() if line.startswith((" *     ", " *\n"))]
        self.assertIn(len(lines), range(20, 36))
        code = OUT / "header_resources.c"
        code.write_text("\n".join(lines) + "\n")
        for way in (STATIC, *WATCHED):
            flags = "-std=c99 -Wall -Wextra -Wpedantic -Werror -Iinclude"
            output(*way.command(way.compile("header_resources", flags, code, LIBTRINE)))

    def test_the_code_of_the_page_on_resources_is_taken_as_it_stands(self) -> None:
        page = Path("docs/c-resources.md").read_text()
        code = OUT / "resources.c"
        code.write_text(page.split("```c\n")[1].split("```")[0])
        for compiler in ("gcc", "clang", "arm-none-eabi-gcc -mcpu=cortex-m0 -mthumb"):
            line = f"{compiler} -std=c99 -Wall -Wextra -Wpedantic -Werror -Iinclude -c -o"
            output(*line.split(), OUT / "resources.o", code)


if __name__ == "__main__":
    unittest.main()
