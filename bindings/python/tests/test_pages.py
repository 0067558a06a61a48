"""The Python of the pages runs as it stands there."""

import contextlib
import io
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import trine

BLOCK = re.compile(r"(?:^    .*\n|^\n)+", re.MULTILINE)


def blocks(page):
    """The programs of a page: what is indented and is not for a shell."""
    text = pathlib.Path(os.environ["TRINE_DOCS"], page).read_text(encoding="utf-8")
    found = (re.sub("^    ", "", block, flags=re.MULTILINE) for block in BLOCK.findall(text))
    whole = (block.strip("\n") for block in found)
    return [block for block in whole if block and not block.startswith(("pip", "python"))]


@unittest.skipUnless("TRINE_DOCS" in os.environ, "TRINE_DOCS is the folder of the pages")
class Pages(unittest.TestCase):
    def test_the_first_server_of_the_page_ends_with_its_input(self):
        first = blocks("python.md")[0]
        self.assertIn("server.run()", first)
        done = subprocess.run([sys.executable, "-c", first], input=b"", capture_output=True)
        self.assertEqual((done.returncode, done.stdout), (0, b""), done.stderr.decode())

    def test_the_others_run_in_the_order_of_the_page(self):
        try:
            import numpy
        except ImportError:
            self.skipTest("the page uses NumPy")
        with trine.Server(simulate="north") as gateway, trine.Server() as server:
            self.assertTrue(gateway.wait())
            gateway.start()
            around = {"trine": trine, "numpy": numpy, "server": server}
            model, ran = self.model(), 0
            for block in blocks("python.md")[1:]:
                if "trine.Model(" in block and "TRINE_PROGRAM" not in os.environ:
                    continue
                # What a page cannot know: a port of this machine, and a board.
                block = block.replace("http://127.0.0.1:8331/mcp", gateway.url)
                block = block.replace('serial="/dev/ttyACM0"', 'simulate="south"')
                block = block.replace("tiny.gguf", model)
                with contextlib.redirect_stdout(io.StringIO()):
                    exec(block, around)
                ran += 1
            self.assertEqual(around["server"].call("fan_set", percent=3), {"percent": 3})
            self.assertGreater(ran, 4)

    def model(self):
        """The model that the page tells how to make."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "tiny.gguf")
        if "TRINE_PROGRAM" in os.environ:
            make = [os.environ["TRINE_PROGRAM"], "model", "make", "--tiny", "-o", path]
            subprocess.run(make, check=True, capture_output=True)
        return path

    def test_the_script_of_the_manager_style_prints_its_sum(self):
        (script,) = blocks("python-manager.md")
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        first, health = done.stdout.splitlines()
        self.assertEqual(first, "3")
        self.assertIn("'status': 'healthy'", health)


if __name__ == "__main__":
    unittest.main()
