// Runs a program for WASI, as a test of Rust is one: node wasi.js PROGRAM.wasm [ARGUMENT]...
"use strict";

const fs = require("node:fs");
const { WASI } = require("node:wasi");

/** ENOSYS of WASI. */
const MISSING = 52;

async function main([file, ...rest]) {
  const wasi = new WASI({ version: "preview1", args: [file, ...rest], env: process.env });
  const module = await WebAssembly.compile(fs.readFileSync(file));
  // An older C library lacks threads; whoever asks for one gets an error.
  const env = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    if (from === "env") env[name] = () => MISSING;
  }
  const instance = await WebAssembly.instantiate(module, { ...wasi.getImportObject(), env });
  process.exitCode = wasi.start(instance);
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
