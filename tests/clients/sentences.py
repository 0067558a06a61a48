"""The Python SDK (`mcp` 2.x) and the gateway's tool that takes sentences, in either era.

sentences.py modern|legacy -- SERVER COMMAND…

The server is a gateway with `--ask` and the board. The library raises where a result does not fit
the listed output schema; it is checked here once more, by `jsonschema`.
"""

from __future__ import annotations

import sys
from typing import Any

import anyio
from jsonschema import Draft202012Validator
from mcp import Client, StdioServerParameters

import plan
from python_client import CALL_S, SCRIPT_S, Session

FAN = "make the fan spin at forty percent"
NONE = "what is the capital of France?"
VALVE = "open the north valve for five minutes"


async def check(report: plan.Report, session: Session) -> None:
    listed = await session.client.list_tools()
    tools = {tool.name: tool.model_dump(mode="json", by_alias=True) for tool in listed.tools}
    report.check("list: the board's tools, and ask", len(tools) == len(plan.TOOLS) + 1, list(tools))
    schema = tools["ask"]["outputSchema"]
    Draft202012Validator.check_schema(schema)
    fits = Draft202012Validator(schema)

    async def ask(text: str, run: bool) -> dict[str, Any]:
        result = await session.call("ask", {"text": text, "run": run})
        value = result.get("structuredContent") or {}
        errors = [error.message for error in fits.iter_errors(value)]
        report.check(f"'{text}': the result fits the output schema", not errors, errors)
        report.check(f"'{text}': no error", not result.get("isError"), result)
        return value

    shown = await ask(FAN, False)
    fine = shown.get("tool") == "fan_set" and shown.get("arguments") == {"percent": 40}
    report.check("a sentence is a call", fine and shown["sure"], shown)
    status = await session.call("board_status", {})
    still = status["structuredContent"]["fan_percent"] == 0
    report.check("which is not made", still, status)
    ran = await ask(FAN, True)
    report.check("until it is to be run", ran.get("result") == '{"percent":40}', ran)
    status = await session.call("board_status", {})
    report.check("and then it is", status["structuredContent"]["fan_percent"] == 40, status)
    none = await ask(NONE, True)
    report.check("no tool is an answer", "tool" not in none and bool(none["reason"]), none)
    refused = await session.call("ask", {"text": VALVE, "run": True})
    text = plan.text_of(refused)
    fine = refused.get("isError") is True and "valve_open" in text and "person" in text
    report.check("water asks for a person", fine, refused)


async def main() -> int:
    era, prefix, server = plan.options(["modern", "legacy"])
    report = plan.Report()
    mode = "auto" if era == "modern" else "legacy"
    parameters = StdioServerParameters(command=server[0], args=server[1:])
    with anyio.fail_after(SCRIPT_S):
        async with Client(parameters, mode=mode, read_timeout_seconds=CALL_S) as client:
            await check(report, Session(client, prefix))
    return report.code()


if __name__ == "__main__":
    sys.exit(anyio.run(main))
