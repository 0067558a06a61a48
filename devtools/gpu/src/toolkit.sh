#!/bin/sh
# Takes CUDA's toolkit, one release in its parts, from Nvidia's packages for Python:
#
#     toolkit.sh FOLDER ROOT        ROOT is where they put all that is theirs, below FOLDER
set -eu
folder=$1 root=$2
echo "CUDA's toolkit is not installed: its packages on PyPI are taken, half a gigabyte" >&2
python3 -m pip install --quiet --no-deps --only-binary=:all: --upgrade --target "$folder" \
  -r devtools/gpu/src/toolkit.txt
# The names under which a build looks for what they hold: these libraries have none without their
# version.
for library in libcudart libcublas libcublasLt; do
  ln -sfn "$library.so.13" "$root/lib/$library.so"
done
ln -sfn lib "$root/lib64"
touch "$root/ready"
