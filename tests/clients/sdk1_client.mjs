// The TypeScript SDK, first line (`@modelcontextprotocol/sdk` 1.x): the legacy era only.
//
// sdk1_client.mjs [legacy] [--prefix NAME_] -- SERVER COMMAND…

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { LATEST_PROTOCOL_VERSION } from "@modelcontextprotocol/sdk/types.js";
import { CALL_MS, Report, options, runPlan } from "./common.mjs";

const { prefix, command, args } = options(["legacy"]);
const report = new Report();

// The library keeps the agreed version to itself, but tells the transport; so does this one.
let version;
class Transport extends StdioClientTransport {
  setProtocolVersion(agreed) {
    version = agreed;
  }
}

const client = new Client({ name: "trine-test", version: "1.0.0" });
await client.connect(new Transport({ command, args, stderr: "inherit" }));
const wanted = LATEST_PROTOCOL_VERSION;
report.check(`the version is ${wanted}`, version === wanted, version);

const limit = { timeout: CALL_MS };
await runPlan(
  report,
  prefix,
  async () => (await client.listTools(undefined, limit)).tools,
  (name, given) => client.callTool({ name, arguments: given }, undefined, limit),
);
await client.close();
report.end();
