/**
 * \file trine_figures.h
 * \brief Trine: sum, mean and more of an array of numbers, for programs of a desktop or server.
 *
 * Made from ffi/host by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * \code
 * const double celsius[] = {20.5, 21.0, 19.5};
 * trine_figures figures = {0};
 *
 * figures.struct_size = sizeof figures;
 * if (trine_calculate(celsius, 3, &figures) == TRINE_OK) {
 *     printf("%.1f, from %.1f to %.1f\n", figures.mean, figures.least, figures.most);
 * }
 * \endcode
 *
 * libtrine_host has this function. It takes no memory, and reads the numbers where they lie.
 */


#ifndef TRINE_FIGURES_H
#define TRINE_FIGURES_H

#include <stddef.h>
#include <stdint.h>
/* Statuses, and why a function failed. */
#include "trine_hub.h"


/**
 * What `trine_calculate` says of an array of numbers.
 */
typedef struct trine_figures {
    /**
     * `sizeof(trine_figures)`, which the program sets.
     */
    uint32_t struct_size;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * How many numbers there are.
     */
    uint64_t count;
    /**
     * Their sum.
     */
    double sum;
    /**
     * Their mean.
     */
    double mean;
    /**
     * The standard deviation from the mean, of these numbers as a whole.
     */
    double deviation;
    /**
     * The smallest of them.
     */
    double least;
    /**
     * The largest of them.
     */
    double most;
} trine_figures;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Sum, mean, deviation, least and most of an array of numbers, which is read where it lies. Sums
 * are compensated (Neumaier 1974), so that they are as near as a double can be for any order.
 *
 * @param values The numbers. One that is not a number makes all figures such.
 * @param count How many there are, at least one.
 * @param figures Where they go; the program has set `struct_size`.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_VERSION, or TRINE_E_ARGUMENT when there are no numbers.
 *
 * Context: any-thread.
 */
TRINE_API
trine_status trine_calculate(const double *values,
                             size_t count,
                             struct trine_figures *figures);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus


#endif  /* TRINE_FIGURES_H */
