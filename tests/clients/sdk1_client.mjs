// The TypeScript SDK, first line (`@modelcontextprotocol/sdk` 1.x): the legacy era only, `websocket`
// over its WebSocket.
//
// sdk1_client.mjs [legacy|websocket] [--prefix NAME_] -- SERVER COMMAND…|URL

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { WebSocketClientTransport } from "@modelcontextprotocol/sdk/client/websocket.js";
import { LATEST_PROTOCOL_VERSION } from "@modelcontextprotocol/sdk/types.js";
import { CALL_MS, Report, options, runPlan } from "./common.mjs";

const { era, prefix, command, args, url } = options(["legacy", "websocket"]);
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
const transport = () => {
  if (!url) return new (telling(StdioClientTransport))({ command, args, stderr: "inherit" });
  if (era !== "websocket") return new (telling(StreamableHTTPClientTransport))(url);
  url.protocol = "ws:";
  return new (telling(WebSocketClientTransport))(url);
};

const client = new Client({ name: "trine-test", version: "1.0.0" });
const used = transport();
await client.connect(used);
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
if (url && era !== "websocket") await used.terminateSession();
await client.close();
report.end();
