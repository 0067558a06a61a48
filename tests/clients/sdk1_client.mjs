// The TypeScript SDK, first line (`@modelcontextprotocol/sdk` 1.x): the legacy era only.
//
// sdk1_client.mjs [legacy] [--prefix NAME_] -- SERVER COMMAND…|URL

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { LATEST_PROTOCOL_VERSION } from "@modelcontextprotocol/sdk/types.js";
import { CALL_MS, Report, options, runPlan } from "./common.mjs";

const { prefix, command, args, url } = options(["legacy"]);
const report = new Report();

// The library keeps the agreed version to itself, but tells the transport; so does this one.
let version;
const telling = (Base) =>
  class extends Base {
    setProtocolVersion(agreed) {
      version = agreed;
      super.setProtocolVersion?.(agreed);
    }
  };
const transport = url
  ? new (telling(StreamableHTTPClientTransport))(url)
  : new (telling(StdioClientTransport))({ command, args, stderr: "inherit" });

const client = new Client({ name: "trine-test", version: "1.0.0" });
await client.connect(transport);
const wanted = LATEST_PROTOCOL_VERSION;
report.check(`the version is ${wanted}`, version === wanted, version);

const limit = { timeout: CALL_MS };
await runPlan(
  report,
  prefix,
  async () => (await client.listTools(undefined, limit)).tools,
  (name, given) => client.callTool({ name, arguments: given }, undefined, limit),
);
// A session over HTTP is ended by a request; closing would leave it to the server.
if (url) await transport.terminateSession();
await client.close();
report.end();
