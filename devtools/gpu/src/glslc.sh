#!/bin/sh
# Takes the place of glslc in the tests' build of ggml. A shader of a number format that no test
# computes with is left empty, which breaks whoever opens it: 618 of 1,117 shaders.
out=
for word; do
  [ "$last" != -o ] || out=$word
  last=$word
done
case _$(basename "$out" .spv)_ in
*_iq[1-4]_* | *_mxfp4_* | *_nvfp4_* | *_q1_0_* | *_q[2-5]_k_* | *_q[45]_[01]_* | *_tq1_0_*)
  # The first word of a module; and where ggml's build looks for what the shader was made of.
  printf '\003\002\043\007' >"$out"
  last=
  for word; do
    [ "$last" != -MF ] || echo "$out:" >"$word"
    last=$word
  done
  ;;
*)
  # The next one on the path.
  PATH=${PATH#*:} exec glslc "$@"
  ;;
esac
