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
// banks, and as many are on their way there. Half of the warps have every other piece of the
// columns.
constexpr unsigned MANY_WARPS = 4;
constexpr unsigned MANY_PARTS = 2;
constexpr unsigned MANY_THREADS = MANY_PARTS * MANY_WARPS * WARP;
constexpr unsigned MANY_ROWS = 16 * MANY_WARPS;
constexpr unsigned MANY_BYTES = 128;
constexpr unsigned MANY_STRIDE = MANY_BYTES + 16;
constexpr unsigned MANY_STEP = MANY_PARTS * MANY_BYTES;
constexpr unsigned MANY_WORDS = MANY_BYTES / TRITS;

// Starts to copy codes of some tokens to shared memory, from column `from` on, 16 bytes at a time;
// where there are no more columns or tokens, zeros.
template <unsigned TOKENS>
DEVICE void hold(uint4 *tile, const int8_t *codes, unsigned columns, unsigned from,
                 unsigned count) {
    constexpr unsigned WORDS = MANY_BYTES / 16, THREADS = MANY_WARPS * WARP;
#pragma unroll
    for (unsigned at = threadIdx.x % THREADS; at < TOKENS * WORDS; at += THREADS) {
        unsigned n = at / WORDS, word = at % WORDS;
        bool is_there = n < count && from + word * 16 < padded(columns);
        const int8_t *row = codes + (is_there ? size_t(n) * stride(columns) + from : 0);
        copy_ahead(tile + n * (MANY_STRIDE / 16) + word,
                   reinterpret_cast<const uint4 *>(row) + (is_there ? word : 0), is_there);
    }
}

// Trits of two rows from column `from` on. Behind the row any trits do, as they meet zeros.
DEVICE void read_ahead(uint4 (&trits)[2][MANY_WORDS], const uint8_t *const (&rows)[2],
                       unsigned columns, unsigned from) {
#pragma unroll
    for (unsigned k = 0; k < MANY_WORDS; k++) {
        unsigned at = from + k * TRITS < padded(columns) ? (from + k * TRITS) / 4 : 0;
        trits[0][k] = *reinterpret_cast<const uint4 *>(rows[0] + at);
        trits[1][k] = *reinterpret_cast<const uint4 *>(rows[1] + at);
    }
}

// Products of 16 rows and some tokens over 64 columns: `low` and `high` are trits of the two rows
// that this lane holds, and `held` are codes. Operands are all read before any is used, and sums
// are added to in turns, so that nothing waits for what was begun just before.
template <unsigned TILES>
DEVICE void multiply(int (&sums)[TILES][4], const uint4 &low, const uint4 &high,
                     const int8_t *held) {
    unsigned quad = threadIdx.x % 4;
    uint32_t b[TILES][4];
#pragma unroll
    for (unsigned n = 0; n < TILES; n++) {
        load_tile(b[n], held + n * 8 * MANY_STRIDE, MANY_STRIDE);
    }
    const uint32_t words[2][4] = {{low.x, low.y, low.z, low.w}, {high.x, high.y, high.z, high.w}};
#pragma unroll
    for (unsigned half = 0; half < 2; half++) {
        uint32_t a[4];
#pragma unroll
        for (unsigned part = 0; part < 4; part++) {
            a[part] = words[part % 2][2 * half + part / 2] >> (2 * quad) & 0x03030303u;
        }
#pragma unroll
        for (unsigned n = 0; n < TILES; n++) {
            const uint32_t own[2] = {b[n][2 * half], b[n][2 * half + 1]};
            multiply_tile(sums[n], a, own);
        }
    }
}

// What becomes of a token's sums: its tail, and the quotient of it for the rows of a block.
struct End {
    float scale, quotient;
    int sum;
};

// Products of many tokens, of which a block has `TOKENS`.
template <unsigned TOKENS>
KERNEL __launch_bounds__(MANY_THREADS, 2)
    product_many(Stack stack, const int8_t *codes, unsigned tokens) {
    constexpr unsigned TILE = TOKENS * MANY_STRIDE / 16, THREADS = MANY_WARPS * WARP;
    SHARED(uint4, tiles, 2 * MANY_PARTS * TILE);
    SHARED(End, ends, TOKENS);
    unsigned lane = threadIdx.x % WARP, thread = threadIdx.x % THREADS;
    unsigned part = threadIdx.x / THREADS, columns = stack.columns;
    unsigned first = blockIdx.x * MANY_ROWS + thread / WARP * 16 + lane / 4;
    unsigned token = blockIdx.y * TOKENS;
    unsigned count = tokens - token < TOKENS ? tokens - token : TOKENS;
    const int8_t *own = codes + size_t(token) * stride(columns);
    // The two rows whose trits this lane holds, of which it finishes one.
    const uint8_t *rows[2];
    for (unsigned half = 0; half < 2; half++) {
        unsigned at = first + 8 * half < stack.rows ? first + 8 * half : stack.rows - 1;
        rows[half] = stack.trits + size_t(at) * (padded(columns) / 4);
    }
    unsigned row = first + 8 * part < stack.rows ? first + 8 * part : stack.rows - 1;
    float scale = stack.scales[row / stack.part];
    float usual = stack.scales[blockIdx.x * MANY_ROWS / stack.part];
    int sums[TOKENS / 8][4] = {};
    uint4 trits[2][MANY_WORDS], next[2][MANY_WORDS];
    unsigned from = part * MANY_BYTES;
    let_next_begin();
    read_ahead(next, rows, columns, from);
    wait_for_before();
    uint4 *tile = tiles + part * TILE, *other = tile + MANY_PARTS * TILE;
    hold<TOKENS>(tile, own, columns, from, count);
    if (threadIdx.x < TOKENS) {
        size_t at = threadIdx.x < count ? threadIdx.x : 0;
        Tail end = *tail(own + at * stride(columns), columns);
        ends[threadIdx.x] = {end.scale, usual / end.scale, end.sum};
    }
    for (unsigned start = 0; start < padded(columns); start += MANY_STEP) {
#pragma unroll
        for (unsigned k = 0; k < MANY_WORDS; k++) {
            trits[0][k] = next[0][k];
            trits[1][k] = next[1][k];
        }
        // Here all have also done with the tile that is written to from now on.
        wait_for_copies();
        __syncthreads();
        from += MANY_STEP;
        if (start + MANY_STEP < padded(columns)) {
            hold<TOKENS>(other, own, columns, from, count);
            read_ahead(next, rows, columns, from);
        }
#pragma unroll
        for (unsigned k = 0; k < MANY_WORDS; k++) {
            const int8_t *held = reinterpret_cast<const int8_t *>(tile) + k * TRITS;
            multiply(sums, trits[0][k], trits[1][k], held);
        }
        uint4 *done = tile;
        tile = other;
        other = done;
    }
    __syncthreads();
    // Each half of the warps hands the other one its sums of a row.
    int *handed = reinterpret_cast<int *>(tiles);
    constexpr unsigned SUMS = TOKENS / 4;
    int all[SUMS];
    float before[SUMS];
#pragma unroll
    for (unsigned i = 0; i < SUMS; i++) {
        int low = sums[i / 2][i % 2], high = sums[i / 2][2 + i % 2];
        all[i] = part == 0 ? low : high;
        handed[(2 * i + 1 - part) * THREADS + thread] = part == 0 ? high : low;
        unsigned at = i / 2 * 8 + lane % 4 * 2 + i % 2;
        size_t place = size_t(token + (at < count ? at : 0)) * stack.rows + row;
        before[i] = stack.before ? stack.before[place] : 0.0f;
    }
    __syncthreads();
    bool is_usual = __float_as_uint(scale) == __float_as_uint(usual);
#pragma unroll
    for (unsigned i = 0; i < SUMS; i++) {
        unsigned at = i / 2 * 8 + lane % 4 * 2 + i % 2;
        int sum = all[i] + handed[(2 * i + part) * THREADS + thread] - ends[at].sum;
        float quotient = is_usual ? ends[at].quotient : scale / ends[at].scale;
        float product = float(sum) * quotient;
        if (first + 8 * part < stack.rows && at < count) {
            size_t place = size_t(token + at) * stack.rows + row;
            stack.out[place] = stack.before ? before[i] + product : product;
        }
    }
}

} // namespace kernels
