// What kernels run on: CUDA, or one core of a processor where every thread of a block is a fiber.
//
// The second is there to test with: it runs the same code of the same kernels, thread by thread,
// and is thousands of times slower than a device.
#pragma once

#include <cstddef>
#include <cstdint>

#ifdef __CUDACC__
#include "machine_cuda.h"
#else
#include "machine_fibers.h"
#endif
