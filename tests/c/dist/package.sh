#!/bin/sh
# The package as users' build systems find it, from wherever it was unpacked: pkg-config and CMake
# build the quick start's program with it, and it answers what is recorded.
#
#     package.sh PACKAGE.tar.gz VERSION FOLDER
#
# The leg `dist` runs it in the root folder.
set -eu
# A space in the name shows what takes flags apart wrongly.
folder="$3/build systems"
rm -rf "$folder"
mkdir -p "$folder"
tar -xzf "$1" -C "$folder"
root=$folder/$(basename "$1" .tar.gz)
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
echo "pkg-config and CMake find the package, and the quick start's program works"
