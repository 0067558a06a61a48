"""A device in C behind the gateway: lists in, blocks out, and a question to a person, as an MCP
client gets to see them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from programs import LIBTRINE, OUT, SANITIZED, TRINE

FOLDER = Path("tests/c/gateway")
# The longest that the device may take to listen, on a machine that does much else.
START_S = 60.0


def play(names: list[str], *server: str | Path) -> str:
    """Plays transcripts, as one, to a server; what the server says besides."""
    transcript, log = OUT / f"{names[-1]}.jsonl", OUT / f"{names[-1]}.log"
    transcript.write_text("".join((FOLDER / f"{name}.jsonl").read_text() for name in names))
    player = [sys.executable, "tests/clients/raw_transcript.py", transcript, "--", *server]
    with log.open("w") as errors:
        done = subprocess.run(player, stdout=subprocess.PIPE, stderr=errors, text=True)
    assert done.returncode == 0, f"{server}:\n{done.stdout}"
    return log.read_text()


class Gateway(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        line = f"-std=c99 -g -O1 -Iinclude {FOLDER}/clerk.c"
        cls.program = SANITIZED.compile("clerk", line, LIBTRINE)

    def test_a_client_sees_lists_blocks_a_question_and_a_line_of_log_of_a_device(self) -> None:
        # A socket's path may have about 100 bytes, which rules out the folder of what is built.
        with tempfile.TemporaryDirectory(prefix="trine-") as folder:
            socket = Path(folder, "clerk")
            device = subprocess.Popen([self.program, socket])
            try:
                since = time.monotonic()
                while not socket.exists():
                    self.assertLess(time.monotonic() - since, START_S, "it opens no socket")
                    time.sleep(0.02)
                said = play(["answers", "question"], TRINE, "gateway", "--unix", socket)
                self.assertEqual(device.wait(START_S), 0, "it ends when its line does")
            finally:
                device.kill()
                device.wait()
        self.assertIn("WARN clerk: the ink is low", said)

    def test_a_device_as_a_server_by_itself_has_lists_and_blocks(self) -> None:
        play(["answers", "unasked"], self.program, "-")


if __name__ == "__main__":
    unittest.main()
