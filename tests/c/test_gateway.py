"""A device in C behind the gateway: lists in, blocks out, a question to a person, resources and
prompts, as an MCP client gets to see them."""

from __future__ import annotations

import hashlib
import json
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from programs import LIBTRINE, OUT, SANITIZED, TRINE, ended

FOLDER = Path("tests/c/gateway")
# Programs that need an operating system.
HOSTED = Path("tests/c/hosted")
# An example.
WELL = Path("host-example/device")
# The longest that the device may take to listen, on a machine that does much else.
START_S = 60.0


META = {
    "_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }
}


def well() -> Path:
    """The example."""
    return SANITIZED.compile(
        "well", f"-std=c99 -g -O1 -Iinclude {WELL}/well.c {WELL}/unix.c", LIBTRINE
    )


def play(names: list[str], *server: str | Path) -> str:
    """Plays transcripts, as one, to a server; what the server says besides."""
    transcript, log = OUT / f"{names[-1]}.jsonl", OUT / f"{names[-1]}.log"
    transcript.write_text("".join((FOLDER / f"{name}.jsonl").read_text() for name in names))
    player = [sys.executable, "tests/clients/raw_transcript.py", transcript, "--", *server]
    with log.open("w") as errors:
        done = subprocess.run(player, stdout=subprocess.PIPE, stderr=errors, text=True)
    assert done.returncode == 0, f"{server}:\n{done.stdout}"
    return log.read_text()


class Client:
    """A client of the 2026-07-28 revision, one request after another."""

    def __init__(self, *server: str | Path) -> None:
        pipe = subprocess.PIPE
        self.server = subprocess.Popen(server, stdin=pipe, stdout=pipe, text=True)
        self.asked = 0

    def ask(self, method: str, **params: Any) -> Any:
        """What a request is answered: its result, or its error."""
        assert self.server.stdin is not None and self.server.stdout is not None
        self.asked += 1
        request = {"jsonrpc": "2.0", "id": self.asked, "method": method, "params": params | META}
        self.server.stdin.write(json.dumps(request) + "\n")
        self.server.stdin.flush()
        for line in self.server.stdout:
            answer = json.loads(line)
            if answer.get("id") == self.asked:
                return answer.get("result", answer.get("error"))
        raise AssertionError("the server has ended")

    def until(self, is_so: Callable[[], bool]) -> None:
        """Waits for what takes a moment."""
        since = time.monotonic()
        while not is_so():
            assert time.monotonic() - since < START_S, "it never is so"
            time.sleep(0.02)

    def end(self) -> int:
        """The status that the server ends with."""
        self.server.communicate()
        return self.server.returncode


class Gateway(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        line = f"-std=c99 -g -O1 -Iinclude {FOLDER}/clerk.c"
        cls.program = SANITIZED.compile("clerk", line, LIBTRINE)

    def test_a_client_sees_lists_blocks_a_question_and_a_line_of_log_of_a_device(self) -> None:
        said = self.serves(self.program, ["answers", "question"])
        self.assertIn("WARN clerk: the ink is low", said)

    @contextmanager
    def device(self, program: Path) -> Iterator[Path]:
        """Runs a device, which ends when its line does; its socket."""
        # A socket's path may have about 100 bytes, which rules out the folder of what is built.
        with tempfile.TemporaryDirectory(prefix="trine-") as folder:
            place = Path(folder, "device")
            device = subprocess.Popen([program, place])
            try:
                since = time.monotonic()
                while not place.exists():
                    self.assertLess(time.monotonic() - since, START_S, "it opens no socket")
                    time.sleep(0.02)
                yield place
                self.assertEqual(device.wait(START_S), 0, "it ends when its line does")
            finally:
                device.kill()
                device.wait()

    def serves(self, program: Path, names: list[str]) -> str:
        """Plays transcripts to the gateway before a device; what it says besides."""
        with self.device(program) as place:
            return play(names, TRINE, "gateway", "--unix", place)

    def test_a_client_finds_resources_a_template_and_a_prompt_of_a_device(self) -> None:
        self.serves(well(), ["well"])

    def test_what_a_device_does_wrong_with_its_lists_is_a_clear_error(self) -> None:
        line = f"-std=c99 -g -O1 -Iinclude {FOLDER}/odd.c"
        program = SANITIZED.compile("odd", line, LIBTRINE)
        self.serves(program, ["odd", "far"])
        self.serves(program, ["late"])
        # In process the same answers, and others where a gateway does more.
        play(["odd", "near"], program, "-")

    def test_a_manual_in_flash_is_a_skill_and_a_list_that_changes_is_asked_for_again(self) -> None:
        with self.device(well()) as place:
            client = Client(TRINE, "gateway", "--unix", place)
            client.until(lambda: len(client.ask("skills/list")["skills"]) == 1)
            skill = client.ask("skills/list")["skills"][0]
            self.assertEqual(skill["frontmatter"]["name"], "well")
            (manual,) = skill["resources"]
            read = client.ask("resources/read", uri="skill://well/SKILL.md")
            text = read["contents"][0]["text"].encode()
            self.assertEqual(manual["size"], len(text))
            self.assertEqual(manual["digest"], f"sha256:{hashlib.sha256(text).hexdigest()}")

            def has_flow() -> bool:
                listed = client.ask("resources/list")["resources"]
                return "well://flow" in [one["uri"] for one in listed]

            def pump(is_on: bool) -> None:
                done = client.ask("tools/call", name="pump_set", arguments={"on": is_on})
                self.assertEqual(done["structuredContent"], {"on": is_on})

            self.assertFalse(has_flow())
            pump(True)
            client.until(has_flow)
            read = client.ask("resources/read", uri="well://flow")
            self.assertEqual(read["contents"][0]["text"], "0.4 litres a second\n")
            pump(False)
            client.until(lambda: not has_flow())
            read = client.ask("resources/read", uri="well://flow")
            self.assertEqual(read["message"], "Resource not found")
            self.assertEqual(client.end(), 0)

    def test_a_program_on_standard_input_and_output_is_a_device_or_a_server(self) -> None:
        program = SANITIZED.compile("later", f"-std=c99 -g -O1 -Iinclude {HOSTED}/later.c", LIBTRINE)
        # Its input stays open and silent while the tool works.
        client = Client(program, "mcp")
        done = client.ask("tools/call", name="later", arguments={})
        self.assertEqual(done["structuredContent"], {"number": 7})
        self.assertEqual(client.end(), 0)
        with tempfile.TemporaryDirectory(prefix="trine-") as folder:
            path = Path(folder, "device")
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(str(path))
                listener.listen()
                client = Client(TRINE, "gateway", "--unix", path)
                line, _ = listener.accept()
                with line:
                    device = subprocess.Popen((program, "device"), stdin=line, stdout=line)
            tools = lambda: [one["name"] for one in client.ask("tools/list")["tools"]]  # noqa: E731
            client.until(lambda: tools() == ["later"])
            done = client.ask("tools/call", name="later", arguments={})
            self.assertEqual(done["structuredContent"], {"number": 7})
            self.assertEqual(client.end(), 0)
            self.assertEqual(device.wait(START_S), 0, "it ends when its line does")

    def test_a_program_on_standard_input_and_output_says_why_it_ends(self) -> None:
        line = f"-std=c99 -g -O1 -Iinclude {HOSTED}/later.c"
        for name, more, why in (
            ("broken", "", "trine: a tool's descriptor breaks a rule: tool 0, node 0: "),
            ("cramped", "-DTRINE_STDIO_DEVICE_BYTES=64u", "the device needs "),
        ):
            program = SANITIZED.compile(name, f"{line} {more}", LIBTRINE)
            done = ended(program, "broken")
            self.assertEqual((done.returncode, done.stdout), (1, b""))
            self.assertIn(why, done.stderr.decode())

    def test_a_device_as_a_server_by_itself_has_lists_and_blocks(self) -> None:
        play(["answers", "unasked"], self.program, "-")


if __name__ == "__main__":
    unittest.main()
