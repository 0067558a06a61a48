// The backend on the processor.

#include "ternary.cu"

// From so many calls on the device fails; below zero, it never does.
extern "C" void trine_ternary_answers(int calls) { machine::answers_left() = calls; }

// Whether kernels of prompts leave out what is behind their first tokens.
extern "C" void trine_ternary_leaves_out(bool last) { machine::leaves_out() = last; }

// Chooses the orders of threads and what memory holds that nothing has written.
extern "C" void trine_ternary_seed(uint64_t seed) { machine::chance() = seed; }

// Places in kernels at which threads waited so far; null behind the last.
extern "C" const char *trine_ternary_place(int number) {
    const std::vector<std::string> &all = machine::places();
    return number >= 0 && size_t(number) < all.size() ? all[size_t(number)].c_str() : nullptr;
}

// Leaves out one of these places; below zero, none.
extern "C" void trine_ternary_leaves_out_place(int number) { machine::left_out() = number; }

// Says that the kernels have another print; where that is null, their own again.
extern "C" void trine_ternary_pretends(const char *print) {
    kernels_print = print ? print : TRINE_KERNELS;
}
