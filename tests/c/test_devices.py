"""The program in C that takes a backend, on Vulkan's device in software: it writes what
`trine generate` writes there, and what it writes where a device does not open.

The leg `gpu` runs it, with both built with devices, and says in LD_PRELOAD what makes the driver
quick."""

from __future__ import annotations

import os
import subprocess
import unittest

from programs import LIBTRINE_HOST, OUT, STATIC, TRINE, ended, output

# More tokens than lavapipe has kernels of their own for, each of which it compiles for minutes.
PROMPT = "The capital of France is"
# Tokens that the program writes.
TOKENS = "24"
# It is for programs on a device, and not for compilers.
QUICK = {"LD_PRELOAD": os.environ.pop("LD_PRELOAD")}


class Devices(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.file = OUT / "tiny.gguf"
        output(TRINE, "model", "make", "--tiny", "-o", cls.file)
        line = "-std=c99 -O2 -Iinclude host-example/model/generate.c"
        cls.program = STATIC.compile("generate", line, LIBTRINE_HOST)
        cls.wanted = {backend: cls.generated(backend) for backend in ("vulkan", "cpu")}

    @classmethod
    def generated(cls, backend: str) -> bytes:
        words = ("generate", PROMPT, "--tokens", TOKENS, "--backend", backend, "--model", cls.file)
        text = output(TRINE, *words, **QUICK)
        assert len(text) > 20, f"hardly any text: {text}"
        return text

    def broken(self, backend: str) -> subprocess.CompletedProcess[bytes]:
        """The program on a device that does not open."""
        variables = QUICK | {"GGML_VK_FORCE_MAX_BUFFER_SIZE": "none"}
        return ended(self.program, self.file, PROMPT, backend, **variables)

    def test_a_program_writes_what_trine_generates_on_each_device(self) -> None:
        for backend, wanted in self.wanted.items():
            self.assertEqual(output(self.program, self.file, PROMPT, backend, **QUICK), wanted)

    def test_a_program_goes_on_where_a_device_does_not_open_or_says_why_it_ends(self) -> None:
        done = self.broken("vulkan,cpu")
        self.assertEqual((done.returncode, done.stdout), (0, self.wanted["cpu"]), done.stderr)
        self.assertTrue(done.stderr.startswith(b"warning: Vulkan0 does not open"), done.stderr)
        done = self.broken("vulkan")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"Vulkan0 does not open", done.stderr)

    def test_a_program_lists_the_devices(self) -> None:
        listed = output(self.program)
        self.assertIn(b"Vulkan0 (Vulkan): ", listed)
        self.assertIn(b"not taken: ", listed)


if __name__ == "__main__":
    unittest.main()
