"""The tools of an MCP server that is not ours, listed over stdio, asked of `trine ask`.

    python -m venv wled
    wled/bin/pip install iflow-mcp_mrkprdo-wled_mcp==0.1.0 'mcp<2'
    cargo build
    python tests/foreign/mcp_server.py tests/foreign/wled.sentences.jsonl -- \\
        wled/bin/iflow-mcp_mrkprdo-wled_mcp

The server is started for its list alone: no tool is called. The sentences are ours, labelled by
train/lists/README.md. Printed: tools and parameters that are left out; of the sentences with a
call those whose likeliest call is right, is made and right, is made and wrong; of the others those
that are left alone; each act that is wrong, and each likeliest call that is. The thresholds are
those of the base. Two calls are made where the model is sure enough of both.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import tempfile

BUILT = pathlib.Path(__file__).parents[2] / "target/debug/trine"
KINDS = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "object": dict,
    "string": str,
}


class Server:
    """An MCP server over stdio, for as long as it is asked."""

    def __init__(self, command):
        pipe, null = subprocess.PIPE, subprocess.DEVNULL
        self.child = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=null, text=True)
        self.count = 0

    def send(self, method, **more):
        """Writes one message."""
        self.child.stdin.write(json.dumps({"jsonrpc": "2.0", "method": method, **more}) + "\n")
        self.child.stdin.flush()

    def request(self, method, params):
        """The result of a request."""
        self.count += 1
        self.send(method, id=self.count, params=params)
        for line in self.child.stdout:
            message = json.loads(line)
            if message.get("id") == self.count and "method" not in message:
                if "error" in message:
                    raise SystemExit(f"{method}: {message['error']}")
                return message["result"]
        raise SystemExit(f"{method}: the server closed its output")

    def tools(self):
        """Who the server is, and all of its tools."""
        client = {"name": "trine-foreign", "version": "1"}
        hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client}
        info = self.request("initialize", hello)["serverInfo"]
        self.send("notifications/initialized")
        tools, params = [], {}
        while True:
            page = self.request("tools/list", params)
            tools += page["tools"]
            if not page.get("nextCursor"):
                return info, tools
            params = {"cursor": page["nextCursor"]}

    def close(self):
        """Ends the server as MCP says: its input is closed."""
        self.child.stdin.close()
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


def fault(call, tools):
    """What is wrong with a label by the schema of its tool, if anything."""
    tool = next((tool for tool in tools if tool["name"] == call["tool"]), None)
    if tool is None:
        return "no such tool"
    schema = tool["inputSchema"]
    for name in schema.get("required", []):
        if name not in call["arguments"]:
            return f"{name} is required"
    for name, value in call["arguments"].items():
        field = schema.get("properties", {}).get(name)
        if field is None:
            return f"no parameter {name}"
        kinds = {one.get("type") for one in field.get("anyOf", [field])} - {None, "null"}
        is_number = not isinstance(value, bool) or "boolean" in kinds
        if kinds and not (is_number and any(isinstance(value, KINDS[kind]) for kind in kinds)):
            return f"{name} takes {kinds}"
    return None


def calls(answer):
    """The likeliest calls of an answer."""
    one = answer if answer["tool"] else answer.get("likeliest")
    every = answer.get("calls") or ([one] if one else [])
    return [{"tool": call["tool"], "arguments": call["arguments"]} for call in every]


def is_made(answer):
    """Whether the model is sure enough of the calls."""
    return bool(calls(answer)) and "not sure" not in (answer.get("reason") or "")


def short(every):
    """Calls in one line."""
    lines = [f"{call['tool']} {json.dumps(call['arguments'])}" for call in every]
    return "; ".join(lines) or "no call"


def run(command, **more):
    """The output of a command that works."""
    return subprocess.run(command, text=True, capture_output=True, check=True, **more)


def main():
    """Lists the tools, asks the sentences, and prints what comes of them."""
    parser = argparse.ArgumentParser(description="Ask sentences of another's MCP server.")
    parser.add_argument("--trine", default=BUILT if BUILT.exists() else shutil.which("trine"))
    parser.add_argument("sentences", type=pathlib.Path)
    parser.add_argument("server", nargs="+", help="command of the server, after --")
    options = parser.parse_args()
    records = [json.loads(line) for line in options.sentences.read_text().splitlines()]
    server = Server(options.server)
    try:
        info, tools = server.tools()
    finally:
        server.close()
    print(f"{info['name']} {info.get('version', '')}: {len(tools)} tools")
    for record in records:
        for call in record["calls"]:
            if wrong := fault(call, tools):
                raise SystemExit(f"invalid label: {record['text']!r}: {call['tool']}: {wrong}")

    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "tools.json"
        file.write_text(json.dumps(tools))
        out = pathlib.Path(folder) / "tools.bin"
        compiled = run([options.trine, "tools", "compile", file, "--out", out])
        print((compiled.stdout + compiled.stderr).rstrip().replace(folder, "."))
        lines = "".join(json.dumps({"text": record["text"]}) + "\n" for record in records)
        asked = run([options.trine, "ask", "--tools", file, "--jsonl"], input=lines)
    print(asked.stderr, end="")
    answers = [json.loads(line) for line in asked.stdout.splitlines()]
    assert len(answers) == len(records), "an answer a sentence"

    rows = list(zip(records, answers))
    right = {id(r): calls(a) == r["calls"] for r, a in rows}
    asks = [(r, a) for r, a in rows if r["calls"]]
    rest = [(r, a) for r, a in rows if not r["calls"]]
    found = sum(right[id(r)] for r, a in asks)
    made = sum(right[id(r)] and is_made(a) for r, a in asks)
    wrong = sum(not right[id(r)] and is_made(a) for r, a in asks)
    print(f"with a call {len(asks)}: right {found}, made {made}, made wrong {wrong}")
    alone = sum(not is_made(a) for _, a in rest)
    named = sum(a.get("why") == r["why"] for r, a in rest)
    print(f"without one {len(rest)}: left alone {alone}, with the labelled reason {named}")
    for title, acts in (("wrong acts", True), ("wrong likeliest calls", False)):
        print(f"{title}:")
        for r, a in rows:
            if right[id(r)] or is_made(a) is not acts:
                continue
            want = short(r["calls"]) if r["calls"] else r["why"]
            why = "" if calls(a) else f" ({a.get('why') or a.get('reason')})"
            print(f"  {r['text']} | want {want} | got {short(calls(a))}{why} {a['confidence']}")


if __name__ == "__main__":
    main()
