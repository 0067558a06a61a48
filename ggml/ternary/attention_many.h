// Attention of many tokens together, which share what they read of keys and values.
#pragma once

#include "attention.h"

namespace kernels {

// Positions whose keys, and then values, lie in shared memory: one for each lane.
constexpr unsigned SHARED_POSITIONS = WARP;
// Rows of a warp, each a head of a token: all of the same keys and values.
constexpr unsigned SHARED_ROWS = 4;

// A row of a warp: the positions before `end`, and what its softmax has come to.
struct Row {
    float most, total, shrinks[SHARED_POSITIONS / ATTEND_BLOCK];
    unsigned end;
};

// Where the row `at` of those lies that share the keys and values of a head, or the last row.
template <typename T>
DEVICE size_t place_of(const Heads<T> &heads, unsigned at, unsigned count) {
    unsigned group = heads.heads / heads.kv_heads;
    at = at < count ? at : count - 1;
    size_t head = size_t(at / group) * heads.heads + blockIdx.x * group + at % group;
    return head * heads.width;
}

// Starts to copy the keys or values of some positions; zeros behind the last one. Between positions
// there is room, so that lanes read from different banks.
template <typename T, unsigned WIDTH, unsigned THREADS>
DEVICE void hold_positions(uint4 *room, const T *from, unsigned width, size_t row, unsigned first,
                           unsigned end) {
    constexpr unsigned WORDS = WIDTH * sizeof(T) / 16;
#pragma unroll
    for (unsigned at = threadIdx.x; at < SHARED_POSITIONS * WORDS; at += THREADS) {
        unsigned n = at / WORDS, word = at % WORDS;
        bool is_there = first + n < end;
        const T *position = from + (is_there ? first + n : 0) * row;
        if (word < width * unsigned(sizeof(T)) / 16) {
            copy_ahead(room + n * (WORDS + 1) + word,
                       reinterpret_cast<const uint4 *>(position) + word, is_there);
        }
    }
}

// Scores of the lane's position with each row of the warp, whose queries lie `step` apart. Two
// lanes have two positions together, whose keys lie `apart` from each other: one of them has the
// partial sums 0 to 7, the other 8 to 15, so that a query is read once for both positions. Then each
// hands the other one what it has of its position.
template <typename T>
DEVICE void score_rows(float (&scores)[SHARED_ROWS], const float *queries, unsigned step,
                       const T *keys, unsigned apart, unsigned width, float factor) {
    float sums[2][SHARED_ROWS][8] = {};
    unsigned side = threadIdx.x % 2;
    keys += 8 * side;
    queries += 8 * side;
#pragma unroll 2
    for (unsigned i = 0; i < width; i += LANES) {
        float x[2][8];
        widened(keys + i, x[0]);
        widened(keys + apart + i, x[1]);
#pragma unroll
        for (unsigned r = 0; r < SHARED_ROWS; r++) {
#pragma unroll
            for (unsigned n = 0; n < 8; n += 4) {
                float q[4];
                widened(queries + r * step + i + n, q);
#pragma unroll
                for (unsigned k = 0; k < 4; k++) {
                    sums[0][r][n + k] = sums[0][r][n + k] + q[k] * x[0][n + k];
                    sums[1][r][n + k] = sums[1][r][n + k] + q[k] * x[1][n + k];
                }
            }
        }
    }
#pragma unroll
    for (unsigned r = 0; r < SHARED_ROWS; r++) {
        float eights[8], fours[4];
#pragma unroll
        for (unsigned n = 0; n < 8; n++) {
            float own = side == 0 ? sums[0][r][n] : sums[1][r][n];
            float given = side == 0 ? sums[1][r][n] : sums[0][r][n];
            eights[n] = own + __shfl_xor_sync(EVERYONE, given, 1);
        }
#pragma unroll
        for (unsigned n = 0; n < 4; n++) {
            fours[n] = eights[n] + eights[n + 4];
        }
        scores[r] = ((fours[0] + fours[2]) + (fours[1] + fours[3])) * factor;
    }
}

// The share of the lane's position in a row, and how far what was added before it shrinks.
DEVICE float share_of(Row &row, float score, bool is_seen) {
    const float least = __uint_as_float(0xff800000u);
    float greatest = is_seen && score > least ? score : least;
#pragma unroll
    for (int lanes = ATTEND_BLOCK / 2; lanes > 0; lanes /= 2) {
        float other = __shfl_xor_sync(EVERYONE, greatest, lanes);
        greatest = other > greatest ? other : greatest;
    }
    float far = __shfl_xor_sync(EVERYONE, greatest, int(ATTEND_BLOCK));
    bool is_second = threadIdx.x % WARP >= ATTEND_BLOCK;
    float tops[2] = {is_second ? far : greatest, is_second ? greatest : far};
#pragma unroll
    for (unsigned block = 0; block < 2; block++) {
        row.shrinks[block] = 1.0f;
        if (tops[block] > row.most) {
            row.shrinks[block] = exponential(row.most - tops[block]);
            row.most = tops[block];
        }
        tops[block] = row.most;
    }
    return exponential(score - (is_second ? tops[1] : tops[0]));
}

// Adds shares of values to the lane's columns of each row, and shares to totals, in rising order of
// positions. `IS_WHOLE` says that each row sees all of these positions.
template <bool IS_WHOLE, typename T, unsigned COLUMNS>
DEVICE void mix_rows(float (&mixed)[SHARED_ROWS][COLUMNS], Row (&rows)[SHARED_ROWS],
                     const float *shares, const T *values, unsigned step, unsigned first) {
#pragma unroll 2
    for (unsigned n = 0; n < SHARED_POSITIONS; n += 4) {
        float x[4][COLUMNS];
#pragma unroll
        for (unsigned k = 0; k < 4; k++) {
            widened(values + (n + k) * step, x[k]);
        }
#pragma unroll
        for (unsigned r = 0; r < SHARED_ROWS; r++) {
            if (n % ATTEND_BLOCK == 0) {
                float shrink = n == 0 ? rows[r].shrinks[0] : rows[r].shrinks[1];
                rows[r].total = rows[r].total * shrink;
#pragma unroll
                for (unsigned i = 0; i < COLUMNS; i++) {
                    mixed[r][i] = mixed[r][i] * shrink;
                }
            }
            float share[4];
            widened(shares + r * SHARED_POSITIONS + n, share);
#pragma unroll
            for (unsigned k = 0; k < 4; k++) {
                bool is_seen = IS_WHOLE || first + n + k < rows[r].end;
                float total = rows[r].total + share[k];
                rows[r].total = is_seen ? total : rows[r].total;
#pragma unroll
                for (unsigned i = 0; i < COLUMNS; i++) {
                    float more = mixed[r][i] + share[k] * x[k][i];
                    mixed[r][i] = is_seen ? more : mixed[r][i];
                }
            }
        }
    }
}

// The same attention as `attend`, in the same order: a block has the heads of some tokens that
// share keys and values, a warp four of these rows, a lane a position of their scores, and then
// some columns of what comes out. Heads are a multiple of 16 wide, and not wider than `WIDTH`.
template <typename T, unsigned WIDTH, unsigned WARPS>
KERNEL __launch_bounds__(WARPS *WARP, WIDTH == 128 ? 4 : 5)
    attend_many(const float *queries, const int *ends, Heads<T> heads, unsigned tokens,
                float *out) {
    constexpr unsigned ROWS = WARPS * SHARED_ROWS, COLUMNS = WIDTH / WARP;
    constexpr unsigned STEP = WIDTH + 16 / sizeof(T), THREADS = WARPS * WARP;
    constexpr unsigned ROOM = SHARED_POSITIONS * STEP * sizeof(T) / 16;
    SHARED(uint4, keys_room, ROOM);
    SHARED(uint4, values_room, ROOM);
    SHARED(float4, query_room, ROWS * WIDTH / 4);
    SHARED(float4, share_room, ROWS * SHARED_POSITIONS / 4);
    unsigned lane = threadIdx.x % WARP, warp = threadIdx.x / WARP, width = heads.width;
    unsigned group = heads.heads / heads.kv_heads, count = tokens * group;
    // Later tokens see more: their blocks begin first.
    unsigned from = (gridDim.y - 1 - blockIdx.y) * ROWS, until = from + ROWS - 1;
    float *query = reinterpret_cast<float *>(query_room) + warp * SHARED_ROWS * WIDTH;
    float *shares = reinterpret_cast<float *>(share_room) + warp * SHARED_ROWS * SHARED_POSITIONS;
    const T *pair = reinterpret_cast<const T *>(keys_room) + lane / 2 * 2 * STEP;
    const T *value = reinterpret_cast<const T *>(values_room) + lane * COLUMNS;
    const T *keys = heads.keys + blockIdx.x * width, *values = heads.values + blockIdx.x * width;
    size_t row = size_t(heads.kv_heads) * width;
    float factor = 1.0f / __fsqrt_rn(float(width));
    let_next_begin();
    wait_for_before();
    unsigned end = 0, shortest = ~0u, longest = 0;
    for (unsigned token = from / group; token < tokens && token <= until / group; token++) {
        end = unsigned(ends[token]) > end ? unsigned(ends[token]) : end;
    }
    hold_positions<T, WIDTH, THREADS>(keys_room, keys, width, row, 0, end);
    Row rows[SHARED_ROWS];
#pragma unroll
    for (unsigned r = 0; r < SHARED_ROWS; r++) {
        unsigned at = from + warp * SHARED_ROWS + r;
        unsigned token = (at < count ? at : count - 1) / group;
        size_t place = place_of(heads, at, count);
        rows[r] = {__uint_as_float(0xff800000u), 0.0f, {}, unsigned(ends[token])};
        shortest = rows[r].end < shortest ? rows[r].end : shortest;
        longest = rows[r].end > longest ? rows[r].end : longest;
        for (unsigned i = lane; i < width; i += WARP) {
            query[r * WIDTH + i] = queries[place + i];
        }
    }
    float mixed[SHARED_ROWS][COLUMNS] = {};
    for (unsigned first = 0; first < end; first += SHARED_POSITIONS) {
        // Keys are there, and all have done with the values before.
        wait_for_copies();
        __syncthreads();
        hold_positions<T, WIDTH, THREADS>(values_room, values, width, row, first, end);
        if (first < longest) {
            float scores[SHARED_ROWS];
            score_rows(scores, query, WIDTH, pair, STEP, width, factor);
#pragma unroll
            for (unsigned r = 0; r < SHARED_ROWS; r++) {
                bool is_seen = first + lane < rows[r].end;
                shares[r * SHARED_POSITIONS + lane] = share_of(rows[r], scores[r], is_seen);
            }
        }
        // Values are there, and all have done with the keys.
        wait_for_copies();
        __syncthreads();
        if (first + SHARED_POSITIONS < end) {
            unsigned next = first + SHARED_POSITIONS;
            hold_positions<T, WIDTH, THREADS>(keys_room, keys, width, row, next, end);
        }
        if (first + SHARED_POSITIONS <= shortest) {
            mix_rows<true>(mixed, rows, shares, value, STEP, first);
        } else if (first < longest) {
            mix_rows<false>(mixed, rows, shares, value, STEP, first);
        }
    }
#pragma unroll
    for (unsigned r = 0; r < SHARED_ROWS; r++) {
        float inverse = 1.0f / rows[r].total;
        unsigned at = from + warp * SHARED_ROWS + r;
        if (at < count && lane * COLUMNS < width) {
            float *place = out + place_of(heads, at, count) + lane * COLUMNS;
#pragma unroll
            for (unsigned i = 0; i < COLUMNS; i++) {
                place[i] = mixed[r][i] * inverse;
            }
        }
    }
}

} // namespace kernels
