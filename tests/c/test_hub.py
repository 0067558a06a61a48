"""Hubs in C and C++: what they refuse, serve and replace, and the examples of the page."""

from __future__ import annotations

import json
import re
import subprocess
import threading
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from programs import LIBTRINE_HOST, OUT, SANITIZED, SHARED, TRINE, Way, ended, output

EXPECTED = Path("host-example/expected")
# The version of the program stands in what it says of itself.
VERSION = re.compile(r'("serverInfo":\{[^}]*"version":)"[^"]*"')


def answers(lines: str) -> list[str]:
    """The answers in the order of their requests: calls run side by side. That the hub takes its
    tools out at its end is told to who still listens."""
    all_of_them = VERSION.sub(r'\1""', lines).splitlines()
    return sorted(line for line in all_of_them if '"id":' in line)


def build(way: Way, source: str) -> Path:
    """A program in C, or in C++ with its library."""
    name = f"hub-{Path(source).stem}"
    if source.endswith(".c"):
        line = f"-std=gnu11 -O1 -g -Wall -Wextra -Werror -Iinclude {source}"
        return way.compile(name, line, LIBTRINE_HOST)
    line = f"-std=c++17 -O1 -g -Wall -Wextra -Werror -Iinclude {source} -lstdc++"
    return way.compile(name, line, LIBTRINE_HOST)


def plugin(version: int) -> Path:
    """A version of step.c as a library."""
    file = OUT / f"libstep{version}.so"
    flags = f"-std=c99 -shared -fPIC -DVERSION={version} -Iinclude tests/c/hub/step.c"
    output("gcc", *flags.split(), "-o", file)
    return file


@contextmanager
def answering(status: int) -> Iterator[str]:
    """The URL of a server that answers each request with this status, and without MCP."""

    class Page(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    page = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=page.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{page.server_port}/mcp"
    finally:
        page.shutdown()
        page.server_close()


@contextmanager
def gateway(*more: str) -> Iterator[str]:
    """The URL of a gateway with the simulated greenhouse."""
    command = [TRINE, "gateway", "--simulate=north", "--http=127.0.0.1:0", *more]
    serving = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert serving.stderr is not None
        said = iter(serving.stderr.readline, "")
        found = next(url for line in said if (url := re.search(r"http://[^ ]*/mcp", line)))
        yield found[0]
    finally:
        serving.terminate()
        serving.communicate()


class Hubs(unittest.TestCase):
    maxDiff = None

    def test_a_hub_refuses_serves_replaces_and_ends(self) -> None:
        plugins = [plugin(version) for version in (1, 2)]
        for way in (SHARED, SANITIZED):
            program = way.command(build(way, "tests/c/hub/life.c"))
            # What is mapped is never unmapped, so its handle counts as leaked.
            output(*program, *plugins, ASAN_OPTIONS="detect_leaks=0")

    def test_the_example_in_c_answers_what_is_recorded(self) -> None:
        program = build(SHARED, "host-example/hub/greeter.c")
        said = output(program, given=(EXPECTED / "greeter.in").read_bytes()).decode()
        wanted = (EXPECTED / "greeter.out").read_text()
        self.assertEqual(answers(said), answers(wanted))

    def test_the_example_in_cpp_calls_its_tool(self) -> None:
        said = output(build(SHARED, "host-example/hub/counter.cpp")).decode().splitlines()
        beginnings = [line.partition(": {")[0] for line in said]
        self.assertEqual(
            beginnings[:4],
            ["done", "done", "count: by must be at most 100", "count: the tool threw an exception"],
        )
        self.assertIn('"total":42', said[1])
        self.assertIn('"capabilities":["arithmetic"]', said[4])
        self.assertEqual(said[5:], ["3 calls, 1 errors", "shut down at 42"])

    def test_programs_call_devices_and_servers(self) -> None:
        lines = output(build(SHARED, "host-example/hub/caller.c")).decode().splitlines()
        said = dict(line.split(": ", 1) for line in lines if not line.startswith("fan_set"))
        fan = [line for line in lines if line.startswith("fan_set")]
        wrong = "fan_set: fan_set: percent must be at most 100"
        self.assertEqual(fan, ['fan_set: {"percent":40}', wrong])
        asked = json.loads(said["ask"])
        self.assertEqual((asked["tool"], asked["arguments"]), ("fan_set", {"percent": 65}))
        self.assertEqual(json.loads(said["server"])["revision"], "2026-07-28")
        self.assertEqual(json.loads(said["call"])["structuredContent"], {"percent": 55})
        self.assertEqual(json.loads(said["ended"])["structuredContent"], {"percent": 60})

    def test_a_program_is_told_of_the_events_of_a_device(self) -> None:
        listener = build(SHARED, "host-example/hub/listener.c")
        pipe = subprocess.PIPE
        with subprocess.Popen([listener], stdin=pipe, stdout=pipe, text=True) as told:
            assert told.stdin is not None and told.stdout is not None
            self.assertRegex(told.stdout.readline(), r"^north, timer_start: .*tea.* \(\d+\)$")
            told.stdin.close()
            self.assertEqual((told.wait(60), told.stdout.read()), (0, ""))

    def test_a_tool_of_a_program_joins_a_gateway_until_the_program_ends(self) -> None:
        socket = OUT / "orders"
        with gateway(f"--plugin-control={socket}") as url:
            caller = build(SHARED, "host-example/hub/caller.cpp")
            for way in (SHARED, SANITIZED):
                joiner = way.command(build(way, "host-example/hub/joiner.c"))
                pipe = subprocess.PIPE
                with subprocess.Popen([*joiner, socket], stdin=pipe, stdout=pipe, text=True) as one:
                    assert one.stdin is not None and one.stdout is not None
                    self.assertEqual(one.stdout.readline(), "joined\n")
                    answer = json.loads(output(caller, url, "dice", "{}"))
                    self.assertEqual(answer["structuredContent"], {"eyes": 4})
                    one.stdin.close()
                    self.assertEqual(one.wait(60), 0)
                self.assertNotIn("dice", [tool["name"] for tool in json.loads(output(caller, url))])
            done = ended(joiner[0], *joiner[1:], str(socket) + "-elsewhere")
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"--plugin-control", done.stderr)

    def test_a_client_in_cpp_lists_and_calls(self) -> None:
        caller = build(SHARED, "host-example/hub/caller.cpp")
        with gateway() as url:
            names = [tool["name"] for tool in json.loads(output(caller, url))]
            self.assertIn("fan_set", names)
            answer = json.loads(output(caller, url, "fan_set", '{"percent":7}'))
            self.assertEqual(answer["structuredContent"], {"percent": 7})
            done = ended(caller, url, "fan_set", '{"percent":700}')
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"percent must be at most 100", done.stderr)

    def test_each_kind_of_error_has_the_number_of_the_table_in_c(self) -> None:
        table = json.loads(Path("bindings/trine_abi.json").read_text())["errors"]
        for way in (SHARED, SANITIZED):
            kinds = way.command(build(way, "tests/c/hub/kinds.c"))
            with answering(400) as none, answering(503) as busy:
                # What is mapped is never unmapped.
                urls = ("http://127.0.0.1:1/mcp", none, busy)
                lines = output(*kinds, *urls, ASAN_OPTIONS="detect_leaks=0").decode().splitlines()
            found = [tuple(line.split("|")) for line in lines]
            wanted = {(kind["kind"], str(kind["c"])) for kind in table}
            self.assertEqual({(kind, number) for kind, number, _ in found}, wanted)
            self.assertTrue(all(why for _, _, why in found), found)


if __name__ == "__main__":
    unittest.main()
