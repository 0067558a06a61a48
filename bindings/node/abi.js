// The functions of trine_hub.h and trine_client.h, declared for koffi by trine_abi.json: not one of them by hand.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const koffi = require("koffi");

/** The description: that of the package, or of the checkout that this file is in. */
function description() {
  const places = [path.join(__dirname, "trine_abi.json"), path.join(__dirname, "../trine_abi.json")];
  const place = places.find((it) => fs.existsSync(it));
  if (!place) throw new Error("trine_abi.json is neither in the package nor in a checkout");
  return JSON.parse(fs.readFileSync(place, "utf8"));
}

const abi = description();

/** The library: TRINE_LIBRARY, the one in the package, or what the system finds by its name. */
function place() {
  if (process.env.TRINE_LIBRARY) return process.env.TRINE_LIBRARY;
  const name = { win32: "trine_host.dll", darwin: "libtrine_host.dylib" }[process.platform]
    ?? "libtrine_host.so";
  const own = path.join(__dirname, name);
  return fs.existsSync(own) ? own : name;
}

function load() {
  const at = place();
  try {
    return koffi.load(at);
  } catch (error) {
    throw new Error(`the library ${at} cannot be loaded (${error.message}): build it by ` +
      "`cargo rustc --release -p trine-c-host --crate-type cdylib`, and set TRINE_LIBRARY to it");
  }
}

const library = load();
koffi.alias("trine_status", "int32_t");
// What the functions of plug-ins are is another header's.
koffi.alias("trine_plugin_entry_function", "void *");
for (const name of abi.opaque) koffi.opaque(name);
for (const [name, members] of Object.entries(abi.structs)) {
  koffi.struct(name, Object.fromEntries(members));
}

/** Texts that a function gives and the caller frees; they are not strings, whose pointer is lost. */
const isText = (type) => type === "char **";
const isOut = (type) => /^(?!const )\w+ \*\*?$/.test(type) && !/^(void|char) \*$/.test(type)
  && !abi.opaque.some((name) => type === `${name} *`);

/** A parameter as koffi has it. */
function parameter([name, type]) {
  if (abi.callbacks[type]) return `${type} *${name}`;
  if (isText(type)) return `_Out_ void **${name}`;
  // What has a size tells it, so it goes in as well.
  return isOut(type) ? `_Inout_ ${type} ${name}` : `${type === "char *" ? "void *" : type} ${name}`;
}

const prototype = (name, { returns, parameters }) =>
  `${returns} ${name}(${parameters.map(parameter).join(", ")})`;

for (const [name, callback] of Object.entries(abi.callbacks)) {
  koffi.proto(prototype(name, callback));
}
const lib = {};
for (const [name, declared] of Object.entries(abi.functions)) {
  lib[name] = library.func(prototype(name, declared));
}

/** A function that C may call from any of its threads. */
function callback(type, run) {
  return koffi.register(run, koffi.pointer(type));
}

/** The text behind a pointer that a function gave, which is freed. */
function take([pointer]) {
  const text = koffi.decode(pointer, "char", -1);
  lib.trine_hub_free(pointer);
  return text;
}

module.exports = {
  abi, callback, lib, release: koffi.unregister, sizeOf: koffi.sizeof, take,
};
