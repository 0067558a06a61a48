"""A server that joins a gateway that runs."""

import importlib.util
import os
import subprocess
import sys
import tempfile
import threading
import unittest

import trine

PROGRAM = os.environ.get("TRINE_PROGRAM")


@unittest.skipUnless(PROGRAM, "TRINE_PROGRAM is the program `trine`")
class Join(unittest.TestCase):
    def gateway(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        socket = os.path.join(folder.name, "orders")
        run = [PROGRAM, "gateway", "--http", "127.0.0.1:0", "--plugin-control", socket]
        gateway = subprocess.Popen(
            run,
            env={**os.environ, "TRINE_LOG": "info"},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

        def end():
            gateway.kill()
            gateway.wait()
            gateway.stderr.close()

        self.addCleanup(end)
        for line in gateway.stderr:
            if "MCP over HTTP" in line:
                break
        reading = threading.Thread(target=gateway.stderr.read)
        reading.start()
        self.addCleanup(reading.join)
        self.addCleanup(gateway.kill)
        return gateway, socket, "http://" + line.rpartition("http://")[2].strip()

    def test_clients_of_a_gateway_call_functions_of_a_program_that_has_joined(self):
        _, socket, url = self.gateway()
        with trine.Server() as server, trine.Client(url) as client:

            @server.tool
            def add(a: int, b: int) -> dict:
                "Adds two numbers."
                if b == 9:
                    raise ValueError("nine is refused")
                return {"sum": a + b}

            name = server.join(socket)
            self.assertEqual(name, f"python-{os.getpid()}")
            self.assertEqual([tool["name"] for tool in client.tools()], ["add"])
            self.assertEqual(client.call("add", a=2, b=3), {"sum": 5})
            with self.assertRaises(trine.ToolError) as raised:
                client.call("add", a=2, b=9)
            self.assertIn("nine is refused", str(raised.exception))
            # Further tools are there when it has joined again.
            server.tool(lambda: None, name="later")
            with self.assertRaises(trine.Error) as raised:
                server.join(socket, name)
            self.assertIn("has joined already", str(raised.exception))
            server.leave(name)
            self.assertEqual(client.tools(), [])
            server.join(socket, "again")
            self.assertEqual({tool["name"] for tool in client.tools()}, {"add", "later"})
            server.close()
            self.assertEqual(client.tools(), [])

    def test_a_call_under_way_ends_before_its_program_leaves(self):
        _, socket, url = self.gateway()
        runs, may_end = threading.Event(), threading.Event()
        with trine.Server() as server, trine.Client(url) as client:

            def slow() -> int:
                runs.set()
                may_end.wait(30)
                return 7

            server.add(slow)
            server.join(socket, "slow")
            told = []
            calling = threading.Thread(target=lambda: told.append(client.call("slow")))
            calling.start()
            self.assertTrue(runs.wait(30))
            leaving = threading.Thread(target=server.leave, args=("slow",))
            leaving.start()
            while client.tools():
                pass
            self.assertTrue(leaving.is_alive(), "it waits for the call")
            may_end.set()
            leaving.join(30)
            calling.join(30)
            self.assertEqual(told, [7])

    @unittest.skipUnless(importlib.util.find_spec("mcp"), "the official package is not there")
    def test_a_server_of_the_official_package_joins_by_the_command_line(self):
        _, socket, url = self.gateway()
        source = """
from mcp.server.mcpserver import MCPServer
server = MCPServer("adder")

@server.tool()
def add(a: int, b: int) -> int:
    "Add two numbers."
    return a + b

@server.tool()
def hello(name: str) -> str:
    "Greets."
    if name == "nobody":
        raise ValueError("there is no one to greet")
    return f"Hello, {name}."

server.run()
"""
        join = [PROGRAM, "plugin", "join", "adder", "--control", socket, "--"]
        refused = subprocess.run([*join, sys.executable, "-c", "1"], capture_output=True, text=True)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("closed", refused.stderr)
        run = [*join, sys.executable, "-c", source]
        server = subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(server.stdout.close)
        self.assertEqual(server.stdout.readline(), "adder has joined with 2 tools\n")
        with trine.Client(url) as client:
            tools = {tool["name"]: tool for tool in client.tools()}
            self.assertEqual(tools["add"]["inputSchema"]["required"], ["a", "b"])
            self.assertEqual(client.call("add", a=2, b=3), 5)
            self.assertEqual(client.call("hello", name="you"), "Hello, you.")
            with self.assertRaises(trine.ToolError) as raised:
                client.call("hello", name="nobody")
            self.assertIn("Error executing tool hello", str(raised.exception))
            order = [PROGRAM, "plugin", "unload", "adder", "--control", socket]
            subprocess.run(order, check=True, stdout=subprocess.DEVNULL)
            self.assertEqual(client.tools(), [])
        server.wait(60)

    def test_what_cannot_be_joined_is_said(self):
        gateway, socket, _ = self.gateway()
        with trine.Server() as server:
            with self.assertRaises(trine.Error) as raised:
                server.join(socket)
            self.assertIn("has 0 tools", str(raised.exception))
            server.tool(lambda: None, name="nothing")
            with self.assertRaises(trine.ConnectionError) as raised:
                server.join(socket + "-elsewhere")
            self.assertIn("--plugin-control", str(raised.exception))
            with self.assertRaises(trine.Error):
                server.join(socket, "no spaces")
            with self.assertRaises(trine.ToolNotFoundError):
                server.leave("robot")
            # A gateway that ends takes nothing with it, and may be left all the same.
            server.join(socket, "robot")
            gateway.kill()
            gateway.wait()
            self.assertIsNone(server.call("nothing"))
            server.leave("robot")


if __name__ == "__main__":
    unittest.main()
