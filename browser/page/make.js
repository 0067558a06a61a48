// Makes one file of the page: node make.js MODULE.wasm PAGE.html
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const zlib = require("node:zlib");

const [module_, page] = process.argv.slice(2);
const read = (name) => fs.readFileSync(path.join(__dirname, name), "utf8");
const packed = zlib.gzipSync(fs.readFileSync(module_), { level: 9 }).toString("base64");

/** Puts a text in the place of another, which has to be there once. */
function put(html, what, text) {
  const parts = html.split(what);
  if (parts.length !== 2) throw new Error(`index.html has ${what} ${parts.length - 1} times`);
  return parts.join(text);
}

let html = read("index.html");
html = put(html, '<link rel="stylesheet" href="style.css">', `<style>\n${read("style.css")}</style>`);
for (const name of ["trine.js", "board.js", "serial.js", "app.js"]) {
  html = put(html, `<script src="${name}"></script>`, `<script>\n${read(name)}</script>`);
}
html = put(html, ">MODULE<", `>${packed}<`);
fs.mkdirSync(path.dirname(page), { recursive: true });
fs.writeFileSync(page, html);
