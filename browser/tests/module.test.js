// The module of the page in Node: node --test browser/tests/module.test.js
"use strict";

const assert = require("node:assert");
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const test = require("node:test");

const { Bench, PAGE, RECORD, bytesOfModule, emulated, html } = require("./common.js");
const { SerialLine } = require("../page/serial.js");

/** The model of the page: without it, the program takes one that was tuned to the board. */
const BASE = path.join(__dirname, "../../models/base.bin");
/** Bytes of the page, at most. */
const PAGE_MAX = 1_500_000;
/** Bytes of memory of the module, at most. */
const MEMORY_MAX = 3_000_000;

const SENTENCES = [
  "turn on the grow light at 80 percent", "open the drip valve for ten minutes", "how warm is it",
  "open the drip valve", "do not open the vent", "show hello world on line 2", "heat to 21.5 degrees",
  "what is the humidity and set the fan to 20 percent", "order a pizza", "take a picture",
];

test("the page is one file that asks for nothing else", () => {
  assert.ok(html.length <= PAGE_MAX, `${html.length} bytes`);
  const page = html.replace(/<script type="application[^<]*<\/script>/, "");
  for (const [asked] of page.matchAll(/(src|href)=["'][^"'#]*["']|@import|url\([^#)]*\)|fetch\(/g)) {
    assert.fail(`it asks for ${asked}`);
  }
});

test("the module imports nothing", async () => {
  const module = await WebAssembly.compile(bytesOfModule());
  assert.deepEqual(WebAssembly.Module.imports(module), []);
});

test("a call moves the board", async () => {
  const bench = await Bench.open();
  await bench.plugBoard();
  assert.equal(bench.of(RECORD.ready)[0].product, "greenhouse");
  const result = await bench.call("light_set", { light: "grow", on: true, brightness: 80 });
  assert.equal(result.structuredContent.brightness, 80);
  assert.equal(bench.trine.picture().lamps.grow, 80);
  const picture = await bench.call("camera_snap", { size: "large" });
  assert.equal(Buffer.from(picture.content[0].data, "base64").toString("latin1", 1, 4), "PNG");
});

test("each sentence comes to what the program makes of it", async () => {
  const bench = await Bench.open();
  await bench.plugBoard();
  const { result } = await bench.ask("tools/list");
  const file = path.join(path.dirname(PAGE), "tools.json");
  fs.writeFileSync(file, JSON.stringify(result.tools));
  const input = SENTENCES.map((text) => JSON.stringify({ text })).join("\n");
  const program = spawnSync(process.env.TRINE_PROGRAM, ["ask", "--tools", file, "--model", BASE, "--jsonl"],
    { input });
  assert.equal(program.status, 0, program.stderr.toString());
  const wanted = program.stdout.toString().trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(wanted.length, SENTENCES.length);
  wanted.forEach(({ reason, ...answer }, at) => {
    const given = bench.sentence(SENTENCES[at]);
    const round = (it) => ({ ...it, confidence: Math.round(it.confidence * 1e3) / 1e3 });
    assert.deepEqual(round(given), round(answer), SENTENCES[at]);
  });
});

test("a description that a visitor writes is in the list, a thousand times without more memory", async () => {
  const bench = await Bench.open();
  await bench.plugBoard();
  const description = async () => (await bench.ask("tools/list")).result.tools[1].description;
  const own = await description();
  assert.ok(bench.trine.describe(1, "Drive the propeller of the airboat."));
  await bench.plugBoard();
  assert.equal(await description(), "Drive the propeller of the airboat.");
  const before = bench.trine.exports.memory.buffer.byteLength;
  for (let count = 0; count < 1000; count++) {
    assert.ok(bench.trine.describe(count % 11, `Text number ${count}.`));
    bench.trine.plugBoard();
    bench.now += 20;
    bench.trine.poll();
    bench.trine.records();
  }
  for (let tool = 0; tool < 11; tool++) assert.ok(bench.trine.describe(tool, ""));
  await bench.plugBoard();
  assert.equal(await description(), own);
  assert.equal(bench.trine.exports.memory.buffer.byteLength, before);
  assert.ok(before <= MEMORY_MAX, `${before} bytes`);
});

test("what is too long or no text is refused, and the page goes on", async () => {
  const bench = await Bench.open();
  assert.throws(() => bench.trine.receive.call(bench.trine, null));
  assert.throws(() => bench.trine.sentence("a".repeat(70_000)), RangeError);
  assert.equal(bench.trine.describe(1, "a".repeat(401)), false);
  assert.equal(bench.trine.describe(99, "text"), false);
  bench.trine.exports.trine_describe(1, bench.trine.input(Uint8Array.of(0xff, 0xfe)), bench.now);
  bench.trine.exports.trine_message(1_000_000, bench.now);
  await bench.plugBoard();
  assert.equal((await bench.call("fan_set", { percent: 40 })).isError, false);
});

test("an emulated board at a port takes the place of the one in the page", async (t) => {
  if (!process.env.TRINE_BOARD) return t.skip("no emulated board");
  const { board, person } = await emulated();
  const port = {
    readable: new ReadableStream({
      start(controller) {
        board.on("data", (bytes) => controller.enqueue(new Uint8Array(bytes)));
        board.on("close", () => controller.close());
      },
    }),
    writable: new WritableStream({ write: (bytes) => void board.write(Buffer.from(bytes)) }),
  };
  const bench = await Bench.open();
  bench.trine.plugLine();
  let ended = "";
  const line = await SerialLine.open(port, (bytes) => bench.trine.receive(bytes), (why) => { ended = why; });
  const since = Date.now();
  const until = async (what, done) => {
    while (!done()) {
      assert.ok(Date.now() - since < 60_000, `no ${what}: ${bench.of(RECORD.note)}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
      bench.now = 1000 + Date.now() - since;
      bench.trine.poll();
      bench.look();
      for (const { bytes } of bench.of(RECORD.toDevice)) line.send(bytes);
      bench.seen = bench.seen.filter((record) => record.kind !== RECORD.toDevice);
    }
  };
  const ask = async (method, params) => {
    let found;
    bench.client.request(method, params).answer.then((value) => { found = value; });
    await until(method, () => found);
    return found.result;
  };
  await until("board", () => bench.of(RECORD.ready).length > 0);
  assert.equal(bench.of(RECORD.ready)[0].product, "greenhouse");
  const call = { name: "light_set", arguments: { light: "door", on: true, brightness: 30 } };
  assert.equal((await ask("tools/call", call)).structuredContent.brightness, 30);
  const picture = await ask("tools/call", { name: "camera_snap", arguments: { size: "large" } });
  assert.equal(Buffer.from(picture.content[0].data, "base64").toString("latin1", 1, 4), "PNG");
  assert.equal(bench.sentence("move the vent to 30 degrees").tool, "vent_move");
  assert.equal(bench.trine.picture(), null, "what it looks like is not known");
  // The cable is pulled.
  board.destroy();
  await until("end", () => ended);
  person.destroy();
});
