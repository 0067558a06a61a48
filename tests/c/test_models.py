"""The programs in C that use language models: what they write is what `trine` writes of the same
file, whether a library has the memory or the program has."""

from __future__ import annotations

import json
import unittest
from pathlib import Path

from programs import (
    LIBTRINE,
    LIBTRINE_HOST,
    LIBTRINE_MODEL,
    OUT,
    PROGRAMS,
    SANITIZED,
    STATIC,
    TRINE,
    VALGRIND,
    Way,
    as_array,
    classifier,
    ended,
    heap_counter,
    output,
)
from test_examples import first_commands

PROMPT = "Hello"
# Tokens that the programs write.
TOKENS = "24"
WAYS = (STATIC, SANITIZED, VALGRIND)
FAN, VALVE = "make the fan spin at forty percent", "open valve north for ten seconds"
# What `act` is told, one after the other, and what it says of each.
ORDERS = (
    (FAN, '{"percent":40}'),
    (VALVE, "valve_open: refused: a person"),
    ("agree", "agreed to tool 3"),
    (VALVE, "valve_open: the valve is open already"),
    (VALVE, "valve_open: refused: a person"),
    ("open all valves", "no call"),
)


def build(way: Way, source: str, *others: Path) -> Path:
    """An example with other files of C and libraries."""
    flags = "-std=c99 -O2 -Iinclude -Ifirmware-example/c/src"
    return way.compile(source, f"{flags} host-example/model/{source}.c", *others)


def generated(model: Path) -> bytes:
    """What `trine generate` writes: hardly UTF-8."""
    text = output(TRINE, "generate", PROMPT, "--tokens", TOKENS, "--model", model)
    assert len(text) > 20, f"hardly any text: {text}"
    return text


def answer(image: Path, text: str) -> tuple[str, str]:
    """The confidence of `trine ask` as the program prints it, and the tokens that end its line."""
    given = json.dumps({"text": text}).encode() + b"\n"
    said = output(TRINE, "ask", "--jsonl", "--exact", "--model", image, given=given)
    found = json.loads(said)
    assert found["tokens"], said
    tokens = "".join(f" {token}" for token in found["tokens"])
    return f" confidence {found['confidence_bits']} ", f" tokens{tokens}"


class Models(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.file, cls.image = OUT / "tiny.gguf", OUT / "model.trnm"
        output(TRINE, "model", "make", "--tiny", "-o", cls.file)
        output(TRINE, "model", "pack", cls.file, "-o", cls.image)

    def test_a_program_with_a_file_and_threads_writes_what_trine_generates(self) -> None:
        wanted = generated(self.file)
        for way in WAYS:
            program = build(way, "file", LIBTRINE_HOST)
            self.assertEqual(output(*way.command(program), self.file, PROMPT), wanted)
            self.assertEqual(ended(program, "missing.gguf").returncode, 1)

    def test_a_program_with_a_model_in_its_memory_does_in_steps_and_without_a_heap(self) -> None:
        wanted, array = generated(self.image), as_array(self.image)
        for way in WAYS:
            program = build(way, "memory", array, LIBTRINE_MODEL)
            self.assertEqual(output(*way.command(program)), wanted)
        counted = ended(build(STATIC, "memory", array, LIBTRINE_MODEL), LD_PRELOAD=heap_counter())
        self.assertTrue(counted.stderr.rstrip().endswith(b"heap calls: 0"), counted.stderr)

    def test_the_first_program_of_the_page_on_models_writes_what_trine_generates(self) -> None:
        # As it stands there, on what was built already.
        program = str(OUT / "first")
        changes = {
            "trine model make": f"{TRINE} model make",
            "cargo build --release -p trine-c-host\n": "",
            "target/release": str(PROGRAMS),
            "tiny.gguf": f"{program}.gguf",
            " -o file": f" -o {program}",
            "./file": program,
        }
        said, _ = first_commands("docs/c-models.md", changes)
        self.assertTrue(said.endswith(generated(self.file)), said)

    def test_a_program_makes_the_calls_of_trine_ask_with_its_confidence_and_tokens(self) -> None:
        image, array, compiled = classifier()
        asked = (FAN, "open all valves", "the fan at 900 percent")
        wanted = [answer(image, text) for text in asked]
        for way in WAYS:
            program = build(way, "ask", array, compiled, LIBTRINE_MODEL)
            lines = output(*way.command(program), *asked).decode().splitlines()
            for line, (confidence, tokens) in zip(lines, wanted, strict=True):
                self.assertIn(confidence, line)
                self.assertTrue(line.endswith(tokens), line)

    def test_a_program_asks_a_base_model_for_calls_of_its_own_tools(self) -> None:
        asked = (FAN, "set the lamp to red", "don't touch the fan", "hello")
        said = set()
        for way in WAYS:
            program = build(way, "base", LIBTRINE_MODEL, LIBTRINE)
            said.add(output(*way.command(program), "models/base.bin", *asked))
            self.assertEqual(ended(program, "models/board.gguf").returncode, 1)
        self.assertEqual(len(said), 1, said)
        lines = said.pop().decode().splitlines()
        self.assertEqual(len(lines), len(asked))
        for line in lines:
            self.assertRegex(line, r"^why \d+ sure [01] confidence [0-9a-f]{8}")

    def test_a_sentence_becomes_an_executed_call_and_agrees_to_nothing(self) -> None:
        _, array, compiled = classifier()
        for way in WAYS:
            program = build(way, "act", array, compiled, LIBTRINE_MODEL, LIBTRINE)
            said = output(*way.command(program), *(order for order, _ in ORDERS)).decode()
            for line, (order, done) in zip(said.splitlines(), ORDERS, strict=True):
                self.assertTrue(line.startswith(done), f"{order}: {line}")


if __name__ == "__main__":
    unittest.main()
