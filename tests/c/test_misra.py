"""MISRA C:2012 over the header, its macros and the examples, by cppcheck's addon. Each rule that is
not kept is a row of docs/misra.md, with its reason; a row that is not needed fails as well."""

from __future__ import annotations

import re
import unittest
from pathlib import Path

from programs import ended, files, side_by_side

PAGE = Path("docs/misra.md")
CPPCHECK = (
    "cppcheck --addon=misra --std=c99 --platform=unix32 --quiet "
    "--enable=warning,performance,portability --suppress=missingIncludeSystem "
    "-DCLOCK_MONOTONIC=1 -DGREENHOUSE_SMALL=0 -DGREENHOUSE_TABLE=0 -DGREENHOUSE_ASK=1 -Iinclude -Ifirmware-example/c/board "
    "-Ifirmware-example/c/src -Ifirmware-example/c/bsp -Ifirmware-example/c/bsp/mps2-an386"
)
# Programs, each checked as a whole: rules on names look across files.
PROGRAMS = (
    ("tests/c/header",),
    ("host-example/c",),
    ("host-example/device",),
    ("firmware-example/c/board", "firmware-example/c/src", "firmware-example/c/bsp"),
)
# Files that belong to another program or another processor than the rest of their folder.
APART = (
    "without_trine.c", "well_bare.c", "rtos.c", "receive_dma.c", "riscv.c", "nrf51.c", "unix.c",
    "stdio.c",
)


def check(folders: tuple[str, ...]) -> list[str]:
    """What cppcheck has to say about the files of some folders, on its error output."""
    sources = [source for folder in folders for source in files(folder, "c")]
    sources = [source for source in sources if source.name not in APART]
    done = ended(*CPPCHECK.split(), "--template={file}:{line}: {id}", *sources)
    assert done.returncode == 0, done.stdout.decode()
    return done.stderr.decode().splitlines()


class Misra(unittest.TestCase):
    def test_each_rule_that_is_not_kept_is_a_row_of_the_page_and_no_other(self) -> None:
        listed = set(re.findall(r"(?m)^\| (\d+\.\d+) \| ", PAGE.read_text()))
        lines = [line for found in side_by_side(check, PROGRAMS) for line in found]
        rules = {line: line.rpartition("misra-c2012-")[2] for line in lines}
        unlisted = [line for line, rule in rules.items() if rule not in listed]
        self.assertEqual(unlisted, [], f"what {PAGE} does not list")
        unused = listed.difference(rules.values())
        self.assertEqual(unused, set(), f"{PAGE} lists rules that nothing breaks")
        print(f"MISRA C:2012: {len(listed)} rules are deviated from, each with its reason")


if __name__ == "__main__":
    unittest.main()
