"""Calls of a tool with two numbers over standard input and output, beside the package `mcp`.

    pip install mcp==2.3.0
    python bindings/python/benches/stdio.py

Each server is a process, and what counts is its processor time: the client is this script, and the
same for both. Prints the median of five rounds, and how often Trine's rate that of `mcp` is.
"""

import json
import os
import statistics
import subprocess
import sys

ROUNDS = 5
# Calls at a time.
DEPTHS = (1, 32)
SERVERS = {
    "trine": """
import trine
server = trine.Server()

@server.tool
def add(a: int, b: int) -> int:
    "Add two numbers."
    return a + b

server.run()
""",
    "mcp": """
from mcp.server.mcpserver import MCPServer
server = MCPServer("adder")

@server.tool()
def add(a: int, b: int) -> int:
    "Add two numbers."
    return a + b

server.run()
""",
}
HELLO = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "bench", "version": "1"},
}


class Server:
    def __init__(self, source):
        self.process = subprocess.Popen(
            [sys.executable, "-c", source],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.send({"id": 0, "method": "initialize", "params": HELLO})
        self.answer(0)
        self.send({"method": "notifications/initialized"})
        self.number = 0

    def send(self, message):
        line = json.dumps({"jsonrpc": "2.0", **message}) + "\n"
        self.process.stdin.write(line.encode())
        self.process.stdin.flush()

    def answer(self, number=None):
        while True:
            answer = json.loads(self.process.stdout.readline())
            if "id" in answer and number in (None, answer["id"]):
                return answer

    def calls(self, count, depth):
        """Makes `count` calls, at most `depth` at a time, and checks each answer."""
        under_way = {}
        while count or under_way:
            while count and len(under_way) < depth:
                self.number += 1
                arguments = {"a": self.number, "b": 1}
                params = {"name": "add", "arguments": arguments}
                self.send({"id": self.number, "method": "tools/call", "params": params})
                under_way[self.number] = self.number + 1
                count -= 1
            answer = self.answer()
            expected = under_way.pop(answer["id"])
            assert answer["result"]["structuredContent"] == {"result": expected}, answer

    def seconds(self):
        """Its processor time so far."""
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rate(self, count, depth):
        """Calls in a second of its processor time."""
        used = self.seconds()
        self.calls(count, depth)
        return count / (self.seconds() - used)

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def rates(depth):
    """Calls in a second of processor time, by server, with so many calls at a time."""
    rates = {}
    for name, source in SERVERS.items():
        server = Server(source)
        server.calls(200, depth)
        count = 20_000 if name == "trine" else 2_000
        rounds = [server.rate(count, depth) for _ in range(ROUNDS)]
        server.end()
        rates[name] = statistics.median(rounds)
    return rates


def main():
    for depth in DEPTHS:
        found = rates(depth)
        for name, rate in found.items():
            print(f"{name}, {depth} at a time: {rate:.0f} calls a CPU second")
        print(f"ratio, {depth} at a time: {found['trine'] / found['mcp']:.1f}")


if __name__ == "__main__":
    main()
