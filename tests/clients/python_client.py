"""The Python SDK (`mcp` 2.x), in either era.

python_client.py modern|legacy [--prefix NAME_] -- SERVER COMMAND…|URL

The library checks no arguments, so every bad call reaches the server; it checks results against
the listed output schemas and raises when one does not fit.
"""

from __future__ import annotations

import sys
from typing import Any

import anyio
from mcp import Client, MCPError, StdioServerParameters
from mcp_types import INVALID_PARAMS

import plan

CALL_S = 60.0
SCRIPT_S = 600.0
VERSIONS = {"modern": "2026-07-28", "legacy": "2025-11-25"}


class Session:
    """One connection; results as the JSON values that came over the wire."""

    def __init__(self, client: Client, prefix: str) -> None:
        self.client = client
        self.prefix = prefix

    async def call(self, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        result = await self.client.call_tool(
            self.prefix + tool, arguments, read_timeout_seconds=CALL_S
        )
        return result.model_dump(mode="json", by_alias=True, exclude_unset=True)

    async def entered(self) -> int:
        return (await self.call("board_status", {}))["structuredContent"]["calls_entered"]


async def check_case(report: plan.Report, session: Session, case: dict[str, Any]) -> None:
    """One of the calls that each surface makes (`cases.json`)."""
    try:
        result = await session.call(case["tool"], case["arguments"])
    except MCPError as error:
        said = str(error)
        fine = case.get("unknown", False) and all(word in said for word in case["says"])
        report.check(f"case: {case['what']}", fine, said)
        return
    if "gives" in case:
        content = result.get("structuredContent") or {}
        fine = all(plan.same(content.get(name), value) for name, value in case["gives"].items())
        report.check(f"case: {case['what']}", fine, result)
    else:
        plan.check_error(report, case, result)


async def run_plan(report: plan.Report, session: Session) -> None:
    listed = await session.client.list_tools()
    tools = [
        tool.model_dump(mode="json", by_alias=True, exclude_unset=True) for tool in listed.tools
    ]
    plan.check_listing(report, session.prefix, tools)

    for case in plan.CASES:
        await check_case(report, session, case)

    # Reading the counter is itself a call, so what one reading adds is measured first.
    first, second = await session.entered(), await session.entered()
    for call in plan.PLAN["bad"] + plan.PLAN["refused"]:
        plan.check_error(report, call, await session.call(call["tool"], call["arguments"]))
    third = await session.entered()
    report.check(
        "no refused call reached a tool's code (board_status.calls_entered)",
        third - second == second - first > 0,
        [first, second, third],
    )

    started: dict[str, Any] = {}
    for call in plan.PLAN["good"]:
        result = await session.call(call["tool"], call["arguments"])
        plan.check_good(report, call, result)
        if call["tool"] == "timer_start":
            started = result.get("structuredContent", {})
        if call["tool"] == "board_status":
            plan.check_timer(report, started, result["structuredContent"])
    fourth = await session.entered()
    counted = fourth - third == len(plan.PLAN["good"]) + 1
    report.check("every good call reached its tool", counted, [third, fourth])


async def check_unknown(report: plan.Report, session: Session) -> None:
    name = plan.PLAN["unknown"]
    try:
        seen: Any = await session.call(name, {})
    except MCPError as error:
        seen = error.code
    report.check(f"unknown tool {name}: error -32602", seen == INVALID_PARAMS, seen)


async def main() -> int:
    era, prefix, server = plan.options(list(VERSIONS))
    report = plan.Report()
    mode = "auto" if era == "modern" else "legacy"
    # For an address, the library takes Streamable HTTP.
    is_url = len(server) == 1 and server[0].startswith("http://")
    target = server[0] if is_url else StdioServerParameters(command=server[0], args=server[1:])
    with anyio.fail_after(SCRIPT_S):
        async with Client(target, mode=mode, read_timeout_seconds=CALL_S) as client:
            version = client.protocol_version
            report.check(f"the version is {VERSIONS[era]}", version == VERSIONS[era], version)
            session = Session(client, prefix)
            await run_plan(report, session)
            await check_unknown(report, session)
    return report.code()


if __name__ == "__main__":
    sys.exit(anyio.run(main))
