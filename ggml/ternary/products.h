// Products of trits and codes.
#pragma once

#include "kernels.h"

namespace kernels {

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

DEVICE void put(const Stack &stack, unsigned token, unsigned row, int sum, const Tail &tail,
                float scale) {
    float product = float(sum - tail.sum) * (scale / tail.scale);
    size_t at = size_t(token) * stack.rows + row;
    stack.out[at] = stack.before ? stack.before[at] + product : product;
}

constexpr unsigned ONE_WARPS = 4;
// Words that a lane reads at a time, and trits of a warp's then.
constexpr unsigned CHUNK = WARP * 32;

// Products of one token: a warp for each `ROWS` rows, of which each lane has read `AHEAD` pieces
// before the codes are there.
template <unsigned ROWS, unsigned AHEAD>
KERNEL __launch_bounds__(ONE_WARPS *WARP) product_one(Stack stack, const int8_t *codes) {
    unsigned lane = threadIdx.x % WARP;
    unsigned first = (blockIdx.x * ONE_WARPS + threadIdx.x / WARP) * ROWS;
    unsigned bytes = padded(stack.columns) / 4;
    const uint8_t *rows[ROWS];
    uint2 ahead[ROWS][AHEAD];
    float scales[ROWS];
    int sums[ROWS];
    let_next_begin();
#pragma unroll
    for (unsigned r = 0; r < ROWS; r++) {
        unsigned row = first + r < stack.rows ? first + r : stack.rows - 1;
        rows[r] = stack.trits + size_t(row) * bytes;
        scales[r] = stack.scales[row / stack.part];
        sums[r] = 0;
#pragma unroll
        for (unsigned i = 0; i < AHEAD; i++) {
            unsigned at = lane + i * WARP;
            // Behind the row any trits do, as they meet no codes.
            ahead[r][i] = reinterpret_cast<const uint2 *>(rows[r])[at < bytes / 8 ? at : 0];
        }
    }
    wait_for_before();
    const uint4 *q = reinterpret_cast<const uint4 *>(codes);
#pragma unroll
    for (unsigned i = 0; i < AHEAD; i++) {
        unsigned at = lane + i * WARP;
        if (at < bytes / 8) {
            uint4 low = q[2 * at], high = q[2 * at + 1];
#pragma unroll
            for (unsigned r = 0; r < ROWS; r++) {
                sums[r] = sixteen(ahead[r][i].y, high, sixteen(ahead[r][i].x, low, sums[r]));
            }
        }
    }
    for (unsigned at = lane + AHEAD * WARP; at < bytes / 8; at += WARP) {
        uint4 low = q[2 * at], high = q[2 * at + 1];
#pragma unroll
        for (unsigned r = 0; r < ROWS; r++) {
            uint2 trits = reinterpret_cast<const uint2 *>(rows[r])[at];
            sums[r] = sixteen(trits.y, high, sixteen(trits.x, low, sums[r]));
        }
    }
    Tail end = *tail(codes, stack.columns);
#pragma unroll
    for (unsigned r = 0; r < ROWS; r++) {
        int sum = warp_sum(sums[r]);
        if (lane == r && first + r < stack.rows) {
            put(stack, 0, first + r, sum, end, scales[r]);
        }
    }
}

// A block multiplies some tokens, in tiles of 8, by 16 rows for each warp; so many bytes of each
// token lie in shared memory at a time, with room between rows so that lanes read from different
// banks. Half of the warps have every other piece of the columns.
constexpr unsigned MANY_WARPS = 4;
constexpr unsigned MANY_PARTS = 2;
constexpr unsigned MANY_THREADS = MANY_PARTS * MANY_WARPS * WARP;
constexpr unsigned MANY_ROWS = 16 * MANY_WARPS;
constexpr unsigned MANY_BYTES = 256;
constexpr unsigned MANY_STRIDE = MANY_BYTES + 16;

// Codes of some tokens, from column `from` on, in shared memory: 16 bytes at a time.
template <unsigned TOKENS>
DEVICE void hold(uint4 *tile, const int8_t *codes, unsigned columns, unsigned from, unsigned width,
                 unsigned count) {
    constexpr unsigned WORDS = MANY_BYTES / 16, THREADS = MANY_WARPS * WARP;
#pragma unroll
    for (unsigned i = 0; i < TOKENS * WORDS / THREADS; i++) {
        unsigned at = i * THREADS + threadIdx.x % THREADS, n = at / WORDS, word = at % WORDS;
        uint4 x = {0, 0, 0, 0};
        if (n < count && word * 16 < width) {
            const int8_t *row = codes + size_t(n) * stride(columns) + from;
            x = reinterpret_cast<const uint4 *>(row)[word];
        }
        tile[n * (MANY_STRIDE / 16) + word] = x;
    }
}

// Products of 16 rows and some tokens over 64 columns: `low` and `high` are trits of the two rows
// that this lane holds, and `held` are codes.
template <unsigned TILES>
DEVICE void multiply(int (&sums)[TILES][4], const uint4 &low, const uint4 &high, const int8_t *held,
                     unsigned count) {
    unsigned quad = threadIdx.x % 4;
    const uint32_t words[2][4] = {{low.x, low.y, low.z, low.w}, {high.x, high.y, high.z, high.w}};
    uint32_t a[2][4];
#pragma unroll
    for (unsigned i = 0; i < 8; i++) {
        unsigned half = i / 4, part = i % 4;
        a[half][part] = words[part % 2][2 * half + part / 2] >> (2 * quad) & 0x03030303u;
    }
#pragma unroll
    for (unsigned n = 0; n < TILES; n++) {
        if (n * 8 < count) {
            uint32_t b[4];
            load_tile(b, held + n * 8 * MANY_STRIDE, MANY_STRIDE);
            const uint32_t first[2] = {b[0], b[1]}, second[2] = {b[2], b[3]};
            multiply_tile(sums[n], a[0], first);
            multiply_tile(sums[n], a[1], second);
        }
    }
}

// Products of many tokens, of which a block has `TOKENS`.
template <unsigned TOKENS>
KERNEL __launch_bounds__(MANY_THREADS, 2)
    product_many(Stack stack, const int8_t *codes, unsigned tokens) {
    constexpr unsigned TILE = TOKENS * MANY_STRIDE / 16, SUMS = TOKENS / 2;
    __shared__ uint4 tiles[MANY_PARTS * TILE];
    unsigned lane = threadIdx.x % WARP, quad = lane % 4, bytes = padded(stack.columns) / 4;
    unsigned warp = threadIdx.x / WARP % MANY_WARPS, part = threadIdx.x / WARP / MANY_WARPS;
    unsigned first = blockIdx.x * MANY_ROWS + warp * 16, token = blockIdx.y * TOKENS;
    unsigned count = tokens - token < TOKENS ? tokens - token : TOKENS;
    const int8_t *own = codes + size_t(token) * stride(stack.columns);
    uint4 *tile = tiles + part * TILE;
    // The two rows whose trits this lane holds.
    const uint8_t *rows[2];
    for (unsigned half = 0; half < 2; half++) {
        unsigned row = first + lane / 4 + 8 * half;
        rows[half] = stack.trits + size_t(row < stack.rows ? row : stack.rows - 1) * bytes;
    }
    int sums[TOKENS / 8][4] = {};
    let_next_begin();
    wait_for_before();
    for (unsigned start = 0; start < padded(stack.columns); start += MANY_PARTS * MANY_BYTES) {
        unsigned from = start + part * MANY_BYTES;
        unsigned end = padded(stack.columns);
        unsigned width = from >= end ? 0 : end - from < MANY_BYTES ? end - from : MANY_BYTES;
        uint4 trits[2][MANY_BYTES / TRITS];
#pragma unroll
        for (unsigned k = 0; k < MANY_BYTES / TRITS; k++) {
            unsigned at = k * TRITS < width ? (from + k * TRITS) / 4 : 0;
            trits[0][k] = *reinterpret_cast<const uint4 *>(rows[0] + at);
            trits[1][k] = *reinterpret_cast<const uint4 *>(rows[1] + at);
        }
        hold<TOKENS>(tile, own, stack.columns, from, width, count);
        __syncthreads();
#pragma unroll
        for (unsigned k = 0; k < MANY_BYTES / TRITS; k++) {
            const int8_t *held = reinterpret_cast<const int8_t *>(tile) + k * TRITS;
            if (k * TRITS < width) {
                multiply(sums, trits[0][k], trits[1][k], held, count);
            }
        }
        __syncthreads();
    }
    // The second half hands its sums to the first.
    int *handed = reinterpret_cast<int *>(tiles) + (warp * WARP + lane) * (SUMS + 1);
#pragma unroll
    for (unsigned i = 0; i < SUMS; i++) {
        if (part == 1) {
            handed[i] = sums[i / 4][i % 4];
        }
    }
    __syncthreads();
#pragma unroll
    for (unsigned i = 0; i < SUMS; i++) {
        unsigned row = first + lane / 4 + i % 4 / 2 * 8, at = i / 4 * 8 + quad * 2 + i % 2;
        if (part == 0 && row < stack.rows && at < count) {
            Tail end = *tail(own + size_t(at) * stride(stack.columns), stack.columns);
            int sum = sums[i / 4][i % 4] + handed[i];
            put(stack, token + at, row, sum, end, stack.scales[row / stack.part]);
        }
    }
}

} // namespace kernels
