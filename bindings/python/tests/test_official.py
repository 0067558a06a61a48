"""The official client (`mcp`) at a server of functions, in both families of the protocol and on both
transports; and the client of this package at a server of the official one."""

import asyncio
import pathlib
import runpy
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest

import trine

try:
    from mcp import Client, MCPError, StdioServerParameters
except ImportError:
    Client = None

TOOLS = '''
import asyncio
import dataclasses
from typing import Annotated, Literal

import trine


@dataclasses.dataclass
class Bed:
    litres: float
    state: Literal["dry", "wet"]


def water(name: str, litres: Annotated[float, trine.Range(0, 10)] = 1.0) -> Bed:
    """Water a bed.

    Args:
        name: The bed.
    """
    if name == "lawn":
        raise trine.ToolError("the lawn has its own tap")
    return Bed(litres, "wet" if litres > 2 else "dry")


async def slow(steps: int, call: trine.Context) -> int:
    "Take some steps."
    for step in range(1, steps + 1):
        call.progress(step, steps, f"step {step}")
        await asyncio.sleep(0.001)
    return steps


def echo(value: list) -> list:
    "Say it again."
    return value
'''


@unittest.skipIf(Client is None, "the official package is not installed")
class Official(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name, "tools.py")
        self.file.write_text(TOOLS)

    async def check(self, target, mode):
        async with Client(target, mode=mode, read_timeout_seconds=60) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            self.assertEqual(set(tools), {"water", "slow", "echo"})
            self.assertEqual(tools["water"].description, "Water a bed.")
            properties = tools["water"].input_schema["properties"]
            self.assertEqual(properties["litres"]["maximum"], 10)
            self.assertEqual(properties["name"]["description"], "The bed.")
            # The client checks results against the schema that it was shown.
            wet = await client.call_tool("water", {"name": "roses", "litres": 3})
            self.assertEqual(wet.structured_content, {"litres": 3, "state": "wet"})
            told = []

            async def tell(done, total, text):
                told.append((done, total, text))

            slow = await client.call_tool("slow", {"steps": 3}, progress_callback=tell)
            self.assertEqual(slow.structured_content, {"result": 3})
            # What is reported in one turn may be told by its last.
            self.assertTrue(told and told[-1] == (3, 3, "step 3"), told)
            value = [None, True, 2**53, -0.5, "Grüße 🌱", {"a": [1]}]
            same = await client.call_tool("echo", {"value": value})
            self.assertEqual(same.structured_content, {"result": value})
            wrong = [
                ("water", {"name": "roses", "litres": 11}, "litres must be at most 10"),
                ("water", {"litres": 1}, "name is required"),
                ("water", {"name": "lawn"}, "the lawn has its own tap"),
                ("slow", {"steps": "three"}, "steps must be"),
            ]
            for name, arguments, part in wrong:
                result = await client.call_tool(name, arguments)
                self.assertTrue(result.is_error)
                self.assertIn(part, result.content[0].text)
            with self.assertRaises(MCPError):
                await client.call_tool("drain", {})
            many = await asyncio.gather(
                *(client.call_tool("echo", {"value": [n]}) for n in range(50))
            )
            found = [result.structured_content["result"] for result in many]
            self.assertEqual(found, [[n] for n in range(50)])

    def test_a_server_on_standard_input_and_output_is_one_for_the_official_client(self):
        command = [sys.executable, "-m", "trine", str(self.file)]
        for mode in ("auto", "legacy"):
            target = StdioServerParameters(command=command[0], args=command[1:])
            asyncio.run(self.check(target, mode))

    def test_a_server_over_http_is_one_for_the_official_client(self):
        found = runpy.run_path(str(self.file))
        with trine.Server() as server:
            for name in ("water", "slow", "echo"):
                server.add(found[name])
            server.start()
            for mode in ("auto", "legacy"):
                asyncio.run(self.check(server.url, mode))

    def test_a_server_of_the_official_package_is_called_by_this_client(self):
        code = textwrap.dedent(
            """
            import socket

            from mcp.server import MCPServer

            server = MCPServer("official")

            @server.tool()
            def add(a: int, b: int) -> int:
                "Add two numbers."
                return a + b

            @server.tool()
            def fail() -> str:
                raise ValueError("out of paper")

            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            print(port, flush=True)
            server.run("streamable-http", host="127.0.0.1", port=port)
            """
        )
        serving = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(serving.stdout.close)
        self.addCleanup(serving.wait)
        self.addCleanup(serving.kill)
        url = f"http://127.0.0.1:{int(serving.stdout.readline())}/mcp"
        client = self.connected(url)
        self.addCleanup(client.close)
        self.assertEqual({tool["name"] for tool in client.tools()}, {"add", "fail"})
        self.assertEqual(client.call("add", a=2, b=40), 42)
        self.assertEqual(asyncio.run(client.call_async("add", a=1, b=1)), 2)
        with self.assertRaisesRegex(trine.ToolError, "tool fail failed"):
            client.call("fail")
        with self.assertRaises(trine.Error):
            client.call("add", a="two", b=1)
        with self.assertRaises(trine.Error):
            client.call("subtract", a=1)

    def connected(self, url):
        until = time.monotonic() + 30
        while True:
            try:
                return trine.Client(url)
            except trine.ConnectionError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)


if __name__ == "__main__":
    unittest.main()
