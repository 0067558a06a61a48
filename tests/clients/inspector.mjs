// The Inspector (`mcp-inspector --cli --config FILE`), in either era.
//
// inspector.mjs modern|legacy [--prefix NAME_] -- SERVER COMMAND…|URL
//
// The era is the server entry's `protocolEra` in the configuration file. Each command of the
// Inspector starts the server anew, or connects to its address anew, so what one call did may not
// be visible to the next: what needs state (the counter, the timer in the status) is checked by the
// other clients. It refuses unknown tools itself, and it turns the text "40" into the number 40
// where the listed schema says integer, so that one bad call never leaves it; all others reach the
// server.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { CALL_MS, Report, checkError, checkGood, checkListing, options, plan } from "./common.mjs";

const VERSIONS = { modern: "2026-07-28", legacy: "2025-11-25" };
const TOOL_ERROR = 5;
const MENDED = "text for an integer";
const { era, prefix, command, args, url } = options(Object.keys(VERSIONS));
const report = new Report();

const { resolve } = createRequire(import.meta.url);
const folder = dirname(resolve("@modelcontextprotocol/inspector/package.json"));
const program = join(folder, "clients", "launcher", "build", "index.js");
const home = mkdtempSync(join(tmpdir(), "trine-inspector-"));
const config = join(home, "mcp.json");
const reached = url ? { type: "streamable-http", url: url.href } : { type: "stdio", command, args };
const entry = { ...reached, protocolEra: era };
writeFileSync(config, JSON.stringify({ mcpServers: { board: entry } }));

/** Runs one command of the Inspector: its exit status and what it printed as JSON. */
function inspect(...more) {
  const own = ["--cli", "--config", config, "--server", "board", "--format", "json", ...more];
  // Its own home keeps it from reading or writing the user's settings and keychain.
  const env = { ...process.env, HOME: home, MCP_INSPECTOR_SECRET_STORE: "memory" };
  const child = spawn(process.execPath, [program, ...own], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 2 * CALL_MS,
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  return new Promise((settle) => {
    child.on("close", (code) => {
      let result;
      try {
        result = JSON.parse(out).result;
      } catch {
        result = { unreadable: out, stderr: err };
      }
      settle({ code, result, err });
    });
  });
}

const call = (tool, given) =>
  inspect(
    ...["--method", "tools/call", "--tool-name", prefix + tool],
    ...["--tool-args-json", JSON.stringify(given)],
  );

const opened = await inspect("--method", "initialize");
const version = opened.result?.protocolVersion;
report.check(`the version is ${VERSIONS[era]}`, version === VERSIONS[era], opened);

const listed = await inspect("--method", "tools/list", "--strict");
report.check("tools/list ends with status 0, with portable schemas", listed.code === 0, listed.err);
checkListing(report, prefix, listed.result?.tools ?? []);

for (const good of plan.good) {
  const { code, result } = await call(good.tool, good.arguments);
  report.check(`${good.tool}: status 0`, code === 0, code);
  // It may be a fresh board: only what the call itself gives can be compared.
  const gives = good.tool === "board_status" ? {} : good.gives;
  checkGood(report, { ...good, gives }, result);
}
for (const bad of [...plan.bad, ...plan.refused].filter((entry) => entry.what !== MENDED)) {
  const { code, result } = await call(bad.tool, bad.arguments);
  report.check(`${bad.tool}: status ${TOOL_ERROR}`, code === TOOL_ERROR, code);
  checkError(report, bad, result);
}
const unknown = await call(plan.unknown, {});
report.check("an unknown tool is refused", unknown.err.includes("tool_not_found"), unknown);

rmSync(home, { recursive: true });
report.end();
