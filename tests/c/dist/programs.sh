#!/bin/sh
# Tries libtrine as a user's program would:
#
#     programs.sh FOLDER LIBRARY SHARED PANICKING
#
# LIBRARY and SHARED are those that are shipped, PANICKING is made to panic, and FOLDER takes what
# is built. The leg `dist` runs it in the root folder.
set -eu
out=$1 library=$2 shared=$(dirname "$3") panicking=$4
mkdir -p "$out"

# C compilers of 64 bits and of 32 see the sizes and offsets that a crate has; CRATE HEADER LEAST.
layout() {
  source=$out/$2.c
  awk -v header="$2" -f tests/c/dist/layout.awk "ffi/$1/src/layout.rs" >"$source"
  rows=$(grep -c _Static_assert "$source")
  if [ "$rows" -lt "$3" ]; then
    echo "ffi/$1/src/layout.rs has $rows rows: their form has changed" >&2
    exit 1
  fi
  for compiler in cc "arm-none-eabi-gcc -mcpu=cortex-m0 -mthumb" \
    "riscv64-unknown-elf-gcc -march=rv32imac -mabi=ilp32 -ffreestanding"; do
    $compiler -std=c11 -Iinclude -I"$out" -fsyntax-only "$source"
  done
  echo "$2: $rows sizes and offsets are what C compilers see"
}
printf '#include <trine_%s.h>\n' mcp run runtime sentences >"$out/all.h"
layout api all.h 95
layout model trine_model.h 58
printf '#include "%s"\n' trine_host.h trine_hub.h >"$out/host.h"
layout host host.h 28

# compile SOURCE PROGRAM LIBRARY...
compile() {
  source=tests/c/dist/$1 program=$out/$2
  shift 2
  cc -std=c99 -Wall -Wextra -Wpedantic -Werror -Iinclude -o "$program" "$source" "$@"
}

# With another static library of Rust, the standard library in it.
rustc --crate-type staticlib --edition 2024 -Copt-level=1 -o "$out/libother.a" tests/c/dist/other.rs
compile smoke.c beside -DWITH_OTHER "$library" "$out/libother.a" -lpthread -ldl -lm
"$out/beside"
compile smoke.c shared -L "$shared" -ltrine
LD_LIBRARY_PATH=$shared "$out/shared"
# A library that panics tells the program, and the program ends there.
compile panics.c panics "$panicking"
place=$("$out/panics")
echo "a forced panic is told to trine_on_panic: $place"
