#!/bin/sh
# Follows a package's README to the letter: runs its blocks of commands in their order, in a folder
# that holds the archive alone, and looks at what each `hello` answers.
#
#     readme.sh PACKAGE.tar.gz FOLDER [NAME]...
#
# A block that needs a NAME (`meson`) is left out. With SECONDS_MOST set, the first block has to
# end within that many seconds. Needs no more than a shell, awk and what the blocks need.
set -eu
package=$1 folder=$2
shift 2
name=$(basename "$package" .tar.gz)
mkdir -p "$folder"
cp "$package" "$folder/"
cd "$folder"
folder=$PWD
tar -xzOf "$name.tar.gz" "$name/README.md" >README.md
rm -rf blocks
mkdir blocks
awk '/^```sh$/ { file = sprintf("blocks/%02d.sh", ++count); next }
     /^```$/ { file = "" }
     file != "" { print > file }' README.md

ran=0
for block in blocks/*.sh; do
  for needs in "$@"; do
    if grep -q "$needs" "$folder/$block"; then
      echo "left out, for want of $needs: $block"
      continue 2
    fi
  done
  since=$(date +%s)
  if ! sh -eu "$folder/$block" >"$folder/$block.out" 2>"$folder/$block.err"; then
    echo "$block of the package's README fails:" >&2
    cat "$folder/$block" "$folder/$block.out" "$folder/$block.err" >&2
    exit 1
  fi
  if [ "$ran" = 0 ]; then
    seconds=$(($(date +%s) - since))
    echo "from the archive to the first call: $seconds s"
    if [ "$seconds" -gt "${SECONDS_MOST:-60}" ]; then
      echo "that is more than ${SECONDS_MOST:-60} s" >&2
      exit 1
    fi
    # The blocks behind the first one begin in the package.
    cd "$name"
  fi
  if grep -q 'hello\.in' "$folder/$block"; then
    wanted=examples/hello/hello.out
    tail -n "$(wc -l <"$wanted")" "$folder/$block.out" >"$folder/said"
    if ! diff "$wanted" "$folder/said"; then
      echo "$block of the package's README answers something else" >&2
      exit 1
    fi
  fi
  ran=$((ran + 1))
done
if [ "$ran" -lt 4 ]; then
  echo "the README has $ran blocks of commands: their form has changed" >&2
  exit 1
fi
echo "$ran blocks of the README do what they say in $folder"
