#!/bin/sh
# Runs all legs in three copies of the checkout, side by side: each then has a busy machine, and
# others that use the same caches. What the checkout has built is copied with it.
#
#     flaky.sh FOLDER        the copies and their logs go there, beside the checkout: below it, a
#                            copy mounted over the checkout would hide them
set -eu
root=$PWD folder=$1
# Who is not root may mount where no other program sees it.
[ "$(id -u)" = 0 ] && map= || map=--map-root-user
rm -rf "$folder"
mkdir "$folder"
for copy in 1 2 3; do
  echo "copying $root to $copy"
  cp -a --reflink=auto "$root" "$folder/$copy"
done
# Cargo knows what is built by its path, so each copy is mounted over the checkout, where only what
# is started here sees it.
for copy in 1 2 3; do
  unshare --mount $map sh -c 'mount --bind "$1" "$2" && cd "$2" && exec .ci/run' sh \
    "$folder/$copy" "$root" >"$folder/$copy.log" 2>&1 &
  runs="${runs:-} $!"
done
failed=
copy=1
for run in $runs; do
  wait "$run" || failed="$failed $folder/$copy.log"
  copy=$((copy + 1))
done
if [ -n "$failed" ]; then
  echo "not all copies passed: see$failed" >&2
  exit 1
fi
rm -rf "$folder"
