"""Language models: the text that `trine generate` writes, piece by piece, and what breaks it off."""

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
import unittest

import trine

PROGRAM = os.environ.get("TRINE_PROGRAM")
PROMPT = "The lamp in the hall"


@unittest.skipUnless(PROGRAM, "TRINE_PROGRAM is the program `trine`")
class Model(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.path, cls.large = (os.path.join(cls.folder.name, name) for name in ("tiny", "large"))
        # Bytes for tokens, and a text that takes long.
        large = "--bytes --vocab 258 --blocks 8 --width 512 --heads 8 --context 4200".split()
        for path, size in ((cls.path, ["--tiny"]), (cls.large, large)):
            subprocess.run([PROGRAM, "model", "make", *size, "-o", path], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def setUp(self):
        self.model = trine.Model(self.path)
        self.addCleanup(self.model.close)

    def generated(self, *options, path=None):
        done = subprocess.run(
            [PROGRAM, "generate", "--model", path or self.path, *options, PROMPT],
            check=True, capture_output=True,
        )
        return done.stdout.decode().rstrip("\n")

    def test_it_writes_what_the_program_writes(self):
        wanted = self.generated("--tokens", "24")
        self.assertEqual(self.model.generate(PROMPT, tokens=24).rstrip("\n"), wanted)
        self.assertEqual(self.model.ended, "limit")
        options = ("--tokens", "24", "--temperature", "0.9", "--seed", "7", "--kv", "i8")
        more = ("--top-k", "9", "--top-p", "0.95", "--min-p", "0.01", "--repetition", "1.2")
        with trine.Model(self.path, kv="i8", threads=2) as model:
            drawn = dict(tokens=24, temperature=0.9, seed=7)
            found = model.generate(PROMPT, **drawn)
            fewer = model.generate(
                PROMPT, **drawn, top_k=9, top_p=0.95, min_p=0.01, repetition=1.2
            )
        self.assertEqual(fewer.rstrip("\n"), self.generated(*options, *more))
        self.assertEqual(found.rstrip("\n"), self.generated(*options))

    def test_a_long_context_keeps_keys_and_values_in_int8(self):
        for context, kv, other in ((512, "f16", "i8"), (513, "i8", "f16")):
            options = ("--tokens", "40", "--context", str(context))
            found = self.generated(*options, path=self.large)
            self.assertEqual(self.generated(*options, "--kv", kv, path=self.large), found)
            self.assertNotEqual(self.generated(*options, "--kv", other, path=self.large), found)
            with trine.Model(self.large, context=context) as model:
                self.assertEqual(model.generate(PROMPT, tokens=40).rstrip("\n"), found)

    def test_pieces_are_the_text(self):
        pieces = list(self.model.stream(PROMPT, tokens=600))
        self.assertGreater(len(pieces), 1)
        self.assertEqual("".join(pieces), self.model.generate(PROMPT, tokens=600))

    def test_tokens_make_the_text_again(self):
        for text in ("", "a", "Größe 5 €, 🚰", "a\0b"):
            tokens = self.model.tokenize(text, begin=False)
            self.assertEqual(self.model.detokenize(tokens), text)
        first = self.model.tokenize("a")
        self.assertEqual(len(first), len(self.model.tokenize("a", begin=False)) + 1)

    def test_a_text_can_go_on(self):
        whole = self.model.generate(PROMPT, tokens=1)
        again = self.model.generate(" and", tokens=4, goes_on=True)
        self.assertTrue(whole is not None and again is not None)
        self.assertEqual(self.model.generate(PROMPT, tokens=1), whole)

    def test_it_says_what_it_is(self):
        info = self.model.info
        self.assertEqual(info["bytes"], os.path.getsize(self.path))
        self.assertTrue(info["vocabulary"] > 256 and info["kernels"] and info["architecture"])

    def test_one_text_at_a_time(self):
        pieces = self.model.stream(PROMPT, tokens=600)
        next(pieces)
        with self.assertRaisesRegex(trine.StateError, "another text"):
            self.model.generate(PROMPT)
        pieces.close()
        self.assertEqual(self.model.ended, "cancelled")
        self.assertTrue(self.model.generate(PROMPT, tokens=4))

    def test_the_context_is_an_end(self):
        with trine.Model(self.path, context=32) as model:
            model.generate(PROMPT, tokens=500)
            self.assertEqual(model.ended, "full")
            with self.assertRaises(trine.OverloadedError):
                model.generate(PROMPT * 20)
            self.assertIsNone(model.ended)
            with self.assertRaises(trine.Error):
                model.generate(PROMPT, temperature=-1.0)
            self.assertIsNone(model.ended)
            self.assertTrue(model.generate("a", tokens=2))

    def test_coroutines_get_pieces_and_can_be_cancelled(self):
        async def both():
            text = await self.model.generate_async(PROMPT, tokens=24)
            self.assertEqual(text, self.model.generate(PROMPT, tokens=24))
            seen = asyncio.Event()

            async def reads():
                async for _ in self.model.stream_async(PROMPT, tokens=100_000):
                    seen.set()

            task = asyncio.ensure_future(reads())
            await seen.wait()
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            self.assertEqual(self.model.ended, "cancelled")
            self.assertEqual(await self.model.generate_async(PROMPT, tokens=24), text)

        with trine.Model(self.large) as self.model:
            asyncio.run(both())

    def test_closing_ends_a_text(self):
        pieces = self.model.stream(PROMPT, tokens=600)
        next(pieces)
        self.model.close()
        with self.assertRaisesRegex(trine.StateError, "closed"):
            list(pieces)
        with self.assertRaisesRegex(trine.StateError, "closed"):
            self.model.generate(PROMPT)

    def test_other_threads_run_meanwhile(self):
        seen, stop = [0], threading.Event()

        def counts():
            while not stop.is_set():
                seen[0] += 1
                stop.wait(0.001)

        thread = threading.Thread(target=counts)
        thread.start()
        before = seen[0]
        for _ in range(4):
            self.model.generate(PROMPT, tokens=600)
        stop.set()
        thread.join()
        self.assertGreater(seen[0], before)

    def test_what_is_wrong_is_said(self):
        cases = [
            (lambda: trine.Model("/nowhere.gguf"), trine.Error, "/nowhere.gguf"),
            (lambda: trine.Model(__file__), trine.Error, "test_model.py"),
            (lambda: trine.Model(self.path, kv="f64"), trine.ArgumentError, "f16"),
            (lambda: trine.Model(self.path, threads=-1), trine.ArgumentError, "threads"),
            (lambda: trine.Model(self.path, backend="abacus"), trine.ArgumentError, "abacus"),
            (lambda: self.model.generate(7), trine.ArgumentError, "write a text"),
            (lambda: self.model.generate("a", tokens="7"), trine.ArgumentError, "tokens"),
            (lambda: self.model.generate("a", top_p=2.0), trine.ArgumentError, ""),
            (lambda: self.model.detokenize([2**31]), trine.ArgumentError, ""),
        ]
        for does, kind, words in cases:
            with self.assertRaisesRegex(kind, words):
                does()

    def test_a_process_ends_with_a_text_under_way(self):
        script = (
            "import sys, trine\n"
            "pieces = trine.Model(sys.argv[1]).stream('a', tokens=600)\n"
            "print(bool(next(pieces)))\n"
        )
        done = subprocess.run([sys.executable, "-c", script, self.path], capture_output=True,
                              timeout=60)
        self.assertEqual((done.returncode, done.stdout), (0, b"True\n"), done.stderr)


if __name__ == "__main__":
    unittest.main()
