"""How the programs in C and C++ are compiled, linked and run.

The legs of `cargo xtask test` run the tests beside this file from the root of the repository, and
say in the environment where what they use was built: LIBTRINE, LIBTRINE_SHARED, LIBTRINE_MODEL and
LIBTRINE_HOST are libraries, PROGRAMS is the folder of the workspace's programs, TARGET that of all
that is built, and OUT the one for what is built here.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

OUT, TARGET, PROGRAMS, LIBTRINE_HOST = (
    Path(os.environ[name]) for name in ("OUT", "TARGET", "PROGRAMS", "LIBTRINE_HOST")
)
# The leg `gpu` has none of these.
LIBTRINE, LIBTRINE_SHARED, LIBTRINE_MODEL = (
    Path(os.environ.get(name, "")) for name in ("LIBTRINE", "LIBTRINE_SHARED", "LIBTRINE_MODEL")
)
TRINE = PROGRAMS / "trine"
# All sanitizers, and an end at the first finding.
SANITIZE = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer")
WATCH = ("valgrind", "--quiet", "--error-exitcode=9", "--leak-check=full")


def ended(
    *command: str | Path, given: bytes = b"", **variables: str | Path
) -> subprocess.CompletedProcess[bytes]:
    """Runs a command on an input, and answers how it ended."""
    environment = os.environ | {name: str(value) for name, value in variables.items()}
    return subprocess.run(command, input=given, env=environment, capture_output=True)


def output(*command: str | Path, given: bytes = b"", **variables: str | Path) -> bytes:
    """What a command writes; a failure shows all that it wrote."""
    done = ended(*command, given=given, **variables)
    if done.returncode != 0:
        said = (done.stdout + done.stderr).decode(errors="replace")
        line = shlex.join(str(word) for word in command)
        raise AssertionError(f"`{line}` failed with status {done.returncode}\n{said}")
    return done.stdout


Item = TypeVar("Item")
Made = TypeVar("Made")


def side_by_side(work: Callable[[Item], Made], items: Iterable[Item]) -> list[Made]:
    """What the work makes of each item, as many at a time as there are processors."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(work, items))


@dataclass(frozen=True)
class Way:
    """A way of building and running."""

    name: str
    compiler: str = "gcc"
    flags: tuple[str, ...] = ()
    runner: tuple[str, ...] = ()

    def compile(self, name: str, line: str, *files: Path) -> Path:
        """Compiles a program by flags and sources, and links it with other files."""
        program = OUT / f"{name}-{self.name}"
        linked = [word for file in files for word in (file, f"-Wl,-rpath,{file.parent}")]
        output(self.compiler, *line.split(), *self.flags, *linked, "-o", program)
        return program

    def command(self, program: Path) -> tuple[str | Path, ...]:
        """The command that runs a program in this way."""
        return (*self.runner, program)


# With the static library, and with the shared one where there are two.
STATIC = Way("static")
SHARED = Way("shared")
SANITIZED = Way("gcc-sanitized", flags=SANITIZE)
CLANG_SANITIZED = Way("clang-sanitized", "clang", SANITIZE)
VALGRIND = Way("valgrind", flags=("-g",), runner=WATCH)
# Under everything that looks at a program while it runs.
WATCHED = (SANITIZED, CLANG_SANITIZED, VALGRIND)


def files(folder: str, ending: str) -> list[Path]:
    """The files of a folder whose names end so: at least one."""
    found = sorted(Path(folder).glob(f"*.{ending}"))
    assert found, f"{folder} has no .{ending} file"
    return found


@cache
def heap_counter() -> Path:
    """What counts a program's calls of the heap when it is loaded first."""
    counter = OUT / "count.so"
    output("gcc", "-shared", "-fPIC", "-O1", "tests/c/heap/count.c", "-o", counter)
    return counter


@cache
def classifier() -> tuple[Path, Path, Path]:
    """A model of sentences, and it and the tools that it was made for as files of C: `model_trnm`
    and `board_sentences`."""
    image, compiled = OUT / "board.trnm", OUT / "board_sentences.c"
    output(TRINE, "model", "pack", "models/board.gguf", "-o", image)
    tools = "firmware-example/board/tools.json"
    output(TRINE, "gen", tools, "--sentences", "--prefix", "board", "-o", compiled)
    return image, as_array(image), compiled


def as_array(image: Path) -> Path:
    """A file as a file of C beside it, as `xxd -i model.trnm` writes it."""
    data, file = image.read_bytes(), image.with_suffix(".c")
    rows = (data[at : at + 12] for at in range(0, len(data), 12))
    lines = "\n".join("".join(f"{byte:#04x}," for byte in row) for row in rows)
    size = f"unsigned int model_trnm_len = {len(data)};\n"
    file.write_text(f"unsigned char model_trnm[] = {{\n{lines}\n}};\n{size}")
    return file
