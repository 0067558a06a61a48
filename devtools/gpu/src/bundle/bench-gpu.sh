#!/bin/sh
# Measures and tests on the graphics processor of this machine, with the programs beside this one:
#
#     ./bench-gpu [vulkan|cuda|ternary] [--small|--part] [--software] [--record]
here=$(cd "$(dirname "$0")" && pwd) || exit 1
places=$here
for folder in /usr/local/cuda/lib64 /usr/local/cuda/targets/x86_64-linux/lib; do
    if [ -e "$folder/libcublas.so.13" ]; then
        places=$places:$folder
        break
    fi
done
LD_LIBRARY_PATH=$places${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH
# The machine's own loader of Vulkan knows its drivers best: this one is for where there is none.
if [ -d "$here/loader" ] && ! "$here/trine" --version >/dev/null 2>&1; then
    LD_LIBRARY_PATH=$LD_LIBRARY_PATH:$here/loader
fi
exec "$here/xtask" bench gpu "$@" --bundle "$here"
