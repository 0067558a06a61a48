/* Runs `measured` some times and prints the median of its time. A program includes this and has the
   three functions below. A tool that counts instructions looks at `measured` alone. */
#ifndef TIMED_H
#define TIMED_H

#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 199309L
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Makes ready for a round; 0 where that fails. */
static int start(void);
/* Makes calls; the bytes that came back. */
static size_t measured(unsigned calls);
/* Whether the last answer is right; ends the round. */
static int is_right(void);

static double times[1000];

static int rising(const void *one, const void *other)
{
    double a = *(const double *)one;
    double b = *(const double *)other;
    return (a > b) - (a < b);
}

int main(int count, char **words)
{
    const unsigned calls = count > 3 ? (unsigned)atoi(words[2]) : 0u;
    const int rounds = count > 3 ? atoi(words[3]) : 0;
    size_t bytes = 0;
    int round;

    if (calls == 0u || rounds < 1 || rounds > 1000) {
        (void)fprintf(stderr, "usage: PROGRAM NAME CALLS ROUNDS\n");
        return 1;
    }
    for (round = 0; round < rounds; round++) {
        struct timespec from;
        struct timespec to;

        if (!start()) {
            return 1;
        }
        (void)clock_gettime(CLOCK_MONOTONIC, &from);
        bytes = measured(calls);
        (void)clock_gettime(CLOCK_MONOTONIC, &to);
        times[round] = ((double)(to.tv_sec - from.tv_sec) * 1e9 +
                        (double)(to.tv_nsec - from.tv_nsec)) /
                       calls;
        if (!is_right()) {
            (void)fprintf(stderr, "not the answer to the call\n");
            return 1;
        }
    }
    qsort(times, (size_t)rounds, sizeof times[0], rising);
    (void)printf("%s: %.1f ns a call, %zu bytes each back\n", words[1], times[rounds / 2],
                 bytes / calls);
    return 0;
}

#endif
