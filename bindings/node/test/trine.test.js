// node --test bindings/node/test; TRINE_LIBRARY names libtrine_host.
"use strict";

const assert = require("node:assert");
const { spawn, spawnSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const test = require("node:test");

const trine = require("..");
const { abi, lib } = require("../abi.js");

const { ArgumentError, Server, StateError, ToolError, ToolNotFoundError } = trine;

const number = { type: "integer", minimum: -1000, maximum: 1000 };
const ADD = {
  name: "add",
  description: "Add two numbers.",
  inputSchema: { type: "object", properties: { a: number, b: number }, required: ["a", "b"] },
};

/** Runs with a server, which is closed after it. */
async function withServer(work, options) {
  const server = new Server(options);
  try {
    await work(server);
  } finally {
    await server.close();
  }
}

const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** A request over HTTP; the response. */
function post(port, method, params, meta = {}) {
  const message = { jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: { ...META, ...meta } } };
  const headers = {
    "content-type": "application/json", accept: "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28", "mcp-method": method, "mcp-name": params.name ?? "",
  };
  return fetch(`http://127.0.0.1:${port}/mcp`, { method: "POST", headers, body: JSON.stringify(message) });
}

test("each function of the description is in the library", () => {
  assert.deepEqual(Object.keys(lib).sort(), Object.keys(abi.functions).sort());
  assert.ok(Object.keys(lib).length > 20);
});

test("a tool is called, and the program's own answer comes back", () => withServer(async (server) => {
  server.tool(ADD, ({ a, b }) => ({ sum: a + b }));
  server.tool({ name: "later" }, async () => "done");
  assert.deepEqual(await server.call("add", { a: 2, b: 40 }), { sum: 42 });
  assert.equal(await server.call("later"), "done");
  assert.deepEqual(server.tools().map((tool) => tool.name).sort(), ["add", "later"]);
  const { calls, errors } = server.stats("add");
  assert.deepEqual([calls, errors], [1, 0]);
  const metrics = server.metrics();
  assert.deepEqual([metrics.tools_available, metrics.calls, metrics.tools.add.calls], [2, 2, 1]);
}));

test("errors have classes of their own", () => withServer(async (server) => {
  server.tool(ADD, () => { throw new ToolError("the adder is cold"); });
  server.tool({ name: "broken" }, () => undefined.no);
  await assert.rejects(server.call("nothing"), ToolNotFoundError);
  await assert.rejects(server.call("add", { a: 1, b: 2 }), (error) =>
    error instanceof ToolError && error.message.includes("the adder is cold"));
  await assert.rejects(server.call("add", { a: 1, b: 5000 }), /b.*1000/);
  await assert.rejects(server.call("broken"), /TypeError/);
  assert.throws(() => server.tool({ name: "a b" }, () => {}), ArgumentError);
  assert.throws(() => server.tool({ name: "none" }), ArgumentError);
  assert.throws(() => new Server({ serial: "one\ntwo" }), ArgumentError);
  assert.throws(() => new Server({ surprise: 1 }), ArgumentError);
  const port = server.serveHttp();
  await withServer(async (other) => {
    other.tool(ADD, () => ({ sum: 0 }));
    assert.throws(() => other.serveHttp("127.0.0.1", port), trine.ConnectionError);
  });
}));

test("the table of errors is that of the description", () => {
  for (const { class: name, c, kind, json_rpc: code, http, text } of abi.errors) {
    const error = new trine[name](text);
    assert.ok(error instanceof trine.TrineError && error instanceof Error, name);
    assert.equal(error.name, name);
    assert.equal(error.status, c, kind);
    assert.equal(error.message, text);
    assert.ok(code <= -32600 && code >= -32700 && http >= 400 && http < 600, kind);
  }
  const kinds = Object.fromEntries(abi.errors.map(({ class: name, c }) => [name, c]));
  const { constants } = abi;
  assert.deepEqual(kinds, {
    ConnectionError: constants.TRINE_E_CONNECTION, ProtocolError: constants.TRINE_E_PROTOCOL,
    ToolError: constants.TRINE_E_FAILED, ToolNotFoundError: constants.TRINE_E_NOT_FOUND,
    OverloadedError: constants.TRINE_E_FULL, TlsError: constants.TRINE_E_TLS,
  });
});

test("progress of a call streams to a client over HTTP", () => withServer(async (server) => {
  let go;
  const wait = new Promise((resolve) => { go = resolve; });
  server.tool({ name: "count" }, async (_, context) => {
    for (const done of [1, 2, 3]) context.progress(done, 3, `step ${done}`);
    await wait;
    return { counted: 3 };
  });
  const port = server.serveHttp();
  const response = await post(port, "tools/call", { name: "count", arguments: {} }, { progressToken: "p" });
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type"), /text\/event-stream/);
  const messages = [];
  let text = "";
  for await (const piece of response.body) {
    text += Buffer.from(piece).toString();
    const events = text.split("\n\n");
    text = events.pop();
    for (const event of events) {
      const data = event.split("\n").filter((line) => line.startsWith("data:"));
      if (data.length > 0 && data[0].length > 6) messages.push(JSON.parse(data[0].slice(5)));
    }
    // The result comes after the third, which has come while the tool was still at work.
    if (messages.filter((it) => it.method === "notifications/progress").length >= 3) go();
  }
  const steps = messages.filter((it) => it.method === "notifications/progress");
  assert.deepEqual(steps.map((it) => [it.params.progress, it.params.message]),
    [[1, "step 1"], [2, "step 2"], [3, "step 3"]]);
  assert.deepEqual(messages.at(-1).result.structuredContent, { counted: 3 });
}));

test("a call that is given up rejects, and its tool learns of it", () => withServer(async (server) => {
  let learnt;
  const cancelled = new Promise((resolve) => { learnt = resolve; });
  server.tool({ name: "long" }, async (_, context) => {
    while (!context.isCancelled) await new Promise((resolve) => setTimeout(resolve, 5));
    learnt(true);
  });
  const controller = new AbortController();
  const call = server.call("long", {}, { signal: controller.signal });
  setTimeout(() => controller.abort(), 20);
  await assert.rejects(call, /abort/i);
  assert.equal(await cancelled, true);
  await assert.rejects(server.call("long", {}, { timeoutMs: 20 }), /within 20 ms/);
}));

test("a sentence becomes a call of the tools that there are", () => withServer((server) => {
  assert.throws(() => server.ask("hello"), trine.TrineError);
  const percent = { type: "integer", minimum: 0, maximum: 100, description: "Percent of full speed." };
  const schema = { type: "object", properties: { percent }, required: ["percent"] };
  const description = "Set the speed of the pump in percent.";
  server.tool({ name: "pump_speed", description, inputSchema: schema }, () => ({}));
  const { tool, arguments: given } = server.ask("set the speed of the pump to 40 percent");
  assert.deepEqual([tool, given], ["pump_speed", { percent: 40 }]);
  assert.equal(server.ask("do not set the pump to 40 percent").why, "negated");
}));

test("events of a device are told until no one listens, and a close ends what listens", async () => {
  const server = new Server({ simulate: "north" });
  const heard = () => {
    let stop;
    const told = new Promise((resolve) => { stop = server.listen(resolve); });
    return { told, stop };
  };
  assert.throws(() => server.listen("no function"), ArgumentError);
  const first = heard();
  for (;;) {
    if (server.tools().some((tool) => tool.name === "timer_start")) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await server.call("timer_start", { seconds: 1, label: "tea" });
  const event = await first.told;
  assert.deepStrictEqual([event.device, event.tool], ["north", "timer_start"]);
  assert.match(event.text, /tea/);
  await first.stop();
  await first.stop();
  const second = heard();
  await server.call("timer_start", { seconds: 1, label: "late" });
  const { number } = await second.told;
  assert.strictEqual(number, event.number + 1);
  // One that ends itself as the server does.
  const third = heard();
  const ends = third.stop();
  await server.close();
  await ends;
  await second.stop();
  assert.throws(() => server.listen(() => {}), StateError);
});

test("a thousand calls at a time are each answered", () => withServer(async (server) => {
  server.tool(ADD, async ({ a, b }) => ({ sum: a + b }));
  const calls = Array.from({ length: 1000 }, (_, a) => server.call("add", { a, b: 0 }));
  const sums = (await Promise.all(calls)).map((answer) => answer.sum);
  assert.deepEqual(sums, Array.from({ length: 1000 }, (_, a) => a));
}, { in_flight: 32 }));

test("what is no JSON is an error of the tool, and the server goes on", () => withServer(async (server) => {
  const loop = {};
  loop.loop = loop;
  server.tool({ name: "loop" }, () => loop);
  server.tool({ name: "big" }, () => 10n);
  server.tool({ name: "zero" }, () => { throw new ToolError("a\0b"); });
  await assert.rejects(server.call("loop"), ToolError);
  await assert.rejects(server.call("big"), /BigInt/);
  await assert.rejects(server.call("zero"), /a b/);
  assert.equal(server.tools().length, 3);
}));

test("a closed server says so, and a tool that is removed is not found", async () => {
  const server = new Server();
  server.tool(ADD, () => ({ sum: 0 }));
  server.remove("add");
  await assert.rejects(server.call("add", { a: 1, b: 1 }), ToolNotFoundError);
  await server.close();
  await server.close();
  assert.throws(() => server.tools(), StateError);
  assert.throws(() => server.tool(ADD, () => {}), StateError);
});

test("adding and removing tools keeps nothing", () => withServer(async (server) => {
  const once = async () => {
    server.tool(ADD, ({ a, b }) => ({ sum: a + b }));
    await server.call("add", { a: 1, b: 1 });
    server.remove("add");
    await new Promise(setImmediate);
  };
  for (let count = 0; count < 200; count++) await once();
  const before = process.memoryUsage().rss;
  // koffi has 8,192 callbacks at most, so one that is not released would be noticed.
  for (let count = 0; count < 9000; count++) await once();
  const grown = process.memoryUsage().rss - before;
  assert.ok(grown < 64 << 20, `${grown} bytes more`);
}));

test("the example of the guide runs as it stands", (t) => {
  const guide = process.env.TRINE_GUIDE;
  if (!guide) return t.skip("TRINE_GUIDE names docs/node.md");
  const [, example] = /```js\n([^]*?)```/.exec(fs.readFileSync(guide, "utf8"));
  const own = example.replace('require("trine")', `require(${JSON.stringify(path.dirname(__dirname))})`);
  assert.notEqual(own, example);
  const run = spawnSync(process.execPath, ["-e", own], { timeout: 60_000 });
  assert.equal(run.status, 0, run.stderr.toString());
  assert.equal(run.stdout.toString(), "{ sum: 42 }\n");
});

test("a program with the library missing is told how to build it", () => {
  const run = spawnSync(process.execPath, ["-e", `require(${JSON.stringify(path.dirname(__dirname))})`], {
    env: { ...process.env, TRINE_LIBRARY: "/nowhere/libtrine_host.so" },
  });
  assert.notEqual(run.status, 0);
  assert.match(run.stderr.toString(), /cargo rustc --release -p trine-c-host/);
});

test("clients of a gateway call a function of a program that has joined", async (t) => {
  const program = process.env.TRINE_PROGRAM;
  if (!program) return t.skip("TRINE_PROGRAM is the program `trine`");
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "join-"));
  const socket = path.join(folder, "orders");
  const options = ["gateway", "--http", "127.0.0.1:0", "--plugin-control", socket];
  const env = { ...process.env, TRINE_LOG: "info" };
  const gateway = spawn(program, options, { env, stdio: ["ignore", "ignore", "pipe"] });
  try {
    const port = await new Promise((resolve) => {
      let said = "";
      gateway.stderr.on("data", (text) => {
        said += text;
        const found = /MCP over HTTP.*http:\/\/[^:]*:(\d+)/.exec(said);
        if (found) resolve(Number(found[1]));
      });
    });
    await withServer(async (server) => {
      server.tool(ADD, ({ a, b }) => ({ sum: a + b }));
      server.join(socket, "node");
      assert.throws(() => server.join(socket, "node"), /has joined already/);
      const call = { name: "add", arguments: { a: 2, b: 3 } };
      const { result } = await (await post(port, "tools/call", call)).json();
      assert.deepEqual(result.structuredContent, { sum: 5 });
      await server.leave("node");
      await assert.rejects(server.leave("node"), ToolNotFoundError);
      const list = await (await post(port, "tools/list", {})).json();
      assert.deepEqual(list.result.tools, []);
    });
  } finally {
    gateway.kill("SIGKILL");
    fs.rmSync(folder, { recursive: true });
  }
});
