// What the tests of the page share: the page as it ships, and a board at a socket.
"use strict";

const fs = require("node:fs");
const net = require("node:net");
const zlib = require("node:zlib");

globalThis.crypto ??= require("node:crypto").webcrypto;
const { Trine, Client, RECORD } = require("../page/trine.js");

/** The page that was made. */
const PAGE = process.env.TRINE_PAGE;
const html = fs.readFileSync(PAGE, "utf8");

/** The module of the page that was made. */
function bytesOfModule() {
  const [, text] = /<script type="application\/octet-stream" id="module">([^<]*)<\/script>/.exec(html);
  return zlib.gunzipSync(Buffer.from(text, "base64"));
}

/** A module whose time passes as it is told. */
class Bench {
  static async open() {
    const bench = new Bench();
    bench.now = 1000;
    bench.trine = await Trine.open(bytesOfModule(), () => bench.now);
    bench.client = new Client(bench.trine);
    bench.seen = [];
    return bench;
  }

  /** Takes all records; those that are no answer to a request are kept. */
  look() {
    for (const record of this.trine.records()) {
      if (record.kind === RECORD.message && this.client.take(record.value)) continue;
      this.seen.push(record);
    }
  }

  async pass(ms) {
    for (let gone = 0; gone < ms; gone += 10) {
      this.now += 10;
      this.trine.poll();
      this.look();
      await null;
    }
  }

  of(kind) {
    return this.seen.filter((record) => record.kind === kind).map((record) => record.value);
  }

  /** A request and its answer. */
  async ask(method, params) {
    const { answer } = this.client.request(method, params);
    let found;
    answer.then((value) => { found = value; });
    this.look();
    for (let turn = 0; turn < 3000 && !found; turn++) await this.pass(10);
    if (!found) throw new Error(`no answer to ${method}`);
    return found;
  }

  async call(name, given) {
    return (await this.ask("tools/call", { name, arguments: given })).result;
  }

  sentence(text) {
    this.trine.sentence(text);
    this.look();
    return this.of(RECORD.sentence).at(-1);
  }

  async plugBoard() {
    this.trine.plugBoard();
    await this.pass(1500);
  }
}

/** Connects to a socket, which may not be there yet: QEMU makes one after the other. */
async function connected(path) {
  const since = Date.now();
  for (;;) {
    try {
      return await new Promise((resolve, reject) => {
        const socket = net.connect(path, () => resolve(socket));
        socket.on("error", reject);
      });
    } catch (error) {
      if (Date.now() - since > 10_000) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** The two lines of an emulated board, which waits for both. */
async function emulated() {
  const [board, person] = process.env.TRINE_BOARD.split(":");
  return { board: await connected(board), person: await connected(person) };
}

module.exports = { Bench, PAGE, RECORD, Trine, bytesOfModule, emulated, html };
