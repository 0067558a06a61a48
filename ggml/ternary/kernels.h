// The kernels of a forward pass, each of which gives the bits of our engine on the processor.
//
// Whole numbers are added in any order. What is no whole number is added in the engine's order
// (`core/ternary/src/float.rs`): 16 partial sums, to which elements j, j + 16, j + 32 and so on are
// added one after the other, and then partial sum i takes up i + 8, i + 4, i + 2 and i + 1. Nothing
// here may be compiled with fused multiply-adds.
//
// Trits lie as two bits, one more than they are; 16 of a row are a word, of which byte b has in its
// bits 2k and 2k + 1 the trit 4k + b. So a word shifted by 2k, and three fourths of its bits left
// out, holds four neighbours as bytes. Rows have a multiple of 64 trits.
//
// Codes are a row of int8, as long, then what they were multiplied by and their sum.
#pragma once

#include "machine.h"

namespace kernels {

constexpr unsigned WARP = 32;
constexpr unsigned LANES = 16;
constexpr unsigned EVERYONE = 0xffffffffu;
// Bytes after a row's codes.
constexpr unsigned TAIL = 16;
constexpr unsigned TRITS = 64;

struct Tail {
    float scale;
    int sum;
};

DEVICE unsigned padded(unsigned columns) { return (columns + TRITS - 1) / TRITS * TRITS; }
DEVICE unsigned stride(unsigned columns) { return padded(columns) + TAIL; }

DEVICE const Tail *tail(const int8_t *row, unsigned columns) {
    return reinterpret_cast<const Tail *>(row + padded(columns));
}

// `trine_ternary::math::exp`: the polynomial of Cephes, in its order.
DEVICE float exponential(float x) {
    if (x < -87.33f) {
        return 0.0f;
    }
    if (x > 88.37f) {
        return __uint_as_float(0x7f800000u);
    }
    const float magic = 12582912.0f;
    float shifted = x * 1.44269504088896340736f + magic;
    float k = shifted - magic;
    float r = x - k * (355.0f / 512.0f) - k * -2.1219444e-4f;
    float p = 1.9875691e-4f * r + 1.3981999e-3f;
    p = p * r + 8.333452e-3f;
    p = p * r + 4.1665796e-2f;
    p = p * r + 0.16666665f;
    p = p * r + 0.5f;
    float value = p * (r * r) + r + 1.0f;
    return value * __uint_as_float((__float_as_uint(shifted) + 127u) << 23);
}

// To the nearest int8, ties to even; what is no number becomes 0.
DEVICE int8_t rounded(float x) {
    x = x > 127.0f ? 127.0f : x;
    x = x < -128.0f ? -128.0f : x;
    x = x == x ? x : 0.0f;
    return int8_t(__float_as_uint(x + 12582912.0f) & 0xffu);
}

// The sum of 16 neighbouring lanes' partial sums, in the engine's order.
DEVICE float reduced(float x) {
    for (int lanes = 8; lanes > 0; lanes /= 2) {
        x = x + __shfl_xor_sync(EVERYONE, x, lanes);
    }
    return x;
}

// Over all threads of a block; `room` has a word for each warp.
DEVICE float block_most(float x, float *room) {
    for (int lanes = WARP / 2; lanes > 0; lanes /= 2) {
        float other = __shfl_xor_sync(EVERYONE, x, lanes);
        x = other > x ? other : x;
    }
    unsigned warps = blockDim.x / WARP;
    if (threadIdx.x % WARP == 0) {
        room[threadIdx.x / WARP] = x;
    }
    __syncthreads();
    for (unsigned warp = 0; warp < warps; warp++) {
        x = room[warp] > x ? room[warp] : x;
    }
    __syncthreads();
    return x;
}

DEVICE int block_sum(int x, int *room) {
    x = warp_sum(x);
    unsigned warps = blockDim.x / WARP;
    if (threadIdx.x % WARP == 0) {
        room[threadIdx.x / WARP] = x;
    }
    __syncthreads();
    int all = 0;
    for (unsigned warp = 0; warp < warps; warp++) {
        all += room[warp];
    }
    return all;
}

// How a row that is normed comes about.
enum Source { PLAIN, RELU_SQUARED, SILU };

// Numbers of a row that lie side by side in shared memory while they are added.
constexpr unsigned TILE = 8192;
// Threads for a row.
constexpr unsigned ROW_THREADS = 1024;

DEVICE float source(int kind, const float *row, unsigned columns, unsigned at) {
    if (kind == PLAIN) {
        return row[at];
    }
    float gate = row[at], up = row[columns + at];
    if (kind == RELU_SQUARED) {
        gate = gate > 0.0f ? gate : 0.0f;
        return up * (gate * gate);
    }
    return up * (gate / (1.0f + exponential(-gate)));
}

// What a row is multiplied by to have the root mean square 1, its mean square being raised by
// epsilon. `own` are this thread's numbers, one of each `ROW_THREADS`.
template <unsigned EACH>
DEVICE float norm_factor(const float (&own)[EACH], unsigned columns, float epsilon) {
    __shared__ float squares[TILE];
    __shared__ float factor;
    constexpr unsigned TOGETHER = TILE / ROW_THREADS;
    float partial = 0.0f;
#pragma unroll
    for (unsigned tile = 0; tile * TOGETHER < EACH; tile++) {
        unsigned first = tile * TILE;
        unsigned end = first >= columns ? 0 : columns - first < TILE ? columns - first : TILE;
#pragma unroll
        for (unsigned i = 0; i < TOGETHER && tile * TOGETHER + i < EACH; i++) {
            unsigned at = i * ROW_THREADS + threadIdx.x;
            if (at < end) {
                float x = own[tile * TOGETHER + i];
                squares[at] = x * x;
            }
        }
        __syncthreads();
        if (threadIdx.x < LANES) {
#pragma unroll 8
            for (unsigned at = threadIdx.x; at < end; at += LANES) {
                partial = partial + squares[at];
            }
        }
        __syncthreads();
    }
    if (threadIdx.x < WARP) {
        float sum = reduced(partial);
        if (threadIdx.x == 0) {
            factor = 1.0f / __fsqrt_rn(sum / float(columns) + epsilon);
        }
    }
    __syncthreads();
    return factor;
}

// Norms a row of each token and rounds it to codes: `x / rms(x) · weight`, and 127 by the largest
// magnitude. A block for each token, of `ROW_THREADS`.
template <unsigned EACH>
KERNEL __launch_bounds__(ROW_THREADS)
    norm_codes(const float *x, unsigned step, const float *weight, int8_t *codes, unsigned columns,
               float epsilon, int kind) {
    __shared__ float most_room[ROW_THREADS / WARP];
    __shared__ int sum_room[ROW_THREADS / WARP];
    const float *row = x + size_t(blockIdx.x) * step;
    int8_t *out = codes + size_t(blockIdx.x) * stride(columns);
    float own[EACH];
#pragma unroll
    for (unsigned i = 0; i < EACH; i++) {
        unsigned at = i * ROW_THREADS + threadIdx.x;
        own[i] = at < columns ? source(kind, row, columns, at) : 0.0f;
    }
    float factor = norm_factor(own, columns, epsilon);
    float most = 0.0f;
#pragma unroll
    for (unsigned i = 0; i < EACH; i++) {
        unsigned at = i * ROW_THREADS + threadIdx.x;
        if (at < columns) {
            own[i] = own[i] * factor * weight[at];
            float magnitude = own[i] < 0.0f ? -own[i] : own[i];
            most = magnitude > most ? magnitude : most;
        }
    }
    most = block_most(most, most_room);
    float scale = most > 1e-5f ? 127.0f / most : 12700000.0f;
    int sum = 0;
#pragma unroll
    for (unsigned i = 0; i < EACH; i++) {
        unsigned at = i * ROW_THREADS + threadIdx.x;
        if (at < padded(columns)) {
            int8_t code = at < columns ? rounded(own[i] * scale) : int8_t(0);
            out[at] = code;
            sum += code;
        }
    }
    sum = block_sum(sum, sum_room);
    if (threadIdx.x == 0) {
        Tail end = {scale, sum};
        *reinterpret_cast<Tail *>(out + padded(columns)) = end;
    }
}

// The same for a head: floats as they are normed, or for rows of integers each `block` of columns
// rounded by itself, and after the codes a scale for each of them.
template <unsigned EACH>
KERNEL __launch_bounds__(ROW_THREADS)
    norm_head(const float *x, const float *weight, uint8_t *out, unsigned columns, float epsilon,
              unsigned block) {
    __shared__ float largest[ROW_THREADS * EACH / 32];
    float own[EACH];
#pragma unroll
    for (unsigned i = 0; i < EACH; i++) {
        unsigned at = i * ROW_THREADS + threadIdx.x;
        own[i] = at < columns ? x[at] : 0.0f;
    }
    float factor = norm_factor(own, columns, epsilon);
#pragma unroll
    for (unsigned i = 0; i < EACH; i++) {
        unsigned at = i * ROW_THREADS + threadIdx.x;
        // Blocks are of 32 columns or a multiple, so a warp is inside one, or behind the last.
        float magnitude = 0.0f;
        if (at < columns) {
            own[i] = own[i] * factor * weight[at];
            if (block == 1) {
                reinterpret_cast<float *>(out)[at] = own[i];
            }
            magnitude = own[i] < 0.0f ? -own[i] : own[i];
        }
        for (int lanes = WARP / 2; lanes > 0; lanes /= 2) {
            float other = __shfl_xor_sync(EVERYONE, magnitude, lanes);
            magnitude = other > magnitude ? other : magnitude;
        }
        if (at < columns && threadIdx.x % WARP == 0) {
            largest[at / 32] = magnitude;
        }
    }
    if (block == 1) {
        return;
    }
    __syncthreads();
    float *scales = reinterpret_cast<float *>(out + columns);
#pragma unroll
    for (unsigned i = 0; i < EACH; i++) {
        unsigned at = i * ROW_THREADS + threadIdx.x;
        if (at < columns) {
            float most = 0.0f;
            for (unsigned part = at / block * block / 32; part < (at / block + 1) * block / 32;
                 part++) {
                most = largest[part] > most ? largest[part] : most;
            }
            float up = most > 0.0f ? 127.0f / most : 0.0f;
            reinterpret_cast<int8_t *>(out)[at] = rounded(own[i] * up);
            if (at % block == 0) {
                scales[at / block] = most / 127.0f;
            }
        }
    }
}

// Σ (t + 1)·q of 16 trits.
DEVICE int sixteen(uint32_t trits, const uint4 &q, int sum) {
    sum = __dp4a(int(trits & 0x03030303u), int(q.x), sum);
    sum = __dp4a(int(trits >> 2 & 0x03030303u), int(q.y), sum);
    sum = __dp4a(int(trits >> 4 & 0x03030303u), int(q.z), sum);
    return __dp4a(int(trits >> 6 & 0x03030303u), int(q.w), sum);
}

// Where the products of a stack of matrices go.
struct Stack {
    const uint8_t *trits;
    // One for each `part` rows.
    const float *scales;
    unsigned rows, columns, part;
    // What they are added to, or nothing; and what comes out.
    const float *before;
    float *out;
};

DEVICE void put(const Stack &stack, unsigned token, unsigned row, int sum, const Tail &tail) {
    float product = float(sum - tail.sum) * (stack.scales[row / stack.part] / tail.scale);
    size_t at = size_t(token) * stack.rows + row;
    stack.out[at] = stack.before ? stack.before[at] + product : product;
}

constexpr unsigned ROWS_EACH = 4;
constexpr unsigned ONE_WARPS = 4;

// Products of one token: a warp for each `ROWS_EACH` rows.
KERNEL __launch_bounds__(ONE_WARPS *WARP) product_one(Stack stack, const int8_t *codes) {
    unsigned lane = threadIdx.x % WARP;
    unsigned first = (blockIdx.x * ONE_WARPS + threadIdx.x / WARP) * ROWS_EACH;
    if (first >= stack.rows) {
        return;
    }
    unsigned bytes = padded(stack.columns) / 4;
    const uint8_t *rows[ROWS_EACH];
    int sums[ROWS_EACH];
#pragma unroll
    for (unsigned r = 0; r < ROWS_EACH; r++) {
        unsigned row = first + r < stack.rows ? first + r : stack.rows - 1;
        rows[r] = stack.trits + size_t(row) * bytes;
        sums[r] = 0;
    }
    const uint4 *q = reinterpret_cast<const uint4 *>(codes);
#pragma unroll 2
    for (unsigned at = lane; at < bytes / 8; at += WARP) {
        uint4 low = q[2 * at], high = q[2 * at + 1];
#pragma unroll
        for (unsigned r = 0; r < ROWS_EACH; r++) {
            uint2 trits = reinterpret_cast<const uint2 *>(rows[r])[at];
            sums[r] = sixteen(trits.y, high, sixteen(trits.x, low, sums[r]));
        }
    }
    Tail end = *tail(codes, stack.columns);
#pragma unroll
    for (unsigned r = 0; r < ROWS_EACH; r++) {
        int sum = warp_sum(sums[r]);
        if (lane == r && first + r < stack.rows) {
            put(stack, 0, first + r, sum, end);
        }
    }
}

// Tokens that a block multiplies together, in tiles of 8; rows, 16 for each warp; and bytes of each
// token that lie in shared memory at a time, with room between rows so that lanes read from
// different banks.
constexpr unsigned MANY_TOKENS = 64;
constexpr unsigned MANY_WARPS = 4;
constexpr unsigned MANY_ROWS = 16 * MANY_WARPS;
constexpr unsigned MANY_BYTES = 256;
constexpr unsigned MANY_STRIDE = MANY_BYTES + 16;

// Products of many tokens.
KERNEL __launch_bounds__(MANY_WARPS *WARP)
    product_many(Stack stack, const int8_t *codes, unsigned tokens) {
    __shared__ uint4 tile[MANY_TOKENS * MANY_STRIDE / 16];
    int8_t *held = reinterpret_cast<int8_t *>(tile);
    unsigned lane = threadIdx.x % WARP, quad = lane % 4, bytes = padded(stack.columns) / 4;
    unsigned first = blockIdx.x * MANY_ROWS + threadIdx.x / WARP * 16;
    unsigned token = blockIdx.y * MANY_TOKENS;
    unsigned count = tokens - token < MANY_TOKENS ? tokens - token : MANY_TOKENS;
    // The two rows whose trits this lane holds.
    const uint8_t *rows[2];
    for (unsigned half = 0; half < 2; half++) {
        unsigned row = first + lane / 4 + 8 * half;
        rows[half] = stack.trits + size_t(row < stack.rows ? row : stack.rows - 1) * bytes;
    }
    int sums[MANY_TOKENS / 8][4];
#pragma unroll
    for (unsigned n = 0; n < MANY_TOKENS / 8; n++) {
        sums[n][0] = sums[n][1] = sums[n][2] = sums[n][3] = 0;
    }
    for (unsigned from = 0; from < padded(stack.columns); from += MANY_BYTES) {
        unsigned width = padded(stack.columns) - from;
        width = width < MANY_BYTES ? width : MANY_BYTES;
        for (unsigned at = threadIdx.x; at < MANY_TOKENS * (width / 16); at += MANY_WARPS * WARP) {
            unsigned n = at / (width / 16), word = at % (width / 16);
            uint4 x = {0, 0, 0, 0};
            if (n < count) {
                const int8_t *row = codes + size_t(token + n) * stride(stack.columns) + from;
                x = reinterpret_cast<const uint4 *>(row)[word];
            }
            tile[n * (MANY_STRIDE / 16) + word] = x;
        }
        __syncthreads();
        for (unsigned k = 0; k < width; k += TRITS) {
            uint4 low = *reinterpret_cast<const uint4 *>(rows[0] + (from + k) / 4);
            uint4 high = *reinterpret_cast<const uint4 *>(rows[1] + (from + k) / 4);
            const uint32_t words[2][4] = {{low.x, low.y, low.z, low.w},
                                          {high.x, high.y, high.z, high.w}};
#pragma unroll
            for (unsigned half = 0; half < 2; half++) {
                uint32_t a[4];
#pragma unroll
                for (unsigned part = 0; part < 4; part++) {
                    a[part] = words[part % 2][2 * half + part / 2] >> (2 * quad) & 0x03030303u;
                }
#pragma unroll
                for (unsigned n = 0; n < MANY_TOKENS / 8; n++) {
                    if (n * 8 < count) {
                        const int8_t *row = held + (n * 8 + lane / 4) * MANY_STRIDE + k + 32 * half;
                        const uint32_t *four = reinterpret_cast<const uint32_t *>(row);
                        uint32_t b[2] = {four[quad], four[quad + 4]};
                        multiply_tile(sums[n], a, b);
                    }
                }
            }
        }
        __syncthreads();
    }
#pragma unroll
    for (unsigned n = 0; n < MANY_TOKENS / 8; n++) {
#pragma unroll
        for (unsigned i = 0; i < 4; i++) {
            unsigned row = first + lane / 4 + i / 2 * 8, at = n * 8 + quad * 2 + i % 2;
            if (row < stack.rows && at < count) {
                const int8_t *own = codes + size_t(token + at) * stride(stack.columns);
                put(stack, token + at, row, sums[n][i], *tail(own, stack.columns));
            }
        }
    }
}

// A number as keys and values are kept.
DEVICE void keep(float *place, float x) { *place = x; }
DEVICE void keep(half *place, float x) { *place = __float2half_rn(x); }
DEVICE float wide(float x) { return x; }
DEVICE float wide(half x) { return __half2float(x); }

// Heads of a model, and where a block's keys and values are kept: (kv heads · width) a position.
template <typename T>
struct Heads {
    unsigned width, heads, kv_heads;
    T *keys, *values;
};

// Turns queries and keys by the angles of their tokens, and keeps keys and values: a block for each
// head of a token. `turns` are cosines, and then sines of which those of the first half are
// negative.
template <typename T>
KERNEL turn(const float *qkv, const float *cosines, const float *sines, const int *places,
            Heads<T> heads, float *queries) {
    unsigned token = blockIdx.y, head = blockIdx.x, width = heads.width;
    unsigned all = heads.heads + 2 * heads.kv_heads;
    const float *x = qkv + (size_t(token) * all + head) * width;
    const float *cosine = cosines + size_t(token) * width, *sine = sines + size_t(token) * width;
    size_t row = size_t(places[token]) * heads.kv_heads * width;
    for (unsigned i = threadIdx.x; i < width; i += blockDim.x) {
        unsigned other = i < width / 2 ? i + width / 2 : i - width / 2;
        float turned = x[i] * cosine[i] + x[other] * sine[i];
        if (head < heads.heads) {
            queries[(size_t(token) * heads.heads + head) * width + i] = turned;
        } else if (head < heads.heads + heads.kv_heads) {
            keep(heads.keys + row + (head - heads.heads) * width + i, turned);
        } else {
            keep(heads.values + row + (head - heads.heads - heads.kv_heads) * width + i, x[i]);
        }
    }
}

constexpr unsigned ATTEND_THREADS = 512;
// Positions whose scores lie in shared memory, and of a block of the engine's softmax.
constexpr unsigned ATTEND_TILE = 1024;
constexpr unsigned ATTEND_BLOCK = 16;
// Positions whose values are read before any is added.
constexpr unsigned ATTEND_AHEAD = 32;
constexpr unsigned WIDTH_MOST = 256;

// Scores of `count` positions from `first` on: 16 lanes for each.
template <typename T>
DEVICE void score(const float *query, const T *keys, unsigned width, size_t row, unsigned count,
                  float factor, float *scores) {
    unsigned lane = threadIdx.x % LANES;
    for (unsigned at = threadIdx.x / LANES; at / 2 * 2 < count; at += ATTEND_THREADS / LANES) {
        const T *key = keys + (at < count ? at : count - 1) * row;
        float sum = 0.0f;
#pragma unroll 8
        for (unsigned i = lane; i < width; i += LANES) {
            sum = sum + query[i] * wide(key[i]);
        }
        sum = reduced(sum);
        if (lane == 0 && at < count) {
            scores[at] = sum * factor;
        }
    }
}

// Attention of one head of one token over the positions before `ends[token]`, by the softmax of
// `core/infer/src/model/attention.rs`: blocks of positions in rising order.
template <typename T>
KERNEL __launch_bounds__(ATTEND_THREADS)
    attend(const float *queries, const int *ends, Heads<T> heads, float *out) {
    __shared__ float query[WIDTH_MOST], scores[ATTEND_TILE];
    __shared__ float mosts[ATTEND_TILE / ATTEND_BLOCK], shrinks[ATTEND_TILE / ATTEND_BLOCK];
    __shared__ float inverse;
    unsigned head = blockIdx.x, token = blockIdx.y, width = heads.width;
    size_t own = (size_t(token) * heads.heads + head) * width;
    size_t row = size_t(heads.kv_heads) * width;
    size_t shared = size_t(head / (heads.heads / heads.kv_heads)) * width;
    const T *keys = heads.keys + shared, *values = heads.values + shared;
    for (unsigned i = threadIdx.x; i < width; i += ATTEND_THREADS) {
        query[i] = queries[own + i];
    }
    float factor = 1.0f / __fsqrt_rn(float(width));
    float most = __uint_as_float(0xff800000u), total = 0.0f, mixed = 0.0f;
    unsigned end = unsigned(ends[token]), i = threadIdx.x;
    // The last warp adds the shares up while others mix values.
    bool is_adder = i == ATTEND_THREADS - 1;
    for (unsigned first = 0; first < end; first += ATTEND_TILE) {
        unsigned count = end - first < ATTEND_TILE ? end - first : ATTEND_TILE;
        unsigned blocks = (count + ATTEND_BLOCK - 1) / ATTEND_BLOCK;
        __syncthreads();
        score(query, keys + first * row, width, row, count, factor, scores);
        __syncthreads();
        if (i < blocks) {
            float greatest = __uint_as_float(0xff800000u);
            for (unsigned at = i * ATTEND_BLOCK; at < (i + 1) * ATTEND_BLOCK && at < count; at++) {
                greatest = scores[at] > greatest ? scores[at] : greatest;
            }
            mosts[i] = greatest;
        }
        __syncthreads();
        // Everyone goes through the blocks, so that nobody has to be told.
        float before = most;
        for (unsigned block = 0; block < blocks; block++) {
            bool is_greater = mosts[block] > most;
            float greatest = is_greater ? mosts[block] : most;
            if (i == block) {
                shrinks[block] = is_greater ? exponential(most - greatest) : 1.0f;
            }
            most = greatest;
        }
        for (unsigned at = i; at < count; at += ATTEND_THREADS) {
            float greatest = before;
            for (unsigned block = 0; block <= at / ATTEND_BLOCK; block++) {
                greatest = mosts[block] > greatest ? mosts[block] : greatest;
            }
            scores[at] = exponential(scores[at] - greatest);
        }
        __syncthreads();
        if (is_adder) {
            for (unsigned at = 0; at < count; at++) {
                if (at % ATTEND_BLOCK == 0) {
                    total = total * shrinks[at / ATTEND_BLOCK];
                }
                total = total + scores[at];
            }
        } else if (i < width) {
            for (unsigned start = 0; start < count; start += ATTEND_AHEAD) {
                float ahead[ATTEND_AHEAD];
#pragma unroll
                for (unsigned n = 0; n < ATTEND_AHEAD; n++) {
                    unsigned at = start + n < count ? start + n : count - 1;
                    ahead[n] = wide(values[(first + at) * row + i]);
                }
#pragma unroll
                for (unsigned n = 0; n < ATTEND_AHEAD; n++) {
                    if (start + n < count) {
                        if (n % ATTEND_BLOCK == 0) {
                            mixed = mixed * shrinks[(start + n) / ATTEND_BLOCK];
                        }
                        mixed = mixed + scores[start + n] * ahead[n];
                    }
                }
            }
        }
    }
    if (is_adder) {
        inverse = 1.0f / total;
    }
    __syncthreads();
    if (i < width) {
        out[own + i] = mixed * inverse;
    }
}

// Rows of a head that is stored in floats, times floats: 16 lanes for each row.
template <typename T>
KERNEL head_floats(const T *rows, const float *x, float *logits, unsigned count, unsigned columns) {
    unsigned lane = threadIdx.x % LANES;
    unsigned row = (blockIdx.x * blockDim.x + threadIdx.x) / LANES;
    const T *weights = rows + size_t(row < count ? row : count - 1) * columns;
    float sum = 0.0f;
#pragma unroll 8
    for (unsigned i = lane; i < columns; i += LANES) {
        sum = sum + wide(weights[i]) * x[i];
    }
    sum = reduced(sum);
    if (lane == 0 && row < count) {
        logits[row] = sum;
    }
}

// Rows of blocks of 32: a half-precision scale and 32 int8. A warp for each row.
KERNEL head_q8_0(const uint8_t *rows, const uint8_t *x, float *logits, unsigned count,
                 unsigned columns) {
    unsigned lane = threadIdx.x % WARP, row = (blockIdx.x * blockDim.x + threadIdx.x) / WARP;
    if (row >= count) {
        return;
    }
    const uint8_t *block = rows + size_t(row) * (columns / 32) * 34;
    const float *scales = reinterpret_cast<const float *>(x + columns);
    float all = 0.0f;
    for (unsigned at = 0; at < columns / 32; at++, block += 34) {
        int product = int(int8_t(block[2 + lane])) * int(int8_t(x[32 * at + lane]));
        int sum = warp_sum(product);
        float scale = __half2float(*reinterpret_cast<const half *>(block));
        all = all + float(sum) * (scale * scales[at]);
    }
    if (lane == 0) {
        logits[row] = all;
    }
}

// Four bytes that begin at a multiple of two.
DEVICE uint32_t four(const uint8_t *bytes) {
    const uint16_t *halves = reinterpret_cast<const uint16_t *>(bytes);
    return halves[0] | uint32_t(halves[1]) << 16;
}

// Rows of ggml's `Q6_K`, blocks of 256 (`core/ternary/src/rows.rs`). A warp for each row, and eight
// neighbours of each block for a lane.
KERNEL head_q6_k(const uint8_t *rows, const uint8_t *x, float *logits, unsigned count,
                 unsigned columns) {
    unsigned lane = threadIdx.x % WARP, row = (blockIdx.x * blockDim.x + threadIdx.x) / WARP;
    if (row >= count) {
        return;
    }
    unsigned half_of = lane / 16, quarter = lane % 16 / 4, at = lane % 4 * 8;
    const uint8_t *block = rows + size_t(row) * (columns / 256) * 210;
    const float *scales = reinterpret_cast<const float *>(x + columns);
    float all = 0.0f;
#pragma unroll 5
    for (unsigned n = 0; n < columns / 256; n++, block += 210) {
        const uint8_t *low = block + 64 * half_of + 32 * (quarter % 2) + at;
        const uint8_t *high = block + 128 + 32 * half_of + at;
        const uint32_t *q = reinterpret_cast<const uint32_t *>(x + 256 * n + 8 * lane);
        int product = 0, sum = 0;
#pragma unroll
        for (unsigned i = 0; i < 2; i++) {
            uint32_t weights = four(low + 4 * i) >> (4 * (quarter / 2)) & 0x0f0f0f0fu;
            weights |= (four(high + 4 * i) >> (2 * quarter) & 0x03030303u) << 4;
            product = __dp4a(int(weights), int(q[i]), product);
            sum = __dp4a(0x01010101, int(q[i]), sum);
        }
        int whole = warp_sum((product - 32 * sum) * int(int8_t(block[192 + lane / 2])));
        float scale = __half2float(*reinterpret_cast<const half *>(block + 208));
        all = all + float(whole) * (scale * scales[n]);
    }
    if (lane == 0) {
        logits[row] = all;
    }
}

} // namespace kernels
