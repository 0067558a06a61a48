#!/bin/sh
# The package of this computer, made twice: from two clones at other paths, by two users with homes
# and cargo folders of their own, in two time zones, with one job and with two. Both are equal to
# the byte.
#
#     reproducible.sh FOLDER
#
# `cargo xtask soak package` runs it as root in the root folder, on what is committed. FOLDER then
# has the package.
set -eu
mkdir -p "$1"
folder=$(cd "$1" && pwd)
sysroot=$(rustc --print sysroot)
registry=${CARGO_HOME:-$HOME/.cargo}/registry
rm -rf "$folder/one" "$folder/two"

# build PLACE JOBS ZONE UMASK COMPILER [COMMAND]...: clones, and makes the package under COMMAND.
build() {
  place=$1 jobs=$2 zone=$3 mask=$4 compiler=$5
  shift 5
  mkdir -p "$place/home/cargo/registry"
  git clone --quiet --no-hardlinks . "$place/trine"
  # Archives of crates, so that they are not loaded again; nothing that was made of them.
  cp -r "$registry/cache" "$registry/index" "$place/home/cargo/registry/"
  [ $# = 0 ] || chown -R nobody "$place"
  (
    umask "$mask"
    cd "$place/trine"
    "$@" env -i HOME="$place/home" CARGO_HOME="$place/home/cargo" \
      PATH="$compiler/bin:/usr/local/bin:/usr/bin:/bin" TZ="$zone" CARGO_BUILD_JOBS="$jobs" \
      CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0 cargo xtask dist package
  )
}

build "$folder/one" 2 UTC 022 "$sysroot"
cp "$folder"/one/trine/target/dist/trine-*.tar.gz "$folder/"
# Room for the second one.
rm -rf "$folder/one"
# Another user, who sees the compiler at another place: that of root is closed to it, and a linker
# that cannot be opened is replaced by another one without a word.
mkdir -p "$folder/compiler"
build "$folder/two/with a longer name" 1 Asia/Tokyo 077 "$folder/compiler" \
  unshare -m sh -c 'mount --bind "$0" "$1" && shift &&
    exec setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"' "$sysroot" "$folder/compiler"
for package in "$folder"/trine-*.tar.gz; do
  other="$folder/two/with a longer name/trine/target/dist/$(basename "$package")"
  if ! cmp "$package" "$other"; then
    mkdir -p "$folder/differs/one" "$folder/differs/two"
    tar -xzf "$package" -C "$folder/differs/one"
    tar -xzf "$other" -C "$folder/differs/two"
    diff -rq "$folder/differs/one" "$folder/differs/two" >&2 || :
    exit 1
  fi
  echo "twice the same: $(sha256sum "$package" | cut -c1-16) $(basename "$package")"
done
rm -rf "$folder/two"
