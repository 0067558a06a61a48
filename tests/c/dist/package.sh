#!/bin/sh
# The package as users' build systems find it, from wherever it was unpacked, and what its README
# says, to the letter: the quick start's program is built with it, and answers what is recorded.
#
#     package.sh PACKAGE.tar.gz VERSION FOLDER
#
# The leg `dist` runs it in the root folder.
set -eu
# A space in the name shows what takes flags apart wrongly.
folder="$3/build systems"
rm -rf "$folder"
# make, pkg-config, CMake's find_package and FetchContent, Meson, and the program itself.
sh tests/c/dist/readme.sh "$1" "$folder"
root=$folder/$(basename "$1" .tar.gz)
(cd "$root" && sha256sum --quiet -c SHA256SUMS)
export PKG_CONFIG_PATH="$root/lib/pkgconfig" LD_LIBRARY_PATH="$root/lib"

fail() {
  echo "$*" >&2
  exit 1
}

# by_flags LIBRARY SOURCE PROGRAM, as a Makefile would: the shell takes the flags apart.
by_flags() {
  flags=$(pkg-config --cflags --libs "$1")
  eval "cc -std=c99 \"\$2\" -o \"\$3\" $flags"
}

# answers PROGRAM: it says what is recorded of the quick start's.
answers() {
  "$1" <host-example/expected/hello.in >"$folder/said" || fail "$1 fails"
  diff host-example/expected/hello.out "$folder/said" || fail "$1 answers something else"
}

# configure PROJECT BUILD [OPTION]...
configure() {
  project=$1 build=$2
  shift 2
  cmake -S "$project" -B "$build" "-DCMAKE_PREFIX_PATH=$root" "$@"
}

# alone LIBRARY CALL: a program that makes one call.
alone() {
  printf '#include <%s.h>\nint main(void) { return %s == 0; }\n' "$1" "$2" >"$folder/$1.c"
  by_flags "$1" "$folder/$1.c" "$folder/$1"
  "$folder/$1" || fail "$1 does not answer $2"
}

version=$(pkg-config --modversion trine)
[ "$version" = "$2" ] || fail "trine.pc says version $version"
by_flags trine host-example/c/hello.c "$folder/by-flags"
answers "$folder/by-flags"
by_flags trine_small host-example/c/hello.c "$folder/small"
answers "$folder/small"
# The small library has what serves a gateway where a program takes bytes of one.
by_flags trine_small tests/c/dist/linked.c "$folder/linked"
"$folder/linked" "$folder/linked.socket" &
until [ -S "$folder/linked.socket" ]; do
  kill -0 $! || fail "$folder/linked has ended"
  sleep 0.1
done
said=$("$root/bin/trine" call halver halve '{"number": 42}' --unix "$folder/linked.socket")
case $said in
*21*) wait $! ;;
*) fail "the small library answers a gateway $said" ;;
esac
alone trine 'trine_deinit(NULL)'
alone trine_model 'trine_ask_open(NULL, 0u, NULL, NULL, NULL)'
alone trine_host 'trine_host_model_open(NULL, NULL, NULL, NULL)'

# What CMake builds finds its libraries by itself.
unset LD_LIBRARY_PATH
for library in trine small shared; do
  build="$folder/cmake-$library"
  configure host-example/c "$build" "-DTRINE_LIBRARY=Trine::$library"
  cmake --build "$build"
  answers "$build/hello"
done

# A project that asks for a newer library than there is does not get this one.
mkdir "$folder/newer"
cat >"$folder/newer/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.13)
project(newer C)
find_package(Trine 99 REQUIRED)
END
if said=$(configure "$folder/newer" "$folder/newer/build" 2>&1); then
  fail "a package of version 99 is found"
fi
case $said in
*"not accepted"*) ;;
*) fail "$said" ;;
esac

# Contents: what the program wrote of itself, and the licence of each crate in the bill.
for file in share/man/man1/trine.1 share/man/man1/trine-gateway.1 share/doc/trine/c-abi.md \
  share/bash-completion/completions/trine share/zsh/site-functions/_trine \
  share/fish/vendor_completions.d/trine.fish share/licenses/trine/THIRD-PARTY.txt LICENSE-MIT; do
  [ -s "$root/$file" ] || fail "the package has no $file"
done
bash -n "$root/share/bash-completion/completions/trine"
sed -n 's/^ *"purl": "pkg:cargo\/\(.*\)@\(.*\)",*$/\1 \2: /p' "$root/sbom.cdx.json" |
  grep -v '^trine' >"$folder/crates"
[ "$(wc -l <"$folder/crates")" -gt 50 ] || fail "the bill of materials lists few crates"
while read -r crate; do
  grep -qF "$crate" "$root/share/licenses/trine/THIRD-PARTY.txt" || fail "no licence of $crate"
done <"$folder/crates"

# Ways to link, each with the static library and with the shared one.
for flags in -flto -Wl,-z,now -pie -no-pie -static "-ffunction-sections -Wl,--gc-sections"; do
  # shellcheck disable=SC2086
  cc -std=c99 -O2 $flags "-I$root/include" host-example/c/hello.c "$root/lib/libtrine.a" \
    -o "$folder/way" || fail "cc $flags cannot link libtrine.a"
  answers "$folder/way"
  [ "$flags" = -static ] && continue
  # shellcheck disable=SC2086
  cc -std=c99 -O2 $flags "-I$root/include" host-example/c/hello.c "-L$root/lib" -ltrine \
    "-Wl,-rpath,$root/lib" -o "$folder/way" || fail "cc $flags cannot link libtrine.so"
  answers "$folder/way"
done

# With another library of Rust, and with the models, in one program.
rustc --crate-type staticlib --edition 2024 -Copt-level=1 -o "$folder/libother.a" \
  tests/c/dist/other.rs
printf '%s\n' '#include <trine.h>' '#include <trine_model.h>' 'int other_add(int, int);' \
  'int main(void) { return trine_deinit(NULL) == 0 || other_add(2, 3) != 5 ||' \
  '  trine_ask_open(NULL, 0u, NULL, NULL, NULL) == 0; }' >"$folder/three.c"
cc -std=c99 "-I$root/include" "$folder/three.c" "$folder/libother.a" "$root/lib/libtrine.a" \
  "$root/lib/libtrine_model.a" -lpthread -ldl -lm -o "$folder/three"
"$folder/three" || fail "three libraries of Rust do not get along"

# Nothing wants a newer processor than the first ones of 64 bits: kernels are chosen at run time.
if [ "$(uname -m)" = x86_64 ]; then
  first="qemu-x86_64 -cpu qemu64"
  for program in small by-flags; do
    LD_LIBRARY_PATH="$root/lib" $first "$folder/$program" <host-example/expected/hello.in >"$folder/said" ||
      fail "$program fails on the first processors of 64 bits"
    diff host-example/expected/hello.out "$folder/said" || fail "$program answers something else there"
  done
  trine=$root/bin/trine
  "$trine" model make --tiny -o "$folder/tiny.gguf"
  # same ARGUMENT...: the program writes there what it writes here.
  same() {
    here=$("$trine" "$@" 2>/dev/null)
    there=$($first "$trine" "$@" 2>/dev/null)
    [ -n "$here" ] && [ "$here" = "$there" ] || fail "trine $1: $there there, and $here here"
  }
  same ask "set the fan to 40 percent"
  same generate Hello --tokens 8 --model "$folder/tiny.gguf"
fi

# A header of another version than the library: it works, or says why not.
mkdir -p "$folder/old" "$folder/new" "$folder/other"
header=$root/include/trine.h
last='    const struct trine_table \*table;'
grep -q "^$last" "$header" || fail "trine_config has another last member: name it here"
awk -v last="^$last" '/^typedef struct trine_config/ { inside = 1 }
  !(inside && $0 ~ last) { print } /^} trine_config;/ { inside = 0 }' "$header" >"$folder/old/trine.h"
sed 's/^} trine_config;/    uint64_t future;\n} trine_config;/' "$header" >"$folder/new/trine.h"
sed 's/^#define TRINE_ABI_VERSION 1$/#define TRINE_ABI_VERSION 2/' "$header" >"$folder/other/trine.h"
# skew HEADER ANSWER [OPTION]...
skew() {
  headers=$folder/$1 wanted=$2
  shift 2
  cmp -s "$headers/trine.h" "$header" && fail "$headers has the library's own header"
  cc -std=c99 -Wall -Werror "$@" "-I$headers" tests/c/dist/skew.c "-L$root/lib" -ltrine \
    "-Wl,-rpath,$root/lib" -o "$folder/skew"
  said=$("$folder/skew") || fail "$said"
  [ "$said" = "$wanted" ] || fail "with the header $headers and $*: $said"
}
# No release had fewer members: what lacks one is refused. New members are taken where they are 0.
skew old "struct_size or abi_version is not known to this library"
skew new works -DFUTURE=0u
skew new "asks for what this library does not have" -DFUTURE=1u
skew other "struct_size or abi_version is not known to this library"

# Two versions in one process: the functions of the other one end the program, and everything can
# see them before a plug-in with this one is loaded.
nm -D --defined-only "$root/lib/libtrine.so" | sed -n 's/.* T \(trine_[a-z_0-9]*\).*/\1/p' |
  awk 'BEGIN { print "void abort(void);" } { print "void " $1 "(void) { abort(); }" }' \
    >"$folder/other.c"
grep -q trine_init "$folder/other.c" || fail "libtrine.so shows no trine_init"
echo 'TRINE_9 { global: trine_*; local: *; };' >"$folder/other.map"
cc -shared -fPIC -w -Wl,-soname,libtrine.so.9 "-Wl,--version-script=$folder/other.map" \
  "$folder/other.c" -o "$folder/libtrine.so.9"
cc -shared -fPIC -std=c99 -Dmain=run "-I$root/include" tests/c/dist/skew.c "-L$root/lib" -ltrine \
  "-Wl,-rpath,$root/lib" -o "$folder/plugin.so"
cc -std=c99 -Wall -Werror -D_GNU_SOURCE tests/c/dist/two.c -ldl -o "$folder/two"
said=$("$folder/two" "$folder/libtrine.so.9" "$folder/plugin.so") || fail "two versions mix: $said"
[ "$said" = works ] || fail "with two versions: $said"
echo "build systems find the package, its README holds, and the quick start's program works"
