// A server of tools that are JavaScript functions, over trine_hub.h.
"use strict";

const { abi, callback, lib, release, sizeOf, take } = require("./abi.js");

/** Every error of this package; `status` is the number that C has. */
class TrineError extends Error {
  constructor(text, status = abi.constants.TRINE_E_FAILED) {
    super(text);
    this.name = new.target.name;
    this.status = status;
  }
}

/** A class of errors with a status of its own. */
function errorClass(name, status) {
  const made = { [name]: class extends TrineError {
    constructor(text, own = status) {
      super(text, own);
    }
  } }[name];
  made.status = status;
  return made;
}

/** The kinds of errors of the table, by their classes' names. */
const errors = Object.fromEntries(abi.errors.map((kind) => [kind.class, errorClass(kind.class, kind.c)]));
errors.ArgumentError = errorClass("ArgumentError", abi.constants.TRINE_E_ARGUMENT);
errors.StateError = errorClass("StateError", abi.constants.TRINE_E_STATE);
const { ArgumentError, StateError, ToolError } = errors;

/** The error of a status. */
function made(status, text, otherwise = TrineError) {
  const known = Object.values(errors).find((kind) => kind.status === status && kind !== ToolError);
  return new (known ?? otherwise)(text, status);
}

function check(status, otherwise) {
  if (status < 0) throw made(status, lib.trine_hub_why(), otherwise);
}

/** Zero bytes end a text in C. */
const plain = (text) => String(text).replaceAll("\0", " ");

/** The call that a tool is doing. */
class Context {
  #call;

  constructor(call) {
    this.#call = call;
  }

  /** Whether no one waits for the answer any more. */
  get isCancelled() {
    return this.#call === null || lib.trine_json_is_cancelled(this.#call) !== 0;
  }

  /** Tells the client that `done` of `total` is done; `done` has to rise. */
  progress(done, total = 0, text = "") {
    if (this.#call !== null) check(lib.trine_json_progress(this.#call, done, total, plain(text)));
  }

  /** Ends the call, once. */
  end(text, failed) {
    const call = this.#call;
    this.#call = null;
    if (call === null) return;
    if (failed) lib.trine_json_fail(call, plain(text));
    else lib.trine_json_done(call, text);
  }
}

/** What a tool answers, as a JSON object. */
function answered(value) {
  const isObject = value !== null && typeof value === "object" && !Array.isArray(value);
  const text = JSON.stringify(isObject ? value : { result: value ?? null });
  // Of functions and symbols there is nothing.
  if (text === undefined) throw new TypeError("its result is no JSON");
  return text;
}

/** Does a call of a tool. */
async function run(tool, context, given) {
  try {
    context.end(answered(await tool(JSON.parse(given), context)), false);
  } catch (error) {
    const text = error instanceof ToolError ? error.message : String(error);
    context.end(text || "the tool failed", true);
  }
}

/** The value in `{"result": …}`, or the value itself. */
function unwrapped(value) {
  const names = value && typeof value === "object" ? Object.keys(value) : [];
  return names.length === 1 && names[0] === "result" ? value.result : value;
}

/**
 * Tools, served to MCP clients. Devices are options as well: `{ serial: "/dev/ttyACM0" }`, or a list
 * of them; so are `usb`, `tcp`, `udp`, `unix`, `bus` and `simulate`.
 */
class Server {
  #hub;
  #tools = new Map();
  #calls = 0;
  #alive = null;
  /** Functions of C that end what listens, under way. */
  #ending = new Set();

  constructor(options = {}) {
    const lines = Object.entries(options).flatMap(([name, given]) =>
      [given].flat().map((value) => `${name}=${value}`));
    const wrong = lines.find((line) => /[\n;\0]/.test(line));
    if (wrong) throw new ArgumentError(`option ${wrong.split("=")[0]}: a value has one line and no ;`);
    const hub = [null];
    check(lib.trine_hub_open(lines.join("\n"), hub));
    this.#hub = hub[0];
  }

  get #open() {
    if (!this.#hub) throw new StateError("the server is closed: make another one");
    return this.#hub;
  }

  /**
   * Adds a function as a tool. It gets the arguments and a context, and answers what JSON can say, or
   * a promise of it.
   */
  tool({ name, title, description, inputSchema, outputSchema }, run_) {
    const hub = this.#open;
    if (typeof run_ !== "function") throw new ArgumentError(`the tool ${name} has no function`);
    const definition = {
      id: name,
      name: title ?? name,
      description: description ?? `Call ${name}.`,
      input_schema: inputSchema ?? { type: "object" },
      ...(outputSchema && { output_schema: outputSchema }),
    };
    const own = {};
    own.function = callback("trine_json_function", (_, call, given) => {
      run(run_, new Context(call), given);
    });
    own.release = callback("trine_json_release", () => {
      // C is still inside this one.
      setImmediate(() => {
        release(own.function);
        release(own.release);
      });
    });
    try {
      const text = JSON.stringify(definition);
      check(lib.trine_hub_add_json(hub, text, own.function, null, own.release), ArgumentError);
    } catch (error) {
      release(own.function);
      release(own.release);
      throw error;
    }
    return this;
  }

  /** Takes a tool out. */
  remove(name) {
    check(lib.trine_hub_remove_json(this.#open, name));
  }

  /**
   * Calls a tool. A signal that aborts lets the tool know that no one waits, and rejects.
   */
  call(name, given = {}, { timeoutMs = 60_000, signal } = {}) {
    const hub = this.#open;
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const number = [0];
      let abort = null;
      const ended = callback("trine_hub_ended", (_, status, answer, why) => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
        this.#leave();
        setImmediate(() => release(ended));
        if (status < 0) return reject(made(status, why, ToolError));
        const result = JSON.parse(answer);
        resolve(unwrapped(result.structuredContent ?? result.content));
      });
      this.#enter();
      const status = lib.trine_hub_start(hub, name, JSON.stringify(given), ended, null, number);
      const giveUp = (error) => {
        lib.trine_hub_cancel(hub, number[0]);
        reject(error);
      };
      abort = () => giveUp(signal.reason);
      const late = () => giveUp(new ToolError(`${name} has not answered within ${timeoutMs} ms`));
      const timer = setTimeout(late, timeoutMs);
      if (status < 0) {
        clearTimeout(timer);
        this.#leave();
        release(ended);
        return reject(made(status, lib.trine_hub_why(), ToolError));
      }
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  /**
   * Has a function told of each event of the devices from now on: `{ device, tool, text, number }`.
   * What is answered ends it; its promise is kept once nothing is told any more.
   */
  listen(run_) {
    const hub = this.#open;
    if (typeof run_ !== "function") throw new ArgumentError("what listens is no function");
    const own = {}, number = [0];
    own.event = callback("trine_hub_event", (_, device, tool, text, at) => {
      try {
        run_({ device, tool, text, number: at });
      } catch (error) {
        // C is not the one to catch it.
        setImmediate(() => { throw error; });
      }
    });
    const free = () => [own.event, own.release].forEach((it) => release(it));
    own.release = callback("trine_json_release", () => {
      this.#leave();
      setImmediate(free);
    });
    const status = lib.trine_hub_listen(hub, own.event, null, own.release, number);
    if (status < 0) {
      free();
      check(status);
    }
    this.#enter();
    // On a thread of its own: it waits for the function, which runs on this one.
    const end = () => new Promise((resolve) => lib.trine_hub_unlisten.async(hub, number[0], resolve));
    return () => {
      if (!this.#hub) return Promise.resolve();
      const ending = end().then(() => { this.#ending.delete(ending); });
      this.#ending.add(ending);
      return ending;
    };
  }

  /**
   * Shows the tools that there are now among those of a gateway that runs on this computer; `socket`
   * is that of its `--plugin-control`.
   */
  join(socket, name) {
    check(lib.trine_hub_join(this.#open, socket, name));
    this.#enter();
  }

  /** Leaves a gateway, once calls under way have ended. */
  async leave(name) {
    const hub = this.#open;
    // On a thread of its own: it waits for calls, whose functions run on this one.
    const status = await new Promise((resolve, reject) => {
      lib.trine_hub_leave.async(hub, name, (error, status) => error ? reject(error) : resolve(status));
    });
    // Why is known to that thread alone.
    if (status < 0) throw made(status, `it has joined no gateway as ${name}`);
    this.#leave();
  }

  /** The program does not end while calls are under way, clients are served or something listens. */
  #enter() {
    this.#calls += 1;
    this.#alive ??= setInterval(() => {}, 0x7fff_ffff);
  }

  #leave() {
    this.#calls -= 1;
    if (this.#calls > 0) return;
    clearInterval(this.#alive);
    this.#alive = null;
  }

  /** The tools, as MCP's `tools/list` has them. */
  tools() {
    const list = [null];
    check(lib.trine_hub_tools(this.#open, list));
    return JSON.parse(take(list));
  }

  /**
   * What a sentence asks for, by the base model over all tools, those of devices too: an object with
   * `tool` and `arguments`, or null, `confidence`, and why there is no call. Nothing is called.
   */
  ask(sentence) {
    const answer = [null];
    check(lib.trine_hub_ask(this.#open, plain(sentence), answer));
    return JSON.parse(take(answer));
  }

  /** Calls, errors and seconds of a tool since it was added. */
  stats(name) {
    const stats = { reserved: 0, calls: 0, errors: 0, nanoseconds: 0 };
    stats.struct_size = sizeOf("trine_hub_stats");
    check(lib.trine_hub_get_stats(this.#open, name, stats));
    const { calls, errors: failed, nanoseconds } = stats;
    return { calls: Number(calls), errors: Number(failed), seconds: Number(nanoseconds) / 1e9 };
  }

  /**
   * Counts of all tools of this program and of its plug-ins: `uptime_seconds`, `tools_available`;
   * `active`, `calls`, `errors`, `refused`, `seconds`, and the same for each of the `tools`.
   */
  metrics() {
    const metrics = [null];
    check(lib.trine_hub_metrics(this.#open, metrics));
    return JSON.parse(take(metrics));
  }

  /** Serves clients over HTTP in threads of its own, until it is closed; answers the port. */
  serveHttp(host = "127.0.0.1", port = 0) {
    const given = [port];
    check(lib.trine_hub_serve_http(this.#open, `${host}:${port}`, given));
    this.#enter();
    return given[0];
  }

  /** Serves the client on standard input and output, until it leaves. */
  serveStdio() {
    const hub = this.#open;
    this.#enter();
    return new Promise((resolve, reject) => {
      lib.trine_hub_serve_stdio.async(hub, (error, status) => {
        this.#leave();
        if (error) return reject(error);
        return status < 0 ? reject(made(status, "standard input or output is closed")) : resolve();
      });
    });
  }

  /** Ends it. Calls under way are told that no one waits, and are waited for. */
  close() {
    const hub = this.#hub;
    this.#hub = null;
    if (!hub) return Promise.resolve();
    return Promise.all(this.#ending).then(() => new Promise((resolve, reject) => {
      lib.trine_hub_close.async(hub, (error) => {
        clearInterval(this.#alive);
        this.#alive = null;
        if (error) reject(error);
        else resolve();
      });
    }));
  }
}

module.exports = { Server, Context, TrineError, ...errors };
