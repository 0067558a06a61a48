#!/bin/sh
# A package's README in a fresh Debian that has a C compiler, make, pkg-config and CMake, no Rust and
# no Python, and of Trine the archive alone.
#
#     debian.sh PACKAGE.tar.gz FOLDER
#
# `cargo xtask soak package` runs it as root in the root folder. FOLDER keeps the Debian.
set -eu
package=$1 debian=$2/debian
if ! command -v debootstrap >/dev/null; then
  echo "debootstrap is not there: apt-get install debootstrap" >&2
  exit 1
fi
if [ ! -e "$debian/complete" ]; then
  rm -rf "$debian"
  debootstrap --variant=minbase --include=gcc,libc6-dev,make,pkg-config,cmake bookworm "$debian"
  touch "$debian/complete"
fi
for program in cargo rustc python3; do
  if chroot "$debian" sh -c "command -v $program"; then
    echo "this Debian has $program" >&2
    exit 1
  fi
done
rm -rf "$debian/home/user"
mkdir -p "$debian/home/user"
cp "$package" tests/c/dist/readme.sh "$debian/home/user/"
chown -R 65534 "$debian/home/user"
# A Debian this small has no Meson, which is a program in Python.
env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/home/user SECONDS_MOST=60 \
  chroot --userspec=65534:65534 "$debian" \
  sh /home/user/readme.sh "/home/user/$(basename "$package")" /home/user/work meson
