"""Tests of the program with backends as modules: that it finds them where it is said to, computes
what the program with the backend in it computes, and goes on without a module that is not there or
not right.

    test_modules.py Vulkan|Cuda|Ternary [TEST]

`cargo xtask soak modules` and `soak cuda` build what is tried, and name it in the environment:
SHIPPED is the folder with the program and its modules, SCRATCH one that may be written to, WHOLE a
program that holds Vulkan's backend, and CUDA a folder with CUDA's libraries, empty where the system
has them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import unittest
from pathlib import Path

SHIPPED = Path(os.environ["SHIPPED"])
TRINE = SHIPPED / "trine"
SCRATCH = Path(os.environ["SCRATCH"])
# What makes a program find CUDA's libraries where the system does not have them.
LIBRARIES = {"LD_LIBRARY_PATH": folder} if (folder := os.environ.get("CUDA")) else {}
# A small model, from the root of the repository.
MODEL = "tests/golden/bitnet/bytes.gguf"
PROMPT = "THE CAT "
CPU, VULKAN, CUDA = (f"libggml-{name}.so" for name in ("cpu", "vulkan", "cuda"))
TERNARY = "libggml-ternary.so"
# A version of ggml's that none of its modules has.
OTHER_VERSION = 99
# A module that needs a function which is nowhere.
NEEDY = "extern int missed(void); void *ggml_backend_init(void) { missed(); return 0; }"
# A registry entry begins with its version; ggml looks at no more of it.
OTHER = (
    f"static struct {{ int version; void *rest[8]; }} entry = {{ {OTHER_VERSION}, {{ 0 }} }};\n"
    "void *ggml_backend_init(void) { return &entry; }"
)


class Ended:
    """How a command ended: its status, its bytes of output, and its words for a person."""

    def __init__(self, *command: str | Path, **variables: str | Path) -> None:
        environment = os.environ | {name: str(value) for name, value in variables.items()}
        done = subprocess.run(command, env=environment, capture_output=True)
        self.is_success, self.text = done.returncode == 0, done.stdout
        self.said = done.stderr.decode(errors="replace")


def generate(program: Path, backend: str, *more: str | Path, **variables: str | Path) -> Ended:
    """A text of the small model on a backend."""
    words = ("generate", PROMPT, "--tokens", "20", "--threads", "1", "--model", MODEL)
    return Ended(program, *words, "--backend", backend, *more, **variables)


def devices(*more: str | Path, **variables: str | Path) -> str:
    """What the program says of modules and devices."""
    listed = Ended(TRINE, "devices", "--gpu", *more, **variables)
    assert listed.is_success, listed.said
    return listed.text.decode()


def library(source: str, to: Path, *more: str | Path) -> None:
    """Compiles a text in C to a shared library."""
    line = ["cc", "-shared", "-fPIC", "-x", "c", "-", "-x", "none", "-o", to, *more]
    subprocess.run(line, input=source.encode(), check=True)


def empty(name: str) -> Path:
    """An empty folder."""
    shutil.rmtree(SCRATCH / name, ignore_errors=True)
    (SCRATCH / name).mkdir(parents=True)
    return SCRATCH / name


class Modules(unittest.TestCase):
    """What the tests of each backend need."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.processor = generate(TRINE, "cpu").text
        assert cls.processor, "the processor writes nothing"

    def has(self, said: str, *parts: str) -> None:
        for part in parts:
            self.assertIn(part, said)

    def is_refused(self, ended: Ended, *why: str) -> None:
        self.assertFalse(ended.is_success)
        self.assertEqual(ended.text, b"")
        self.has(ended.said, *why)

    def went_on(self, ended: Ended, why: str) -> None:
        """The processor answered, with one warning that says why."""
        self.assertTrue(ended.is_success, ended.said)
        self.assertEqual(ended.said.count("warning: "), 1, ended.said)
        self.has(ended.said, why)
        self.assertEqual(ended.text, self.processor)


class Vulkan(Modules):
    """Vulkan's backend as a module, on a device."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.wanted = generate(Path(os.environ["WHOLE"]), "vulkan").text
        assert cls.wanted, "the program that holds the backend writes nothing"

    def test_modules_beside_the_program_write_what_a_backend_in_it_writes(self) -> None:
        said = devices()
        self.has(said, f"{VULKAN}  loaded: Vulkan, 1 device", "Vulkan0")
        self.has(said, f"{CPU}  loaded: CPU, 1 device")
        self.assertEqual(generate(TRINE, "vulkan").text, self.wanted)

    def test_a_c_program_loads_the_same_modules_and_says_what_is_missing(self) -> None:
        program = SHIPPED / "generate"
        line = ["cc", "-std=c11", "-Iinclude", "host-example/model/generate.c", "-o", program]
        # The libraries of ggml are found by the library itself.
        line += ["-L", SHIPPED, "-ltrine_host", "-Wl,-rpath,$ORIGIN"]
        subprocess.run([*line, "-Wl,--allow-shlib-undefined"], check=True)
        self.has(Ended(program).text.decode(), "Vulkan0 (Vulkan)", "CPU")
        found = Ended(program, MODEL, PROMPT, "vulkan")
        self.assertTrue(found.text.startswith(self.wanted.removesuffix(b"\n")), found.said)
        nothing = {"TRINE_GGML_MODULES": empty("empty")}
        missed = Ended(program, MODEL, PROMPT, "vulkan", **nothing)
        self.assertFalse(missed.is_success)
        self.has(missed.said, "no vulkan device found", f"put {VULKAN} there")
        found = Ended(program, MODEL, PROMPT, "vulkan,cpu", **nothing)
        self.assertTrue(found.is_success, found.said)
        self.has(found.said, "warning: no vulkan device found")

    def test_where_there_is_no_module_the_processor_answers(self) -> None:
        nothing, nowhere = empty("empty"), SCRATCH / "nowhere"
        self.has(devices("--modules", nothing), "has no modules", VULKAN, "on the processor")
        for folder, why in ((nothing, f"put {VULKAN} there"), (nowhere, "No such file")):
            self.went_on(generate(TRINE, "auto", TRINE_GGML_MODULES=folder), why)
            alone = generate(TRINE, "vulkan", TRINE_GGML_MODULES=folder)
            self.is_refused(alone, "no vulkan device found", why)
        alone = empty("vulkan-alone")
        shutil.copy(SHIPPED / VULKAN, alone)
        self.went_on(generate(TRINE, "vulkan,cpu", "--modules", alone), CPU)

    def test_what_is_no_module_is_refused_with_its_reason_and_the_others_are_loaded(self) -> None:
        folder = empty("refused")
        for module in (CPU, VULKAN):
            shutil.copy(SHIPPED / module, folder)
        (folder / "libggml-text.so").write_text("this is a text and no library\n" * 9)
        (folder / "libggml-short.so").write_text("")
        library("int something(void) { return 1; }", folder / "libggml-other.so")
        library(NEEDY, folder / "libggml-symbol.so")
        # What a module for Vulkan is where Vulkan's loader is not installed.
        gone = SCRATCH / "libgone.so"
        library("int missed(void) { return 1; }", gone, "-Wl,-soname,libgone.so")
        library(NEEDY, folder / "libggml-driver.so", "-Wl,--no-as-needed", gone)
        gone.unlink()
        said = devices("--modules", folder)
        self.has(said, f"{VULKAN}  loaded", f"{CPU}  loaded", "Vulkan0")
        for name, why in {
            "text": "invalid ELF header: it is no library",
            "short": "file too short: put the whole module there again",
            "other": "failed to find ggml_backend_init: it is a library and no module",
            "symbol": "undefined symbol: missed: it is of another version of ggml",
            "driver": "libgone.so: cannot open shared object file",
        }.items():
            self.has(said, f"libggml-{name}.so  refused: {why}")

    def test_a_module_of_another_version_of_ggml_is_refused(self) -> None:
        folder = empty("version")
        shutil.copy(SHIPPED / CPU, folder)
        library(OTHER, folder / VULKAN)
        why = f"incompatible API version (backend: {OTHER_VERSION}, current: "
        advice = "take the module that was built with this program"
        self.has(devices("--modules", folder), f"{VULKAN}  refused: {why}", advice)
        self.went_on(generate(TRINE, "vulkan,cpu", "--modules", folder), why)


class Cuda(Modules):
    """CUDA's module, on a machine that need not have such a device."""

    def test_cudas_module_misses_its_libraries_and_is_loaded_with_them(self) -> None:
        if LIBRARIES:
            why = "libcudart.so.13: cannot open shared object file"
            self.has(devices(), f"{CUDA}  refused: {why}")
        loaded = devices(**LIBRARIES)
        self.has(loaded, f"{CUDA}  loaded: CUDA, ")
        alone = generate(TRINE, "cuda", **LIBRARIES)
        found = generate(TRINE, "cuda,cpu", **LIBRARIES)
        self.assertTrue(found.is_success, found.said)
        if "loaded: CUDA, 0 devices" in loaded:
            self.assertEqual(found.text, self.processor)
            self.is_refused(alone, "no cuda device found")
            print("and loaded where there is no device")
        else:
            self.assertTrue(alone.is_success and alone.text, alone.said)
            self.assertNotIn("warning: ", alone.said)
            print("loaded, and writes on a device")


class Ternary(Modules):
    """Our own module for CUDA's devices, which needs none of CUDA's libraries."""

    def test_our_module_is_loaded_without_cudas_libraries(self) -> None:
        has_device = "loaded: CUDA, 0 devices" not in devices(**LIBRARIES)
        count = "" if has_device else "0 devices"
        self.has(devices(), f"{TERNARY}  loaded: Ternary, {count}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
