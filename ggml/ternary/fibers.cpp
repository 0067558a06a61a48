// The backend on the processor.

#include "ternary.cu"
