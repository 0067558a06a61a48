"""Programs that misuse the libraries on purpose: with the static and the shared library, under
sanitizers and under valgrind."""

from __future__ import annotations

import unittest
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from programs import (
    LIBTRINE,
    LIBTRINE_HOST,
    LIBTRINE_MODEL,
    LIBTRINE_SHARED,
    OUT,
    SHARED,
    STATIC,
    TRINE,
    WATCHED,
    Way,
    classifier,
    files,
    output,
    side_by_side,
)

FLAGS = "-std=c11 -g -O1 -pthread -Iinclude"
# What a function takes that may be NULL.
OPTIONAL = ("*user_data", "*problem", "*next_due", "*refusal", "**text", "**uri")


BOARD = "firmware-example/board"
# A list without consent, whose tool keeps more for a pending call than for a repeated one.
OTHER = (
    '{"tools":[{"name":"scan","inputSchema":{"type":"object","properties":{}}}]}',
    '{"scan":{"pending_bytes":100}}',
)


@dataclass(frozen=True)
class Suite:
    """The tests of a header, and of headers beside it."""

    headers: tuple[str, ...]
    tests: str
    support: str
    arguments: tuple[str, ...] = ()


MODEL_FILE = ("tests/golden/bitnet/bytes.gguf",)
DEVICE = Suite(
    (
        "trine",
        "trine_consent",
        "trine_run",
        "trine_news",
        "trine_mcp",
        "trine_manager",
        "trine_devices",
        "trine_pools",
        "trine_accounts",
        "trine_runtime",
        "trine_tools",
    ),
    "tests/c/misuse",
    "tests/c/support",
)
MODEL = Suite(("trine_model",), "tests/c/model", "tests/c/model/support", MODEL_FILE)
HOST = Suite(("trine_host",), "tests/c/host", "tests/c/model/support", MODEL_FILE)


def holds(way: Way, suite: Suite, *libraries: Path) -> None:
    """Builds and runs all tests of a suite; each says how many checks it has made."""
    tests, others = files(suite.tests, "c"), [*files(suite.support, "c"), *libraries]

    def run(test: Path) -> int:
        program = way.compile(f"{suite.headers[0]}-{test.stem}", FLAGS, test, *others)
        said = output(*way.command(program), *suite.arguments).decode()
        checks = int(said.partition(": ")[2].split(" ")[0])
        assert checks > 0, f"{program} checks nothing"
        return checks

    checks = sum(side_by_side(run, tests))
    print(f"misuse of {suite.headers[0]}.h, {way.name}: {len(tests)} programs, {checks} checks")


def functions(header: str) -> Iterator[tuple[str, int]]:
    """The functions of a header, with how many of their parameters must not be NULL: all pointers
    but those that may be."""
    for text in header.split("TRINE_API")[1:]:
        head, _, rest = text.partition("(")
        parameters, is_declaration, _ = rest.partition(");")
        name = head.split()[-1].lstrip("*") if head.split() else ""
        if is_declaration and name.startswith("trine_"):
            # A callback's own parameters are not the function's.
            own, is_callback, _ = parameters.partition("(*")
            pointers = [one for one in own.split(",") if "*" in one and not one.endswith(OPTIONAL)]
            yield name, len(pointers) + bool(is_callback)


class Misuse(unittest.TestCase):
    def test_misuse_of_shared_libraries_is_refused(self) -> None:
        holds(SHARED, DEVICE, LIBTRINE_SHARED)
        holds(SHARED, HOST, LIBTRINE_HOST)

    def test_misuse_of_static_libraries_is_refused_and_harms_nothing(self) -> None:
        for way in (STATIC, *WATCHED):
            holds(way, DEVICE, LIBTRINE)
            holds(way, MODEL, *classifier()[1:], LIBTRINE_MODEL)

    def test_misuse_of_libtrine_host_harms_nothing(self) -> None:
        for way in WATCHED:
            holds(way, HOST, LIBTRINE_HOST)

    def test_tools_of_a_firmware_are_tested_without_the_library_and_with_it(self) -> None:
        # The same checks hold, so that the double is what the library is.
        for way in (STATIC, *WATCHED):
            for name, more, libraries in (
                ("mock", "", ()),
                ("mock-library", "-DTRINE_MOCK_LIBRARY", (LIBTRINE,)),
            ):
                line = f"{FLAGS} {more} tests/c/mock/test.c tests/c/mock/tools.c"
                said = output(*way.command(way.compile(name, line, *libraries)))
                self.assertRegex(said.decode(), r"mock: [1-9]\d+ checks, 0 failures")

    def test_the_ram_that_trine_gen_prints_is_what_a_compiler_for_a_chip_counts(self) -> None:
        tools, device = OUT / "scan.json", OUT / "scan-device.json"
        tools.write_text(OTHER[0])
        device.write_text(OTHER[1])
        for lists, count, consent, pending in (
            ((Path(f"{BOARD}/tools.json"), Path(f"{BOARD}/device.json")), 10, 192, 3),
            ((tools, device), 1, 0, 100),
        ):
            said = output(TRINE, "gen", lists[0], "--device", lists[1], "-o", OUT / "ram.h")
            rows = [line.split() for line in said.decode().splitlines() if line[:2] == "  "]
            self.assertEqual(len(rows), 6)
            for profile, size, _ in rows:
                # The sizes of a configuration that says none, and the texts of a device.
                source = (
                    f"#define TRINE_PROFILE TRINE_PROFILE_{profile.upper()}\n"
                    f"#define TRINE_TOOLS_MAX {count}u\n#define TRINE_CONSENT_BYTES {consent}u\n"
                    "#include <trine.h>\n_Static_assert(TRINE_DEVICE_BYTES(256u, 192u, 256u, 64u, "
                    f'{pending}u, 4u, 32u) == {size}u, "{profile}");\n'
                )
                file = OUT / "ram.c"
                file.write_text(source)
                line = "arm-none-eabi-gcc -mcpu=cortex-m0 -mthumb -std=c11 -Iinclude -fsyntax-only"
                output(*line.split(), file)

    def test_each_function_is_called_at_least_as_often_with_null_as_it_has_pointers(self) -> None:
        for suite in (DEVICE, MODEL, HOST):
            test = Path(suite.tests, "null.c").read_text()
            for header in suite.headers:
                for name, pointers in functions(Path(f"include/{header}.h").read_text()):
                    self.assertGreaterEqual(test.count(f"{name}("), pointers, name)

    def test_pointers_of_a_declaration_are_counted(self) -> None:
        header = (
            "TRINE_API uint32_t trine_a(void);\n"
            "TRINE_API trine_status trine_b(struct x *x, const char *text, size_t size);\n"
            "TRINE_API\ntrine_status trine_c(struct x *x,\n    trine_status (*finish)(void *data, "
            "\n struct c *call), void *user_data);\n"
        )
        self.assertEqual(list(functions(header)), [("trine_a", 0), ("trine_b", 2), ("trine_c", 2)])


if __name__ == "__main__":
    unittest.main()
