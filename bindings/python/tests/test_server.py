"""Servers: standard input and output, HTTP, processes, and what stays behind."""

import asyncio
import gc
import json
import os
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import tracemalloc
import typing
import unittest
import urllib.request
import weakref

import trine

PROGRAM = """
import sys, threading, time, trine

server = trine.Server()

@server.tool
def add(a: int, b: int) -> int:
    "Add two numbers."
    return a + b

@server.tool
def sleep(seconds: float) -> None:
    time.sleep(seconds)
"""


def program(text, **more):
    source = textwrap.dedent(PROGRAM) + textwrap.dedent(text)
    return subprocess.Popen(
        [sys.executable, "-c", source],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )


class Processes(unittest.TestCase):
    def ended(self, process, text=""):
        out, err = process.communicate(text, timeout=60)
        return process.returncode, out, err

    def test_a_client_on_standard_input_and_output_is_served_to_its_end(self):
        hello = {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        }
        messages = [
            {"id": 0, "method": "initialize", "params": hello},
            {"method": "notifications/initialized"},
            {"id": 1, "method": "tools/list"},
        ]
        for number in range(200):
            call = {"name": "add", "arguments": {"a": number, "b": 1}}
            messages.append({"id": number + 2, "method": "tools/call", "params": call})
        lines = "".join(json.dumps({"jsonrpc": "2.0", **it}) + "\n" for it in messages)
        code, out, err = self.ended(program("server.run()"), lines)
        self.assertEqual((code, err), (0, ""))
        answers = {}
        for line in out.splitlines():
            answer = json.loads(line)
            # Nothing is told beside the answers, not even at the end.
            answers[answer["id"]] = answer["result"]
        self.assertEqual(len(answers), 202)
        tools = {tool["name"]: tool for tool in answers[1]["tools"]}
        self.assertEqual(tools["add"]["description"], "Add two numbers.")
        properties = {"a": {"type": "integer"}, "b": {"type": "integer"}}
        self.assertEqual(tools["add"]["inputSchema"]["properties"], properties)
        for number in range(200):
            result = answers[number + 2]["structuredContent"]
            self.assertEqual(result, {"result": number + 1})

    def test_an_interpreter_that_exits_with_calls_under_way_ends(self):
        text = """
        server.start()
        def use():
            try:
                server.call("sleep", seconds=0.3)
            except trine.Error:
                pass
        threads = [threading.Thread(target=use, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.1)
        print("end")
        """
        code, out, err = self.ended(program(text))
        self.assertEqual((code, out, err), (0, "end\n", ""))

    def test_another_interpreter_of_the_process_is_refused(self):
        code = """
        def run(text):
            try:
                import _xxsubinterpreters as inside
            except ImportError:
                import _interpreters as inside
            try:
                return inside.run_string(inside.create("legacy"), text)
            except TypeError:
                return inside.run_string(inside.create(), text)
        text = "try:\\n import trine\\nexcept ImportError as error:\\n print(error, flush=True)"
        if "--first" in __import__("sys").argv:
            import trine
        run(text)
        print("end")
        """
        code = textwrap.dedent(code)
        for more in ([], ["--first"]):
            run = [sys.executable, "-c", code, *more]
            done = subprocess.run(run, capture_output=True, text=True, timeout=60)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            said, end = done.stdout.splitlines()
            self.assertIn("import trine in the main interpreter", said)
            self.assertEqual(end, "end")

    @unittest.skipUnless(hasattr(os, "fork"), "there is no fork here")
    @unittest.skipIf("TRINE_EMULATED" in os.environ, "QEMU cannot fork where threads run")
    def test_a_server_of_the_parent_is_refused_after_a_fork_and_a_new_one_serves(self):
        text = """
        import os, warnings
        # From Python 3.12 on a fork beside threads is warned of.
        warnings.simplefilter("ignore", DeprecationWarning)
        async def one():
            return 1
        server.add(one)
        server.call("one")
        child = os.fork()
        if child == 0:
            try:
                server.call("add", a=1, b=2)
            except trine.StateError as error:
                print(error, flush=True)
            other = trine.Server()
            other.add(lambda: 7, name="seven")
            print(other.call("seven"), flush=True)
            async def eight():
                return 8
            other.add(eight)
            print(other.call("eight"), flush=True)
            os._exit(0)
        os.waitpid(child, 0)
        print(server.call("add", a=1, b=2))
        """
        code, out, err = self.ended(program(text))
        self.assertEqual((code, err), (0, ""))
        said, seven, eight, three = out.splitlines()
        self.assertIn("before a fork", said)
        self.assertEqual((seven, eight, three), ("7", "8", "3"))


class Servers(unittest.TestCase):
    def test_http_serves_until_the_server_is_closed(self):
        body = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {
                "name": "add",
                "arguments": {"a": 2, "b": 3},
                "_meta": {
                    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                    "io.modelcontextprotocol/clientCapabilities": {},
                    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
                },
            },
        }
        headers = {
            "content-type": "application/json",
            "accept": "application/json, text/event-stream",
            "mcp-protocol-version": "2026-07-28",
            "mcp-method": "tools/call",
            "mcp-name": "add",
        }
        with trine.Server("127.0.0.1", 0) as server:
            server.tool(lambda a, b: a + b, name="add")
            server.start()
            request = urllib.request.Request(server.url, json.dumps(body).encode(), headers)
            with urllib.request.urlopen(request, timeout=30) as answer:
                answer = json.load(answer)
            self.assertEqual(answer["result"]["structuredContent"], {"result": 5})
            with trine.Server("127.0.0.1", server.port) as other:
                other.tool(lambda: None, name="none")
                with self.assertRaises(trine.ConnectionError):
                    other.start()
        with self.assertRaises(urllib.error.URLError):
            urllib.request.urlopen(request, timeout=5)

    def test_a_server_is_closed_by_the_last_thread_that_uses_it(self):
        server, results = trine.Server(), []
        started, ends = threading.Event(), threading.Event()

        @server.tool
        def wait() -> int:
            started.set()
            ends.wait(30)
            return 7

        thread = threading.Thread(target=lambda: results.append(server.call("wait")))
        thread.start()
        self.assertTrue(started.wait(30))
        closing = threading.Thread(target=server.close)
        closing.start()
        while server._closing is None:
            time.sleep(0.001)
        with self.assertRaises(trine.StateError):
            server.call("wait")
        ends.set()
        thread.join()
        closing.join()
        self.assertEqual((results, server._closing, server._users), ([7], None, 0))

    def test_a_thread_that_asks_about_its_call_when_that_has_ended_is_told_so(self):
        with trine.Server() as server:
            threads, asked = [], []

            @server.tool
            def begin(call: trine.Context) -> None:
                def ask():
                    number = 0
                    while not call.is_cancelled:
                        number += 1
                        call.progress(number)
                    asked.append(number)

                threads.append(threading.Thread(target=ask))
                threads[-1].start()

            for _ in range(50):
                server.call("begin")
            [thread.join(30) for thread in threads]
            self.assertEqual(len(asked), 50)

    def test_an_address_that_others_reach_is_refused(self):
        with trine.Server("0.0.0.0") as server:
            server.tool(lambda: None, name="none")
            with self.assertRaises(trine.Error) as raised:
                server.start()
            self.assertIn("127.0.0.1", str(raised.exception))

    def test_a_server_that_is_closed_says_so(self):
        server = trine.Server()
        server.close()
        server.close()
        for use in (server.start, server.run, server.plugins, lambda: server.call("x")):
            with self.assertRaises(trine.StateError):
                use()

    def test_other_threads_run_while_a_call_waits(self):
        with trine.Server() as server:
            counted, ends = [0], threading.Event()

            @server.tool
            def wait() -> int:
                ends.wait(30)
                return counted[0]

            def count():
                for _ in range(1000):
                    counted[0] += 1
                ends.set()

            thread = threading.Thread(target=count)
            threading.Timer(0.05, thread.start).start()
            self.assertEqual(server.call("wait"), 1000)

    def test_calls_of_many_threads_are_each_answered_once(self):
        with trine.Server() as server:
            server.tool(lambda a, b: a * b, name="multiply")
            wrong = []

            def use(factor):
                for number in range(200):
                    if server.call("multiply", a=number, b=factor) != number * factor:
                        wrong.append((number, factor))

            threads = [threading.Thread(target=use, args=(factor,)) for factor in range(8)]
            [thread.start() for thread in threads]
            [thread.join() for thread in threads]
            self.assertEqual(wrong, [])
            self.assertEqual(server.stats("multiply").calls, 1600)

    def test_what_a_server_held_is_free_after_it(self):
        class Held:
            def __call__(self) -> int:
                return 1

        seen = []
        for _ in range(50):
            with trine.Server() as server:
                held = Held()
                server.add(held, name="held")
                self.assertEqual(server.call("held"), 1)
                seen.append(weakref.ref(held))
                del held
        deadline = time.monotonic() + 30
        while any(one() is not None for one in seen) and time.monotonic() < deadline:
            gc.collect()
            time.sleep(0.01)
        self.assertEqual([one for one in seen if one() is not None], [])

    def test_memory_is_flat_over_many_calls(self):
        with trine.Server() as server:
            server.tool(lambda a: [a] * 10, name="repeat")

            def used(calls):
                for number in range(calls):
                    server.call("repeat", a=str(number))
                gc.collect()
                return tracemalloc.get_traced_memory()[0]

            tracemalloc.start()
            self.addCleanup(tracemalloc.stop)
            before = used(500)
            self.assertLess(used(3000), before + 20_000)

    def test_a_plug_in_that_is_not_there_is_an_error_that_names_it(self):
        with trine.Server() as server:
            self.assertEqual(server.plugins(), [])
            with self.assertRaises(trine.Error) as raised:
                server.load("/no/such/plugin.so")
            self.assertIn("/no/such/plugin.so", str(raised.exception))
            with self.assertRaises(trine.ToolNotFoundError):
                server.unload("clock")

    def test_options_are_checked(self):
        wrong = {"plugin_imports": "maybe", "serail": "/dev/null", "tcp": "a\nsimulate=b"}
        for name, value in wrong.items():
            with self.assertRaises(trine.Error) as raised:
                trine.Server(**{name: value})
            self.assertIn(name, str(raised.exception))

    def test_devices_have_their_tools_next_to_those_of_python(self):
        with trine.Server(simulate=["north", "south"]) as server:
            server.tool(lambda: None, name="mine")
            self.assertTrue(server.wait(60))
            tools = {tool["name"]: tool for tool in server.tools()}
            self.assertIn("mine", tools)
            percent = tools["north_fan_set"]["inputSchema"]["properties"]["percent"]
            self.assertEqual(percent["maximum"], 100)
            self.assertEqual(server.call("south_fan_set", percent=40), {"percent": 40})
            with self.assertRaises(trine.ToolError) as raised:
                server.call("south_fan_set", percent=101)
            self.assertIn("percent must be at most 100", str(raised.exception))

            # A tool without a structured result answers its content.
            (picture,) = server.call("north_camera_snap")
            self.assertEqual((picture["type"], picture["mimeType"]), ("image", "image/png"))

            async def both():
                calls = [
                    server.call_async(f"{name}_fan_set", percent=number)
                    for name in ("north", "south")
                    for number in range(10)
                ]
                return await asyncio.gather(*calls)

            expected = [{"percent": number} for number in range(10)] * 2
            self.assertEqual(asyncio.run(both()), expected)

    def test_each_error_has_the_status_of_c_and_is_one_of_python_where_there_is_one(self):
        kinds = {
            trine.ArgumentError: (-1, ValueError),
            trine.StateError: (None, RuntimeError),
            trine.ConnectionError: (-20, OSError),
            trine.ProtocolError: (-21, Exception),
            trine.TlsError: (-22, Exception),
            trine.OverloadedError: (None, Exception),
            trine.ToolError: (-12, Exception),
            trine.ToolNotFoundError: (-10, LookupError),
        }
        statuses = set()
        for kind, (status, base) in kinds.items():
            self.assertTrue(issubclass(kind, (trine.Error,)) and issubclass(kind, base))
            self.assertLess(kind.status, 0)
            statuses.add(kind.status)
            if status is not None and kind is not trine.ArgumentError:
                self.assertEqual(kind.status, status)
        self.assertEqual(len(statuses), len(kinds))


class Program(unittest.TestCase):
    """`python -m trine FILE`."""

    def run_file(self, source, *options, text=""):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "tools.py")
            with open(path, "w") as file:
                file.write(textwrap.dedent(source))
            run = [sys.executable, "-m", "trine", path, *options]
            return subprocess.run(run, input=text, capture_output=True, text=True, timeout=60)

    FUNCTIONS = """
    from math import sqrt

    def double(n: int) -> int:
        "Double a number."
        return 2 * n

    def _hidden():
        pass
    """

    def test_the_functions_of_a_file_are_its_tools(self):
        done = self.run_file(self.FUNCTIONS, "--list")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        (tool,) = json.loads(done.stdout)
        self.assertEqual((tool["name"], tool["description"]), ("double", "Double a number."))
        done = self.run_file(self.FUNCTIONS, "--call", "double", "--arguments", '{"n": 21}')
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "42\n", ""))
        ping = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"}) + "\n"
        done = self.run_file(self.FUNCTIONS, text=ping)
        self.assertEqual((done.returncode, json.loads(done.stdout)["id"]), (0, 1))

    def test_a_server_that_a_file_makes_is_served(self):
        source = """
        import trine
        server = trine.Server(simulate="north")
        server.tool(lambda: 7, name="seven")
        """
        self.assertEqual(self.run_file(source, "--call", "seven").stdout, "7\n")
        done = self.run_file(source, "--call", "fan_set", "--arguments", '{"percent": 40}')
        self.assertEqual(json.loads(done.stdout), {"percent": 40})

    def test_what_is_wrong_is_said_in_a_line(self):
        wrong = [
            ("", ["--list"], "defines no function"),
            ("def f(", ["--list"], "tools.py"),
            (self.FUNCTIONS, ["--call", "treble"], "treble"),
            (self.FUNCTIONS, ["--call", "double", "--arguments", '{"n": "x"}'], "n must be"),
            (self.FUNCTIONS, ["--call", "double", "--arguments", "{"], "Expecting"),
        ]
        for source, options, part in wrong:
            done = self.run_file(source, *options)
            self.assertEqual((done.returncode, done.stdout), (1, ""), options)
            self.assertIn(part, done.stderr)
            self.assertNotIn("Traceback", done.stderr)


class Sentences(unittest.TestCase):
    def test_a_sentence_becomes_a_call_of_the_tools_that_there_are(self):
        with trine.Server() as server:
            with self.assertRaises(trine.Error):
                server.ask("hello")
            speed = typing.Annotated[int, trine.Range(0, 100)]

            @server.tool
            def pump_speed(percent: speed):
                "Set the speed of the pump in percent."

            said = server.ask("set the speed of the pump to 40 percent")
            self.assertEqual((said["tool"], said["arguments"]), ("pump_speed", {"percent": 40}))
            self.assertEqual(server.ask("do not set the pump to 40 percent")["why"], "negated")


class Imports(unittest.TestCase):
    def test_the_version_is_that_of_the_package(self):
        from importlib.metadata import version

        self.assertEqual(trine.__version__, version("trine"))

    def test_the_import_takes_none_of_the_slow_modules(self):
        slow = ["asyncio", "inspect", "typing", "numpy", "dataclasses", "urllib.request"]
        text = f"""
import sys
before = set(sys.modules)
import trine
print([name for name in {slow} if name in sys.modules and name not in before])
"""
        said = subprocess.run(
            [sys.executable, "-c", text], capture_output=True, text=True, check=True
        )
        self.assertEqual(said.stdout.strip(), "[]")


if __name__ == "__main__":
    unittest.main()
