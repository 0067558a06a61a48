"""What the Python scripts share: options, the plan, and the checks of what comes back."""

from __future__ import annotations

import base64
import json
import re
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
BOARD = HERE.parent.parent / "firmware-example" / "board"
PLAN = json.loads((HERE / "plan.json").read_text())
CASES = json.loads((HERE / "cases.json").read_text())["cases"]
TOOLS = [
    tool
    for name in ("tools.json", "camera.json")
    for tool in json.loads((BOARD / name).read_text())["tools"]
]
OUTPUTS = {tool["name"]: tool["outputSchema"] for tool in TOOLS if "outputSchema" in tool}


def options(eras: list[str]) -> tuple[str, str, list[str]]:
    """Splits `[ERA] [--prefix P] -- SERVER COMMAND…` into era, prefix and command."""
    argv = sys.argv[1:]
    split = argv.index("--") if "--" in argv else len(argv)
    own, server = argv[:split], argv[split + 1 :]
    prefix = ""
    if "--prefix" in own[:-1]:
        at = own.index("--prefix")
        prefix = own[at + 1]
        del own[at : at + 2]
    era = own[0] if own else eras[0]
    if era not in eras or len(own) > 1 or not server:
        sys.exit(f"usage: SCRIPT {'|'.join(eras)} [--prefix NAME_] -- SERVER COMMAND…")
    return era, prefix, server


class Report:
    """Counts and prints checks."""

    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0

    def check(self, what: str, fine: bool, seen: Any = None) -> None:
        if fine:
            self.passed += 1
            print(f"ok   {what}", flush=True)
        else:
            self.failed += 1
            print(f"FAIL {what}: {json.dumps(seen, default=str)}", flush=True)

    def code(self) -> int:
        """Prints the sum; the exit status."""
        print(f"{self.passed} checks passed, {self.failed} failed", flush=True)
        return 0 if self.failed == 0 and self.passed > 0 else 1


def same(left: Any, right: Any) -> bool:
    """Equality of JSON values: `true` is not 1, but 40 is 40.0."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right


def check_listing(report: Report, prefix: str, listed: list[dict[str, Any]]) -> None:
    """The listing, compared with the board's files as JSON values."""
    names = [prefix + tool["name"] for tool in TOOLS]
    seen = [tool["name"] for tool in listed]
    report.check(f"list: {len(names)} tools, in the order of the board", seen == names, seen)
    by_name = {tool["name"]: tool for tool in listed}
    for tool in TOOLS:
        wanted = {**tool, "name": prefix + tool["name"]}
        found = by_name.get(wanted["name"])
        report.check(f"list: {wanted['name']} equals its file", same(found, wanted), found)


def names(text: str, word: str) -> bool:
    """Whether the text names a word, or one of several; numbers count only as they are."""
    if "|" in word:
        return any(names(text, one) for one in word.split("|"))
    if not re.fullmatch(r"[\d.]+", word):
        return word in text
    return re.search(rf"(^|[^\d.]){re.escape(word)}(?!\d|\.\d)", text) is not None


def text_of(result: dict[str, Any]) -> str:
    return "\n".join(block["text"] for block in result["content"] if block["type"] == "text")


def check_error(report: Report, call: dict[str, Any], result: dict[str, Any]) -> None:
    """A call that must end in an error result whose text names each word."""
    text = text_of(result)
    fine = result.get("isError") is True and all(names(text, word) for word in call["says"])
    says = ", ".join(call["says"])
    report.check(f"{call['tool']}: {call['what']} is refused, saying {says}", fine, result)


def check_good(report: Report, call: dict[str, Any], result: dict[str, Any]) -> None:
    """A call that must succeed: schema, values, and the text copy of the structure."""
    label = f"{call['tool']} {json.dumps(call['arguments'], ensure_ascii=False)}"
    if result.get("isError"):
        report.check(f"{label} succeeds", False, result)
        return
    if "image" in call:
        check_image(report, label, call["image"], result)
        return
    value = result.get("structuredContent")
    # Here, so that a transcript is played by a Python without other packages.
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(OUTPUTS[call["tool"]])
    errors = [error.message for error in validator.iter_errors(value)]
    report.check(f"{label}: the result fits the output schema", not errors, errors)
    part = {key: (value or {}).get(key) for key in call["gives"]}
    report.check(f"{label}: the values are right", same(part, call["gives"]), value)
    try:
        copy = json.loads(text_of(result))
    except ValueError:
        copy = text_of(result)
    report.check(f"{label}: the text is the same value", same(copy, value), copy)


def check_image(report: Report, label: str, size: list[int], result: dict[str, Any]) -> None:
    try:
        block = next(entry for entry in result["content"] if entry["type"] == "image")
        assert block["mimeType"] == "image/png", block["mimeType"]
        seen: Any = png_size(base64.b64decode(block["data"], validate=True))
    except (AssertionError, StopIteration, ValueError, struct.error, zlib.error) as error:
        seen = repr(error)
    report.check(f"{label}: a PNG of {size[0]} x {size[1]}", seen == size, seen)


def png_size(png: bytes) -> list[int]:
    """Width and height of a PNG, after its checksums and its pixel data have been checked."""
    if png[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError("no PNG signature")
    at, header, parts = 8, b"", b""
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        (crc,) = struct.unpack_from(">I", png, at + 8 + length)
        if zlib.crc32(kind + body) != crc:
            raise ValueError(f"bad checksum of {kind!r}")
        header = body if kind == b"IHDR" else header
        parts += body if kind == b"IDAT" else b""
        at += length + 12
    width, height, depth, colour = struct.unpack_from(">IIBB", header)
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    row = 1 + (width * channels * depth + 7) // 8
    if len(zlib.decompress(parts)) != row * height:
        raise ValueError("short pixels")
    return [width, height]


def check_timer(report: Report, started: dict[str, Any], status: dict[str, Any]) -> None:
    mine = [timer for timer in status["timers"] if timer["timer_id"] == started["timer_id"]]
    fine = (
        len(mine) == 1
        and mine[0].get("label") == PLAN["timer"]["label"]
        and 0 < mine[0]["remaining_s"] <= PLAN["timer"]["seconds"]
    )
    report.check("board_status shows the timer that was started", fine, status["timers"])
