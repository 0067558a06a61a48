// ggml's description of each of our operations, and the kernel that computes it.
#pragma once

#include "ggml.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <type_traits>

#include "attention_many.h"
#include "attention_one.h"
#include "heads.h"
#include "norms.h"
#include "products.h"

#ifdef __CUDACC__
#include "memory_cuda.h"
#else
#include "memory_fibers.h"
#endif

namespace {

// What is behind the parameters of a custom operation, in words (`ggml/src/backend/own.rs`).
constexpr int32_t MAGIC = 0x544e5254;
constexpr int WORDS_BEFORE = 8;
enum class Own : int32_t { norm = 1, product, turn, attend, norm_head, head };

struct Params {
    int32_t magic;
    Own own;
    int32_t words[6];
};

const Params *params(const ggml_tensor *op) {
    const auto *found = reinterpret_cast<const Params *>(op->op_params + WORDS_BEFORE);
    return op->op == GGML_OP_CUSTOM && found->magic == MAGIC ? found : nullptr;
}

float as_float(int32_t word) {
    float number;
    std::memcpy(&number, &word, sizeof number);
    return number;
}

template <typename T>
T *data(const ggml_tensor *tensor) {
    return static_cast<T *>(tensor->data);
}

unsigned size(const ggml_tensor *tensor, int dimension) { return unsigned(tensor->ne[dimension]); }

unsigned parts(unsigned whole, unsigned part) { return (whole + part - 1) / part; }

// The most columns of a row that is normed.
constexpr unsigned COLUMNS_MOST = 64 * kernels::ROW_THREADS;
// Blocks that a grid has at most in its second dimension.
constexpr unsigned GRID_MOST = 65535;

// Calls `each` with how many numbers of a row a thread has, as a type.
template <typename Each>
void by_columns(unsigned columns, Each each) {
    if (columns <= 8 * kernels::ROW_THREADS) {
        each(std::integral_constant<unsigned, 8>());
    } else if (columns <= 16 * kernels::ROW_THREADS) {
        each(std::integral_constant<unsigned, 16>());
    } else {
        each(std::integral_constant<unsigned, 64>());
    }
}

void norm(const ggml_tensor *op, const Params &own, machine::Stream stream) {
    const ggml_tensor *x = op->src[0], *weight = op->src[1];
    unsigned columns = size(weight, 0), step = unsigned(x->nb[1] / sizeof(float));
    by_columns(columns, [&](auto each) {
        machine::launch(kernels::norm_codes<decltype(each)::value>, dim3(size(op, 1)),
                        kernels::ROW_THREADS, stream, data<const float>(x), step,
                        data<const float>(weight), data<int8_t>(op), columns,
                        as_float(own.words[1]), int(own.words[0]));
    });
}

void product(const ggml_tensor *op, const Params &own, machine::Stream stream) {
    const ggml_tensor *trits = op->src[0], *codes = op->src[1], *scales = op->src[2];
    unsigned rows = size(op, 0), tokens = size(op, 1);
    kernels::Stack stack = {data<const uint8_t>(trits),
                            data<const float>(scales),
                            rows,
                            unsigned(own.words[0]),
                            rows / std::max(1u, size(scales, 1)),
                            op->src[3] ? data<const float>(op->src[3]) : nullptr,
                            data<float>(op)};
    const int8_t *q = data<const int8_t>(codes);
    if (tokens == 1) {
        // Rows in plenty are taken in twos, and short ones are read ahead with fewer registers.
        bool is_short = stack.columns <= 3 * kernels::CHUNK, is_tall = rows >= 8192;
        auto kernel = is_short  ? is_tall ? kernels::product_one<2, 3> : kernels::product_one<1, 3>
                      : is_tall ? kernels::product_one<2, 7>
                                : kernels::product_one<1, 7>;
        dim3 grid(parts(rows, (is_tall ? 2 : 1) * kernels::ONE_WARPS));
        machine::launch(kernel, grid, kernels::ONE_WARPS * kernels::WARP, stream, stack, q);
        return;
    }
    // More tokens together read trits less often, where there are blocks enough all the same.
    unsigned together = tokens > 128 ? 64 : tokens > 8 ? 32 : 8;
    auto kernel = together == 64   ? kernels::product_many<64>
                  : together == 32 ? kernels::product_many<32>
                                   : kernels::product_many<8>;
    dim3 grid(parts(rows, kernels::MANY_ROWS), parts(tokens, together));
    machine::launch(kernel, grid, kernels::MANY_THREADS, stream, stack, q, tokens);
}

template <typename T>
kernels::Heads<T> heads_of(const Params &own, const ggml_tensor *keys, const ggml_tensor *values) {
    return {unsigned(own.words[0]), unsigned(own.words[1]), unsigned(own.words[2]), data<T>(keys),
            data<T>(values)};
}

template <typename T>
void turn(const ggml_tensor *op, const Params &own, machine::Stream stream) {
    kernels::Heads<T> heads = heads_of<T>(own, op->src[4], op->src[5]);
    dim3 grid(heads.heads + 2 * heads.kv_heads, size(op, 1));
    machine::launch(kernels::turn<T>, grid, 4 * kernels::WARP, stream,
                    data<const float>(op->src[0]), data<const float>(op->src[1]), data<const float>(op->src[2]),
                    data<const int>(op->src[3]), heads, data<float>(op));
}

// Attention where heads of several tokens share what they read; answers whether it is for this: where
// there are blocks enough for the device, and heads are neither odd nor too wide for shared memory.
template <typename T, unsigned WIDTH, unsigned WARPS>
bool attend_many(const ggml_tensor *op, const kernels::Heads<T> &heads, machine::Stream stream) {
    unsigned tokens = size(op, 1), group = heads.heads / heads.kv_heads;
    dim3 grid(heads.kv_heads, parts(tokens * group, WARPS * kernels::SHARED_ROWS));
    bool fits = heads.width % kernels::LANES == 0 && heads.width <= WIDTH && grid.y <= GRID_MOST;
    if (!fits || grid.x * grid.y < machine::multiprocessors()) {
        return false;
    }
    machine::launch(kernels::attend_many<T, WIDTH, WARPS>, grid, WARPS * kernels::WARP, stream,
                    data<const float>(op->src[0]), data<const int>(op->src[1]), heads, tokens,
                    data<float>(op));
    return true;
}

template <typename T>
void attend(const ggml_tensor *op, const Params &own, machine::Stream stream) {
    kernels::Heads<T> heads = heads_of<T>(own, op->src[2], op->src[3]);
    using namespace kernels;
    bool is_one = size(op, 1) == 1;
    if (!is_one && attend_many<T, 128, 4>(op, heads, stream)) {
        return;
    }
    // Narrower heads would leave half of the lanes of this one idle.
    if constexpr (sizeof(T) == sizeof(half)) {
        if (!is_one && heads.width > 128 && attend_many<T, 256, 2>(op, heads, stream)) {
            return;
        }
    }
    // A token alone has few heads: some columns of each are a block's.
    if (is_one && heads.width * sizeof(T) % 16 == 0) {
        dim3 grid(heads.heads, parts(heads.width, ONE_COLUMNS));
        return machine::launch(kernels::attend_one<T>, grid, ONE_THREADS, stream,
                               data<const float>(op->src[0]), data<const int>(op->src[1]), heads,
                               data<float>(op));
    }
    dim3 grid(heads.heads, size(op, 1));
    unsigned threads = parts(heads.width, WARP) * WARP + WARP;
    machine::launch(kernels::attend<T>, grid, threads, stream, data<const float>(op->src[0]),
                    data<const int>(op->src[1]), heads, data<float>(op));
}

void norm_head(const ggml_tensor *op, const Params &own, machine::Stream stream) {
    const ggml_tensor *x = op->src[0], *weight = op->src[1];
    by_columns(size(weight, 0), [&](auto each) {
        machine::launch(kernels::norm_head<decltype(each)::value>, dim3(1), kernels::ROW_THREADS,
                        stream, data<const float>(x), data<const float>(weight), data<uint8_t>(op),
                        size(weight, 0), as_float(own.words[1]), unsigned(own.words[0]));
    });
}

void head(const ggml_tensor *op, machine::Stream stream) {
    const ggml_tensor *rows = op->src[0], *x = op->src[1];
    unsigned columns = size(rows, 0), count = size(rows, 1), threads = 8 * kernels::WARP;
    float *logits = data<float>(op->src[2]);
    dim3 by_warp(parts(count, 8)), by_lanes(parts(count, 16));
    switch (rows->type) {
    case GGML_TYPE_F32:
        return machine::launch(kernels::head_floats<float>, by_lanes, threads, stream,
                               data<const float>(rows), data<const float>(x), logits, count,
                               columns);
    case GGML_TYPE_F16:
        return machine::launch(kernels::head_floats<half>, by_lanes, threads, stream,
                               data<const half>(rows), data<const float>(x), logits, count,
                               columns);
    case GGML_TYPE_Q8_0:
        return machine::launch(kernels::head_q8_0, by_warp, threads, stream,
                               data<const uint8_t>(rows), data<const uint8_t>(x), logits, count,
                               columns);
    default:
        return machine::launch(kernels::head_q6_k, by_warp, threads, stream,
                               data<const uint8_t>(rows), data<const uint8_t>(x), logits, count,
                               columns);
    }
}

bool is_copy(const ggml_tensor *op) {
    return op->op == GGML_OP_CPY && op->src[0]->type == op->type && ggml_is_contiguous(op) &&
           ggml_is_contiguous(op->src[0]);
}

void compute(const ggml_tensor *op, machine::Stream stream) {
    const Params *own = params(op);
    if (is_copy(op)) {
        return machine::copy(op->data, op->src[0]->data, ggml_nbytes(op), stream);
    }
    if (!own) {
        return;
    }
    machine::poison_output(op->data, ggml_nbytes(op), stream);
    bool is_half = own->own == Own::turn     ? op->src[4]->type == GGML_TYPE_F16
                   : own->own == Own::attend ? op->src[2]->type == GGML_TYPE_F16
                                             : false;
    switch (own->own) {
    case Own::norm:
        return norm(op, *own, stream);
    case Own::product:
        return product(op, *own, stream);
    case Own::turn:
        return is_half ? turn<half>(op, *own, stream) : turn<float>(op, *own, stream);
    case Own::attend:
        return is_half ? attend<half>(op, *own, stream) : attend<float>(op, *own, stream);
    case Own::norm_head:
        return norm_head(op, *own, stream);
    case Own::head:
        return head(op, stream);
    }
}

// Whether the kernels take an operation like this.
bool takes(const ggml_tensor *op) {
    const Params *own = params(op);
    if (!own) {
        return op->op == GGML_OP_NONE || op->op == GGML_OP_VIEW || op->op == GGML_OP_RESHAPE ||
               is_copy(op);
    }
    bool fits = op->ne[1] <= GRID_MOST && op->ne[2] == 1 && op->ne[3] == 1;
    switch (own->own) {
    case Own::norm:
    case Own::norm_head:
        return fits && op->src[1]->ne[0] <= COLUMNS_MOST;
    case Own::turn:
    case Own::attend:
        return fits && unsigned(own->words[0]) <= kernels::WIDTH_MOST;
    case Own::head: {
        ggml_type type = op->src[0]->type;
        return type == GGML_TYPE_F32 || type == GGML_TYPE_F16 || type == GGML_TYPE_Q8_0 ||
               type == GGML_TYPE_Q6_K;
    }
    case Own::product:
        return fits;
    }
    return false;
}

} // namespace
