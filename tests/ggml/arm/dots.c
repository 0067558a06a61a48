/* dots.c - ggml's ternary products, for counting instructions on an emulated 64-bit Arm processor.
 *
 * ggml multiplies by its dot products of a row and a token: for one token a row each, for more of
 * them a row and a token each: it has none for several ternary rows or tokens. A line
 * "ggml TYPE TOKENS SUM" is written for each product.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "ggml-cpu/quants.h"

#define GGML_COMMON_DECL_C
#include "ggml-common.h"

#define COLS (ROW_BLOCKS * QK_K)

static block_tq2_0 two_bits[ROWS][ROW_BLOCKS];
static block_tq1_0 base_three[ROWS][ROW_BLOCKS];
static block_q8_K activations[TOKENS][ROW_BLOCKS];
static float sums[ROWS][TOKENS];

__attribute__((noinline)) void count_before(void)
{
    __asm__ volatile("" ::: "memory");
}

__attribute__((noinline)) void count_after(void)
{
    __asm__ volatile("" ::: "memory");
}

/* As trine-arm-products.rs draws them: both products then have the same sums. */
static uint32_t state = 1;

static uint32_t draw(uint32_t below)
{
    state = state * 1664525u + 1013904223u;
    return (state >> 16) % below;
}

/* A byte of some digits that are a stride apart, as ggml rounds it. */
static uint8_t fraction(const uint8_t *digits, int stride, int count)
{
    int number = 0;
    for (int i = 0; i < 5; i++) {
        number = 3 * number + (i < count ? digits[i * stride] : 0);
    }
    return (uint8_t)((number * 256 + 242) / 243);
}

static void to_base_three(const uint8_t *digits, block_tq1_0 *block)
{
    for (int i = 0; i < 32; i++) {
        block->qs[i] = fraction(digits + i, 32, 5);
    }
    for (int i = 0; i < 16; i++) {
        block->qs[32 + i] = fraction(digits + 160 + i, 16, 5);
    }
    for (int i = 0; i < 4; i++) {
        block->qh[i] = fraction(digits + 240 + i, 4, 4);
    }
}

static void fill(void)
{
    for (int row = 0; row < ROWS; row++) {
        for (int at = 0; at < ROW_BLOCKS; at++) {
            block_tq2_0 *block = &two_bits[row][at];
            uint8_t digits[QK_K];
            block->d = 0x3c00;
            for (int i = 0; i < QK_K / 4; i++) {
                for (int digit = 0; digit < 4; digit++) {
                    uint8_t drawn = (uint8_t)draw(3);
                    block->qs[i] |= (uint8_t)(drawn << 2 * digit);
                    digits[i / 32 * 128 + i % 32 + 32 * digit] = drawn;
                }
            }
            base_three[row][at].d = 0x3c00;
            to_base_three(digits, &base_three[row][at]);
        }
    }
    for (int token = 0; token < TOKENS; token++) {
        for (int at = 0; at < ROW_BLOCKS; at++) {
            block_q8_K *block = &activations[token][at];
            block->d = 1.0f;
            for (int i = 0; i < QK_K; i++) {
                block->qs[i] = (int8_t)((int)draw(255) - 127);
                block->bsums[i / 16] = (int16_t)(block->bsums[i / 16] + block->qs[i]);
            }
        }
    }
}

typedef void dot(int, float *, size_t, const void *, size_t, const void *, size_t, int);

static void product(const char *type, dot *dot, const void *weights, size_t row_bytes, int tokens)
{
    count_before();
    for (int token = 0; token < tokens; token++) {
        for (int row = 0; row < ROWS; row++) {
            dot(COLS, &sums[row][token], 0, (const char *)weights + row * row_bytes, 0,
                activations[token], 0, 1);
        }
    }
    count_after();
    double all = 0;
    for (int row = 0; row < ROWS; row++) {
        for (int token = 0; token < tokens; token++) {
            all += sums[row][token] * (double)(1 + (row + token) % 7);
        }
    }
    printf("ggml %s %d %.0f\n", type, tokens, all);
}

int main(void)
{
    fill();
    for (int tokens = 1; tokens <= TOKENS; tokens += TOKENS - 1) {
        product("TQ2_0", ggml_vec_dot_tq2_0_q8_K, two_bits, sizeof two_bits[0], tokens);
        product("TQ1_0", ggml_vec_dot_tq1_0_q8_K, base_three, sizeof base_three[0], tokens);
    }
    return 0;
}
