// The TypeScript SDK, second line (`@modelcontextprotocol/client`), in either era.
//
// ts_client.mjs modern|legacy [--prefix NAME_] -- SERVER COMMAND…|URL
//
// In the modern era the library asks `server/discover` of a short-lived sibling process and then
// starts the server again, so a command is started twice.

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { CALL_MS, Report, options, runPlan } from "./common.mjs";

const VERSIONS = { modern: "2026-07-28", legacy: "2025-11-25" };
const { era, prefix, command, args, url } = options(Object.keys(VERSIONS));
const report = new Report();

const client = new Client(
  { name: "trine-test", version: "1.0.0" },
  { versionNegotiation: { mode: era === "modern" ? "auto" : "legacy" } },
);
const transport = url
  ? new StreamableHTTPClientTransport(url)
  : new StdioClientTransport({ command, args, stderr: "inherit" });
await client.connect(transport);
report.check(`the era is ${era}`, client.getProtocolEra() === era, client.getProtocolEra());
report.check(
  `the version is ${VERSIONS[era]}`,
  client.getNegotiatedProtocolVersion() === VERSIONS[era],
  client.getNegotiatedProtocolVersion(),
);

const limit = { timeout: CALL_MS };
await runPlan(
  report,
  prefix,
  async () => (await client.listTools(undefined, limit)).tools,
  (name, given) => client.callTool({ name, arguments: given }, limit),
);
// A session over HTTP is ended by a request; closing would leave it to the server.
if (url) await transport.terminateSession();
await client.close();
report.end();
