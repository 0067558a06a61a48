#!/bin/sh
# What an MCP client does to have a text written, by hand: explain.sh [MODEL.gguf]. Without a model
# a tiny one is made, which writes nonsense. TRINE is the program, if it is not on the path.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
trine=${TRINE:-trine}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ $# -gt 0 ]; then
    folder=$(dirname "$1")
    name=$(basename "$1")
else
    folder=$work
    name=tiny.gguf
    "$trine" model make --tiny -o "$work/$name" >&2
fi
sed "s|MODEL|$name|" "$here/explain.jsonl" | "$trine" serve --models "$folder"
