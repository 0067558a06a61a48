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
