/* dots.c - ggml's ternary products, for counting instructions on an emulated 64-bit Arm processor.
 *
 * ggml multiplies by its dot products of a row and a token: for one token a row each, for more of
 * them a row and a token each. TQ2_0 has the fastest; there is none for several rows or tokens.
 * A line "ggml TQ2_0 TOKENS SUM" is written for each product.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "ggml-cpu/quants.h"

#define GGML_COMMON_DECL_C
#include "ggml-common.h"

#define COLS (ROW_BLOCKS * QK_K)

static block_tq2_0 weights[ROWS][ROW_BLOCKS];
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

static void fill(void)
{
    for (int row = 0; row < ROWS; row++) {
        for (int at = 0; at < ROW_BLOCKS; at++) {
            block_tq2_0 *block = &weights[row][at];
            block->d = 0x3c00;
            for (int i = 0; i < QK_K / 4; i++) {
                block->qs[i] = (uint8_t)(draw(3) | draw(3) << 2 | draw(3) << 4 | draw(3) << 6);
            }
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

int main(void)
{
    fill();
    for (int tokens = 1; tokens <= TOKENS; tokens += TOKENS - 1) {
        count_before();
        for (int token = 0; token < tokens; token++) {
            for (int row = 0; row < ROWS; row++) {
                ggml_vec_dot_tq2_0_q8_K(COLS, &sums[row][token], 0, weights[row], 0,
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
        printf("ggml TQ2_0 %d %.0f\n", tokens, all);
    }
    return 0;
}
