#!/bin/sh
# Links programs for a Cortex-M4 with archives that do not fit, which the linker has to refuse:
#
#     mixed.sh FOLDER HARD SOFT OTHER
#
# HARD passes floats in registers of the FPU, SOFT does not, and OTHER is for another processor. The
# leg `dist` runs it in the root folder.
set -eu
out=$1 hard=$2 soft=$3 other=$4
gcc="arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb -std=c99 -Iinclude -c"
cat >"$out/mixed.c" <<'END'
#include <trine.h>
float scaled(float by);
float scaled(float by) { return by * (float)trine_version_number(); }
void trine_test(void);
void trine_test(void) { (void)scaled(2.0f); }
END
$gcc -mfpu=fpv4-sp-d16 -mfloat-abi=hard "$out/mixed.c" -o "$out/hard.o"
$gcc -mfloat-abi=soft "$out/mixed.c" -o "$out/soft.o"

# link PROGRAM LIBRARY, without what the program itself takes from its C library
link() {
  arm-none-eabi-ld -z noexecstack --unresolved-symbols=ignore-all -e trine_test "$1" "$2" -o "$out/mixed" 2>&1
}

# refused PROGRAM LIBRARY WORDS
refused() {
  if said=$(link "$1" "$2"); then
    echo "$1 is linked with $2" >&2
    exit 1
  fi
  case $said in
  *"$3"*) ;;
  *)
    echo "$1 with $2: $said" >&2
    exit 1
    ;;
  esac
}
link "$out/hard.o" "$hard"
link "$out/soft.o" "$soft"
refused "$out/hard.o" "$soft" "$out/mixed uses VFP register arguments, $soft(trine.o) does not"
refused "$out/soft.o" "$hard" "$hard(trine.o) uses VFP register arguments, $out/mixed does not"
refused "$out/soft.o" "$other" "$other: error adding symbols: file in wrong format"
echo "the linker refuses archives with the other way to pass floats, and of another processor"
