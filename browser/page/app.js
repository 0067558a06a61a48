// The page: what a visitor does becomes messages, and records become what is seen.
"use strict";

const EXAMPLES = [
  "turn on the grow light at 80 percent", "set the fan speed to 60 percent",
  "open the drip valve for ten minutes", "what is the humidity", "show hello world on line 2",
  "move the vent to 30 degrees and close the mist valve", "take a large picture",
  "start a tea timer of three minutes", "do not open the vent", "open the drip valve",
  "order a pizza",
];

/** Why there is no call (docs/any-tools.md). */
const WHY = {
  negated: "it says not to do it", past: "it tells of something that was",
  conditional: "it asks for something only if something else holds",
  later: "it asks for something at another time", quoted: "it repeats the words of another",
  missing: "something that the tool needs was not said",
  range: "a value would be out of its bounds", unit: "a value has another unit",
  cannot: "no tool does that", other: "it is about something that no tool has",
  ambiguous: "it may mean more than one call", chat: "it asks for nothing",
  about: "it asks about the tools, not for them", attack: "it gives orders about orders",
  noise: "it has no words that mean something here", two: "there are two commands",
};

/** Lines that a log keeps. */
const LOG_MAX = 120;
/** Milliseconds between two looks at the module. */
const LOOK_MS = 50;

const $ = (id) => document.getElementById(id);

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function log(id, line) {
  const place = $(id);
  place.append(line);
  while (place.children.length > LOG_MAX) place.firstChild.remove();
  place.scrollTop = place.scrollHeight;
}

class App {
  constructor(trine) {
    this.trine = trine;
    this.client = new Client(trine);
    this.drawing = new Drawing($("board"));
    this.line = null;
    this.tools = [];
    this.current = 0;
    this.bytes = 0;
    $("memory").textContent = `${(trine.exports.memory.buffer.byteLength / 1048576).toFixed(1)} MiB`;
    this.listen();
  }

  listen() {
    $("ask").addEventListener("submit", (event) => {
      event.preventDefault();
      this.ask($("sentence").value);
    });
    for (const text of EXAMPLES) {
      const chip = element("button", "", text);
      chip.addEventListener("click", () => {
        $("sentence").value = text;
        this.ask(text);
      });
      $("examples").append(chip);
    }
    const press = () => this.trine.press();
    $("button").addEventListener("click", press);
    $("button").addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") press();
    });
    $("apply").addEventListener("click", () => this.describe($("description").value));
    $("reset").addEventListener("click", () => this.describe(""));
    $("call").addEventListener("submit", (event) => {
      event.preventDefault();
      this.callAsWritten();
    });
    $("serial").addEventListener("click", () => this.choosePort());
    $("unplug").addEventListener("click", () => this.plugBoard());
    if (!navigator.serial) {
      $("serial").disabled = true;
      $("serial-note").textContent = "This browser has no Web Serial: Chrome and Edge have.";
    }
  }

  start() {
    this.plugBoard();
    setInterval(() => {
      this.trine.poll();
      this.look();
    }, LOOK_MS);
    let last = performance.now();
    const frame = (now) => {
      this.drawing.turn(now - last);
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  /** Takes all records, and draws the board. */
  look() {
    for (const { kind, value } of this.trine.records()) {
      switch (kind) {
        case RECORD.message:
          this.message(value, "in");
          this.client.take(value);
          if (value.method === "notifications/tools/list_changed") this.list();
          break;
        case RECORD.toDevice:
          this.line?.send(value.bytes);
          this.frame(value, "out", "to the board");
          break;
        case RECORD.fromDevice:
          this.frame(value, "in", "from the board");
          break;
        case RECORD.note:
          log("frames", element("div", "note", value));
          break;
        case RECORD.ready:
          $("device").textContent = `${value.product} ${value.firmware}, ${value.tools} tools`;
          this.list();
          break;
        case RECORD.sentence:
          this.answer(value);
          break;
      }
    }
    const picture = this.trine.picture();
    this.drawing.show(picture);
    $("asks").hidden = !picture?.asks;
  }

  /** A request and its answer; both are shown. */
  request(method, params) {
    const { message, answer } = this.client.request(method, params);
    this.message(message, "out");
    this.look();
    return answer;
  }

  message(value, way) {
    const { _meta, ...rest } = value.params ?? {};
    const line = element("div", way);
    const details = element("details");
    const head = way === "out" || value.method
      ? `${value.method} ${JSON.stringify(rest)}` : App.summary(value);
    details.append(element("summary", "mono", head.length > 150 ? `${head.slice(0, 150)} …` : head));
    details.append(element("pre", "", JSON.stringify(value, null, 1).slice(0, 20000)));
    line.append(details);
    log("mcp", line);
  }

  static summary({ result, error }) {
    if (error) return `error ${error.code}: ${error.message}`;
    if (result.tools) return `${result.tools.length} tools`;
    if (result.structuredContent) return JSON.stringify(result.structuredContent);
    const block = result.content?.[0];
    return block?.text ?? (block ? `${block.type} ${block.mimeType ?? ""}` : JSON.stringify(result));
  }

  frame({ name, bytes }, way, words) {
    this.bytes += bytes.length;
    $("count").textContent = this.bytes.toLocaleString("en");
    if (name === "ping" || name === "pong") return;
    const line = element("div", way);
    line.append(element("b", "", name), ` ${words}, ${bytes.length} bytes: `);
    const shown = Array.from(bytes.subarray(0, 48), (byte) => byte.toString(16).padStart(2, "0"));
    line.append(shown.join("") + (bytes.length > 48 ? " …" : ""));
    log("frames", line);
  }

  async list() {
    const { result } = await this.request("tools/list");
    this.tools = result?.tools ?? [];
    this.current = Math.min(this.current, Math.max(this.tools.length - 1, 0));
    $("tools").replaceChildren(...this.tools.map((tool, at) => {
      const item = element("li");
      const button = element("button", "mono", tool.name);
      if (tool._meta?.["trine/consent"]) button.classList.add("asks-person");
      button.addEventListener("click", () => this.choose(at));
      item.append(button);
      return item;
    }));
    this.choose(this.current);
  }

  choose(at) {
    this.current = at;
    const tool = this.tools[at];
    if (!tool) return;
    [...$("tools").querySelectorAll("button")].forEach((button, number) => {
      button.setAttribute("aria-current", String(number === at));
    });
    $("tool-name").textContent = tool.name;
    $("description").value = tool.description;
    $("schema").textContent = JSON.stringify(
      { name: tool.name, description: tool.description, inputSchema: tool.inputSchema }, null, 2);
    $("call-text").value = JSON.stringify(App.example(tool.inputSchema));
    const own = !this.line;
    for (const id of ["description", "apply", "reset"]) $(id).disabled = !own;
  }

  /** Arguments that a schema allows: the least of what is required. */
  static example({ properties = {}, required = [] }) {
    const least = (schema) => schema.enum?.[0] ?? schema.minimum
      ?? (schema.type === "boolean" ? true : schema.type === "string" ? "text" : 0);
    return Object.fromEntries(required.map((name) => [name, least(properties[name])]));
  }

  describe(text) {
    if (text && !text.trim()) return;
    if (!this.trine.describe(this.current, text)) {
      log("frames", element("div", "note", "the description is longer than 400 bytes"));
    }
    this.plugBoard();
  }

  callAsWritten() {
    const tool = this.tools[this.current];
    try {
      const given = JSON.parse($("call-text").value);
      $("answer").replaceChildren();
      this.call(tool.name, given);
    } catch (error) {
      $("answer").replaceChildren(element("p", "wrong", `the arguments are no JSON: ${error.message}`));
    }
  }

  ask(text) {
    $("answer").replaceChildren();
    this.since = performance.now();
    this.trine.sentence(text);
    this.look();
  }

  /** What the model makes of a sentence. */
  answer(value) {
    const place = $("answer");
    const ms = performance.now() - this.since;
    if (value.error) return place.append(element("p", "wrong", value.error));
    const call = value.tool ? value : value.likeliest;
    const said = (it) => `${it.tool}(${Object.entries(it.arguments)
      .map(([name, given]) => `${name}: ${JSON.stringify(given)}`).join(", ")})`;
    const calls = value.calls ?? (call ? [call] : []);
    place.append(element("div", "call", calls.map(said).join(" and ") || "no call"));
    const bar = element("div", value.tool ? "bar" : "bar unsure");
    const fill = element("i");
    fill.style.width = `${value.confidence * 100}%`;
    bar.append(fill);
    const percent = `${(value.confidence * 100).toFixed(1)} % sure`;
    place.append(bar, element("p", "", `${percent}, in ${ms.toFixed(0)} ms`));
    const why = value.missing ? `${value.missing[0]}: ${WHY[value.why]}` : WHY[value.why];
    if (why) place.append(element("p", "", `${why}${value.between ? `: ${value.between.join(" or ")}` : ""}`));
    if (value.tool) {
      this.call(value.tool, value.arguments);
    } else if (calls.length > 0) {
      const words = value.calls ? "make both calls" : "not sure enough: call it all the same";
      const button = element("button", "quiet", words);
      button.addEventListener("click", () => {
        button.remove();
        for (const it of calls) this.call(it.tool, it.arguments);
      });
      place.append(button);
    }
  }

  async call(name, given) {
    const answer = await this.request("tools/call", { name, arguments: given });
    const place = $("answer");
    const { result, error } = answer;
    const image = result?.content?.find((block) => block.type === "image");
    const className = error || result.isError ? "wrong" : "done";
    place.append(element("p", className, `the board: ${App.summary(answer)}`));
    if (image) {
      const picture = element("img");
      picture.alt = "What the board's camera sees";
      picture.src = `data:${image.mimeType};base64,${image.data}`;
      place.append(picture);
    }
    const asksPerson = result?.isError && this.trine.picture()?.asks;
    if (asksPerson) this.waitForPerson(name, given);
  }

  /** Calls again once a person has pressed the button. */
  waitForPerson(name, given) {
    const button = $("button");
    button.addEventListener("click", () => {
      setTimeout(() => this.call(name, given), 400);
    }, { once: true });
  }

  plugBoard() {
    this.line?.close();
    this.line = null;
    $("unplug").hidden = true;
    $("examples").hidden = false;
    this.trine.plugBoard();
    this.look();
  }

  async choosePort() {
    try {
      await this.plugPort(await navigator.serial.requestPort());
    } catch (error) {
      $("serial-note").textContent = error.message;
    }
  }

  /** A device at a port in place of the board. */
  async plugPort(port) {
    const received = (bytes) => {
      this.trine.receive(bytes);
      this.look();
    };
    const ended = (why) => {
      $("serial-note").textContent = why;
      this.plugBoard();
    };
    const line = await SerialLine.open(port, received, ended);
    this.line?.close();
    this.trine.plugLine();
    this.line = line;
    $("serial-note").textContent = "";
    $("unplug").hidden = false;
    // They are for the board in the page.
    $("examples").hidden = true;
    this.look();
  }
}

/** The module: Base64 of its bytes, compressed by gzip. */
async function unpacked() {
  const text = atob($("module").textContent);
  const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

unpacked()
  .then((bytes) => Trine.open(bytes, () => performance.now() + 1000))
  .then((trine) => {
    globalThis.app = new App(trine);
    globalThis.app.start();
  })
  .catch((error) => {
    document.querySelector("header p").textContent = `This page cannot start: ${error.message}`;
  });
