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

// The greatest magnitude over all threads of a block; `room` has a word for each warp. Magnitudes
// are in the order of their bits.
DEVICE float block_most(float x, uint32_t *room) {
    uint32_t most = warp_most(__float_as_uint(x));
    unsigned warps = blockDim.x / WARP, lane = threadIdx.x % WARP;
    if (lane == 0) {
        room[threadIdx.x / WARP] = most;
    }
    __syncthreads();
    return __uint_as_float(warp_most(lane < warps ? room[lane] : 0u));
}

// The sum, which the first warp is told.
DEVICE int block_sum(int x, int *room) {
    x = warp_sum(x);
    unsigned warps = blockDim.x / WARP, lane = threadIdx.x % WARP;
    if (lane == 0) {
        room[threadIdx.x / WARP] = x;
    }
    __syncthreads();
    return threadIdx.x < WARP ? warp_sum(lane < warps ? room[lane] : 0) : 0;
}

// How a row that is normed comes about.
enum Source { PLAIN, RELU_SQUARED, SILU };

// Threads for a row.
constexpr unsigned ROW_THREADS = 512;
// Squares that lie in shared memory while they are added: those of each partial sum side by side,
// with room between, so that partial sums are read from different banks. They are read by fours, and
// so many fours are on their way while others are added.
constexpr unsigned TILE = 8192;
constexpr unsigned TILE_STRIDE = TILE / LANES + 4;
constexpr unsigned FOURS = 4;
constexpr unsigned TILE_STEP = LANES * 4 * FOURS;

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

// Adds the squares of a tile to a partial sum of each of 16 threads.
DEVICE float added(const float *squares, unsigned count, float partial) {
    const float4 *own = reinterpret_cast<const float4 *>(squares + threadIdx.x * TILE_STRIDE);
    float4 now[FOURS];
#pragma unroll
    for (unsigned i = 0; i < FOURS; i++) {
        now[i] = own[i];
    }
    for (unsigned at = 0; at < count; at += TILE_STEP) {
        float4 next[FOURS];
        // Behind the last there is room.
        own += at + TILE_STEP < count ? FOURS : 0;
#pragma unroll
        for (unsigned i = 0; i < FOURS; i++) {
            next[i] = own[i];
        }
#pragma unroll
        for (unsigned i = 0; i < FOURS; i++) {
            partial = partial + now[i].x;
            partial = partial + now[i].y;
            partial = partial + now[i].z;
            partial = partial + now[i].w;
            now[i] = next[i];
        }
    }
    return partial;
}

// What a row is multiplied by to have the root mean square 1, its mean square being raised by
// epsilon. `own` are this thread's numbers, one of each `ROW_THREADS`.
template <unsigned EACH>
DEVICE float norm_factor(const float (&own)[EACH], unsigned columns, float epsilon) {
    __shared__ float4 room[LANES * TILE_STRIDE / 4];
    __shared__ float factor;
    float *squares = reinterpret_cast<float *>(room);
    constexpr unsigned TOGETHER = TILE / ROW_THREADS;
    float partial = 0.0f;
#pragma unroll
    for (unsigned tile = 0; tile * TOGETHER < EACH; tile++) {
        unsigned first = tile * TILE;
        unsigned left = first >= columns ? 0 : columns - first < TILE ? columns - first : TILE;
        // What fills up the last step are zeros, which change no sum of squares.
        unsigned count = (left + TILE_STEP - 1) / TILE_STEP * TILE_STEP;
        if (left > 0) {
#pragma unroll
            for (unsigned i = 0; i < TOGETHER && tile * TOGETHER + i < EACH; i++) {
                unsigned at = i * ROW_THREADS + threadIdx.x;
                if (at < count) {
                    float x = at < left ? own[tile * TOGETHER + i] : 0.0f;
                    squares[at % LANES * TILE_STRIDE + at / LANES] = x * x;
                }
            }
            __syncthreads();
            if (threadIdx.x < LANES) {
                partial = added(squares, count, partial);
            }
            __syncthreads();
        }
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
    __shared__ uint32_t most_room[ROW_THREADS / WARP];
    __shared__ int sum_room[ROW_THREADS / WARP];
    let_next_begin();
    const float *row = x + size_t(blockIdx.x) * step;
    int8_t *out = codes + size_t(blockIdx.x) * stride(columns);
    float own[EACH], weights[EACH];
#pragma unroll
    for (unsigned i = 0; i < EACH; i++) {
        unsigned at = i * ROW_THREADS + threadIdx.x;
        weights[i] = at < columns ? weight[at] : 0.0f;
    }
    wait_for_before();
#pragma unroll
    for (unsigned i = 0; i < EACH; i++) {
        unsigned at = i * ROW_THREADS + threadIdx.x;
        own[i] = at < columns ? source(kind, row, columns, at) : 0.0f;
    }
    float factor = norm_factor(own, columns, epsilon);
    float most = 0.0f;
#pragma unroll
    for (unsigned i = 0; i < EACH; i++) {
        own[i] = own[i] * factor * weights[i];
        float magnitude = own[i] < 0.0f ? -own[i] : own[i];
        most = magnitude > most ? magnitude : most;
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
    let_next_begin();
    wait_for_before();
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

// Tokens that a block multiplies together, in tiles of 8; rows, 16 for each warp; and bytes of each
// token that lie in shared memory at a time, with room between rows so that lanes read from
// different banks. Half of the warps have every other piece of the columns.
constexpr unsigned MANY_TOKENS = 32;
constexpr unsigned MANY_WARPS = 4;
constexpr unsigned MANY_PARTS = 2;
constexpr unsigned MANY_THREADS = MANY_PARTS * MANY_WARPS * WARP;
constexpr unsigned MANY_ROWS = 16 * MANY_WARPS;
constexpr unsigned MANY_BYTES = 256;
constexpr unsigned MANY_STRIDE = MANY_BYTES + 16;
constexpr unsigned MANY_TILE = MANY_TOKENS * MANY_STRIDE / 16;

// Codes of some tokens, from column `from` on, in shared memory: 16 bytes at a time.
DEVICE void hold(uint4 *tile, const int8_t *codes, unsigned columns, unsigned from, unsigned width,
                 unsigned count) {
    constexpr unsigned WORDS = MANY_BYTES / 16, THREADS = MANY_WARPS * WARP;
#pragma unroll
    for (unsigned i = 0; i < MANY_TOKENS * WORDS / THREADS; i++) {
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
DEVICE void multiply(int (&sums)[MANY_TOKENS / 8][4], const uint4 &low, const uint4 &high,
                     const int8_t *held, unsigned count) {
    unsigned lane = threadIdx.x % WARP, quad = lane % 4;
    const uint32_t words[2][4] = {{low.x, low.y, low.z, low.w}, {high.x, high.y, high.z, high.w}};
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
                const int8_t *row = held + (n * 8 + lane / 4) * MANY_STRIDE + 32 * half;
                const uint32_t *four = reinterpret_cast<const uint32_t *>(row);
                uint32_t b[2] = {four[quad], four[quad + 4]};
                multiply_tile(sums[n], a, b);
            }
        }
    }
}

// Products of many tokens.
KERNEL __launch_bounds__(MANY_THREADS)
    product_many(Stack stack, const int8_t *codes, unsigned tokens) {
    __shared__ uint4 tiles[MANY_PARTS * MANY_TILE];
    unsigned lane = threadIdx.x % WARP, quad = lane % 4, bytes = padded(stack.columns) / 4;
    unsigned warp = threadIdx.x / WARP % MANY_WARPS, part = threadIdx.x / WARP / MANY_WARPS;
    unsigned first = blockIdx.x * MANY_ROWS + warp * 16, token = blockIdx.y * MANY_TOKENS;
    unsigned count = tokens - token < MANY_TOKENS ? tokens - token : MANY_TOKENS;
    const int8_t *own = codes + size_t(token) * stride(stack.columns);
    uint4 *tile = tiles + part * MANY_TILE;
    // The two rows whose trits this lane holds.
    const uint8_t *rows[2];
    for (unsigned half = 0; half < 2; half++) {
        unsigned row = first + lane / 4 + 8 * half;
        rows[half] = stack.trits + size_t(row < stack.rows ? row : stack.rows - 1) * bytes;
    }
    int sums[MANY_TOKENS / 8][4] = {};
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
        hold(tile, own, stack.columns, from, width, count);
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
    int *handed = reinterpret_cast<int *>(tiles) + (warp * WARP + lane) * (MANY_TOKENS / 2 + 1);
#pragma unroll
    for (unsigned i = 0; part == 1 && i < MANY_TOKENS / 2; i++) {
        handed[i] = sums[i / 4][i % 4];
    }
    __syncthreads();
#pragma unroll
    for (unsigned i = 0; part == 0 && i < MANY_TOKENS / 2; i++) {
        unsigned row = first + lane / 4 + i % 4 / 2 * 8, at = i / 4 * 8 + quad * 2 + i % 2;
        if (row < stack.rows && at < count) {
            Tail end = *tail(own + size_t(at) * stride(stack.columns), stack.columns);
            int sum = sums[i / 4][i % 4] + handed[i];
            put(stack, token + at, row, sum, end, stack.scales[row / stack.part]);
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
    let_next_begin();
    wait_for_before();
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

// Positions whose scores lie in shared memory, and of a block of the engine's softmax.
constexpr unsigned ATTEND_TILE = 1024;
constexpr unsigned ATTEND_BLOCK = 16;
constexpr unsigned ATTEND_BLOCKS = ATTEND_TILE / ATTEND_BLOCK;
// Positions whose values are read before any is added.
constexpr unsigned ATTEND_AHEAD = 32;
constexpr unsigned WIDTH_MOST = 256;

// Eight neighbours as numbers.
DEVICE void eight(const half *from, float (&x)[8]) {
    uint4 bits = *reinterpret_cast<const uint4 *>(from);
    const half *halves = reinterpret_cast<const half *>(&bits);
#pragma unroll
    for (unsigned i = 0; i < 8; i++) {
        x[i] = wide(halves[i]);
    }
}
DEVICE void eight(const float *from, float (&x)[8]) {
#pragma unroll
    for (unsigned i = 0; i < 2; i++) {
        float4 four = reinterpret_cast<const float4 *>(from)[i];
        x[4 * i] = four.x;
        x[4 * i + 1] = four.y;
        x[4 * i + 2] = four.z;
        x[4 * i + 3] = four.w;
    }
}

// Scores of `count` positions: two lanes for each, of which one has the partial sums 0 to 7 and the
// other 8 to 15.
template <typename T>
DEVICE void score_by_eights(const float *query, const T *keys, unsigned width, size_t row,
                            unsigned count, float factor, float *scores) {
    unsigned side = threadIdx.x % 2 * 8;
    for (unsigned at = threadIdx.x / 2; at / 16 * 16 < count; at += blockDim.x / 2) {
        const T *key = keys + (at < count ? at : count - 1) * row + side;
        float sums[8] = {};
#pragma unroll 8
        for (unsigned i = 0; i < width; i += LANES) {
            float x[8], q[8];
            eight(key + i, x);
            eight(query + side + i, q);
#pragma unroll
            for (unsigned n = 0; n < 8; n++) {
                sums[n] = sums[n] + q[n] * x[n];
            }
        }
#pragma unroll
        for (unsigned n = 0; n < 8; n++) {
            sums[n] = sums[n] + __shfl_xor_sync(EVERYONE, sums[n], 1);
        }
        float a = sums[0] + sums[4], b = sums[1] + sums[5], c = sums[2] + sums[6];
        float sum = (a + c) + (b + (sums[3] + sums[7]));
        if (side == 0 && at < count) {
            scores[at] = sum * factor;
        }
    }
}

// The same for heads of any width: 16 lanes for each position.
template <typename T>
DEVICE void score_by_ones(const float *query, const T *keys, unsigned width, size_t row,
                          unsigned count, float factor, float *scores) {
    unsigned lane = threadIdx.x % LANES;
    for (unsigned at = threadIdx.x / LANES; at / 2 * 2 < count; at += blockDim.x / LANES) {
        const T *key = keys + (at < count ? at : count - 1) * row;
        float sum = 0.0f;
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
// `core/infer/src/model/attention.rs`: blocks of positions in rising order. There are more threads
// than a head is wide: the last one adds the shares up while others mix values.
template <typename T>
KERNEL __launch_bounds__(512)
    attend(const float *queries, const int *ends, Heads<T> heads, float *out) {
    __shared__ float4 query_room[WIDTH_MOST / 4], score_room[ATTEND_TILE / 4];
    __shared__ float mosts[ATTEND_BLOCKS], tops[ATTEND_BLOCKS], shrinks[ATTEND_BLOCKS];
    __shared__ float inverse;
    float *query = reinterpret_cast<float *>(query_room);
    float *scores = reinterpret_cast<float *>(score_room);
    unsigned head = blockIdx.x, token = blockIdx.y, width = heads.width, i = threadIdx.x;
    size_t own = (size_t(token) * heads.heads + head) * width;
    size_t row = size_t(heads.kv_heads) * width;
    size_t shared = size_t(head / (heads.heads / heads.kv_heads)) * width;
    const float least = __uint_as_float(0xff800000u);
    float factor = 1.0f / __fsqrt_rn(float(width));
    let_next_begin();
    wait_for_before();
    for (unsigned at = i; at < width; at += blockDim.x) {
        query[at] = queries[own + at];
    }
    float most = least, total = 0.0f, mixed = 0.0f;
    unsigned end = unsigned(ends[token]);
    bool is_adder = i == blockDim.x - 1;
    for (unsigned first = 0; first < end; first += ATTEND_TILE) {
        unsigned count = end - first < ATTEND_TILE ? end - first : ATTEND_TILE;
        unsigned blocks = (count + ATTEND_BLOCK - 1) / ATTEND_BLOCK;
        const T *keys = heads.keys + shared + first * row;
        const T *values = heads.values + shared + first * row + (i < width ? i : 0);
        T ahead[ATTEND_AHEAD];
        if (i < width) {
#pragma unroll
            for (unsigned n = 0; n < ATTEND_AHEAD; n++) {
                ahead[n] = values[(n < count ? n : count - 1) * row];
            }
        }
        __syncthreads();
        if (width % LANES == 0) {
            score_by_eights(query, keys, width, row, count, factor, scores);
        } else {
            score_by_ones(query, keys, width, row, count, factor, scores);
        }
        __syncthreads();
        for (unsigned block = i; block < blocks; block += blockDim.x) {
            float greatest = least;
#pragma unroll
            for (unsigned n = 0; n < ATTEND_BLOCK; n++) {
                unsigned at = block * ATTEND_BLOCK + n;
                float score = at < count ? scores[at] : least;
                greatest = score > greatest ? score : greatest;
            }
            mosts[block] = greatest;
        }
        __syncthreads();
        for (unsigned block = i; block < blocks; block += blockDim.x) {
            float before = most;
            for (unsigned at = 0; at < block; at++) {
                before = mosts[at] > before ? mosts[at] : before;
            }
            bool is_greater = mosts[block] > before;
            tops[block] = is_greater ? mosts[block] : before;
            shrinks[block] = is_greater ? exponential(before - mosts[block]) : 1.0f;
        }
        __syncthreads();
        most = tops[blocks - 1];
        for (unsigned at = i; at < count; at += blockDim.x) {
            scores[at] = exponential(scores[at] - tops[at / ATTEND_BLOCK]);
        }
        __syncthreads();
        if (is_adder) {
            for (unsigned block = 0; block < blocks; block++) {
                total = total * shrinks[block];
                float shares[ATTEND_BLOCK];
#pragma unroll
                for (unsigned n = 0; n < ATTEND_BLOCK; n++) {
                    shares[n] = scores[block * ATTEND_BLOCK + n];
                }
#pragma unroll
                for (unsigned n = 0; n < ATTEND_BLOCK; n++) {
                    total = block * ATTEND_BLOCK + n < count ? total + shares[n] : total;
                }
            }
        } else if (i < width) {
            for (unsigned start = 0; start < count; start += ATTEND_AHEAD) {
                T now[ATTEND_AHEAD];
#pragma unroll
                for (unsigned n = 0; n < ATTEND_AHEAD; n++) {
                    now[n] = ahead[n];
                    unsigned at = start + ATTEND_AHEAD + n;
                    ahead[n] = values[(at < count ? at : count - 1) * row];
                }
#pragma unroll
                for (unsigned n = 0; n < ATTEND_AHEAD; n++) {
                    if (n % ATTEND_BLOCK == 0 && start + n < count) {
                        mixed = mixed * shrinks[(start + n) / ATTEND_BLOCK];
                    }
                    float more = mixed + scores[start + n] * wide(now[n]);
                    mixed = start + n < count ? more : mixed;
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
    let_next_begin();
    wait_for_before();
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
    let_next_begin();
    wait_for_before();
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
    let_next_begin();
    wait_for_before();
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
