"""The official MCP conformance suite (npm `@modelcontextprotocol/conformance`), over HTTP.

conformance.py 2025-11-25|2026-07-28|0.1 -- URL

The server is a gateway with the fixtures that the suite asks for (`--fixtures`). The revisions are
requirement sets of the suite's line 0.2; `0.1` is what its last stable line runs by itself. Every
scored scenario must pass, and there is no list of expected failures. What the suite runs without
scoring it (extensions, pending scenarios) is shown in lines with `info`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import plan

MODULES = plan.HERE / "node_modules"
NODE = MODULES / ".bin" / "node"
SUITE_S = 300.0
# A message that lists all tools is longer than what it says.
SHOWN = 200

LINE_2 = "@modelcontextprotocol/conformance"
LINE_1 = "conformance-0.1"
# The package, the options of the run that is scored, and those of one that is not.
RUNS: dict[str, tuple[str, list[str], list[str]]] = {
    "2025-11-25": (LINE_2, ["--requirements", "2025-11-25"], []),
    "2026-07-28": (LINE_2, ["--requirements", "2026-07-28"], []),
    "0.1": (LINE_1, ["--suite", "active"], ["--suite", "pending"]),
}


def play(package: str, url: str, own: list[str], folder: Path) -> tuple[int, str]:
    """Runs the suite; its exit status and what it printed."""
    program = str(MODULES / package / "dist" / "index.js")
    done = subprocess.run(
        [str(NODE), program, "server", "--url", url, *own, "-o", str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=SUITE_S,
    )
    return done.returncode, done.stdout


def checks(folder: Path, scenario: str) -> list[dict[str, Any]]:
    """The checks of a scenario, which are in a folder named after it and the time."""
    files = folder.glob(f"server-{scenario}-2*Z/checks.json")
    return [check for file in files for check in json.loads(file.read_text("utf-8"))]


def said(checked: list[dict[str, Any]], status: str) -> list[str]:
    """What the checks that ended so say."""
    ended = [check for check in checked if check["status"] == status]
    told = [f"{check['id']}: {check.get('errorMessage', 'no message')}" for check in ended]
    return [line if len(line) <= SHOWN else f"{line[:SHOWN]}…" for line in told]


def read(report: plan.Report, out: str, folder: Path, is_scored: bool) -> None:
    """Reports every scenario of the suite's summary."""
    summary = out.rpartition("=== SUMMARY ===")[2]
    reasons = dict(re.findall(r"^  [✓✗] (\S+) \((.+)\)$", summary, re.MULTILINE))
    lines = re.findall(r"^[✓✗] (\S+): (\d+) passed, (\d+) failed", summary, re.MULTILINE)
    if not lines:
        report.check("the suite has a summary with scenarios", False, out)
    for name, passed, failed in lines:
        checked = checks(folder, name)
        failures, warnings = said(checked, "FAILURE"), said(checked, "WARNING")
        if name in reasons or not is_scored:
            reason = reasons.get(name, "pending")
            print(f"info {name} ({reason}): {passed} checks passed, {failed} failed", flush=True)
            for failure in failures:
                print(f"     {failure}", flush=True)
        elif passed == failed == "0":
            print(f"info {name}: nothing in it applies", flush=True)
        else:
            report.check(f"{name}: {passed} checks", failed == "0" and passed != "0", failures)
        for warning in warnings:
            print(f"info {name}: a warning of {warning}", flush=True)


def main() -> int:
    name, prefix, server = plan.options(list(RUNS))
    if prefix or len(server) != 1:
        sys.exit(__doc__)
    package, scored, shown = RUNS[name]
    report = plan.Report()
    with tempfile.TemporaryDirectory(prefix="trine-conformance-") as made:
        for own, is_scored in ((scored, True), (shown, False)):
            if not own:
                continue
            folder = Path(made) / own[-1]
            status, out = play(package, server[0], own, folder)
            read(report, out, folder, is_scored)
            if is_scored:
                report.check("the suite ends with status 0", status == 0, status)
    return report.code()


if __name__ == "__main__":
    sys.exit(main())
