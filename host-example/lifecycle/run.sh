#!/bin/sh
# The life of a tool, by the commands that a developer types: made, built, loaded into a server that
# runs, called, replaced by its next version under load and rolled back. Its ledger is counted at the
# end. A C compiler and make are needed.
# run.sh [CALLS] [CALLS A SECOND]; TRINE is the program, if it is not on the path.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
trine=${TRINE:-trine}
calls=${1:-10000}
rate=${2:-2000}
work=$(mktemp -d)
server=
end() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$work"
}
trap end EXIT
cd "$work"
export LEDGER="$work/ledger.txt" TRINE_PLUGIN_CONTROL="$work/orders"

"$trine" new tool ledger --lang c >/dev/null
cp "$here/ledger.c" ledger/ledger.c
build() {
    sed "s/#define VERSION .*/#define VERSION \"$1\"/" "$here/ledger.c" >ledger/ledger.c
    make --no-print-directory -s -C ledger
    cp ledger/libledger.so "ledger-$1.so"
}
build 1.0.0
build 1.1.0

"$trine" gateway --http 127.0.0.1:0 --plugin-control orders 2>log &
server=$!
until url=$(sed -n 's/.*MCP over HTTP: //p' log) && [ -n "$url" ]; do
    kill -0 "$server" 2>/dev/null || { cat log >&2; exit 1; }
    sleep 0.1
done
"$trine" plugin load ledger-1.0.0.so

"$trine" bench load "$url" --tool ledger --requests "$calls" --rate "$rate" --json >load.json &
load=$!
swaps=0
while kill -0 "$load" 2>/dev/null; do
    "$trine" plugin update ledger-1.1.0.so >/dev/null
    "$trine" plugin roll-back ledger >/dev/null
    swaps=$((swaps + 2))
    sleep 0.2
done
wait "$load" || { cat load.json log >&2; exit 1; }
"$trine" plugin health ledger
"$trine" plugin list

# `trine bench load` makes one call before those that it counts.
failed=$(sed -n 's/.*"failed": \([0-9]*\).*/\1/p' load.json)
noted=$(wc -l <ledger.txt)
new=$(grep -c 1.1.0 ledger.txt || true)
echo "$calls calls, $swaps swaps: $failed failed, $((noted - 1)) are in the ledger, $new by 1.1.0"
[ "$failed" -eq 0 ] && [ "$((noted - 1))" -eq "$calls" ] && [ "$new" -gt 0 ]
