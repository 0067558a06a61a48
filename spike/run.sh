#!/bin/sh
# Runs the spike in process and against the emulated board, and prints the firmware's size.
set -eu
cd "$(dirname "$0")"
(cd core && cargo run -q --example host)
(cd fw && env PATH=/usr/bin:"$PATH" RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 /usr/bin/cargo build -q --release)
elf=fw/target/thumbv7em-none-eabihf/release/spike-fw
arm-none-eabi-size "$elf"
sock=$(mktemp -u)
qemu-system-arm -M mps2-an386 -display none -monitor none \
  -chardev socket,id=c0,path="$sock",server=on,wait=on -serial chardev:c0 -kernel "$elf" 2>/dev/null &
trap 'kill $!' EXIT
while [ ! -S "$sock" ]; do sleep 0.1; done
(cd core && cargo run -q --example host -- "$sock")
