// The page in Chromium, from a file: node --test browser/tests/page.test.js
"use strict";

const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const { after, before, beforeEach, test } = require("node:test");
const { pathToFileURL } = require("node:url");
const { chromium } = require("playwright-core");

const { PAGE, emulated } = require("./common.js");

const PICTURES = process.env.TRINE_PICTURES;
const WIDE = { width: 1200, height: 760 };
let browser;
let page;
let asked;

before(async () => {
  fs.mkdirSync(PICTURES, { recursive: true });
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
});

after(() => browser.close());

beforeEach(async () => {
  await page?.close();
  page = await browser.newPage({ viewport: WIDE });
  asked = [];
  page.on("request", (request) => asked.push(request.url()));
  page.on("pageerror", (error) => asked.push(error.message));
  page.on("console", (line) => asked.push(line.text()));
  await page.goto(pathToFileURL(PAGE).href);
  await tools();
});

/** Waits until the list of tools is there. */
function tools() {
  return page.waitForFunction(() => globalThis.app?.tools.length === 11, null, { timeout: 20_000 });
}

async function say(sentence) {
  await page.fill("#sentence", sentence);
  await page.press("#sentence", "Enter");
}

const shows = (id, text) => page.waitForFunction(
  ([id, text]) => document.getElementById(id).textContent.includes(text), [id, text]);
const state = () => page.evaluate(() => app.trine.picture());
const picture = (name) => page.screenshot({ path: path.join(PICTURES, `${name}.png`) });

test("a sentence becomes a call, frames, and light", async () => {
  await say("turn on the grow light at 80 percent");
  await shows("answer", 'light_set(light: "grow", on: true, brightness: 80)');
  await shows("answer", 'the board: {"light":"grow"');
  await shows("frames", "to the board, ");
  await shows("mcp", 'tools/call {"name":"light_set"');
  assert.equal((await state()).lamps.grow, 80);
  assert.equal(await page.locator("#grow.lit").count(), 1);
  // Nothing but the page's own file, and no error.
  const others = asked.filter((url) => !url.startsWith("file:") && !url.startsWith("data:"));
  assert.deepEqual(others, []);
});

test("water waits for the button, which agrees to one call", async () => {
  await say("turn on the grow light at 80 percent");
  await shows("answer", "the board: {");
  await say("open the drip valve for ten minutes");
  await shows("answer", "a person has to agree");
  await shows("lcd", "Button = water: drip, 600 s");
  await page.waitForTimeout(1_500);
  await picture("asks");
  await page.click("#button");
  await shows("answer", '"closes_in_s":');
  assert.ok((await state()).valves.drip > 590);
  assert.equal(await page.locator("[data-valve=drip].open").count(), 1);
});

test("a description that is edited changes the list, the schema and what a sentence finds", async () => {
  const sentence = "set the propeller to 30 percent";
  await page.click("#tools >> text=fan_set");
  await page.fill("#description", "Set the speed of the propeller in percent.");
  await page.click("#apply");
  await shows("schema", "Set the speed of the propeller in percent.");
  await say(sentence);
  await shows("answer", "fan_set(percent: 30)");
  await shows("answer", 'the board: {"percent":30}');
  await page.click("#reset");
  await page.waitForFunction(() => !document.getElementById("schema").textContent.includes("propeller"));
});

test("a sentence without a call is told why, and an unsure one is left to the visitor", async () => {
  await say("do not open the vent");
  await shows("answer", "it says not to do it");
  await say("set the fan to 40 percent");
  await shows("answer", "not sure enough");
  assert.equal((await state()).fan, 0);
  await page.click("#answer button");
  await shows("answer", 'the board: {"percent":40}');
});

test("two commands are shown, and made when the visitor says so", async () => {
  await say("move the vent to 30 degrees and close the mist valve");
  await shows("answer", 'vent_move(degrees: 30) and valve_close(valve: "mist")');
  await page.click("#answer button");
  await shows("answer", 'the board: {"degrees":30}');
  await shows("answer", 'the board: {"valve":"mist"}');
});

test("the camera's picture is shown", async () => {
  await say("take a large picture");
  const image = page.locator("#answer img");
  await image.waitFor();
  assert.ok(await image.evaluate((it) => it.complete && it.naturalWidth === 160));
});

test("arguments by hand: what is out of bounds is refused by the board", async () => {
  await page.click("#tools >> text=fan_set");
  await page.fill("#call-text", '{"percent": 140}');
  await page.click("#call button");
  await shows("answer", "percent must be at most 100");
  await page.fill("#call-text", "{percent");
  await page.click("#call button");
  await shows("answer", "the arguments are no JSON");
});

test("words of a device are shown and not run", async () => {
  await page.click("#tools >> text=fan_set");
  await page.fill("#description", "<img src=x onerror=\"document.title='owned'\"> fan");
  await page.click("#apply");
  await shows("schema", "onerror");
  await page.waitForTimeout(300);
  assert.equal(await page.title(), "Trine: a board that an AI can call");
  assert.equal(await page.locator("main img").count(), 0);
});

test("an emulated board at a serial port takes the place of the one in the page", async () => {
  const { board, person } = await emulated();
  await page.exposeFunction("toBoard", (bytes) => void board.write(Buffer.from(bytes)));
  await page.evaluate(() => {
    // A port as Web Serial has it, whose other end is an emulated board.
    const port = {
      open: async () => {},
      close: async () => {},
      readable: new ReadableStream({ start: (controller) => { globalThis.fromBoard = controller; } }),
      writable: new WritableStream({ write: (bytes) => toBoard(Array.from(bytes)) }),
    };
    Object.defineProperty(navigator, "serial", { value: { requestPort: async () => port } });
    document.getElementById("serial").disabled = false;
  });
  board.on("data", (bytes) => {
    page.evaluate((all) => fromBoard.enqueue(Uint8Array.from(all)), Array.from(bytes)).catch(() => {});
  });
  await page.evaluate(() => { app.tools = []; });
  await page.click("#serial");
  await tools();
  await shows("device", "greenhouse");
  await say("turn on the grow light at 80 percent");
  await shows("answer", 'the board: {"light":"grow","on":true,"brightness":80}');
  assert.equal(await state(), null, "what it looks like is not known");
  await picture("serial");
  await page.evaluate(() => fromBoard.close());
  await shows("serial-note", "the port is closed");
  await tools();
  assert.equal((await state()).lamps.grow, 0, "the board in the page is back");
  board.destroy();
  person.destroy();
});

test("pictures of the page, light and dark and narrow", async () => {
  await say("turn on the grow light at 80 percent");
  await shows("answer", "the board: {");
  await page.evaluate(() => app.call("display_show", { text: "hello from the page", line: 1 }));
  await page.waitForTimeout(500);
  await say("turn on the grow light at 80 percent");
  await shows("answer", "the board: {");
  await page.evaluate(() => document.activeElement.blur());
  await page.waitForTimeout(400);
  await picture("page");
  await page.emulateMedia({ colorScheme: "dark" });
  await picture("dark");
  await page.setViewportSize({ width: 390, height: 844 });
  await picture("narrow");
  const overflow = await page.evaluate(() =>
    document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(overflow <= 0, `${overflow} pixels wider than the window`);
});
