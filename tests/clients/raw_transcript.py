"""Plays a recorded transcript to a server on its standard input and compares every answer.

    raw_transcript.py FILE.jsonl [--prefix NAME_] -- SERVER COMMAND…

A transcript has one item a line:

    # why the next lines are there
    > a line to send, as it is (JSON or not)
    < the pattern of an answer, in JSON
    ~ the pattern of a notification that may come at any time, any number of times

The `<` lines after a run of `>` lines are all the answers to it, in any order; when none follow,
none may come. `@@` stands for the prefix of the tool names. After the last line the standard input
is closed, and the server must end with status 0 within fifteen seconds without another word.

A pattern is the answer itself, but:

    "<text>" "<integer>" "<number>" "<boolean>" "<object>" "<any>"   any value of that type
    "<text: PATTERN>"    a text in which the regular expression is found
    "<json: PATTERN>"    a text that holds JSON of this pattern
    "<tools: MEMBERS>"   the board's tools with at least these members, equal to its files; other
                         members of the files may be left out, as older revisions do not know them
    "<list with: TEXT>"  a list that holds this text
    "<base64 png>"       a PNG picture
    "<about: NUMBER>"    a number that differs from this one by 5 % at most
    "<keep: NAME>"       any text, which `@{NAME}` stands for in later lines to send
    "key?": …            the member may be missing
    "...": "..."         more members may follow
"""

from __future__ import annotations

import base64
import json
import queue
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import plan

ANSWER_S = 60.0
QUIET_S = 0.3
EXIT_S = 15.0
KEPT: dict[str, str] = {}
TYPES: dict[str, Any] = {
    "<text>": lambda value: isinstance(value, str),
    "<integer>": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "<number>": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "<boolean>": lambda value: isinstance(value, bool),
    "<object>": lambda value: isinstance(value, dict),
    "<any>": lambda value: True,
}


def is_png(value: Any) -> bool:
    try:
        return plan.png_size(base64.b64decode(value, validate=True))[0] > 0
    except (TypeError, ValueError):
        return False


def fits_tools(members: list[str], value: Any, prefix: str) -> bool:
    """Whether a value is the board's list, with at least these members of each tool."""
    if not isinstance(value, list) or len(value) != len(plan.TOOLS):
        return False
    return all(
        isinstance(seen, dict)
        and all(name in seen for name in members if name in tool)
        and all(plan.same(item, member(tool, name, item, prefix)) for name, item in seen.items())
        for seen, tool in zip(value, plan.TOOLS)
    )


def member(tool: dict[str, Any], name: str, seen: Any, prefix: str) -> Any:
    """What a listed member of a tool should be."""
    if name == "name":
        return prefix + tool["name"]
    if name == "annotations" and isinstance(seen, dict) and "title" in seen:
        # Where the revision has no title of a tool, it stands among the annotations.
        return {**tool[name], "title": tool["title"]}
    return tool.get(name)


def fits_word(pattern: str, value: Any, prefix: str) -> bool:
    """Whether a value fits a text of the pattern, which may be a placeholder."""
    if pattern in TYPES:
        return TYPES[pattern](value)
    if found := re.fullmatch(r"<tools: (.*)>", pattern):
        return fits_tools(found[1].split(), value, prefix)
    if pattern == "<base64 png>":
        return is_png(value)
    if found := re.fullmatch(r"<list with: (.*)>", pattern):
        return isinstance(value, list) and found[1] in value
    if found := re.fullmatch(r"<about: (.*)>", pattern):
        near = float(found[1])
        return TYPES["<number>"](value) and abs(value - near) <= 0.05 * max(abs(value), abs(near))
    if (found := re.fullmatch(r"<keep: (.*)>", pattern)) and isinstance(value, str):
        KEPT[found[1]] = json.dumps(value)[1:-1]
        return True
    if found := re.fullmatch(r"<text: (.*)>", pattern):
        return isinstance(value, str) and re.search(found[1], value) is not None
    if found := re.fullmatch(r"<json: (.*)>", pattern):
        try:
            return fits(json.loads(found[1]), json.loads(value), prefix)
        except (TypeError, ValueError):
            return False
    return value == pattern


def fits(pattern: Any, value: Any, prefix: str) -> bool:
    """Whether an answer fits a pattern."""
    if isinstance(pattern, str):
        return fits_word(pattern, value, prefix)
    if isinstance(pattern, dict) and isinstance(value, dict):
        wanted = {key.removesuffix("?"): item for key, item in pattern.items() if key != "..."}
        must = {key for key in pattern if not key.endswith("?") and key != "..."}
        more = "..." in pattern or value.keys() <= wanted.keys()
        return (
            more
            and must <= value.keys()
            and all(fits(wanted[key], value[key], prefix) for key in wanted if key in value)
        )
    if isinstance(pattern, list) and isinstance(value, list):
        rest = list(value)
        if any(isinstance(item, dict) and "jsonrpc" in item for item in pattern):
            return len(pattern) == len(rest) and all(take(item, rest, prefix) for item in pattern)
        pairs = zip(pattern, rest)
        return len(pattern) == len(rest) and all(fits(item, seen, prefix) for item, seen in pairs)
    return plan.same(pattern, value)


def take(pattern: Any, values: list[Any], prefix: str) -> bool:
    """Removes the first value that fits. JSON-RPC lets the answers of a batch come in any order."""
    for index, value in enumerate(values):
        if fits(pattern, value, prefix):
            del values[index]
            return True
    return False


def exchanges(lines: list[str]) -> Iterator[tuple[str, list[str], list[str]]]:
    """Cuts a transcript into (why, lines to send, patterns of the answers)."""
    why, sent, awaited = "", [], []
    for line in lines:
        mark, text = line[:2], line[2:]
        if mark in ("> ", "# ") and (awaited or (mark == "# " and sent)):
            yield why, sent, awaited
            why, sent, awaited = "", [], []
        if mark == "# ":
            why = f"{why} {text}".strip()
        elif mark == "> ":
            sent.append(text)
        elif mark == "< ":
            awaited.append(text)
        elif line.strip():
            sys.exit(f"a transcript line begins with '# ', '> ', '< ' or '~ ': {line}")
    yield why, sent, awaited


class Server:
    """The process and what it wrote."""

    def __init__(self, command: list[str], notices: list[Any]) -> None:
        pipe = subprocess.PIPE
        self.notices = notices
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe)
        self.lines: queue.Queue[bytes | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def send(self, lines: list[str]) -> None:
        self.process.stdin.write("".join(line + "\n" for line in lines).encode())
        self.process.stdin.flush()

    def receive(self, count: int, limit: float) -> list[Any]:
        """`count` answers where they come in time; for none, what comes in a moment.

        An answer too many is found by the next exchange, or at the end.
        """
        end, values = time.monotonic() + (limit if count else QUIET_S), []
        while len(values) < max(count, 1):
            try:
                line = self.lines.get(timeout=max(end - time.monotonic(), 0.01))
            except queue.Empty:
                break
            if line is None:
                self.lines.put(None)
                break
            try:
                value = json.loads(line)
            except ValueError:
                value = {"not a message": line.decode(errors="replace")}
            if not any(fits(notice, value, "") for notice in self.notices):
                values.append(value)
        return values

    def close(self) -> tuple[int | None, float]:
        """Ends the input; the status, and the seconds until it was there."""
        begun = time.monotonic()
        self.process.stdin.close()
        try:
            status = self.process.wait(timeout=EXIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = None
        return status, time.monotonic() - begun


def main() -> int:
    split = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    if split < 2:
        sys.exit(__doc__)
    path = Path(sys.argv.pop(1))
    _, prefix, command = plan.options([""])
    lines = path.read_text().replace("@@", prefix).splitlines()
    notices = [json.loads(line[2:]) for line in lines if line.startswith("~ ")]
    lines = [line for line in lines if not line.startswith("~ ")]
    report = plan.Report()
    server = Server(command, notices)
    for number, (why, sent, awaited) in enumerate(exchanges(lines), 1):
        patterns = [json.loads(text) for text in awaited]
        for name, text in KEPT.items():
            sent = [line.replace("@{" + name + "}", text) for line in sent]
        server.send(sent)
        seen = server.receive(len(patterns), ANSWER_S)
        rest = list(seen)
        fine = all(take(pattern, rest, prefix) for pattern in patterns) and not rest
        label = why or ascii(sent[0][:70] if sent else "nothing is sent")
        report.check(f"{path.stem} {number}: {label}", fine, {"wanted": patterns, "seen": seen})
    status, seconds = server.close()
    ended = f"{path.stem}: status 0 within {EXIT_S:.0f} s of end of input"
    report.check(ended, status == 0, status)
    left = server.receive(1, EXIT_S)
    report.check(f"{path.stem}: not another word", not left, left)
    print(f"     ended after {seconds:.2f} s")
    return report.code()


if __name__ == "__main__":
    sys.exit(main())
