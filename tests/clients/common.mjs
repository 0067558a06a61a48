// What the three JavaScript clients share: options, the plan, and the checks of what comes back.

import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { inflateSync } from "node:zlib";
import Ajv2020 from "ajv/dist/2020.js";

const HERE = new URL(".", import.meta.url);
const BOARD = new URL("../../firmware-example/board/", HERE);

export const CALL_MS = 60_000;
const SCRIPT_MS = 600_000;

const readJson = (name, base) => JSON.parse(readFileSync(new URL(name, base), "utf8"));

export const plan = readJson("plan.json", HERE);
export const boardTools = ["tools.json", "camera.json"].flatMap(
  (name) => readJson(name, BOARD).tools,
);

/**
 * Splits `[ERA] [--prefix P] -- SERVER CMD…|URL`; starts the clock of the whole script. `url` is
 * there for a server that is reached over HTTP.
 */
export function options(eras) {
  const argv = process.argv.slice(2);
  const dash = argv.indexOf("--");
  const own = dash < 0 ? argv : argv.slice(0, dash);
  const server = dash < 0 ? [] : argv.slice(dash + 1);
  const at = own.indexOf("--prefix");
  const prefix = at < 0 ? "" : own.splice(at, 2)[1];
  const era = own[0] ?? eras[0];
  if (!eras.includes(era) || server.length === 0 || prefix === undefined || own.length > 1) {
    console.error(`usage: SCRIPT ${eras.join("|")} [--prefix NAME_] -- SERVER COMMAND…|URL`);
    process.exit(2);
  }
  setTimeout(() => {
    console.log(`FAIL the script is not done after ${SCRIPT_MS / 1000} s`);
    process.exit(1);
  }, SCRIPT_MS).unref();
  const [command, ...args] = server;
  const url = command.startsWith("http://") && args.length === 0 ? new URL(command) : undefined;
  return { era, prefix, command, args, url };
}

/** Counts and prints checks. */
export class Report {
  passed = 0;
  failed = 0;

  check(what, fine, seen) {
    fine ? this.passed++ : this.failed++;
    const tail = fine || seen === undefined ? "" : `: ${JSON.stringify(seen)}`;
    console.log(`${fine ? "ok  " : "FAIL"} ${what}${tail}`);
    return fine;
  }

  /** Prints the sum and ends the process. */
  end() {
    console.log(`${this.passed} checks passed, ${this.failed} failed`);
    process.exit(this.failed === 0 && this.passed > 0 ? 0 : 1);
  }
}

/** The listing, compared with the board's files as JSON values. */
export function checkListing(report, prefix, listed) {
  const names = boardTools.map((tool) => prefix + tool.name);
  report.check(
    `list: ${names.length} tools, in the order of the board`,
    isDeepStrictEqual(listed.map((tool) => tool.name), names),
    listed.map((tool) => tool.name),
  );
  for (const tool of boardTools) {
    const wanted = { ...tool, name: prefix + tool.name };
    const found = listed.find((other) => other.name === wanted.name);
    // Values that a client library adds as `undefined` are not on the wire.
    const plain = found && JSON.parse(JSON.stringify(found));
    report.check(`list: ${wanted.name} equals its file`, isDeepStrictEqual(plain, wanted), plain);
  }
}

/** Whether the text names a word, or one of several; numbers count only as they are. */
export function names(text, word) {
  if (word.includes("|")) return word.split("|").some((one) => names(text, one));
  if (!/^[\d.]+$/.test(word)) return text.includes(word);
  return new RegExp(`(^|[^\\d.])${word.replace(".", "\\.")}(?!\\d|\\.\\d)`).test(text);
}

export const textOf = (result) =>
  (result?.content ?? []).filter((block) => block.type === "text").map((b) => b.text).join("\n");

/** A call that must end in an error result whose text names each word. */
export function checkError(report, call, result) {
  const text = textOf(result);
  const missing = call.says.filter((word) => !names(text, word));
  const fine = result?.isError === true && missing.length === 0;
  const says = call.says.join(", ");
  report.check(`${call.tool}: ${call.what} is refused, saying ${says}`, fine, result);
}

const ajv = new Ajv2020({ strict: false });
const outputs = new Map(
  boardTools
    .filter((tool) => tool.outputSchema)
    .map((tool) => [tool.name, ajv.compile(tool.outputSchema)]),
);

/** A call that must succeed: schema, values, and the text copy of the structure. */
export function checkGood(report, call, result) {
  const label = `${call.tool} ${JSON.stringify(call.arguments)}`;
  if (result?.isError) {
    report.check(`${label} succeeds`, false, result);
  } else if (call.image) {
    checkImage(report, label, call.image, result);
  } else {
    const value = result?.structuredContent;
    const validate = outputs.get(call.tool);
    report.check(`${label}: the result fits the output schema`, validate(value), validate.errors);
    const part = Object.fromEntries(Object.keys(call.gives).map((key) => [key, value?.[key]]));
    report.check(`${label}: the values are right`, isDeepStrictEqual(part, call.gives), value);
    let copy;
    try {
      copy = JSON.parse(textOf(result));
    } catch {
      copy = textOf(result);
    }
    report.check(`${label}: the text is the same value`, isDeepStrictEqual(copy, value), copy);
  }
}

function checkImage(report, label, size, result) {
  const block = result.content?.find((entry) => entry.type === "image");
  const png = Buffer.from(block?.data ?? "", "base64");
  let seen = "no image block";
  try {
    seen = block?.mimeType === "image/png" ? pngSize(png) : block?.mimeType;
  } catch (error) {
    seen = String(error);
  }
  report.check(`${label}: a PNG of ${size.join(" x ")}`, isDeepStrictEqual(seen, size), seen);
  const canonical = png.toString("base64") === block?.data;
  report.check(`${label}: the base64 is canonical`, canonical);
}

/** Width and height of a PNG, after its checksums and its pixel data have been checked. */
function pngSize(png) {
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  if (!png.subarray(0, 8).equals(signature)) throw new Error("no PNG signature");
  const parts = [];
  let header;
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const kind = png.toString("latin1", at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + length);
    if (crc32(png.subarray(at + 4, at + 8 + length)) !== png.readUInt32BE(at + 8 + length)) {
      throw new Error(`bad checksum of ${kind}`);
    }
    if (kind === "IHDR") header = body;
    if (kind === "IDAT") parts.push(body);
    at += length + 12;
  }
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const channels = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[header[9]];
  const row = 1 + Math.ceil((width * channels * header[8]) / 8);
  if (inflateSync(Buffer.concat(parts)).length !== row * height) throw new Error("short pixels");
  return [width, height];
}

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc >>> 0;
}

/**
 * The whole plan through one connection. `call(name, arguments)` resolves to a result object and
 * rejects with an error that carries the JSON-RPC code.
 */
export async function runPlan(report, prefix, list, call) {
  checkListing(report, prefix, await list());
  const entered = async () =>
    (await call(`${prefix}board_status`, {})).structuredContent.calls_entered;
  // Reading the counter is itself a call, so what one reading adds is measured first.
  const [first, second] = [await entered(), await entered()];
  for (const bad of [...plan.bad, ...plan.refused]) {
    checkError(report, bad, await call(prefix + bad.tool, bad.arguments));
  }
  const third = await entered();
  report.check(
    "no refused call reached a tool's code (board_status.calls_entered)",
    third - second === second - first && second > first,
    [first, second, third],
  );
  let started;
  for (const good of plan.good) {
    const result = await call(prefix + good.tool, good.arguments);
    checkGood(report, good, result);
    if (good.tool === "timer_start") started = result.structuredContent;
    if (good.tool === "board_status") checkTimer(report, started, result.structuredContent);
  }
  const fourth = await entered();
  report.check("every good call reached its tool", fourth - third === plan.good.length + 1, [
    third,
    fourth,
  ]);
  await checkUnknown(report, prefix, call);
}

function checkTimer(report, started, status) {
  const timer = status?.timers?.find((entry) => entry.timer_id === started?.timer_id);
  const left = timer?.remaining_s;
  const fine = timer?.label === plan.timer.label && left > 0 && left <= plan.timer.seconds;
  report.check("board_status shows the timer that was started", fine, status?.timers);
}

async function checkUnknown(report, prefix, call) {
  const name = prefix + plan.unknown;
  try {
    const result = await call(name, {});
    report.check(`unknown tool ${name}: error -32602`, false, result);
  } catch (error) {
    report.check(`unknown tool ${name}: error -32602`, error.code === -32602, String(error));
  }
}
