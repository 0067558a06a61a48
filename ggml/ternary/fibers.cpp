// The backend on the processor.

#include "ternary.cu"

// From so many calls on the device fails; below zero, it never does.
extern "C" void trine_ternary_answers(int calls) { machine::answers_left() = calls; }

// Whether kernels of prompts leave out what is behind their first tokens.
extern "C" void trine_ternary_leaves_out(bool last) { machine::leaves_out() = last; }
