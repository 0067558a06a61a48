"""Stands between a client and a server, and keeps the calls that the client sends.

record.py FILE -- SERVER COMMAND…

Appends to FILE, byte for byte, the `initialize` request and each `tools/call` of a good call of the
plan; what stands there already, with whatever id, is not written again. `run.py --record FOLDER`
puts it in front of the server.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import plan

GOOD = [(call["tool"], call["arguments"]) for call in plan.PLAN["good"]]


def subject(line: bytes) -> Any:
    """What a line is about, if it is kept."""
    try:
        message = json.loads(line)
    except ValueError:
        return None
    if not isinstance(message, dict):
        return None
    if message.get("method") == "initialize":
        return "initialize"
    params = message.get("params")
    if message.get("method") != "tools/call" or not isinstance(params, dict):
        return None
    call = (params.get("name"), params.get("arguments") or {})
    return call if call in GOOD else None


def main() -> int:
    split = sys.argv.index("--") if "--" in sys.argv else 0
    if split != 2 or len(sys.argv) < 4:
        sys.exit(__doc__)
    path = Path(sys.argv[1])
    kept = [subject(line) for line in path.read_bytes().splitlines()] if path.exists() else []
    with subprocess.Popen(sys.argv[3:], stdin=subprocess.PIPE) as server, path.open("ab") as file:
        for line in sys.stdin.buffer:
            about = subject(line)
            if about is not None and about not in kept:
                kept.append(about)
                file.write(line)
                file.flush()
            try:
                server.stdin.write(line)
                server.stdin.flush()
            except BrokenPipeError:
                break
        try:
            server.stdin.close()
        except BrokenPipeError:
            pass
    return server.returncode


if __name__ == "__main__":
    sys.exit(main())
