// The module as an object: text and bytes in, records out. It knows no page, so Node runs it too.
"use strict";

/** Kinds of records, as browser/engine/src/out.rs numbers them. */
const RECORD = { message: 1, toDevice: 2, fromDevice: 3, note: 4, ready: 5, sentence: 6 };

/** What a frame says, by the kind of its message (docs/wire.md, section 3). */
const HOST_KINDS = [
  "hello", "list", "call", "cancel", "status", "credit", "read", "prompt", "complete", "ping",
  "log", "provision", "factory", "ask",
];
const DEVICE_KINDS = [
  "hello", "page", "result", "chunk", "event", "status", "unsupported", "progress", "log", "pong",
  "provisioned", "factory",
];

class Trine {
  /**
   * @param {BufferSource} bytes  the module
   * @param {() => number} clock  milliseconds that only rise
   */
  static async open(bytes, clock) {
    const { instance } = await WebAssembly.instantiate(bytes, {});
    return new Trine(instance.exports, clock);
  }

  constructor(exports, clock) {
    this.exports = exports;
    this.clock = clock;
    this.encoder = new TextEncoder();
    this.decoder = new TextDecoder();
    this.inputMax = exports.trine_input_max();
    exports.trine_start(Trine.random());
  }

  static random() {
    return crypto.getRandomValues(new Uint32Array(1))[0];
  }

  /** Puts text or bytes where the module reads them; how many bytes, or an error. */
  input(what) {
    const bytes = typeof what === "string" ? this.encoder.encode(what) : what;
    if (bytes.length > this.inputMax) {
      throw new RangeError(`${bytes.length} bytes are more than the ${this.inputMax} that fit`);
    }
    const { memory, trine_input: at } = this.exports;
    new Uint8Array(memory.buffer, at(), bytes.length).set(bytes);
    return bytes.length;
  }

  /** A copy of what the last function has shown. */
  output(len) {
    return new Uint8Array(this.exports.memory.buffer, this.exports.trine_output(), len).slice();
  }

  /** Plugs in the simulated board, at its start. */
  plugBoard() {
    if (!this.exports.trine_plug_board(Trine.random(), this.clock())) {
      throw new Error("the board does not start");
    }
  }

  /** Pulls the board out: the device is at the page's own line, by `receive` and `records`. */
  plugLine() {
    this.exports.trine_plug_line(this.clock());
  }

  /** Sets the description of a tool of the board, or its own again where the text is empty. */
  describe(tool, text) {
    return Boolean(this.exports.trine_describe(tool, this.input(text), this.clock()));
  }

  message(json) {
    this.exports.trine_message(this.input(JSON.stringify(json)), this.clock());
  }

  receive(bytes) {
    for (let at = 0; at < bytes.length; at += this.inputMax) {
      const part = bytes.subarray(at, at + this.inputMax);
      this.exports.trine_receive(this.input(part), this.clock());
    }
  }

  sentence(text) {
    this.exports.trine_sentence(this.input(text));
  }

  press() {
    this.exports.trine_press();
  }

  poll() {
    this.exports.trine_poll(this.clock());
  }

  /** The state of the board, or null without one. */
  picture() {
    const len = this.exports.trine_picture();
    return len > 0 ? JSON.parse(this.decoder.decode(this.output(len))) : null;
  }

  /** All records since the last time, frames and notes first: `{kind, value}`. */
  records() {
    const all = [];
    for (const take of [this.exports.trine_trace, this.exports.trine_answers]) {
      const bytes = this.output(take());
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (let at = 0; at + 5 <= bytes.length; ) {
        const len = view.getUint32(at + 1, true);
        all.push(this.record(bytes[at], bytes.subarray(at + 5, at + 5 + len)));
        at += 5 + len;
      }
    }
    return all;
  }

  record(kind, bytes) {
    switch (kind) {
      case RECORD.toDevice:
      case RECORD.fromDevice: {
        const names = kind === RECORD.toDevice ? HOST_KINDS : DEVICE_KINDS;
        const name = names[bytes[0]] ?? `kind ${bytes[0]}`;
        return { kind, value: { name, bytes: bytes.subarray(1) } };
      }
      case RECORD.note:
        return { kind, value: this.decoder.decode(bytes) };
      default:
        return { kind, value: JSON.parse(this.decoder.decode(bytes)) };
    }
  }
}

/** The least `_meta` of a request of MCP 2026-07-28. */
const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** A client of MCP over the module: each request has a promise. */
class Client {
  constructor(trine) {
    this.trine = trine;
    this.next = 1;
    this.waiting = new Map();
  }

  request(method, params = {}) {
    const id = this.next++;
    const message = { jsonrpc: "2.0", id, method, params: { ...params, _meta: META } };
    const answer = new Promise((resolve) => this.waiting.set(id, resolve));
    this.trine.message(message);
    return { message, answer };
  }

  /** Takes a message of the server; whether it was an answer. */
  take(message) {
    const resolve = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    resolve?.(message);
    return Boolean(resolve);
  }
}

if (typeof module !== "undefined") {
  module.exports = { Trine, Client, RECORD };
}
