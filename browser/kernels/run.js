// Products in two modules, one with vectors and one without: node run.js PLAIN.wasm VECTORS.wasm ROUNDS
// Prints JSON. Without rounds it only compares what comes out.
"use strict";

const fs = require("node:fs");

/** Names of the products, with how often each runs in a round. */
const CASES = [
  ["decode, Panel2Bit", 4], ["decode, PanelBase3", 4], ["decode, I2S", 4],
  ["prompt of 128, Panel2Bit", 1], ["prompt of 128, PanelBase3", 1], ["prompt of 128, I2S", 1],
  ["head of Q6_K", 4], ["scores with keys of int8", 40], ["sums of values of int8", 40],
];

async function open(file) {
  const { instance } = await WebAssembly.instantiate(fs.readFileSync(file), {});
  if (!instance.exports.kernels_prepare()) throw new Error(`${file} does not prepare`);
  return instance.exports;
}

function timed(module, at, times) {
  const since = process.hrtime.bigint();
  if (!module.kernels_run(at, times)) throw new Error(`no product ${at}`);
  return Number(process.hrtime.bigint() - since) / times;
}

const median = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1];

async function main([plainFile, vectorsFile, rounds]) {
  const [plain, vectors] = [await open(plainFile), await open(vectorsFile)];
  if (plain.kernels_has_vectors() || !vectors.kernels_has_vectors()) throw new Error("other modules");
  if (plain.kernels_cases() !== CASES.length) throw new Error("other products");
  const found = CASES.map(([name, times], at) => {
    timed(plain, at, 1);
    timed(vectors, at, 1);
    const same = plain.kernels_check() === vectors.kernels_check();
    const pairs = [];
    for (let round = 0; round < Number(rounds); round++) {
      pairs.push([timed(plain, at, times), timed(vectors, at, times)]);
    }
    const ns = [0, 1].map((which) => median(pairs.map((pair) => pair[which])) ?? 0);
    return { name, same, plain_ns: ns[0], vectors_ns: ns[1], ratio: median(pairs.map(([a, b]) => a / b)) ?? 0 };
  });
  console.log(JSON.stringify(found));
  if (found.some(({ same }) => !same)) throw new Error("a product differs");
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
