/* The fixed shapes of the picture: the house, the plants, and the sums behind curves. Each
 * function of a part answers for one pixel with its ink, or with NONE. */
#ifndef GH_SHAPE_H
#define GH_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "ink.h"

/* Ridge, eaves and walls of the house. */
#define RIDGE_X 80
#define RIDGE_Y 24
#define EAVE_Y 54
#define WALL_LEFT 14
#define WALL_RIGHT 146
#define GROUND_Y 108
#define PIPE_Y 56
#define SOIL_Y 87
#define BED_Y 91
#define BED_LEFT 38
#define BED_RIGHT 142

enum gh_ink gh_frame(int32_t x, int32_t y);
enum gh_ink gh_plants(int32_t x, int32_t y);
enum gh_ink gh_nozzle(int32_t dx, int32_t y, bool open);
int32_t gh_roof_y(int32_t x);
int32_t gh_hill(int32_t x);
bool gh_crescent(int32_t dx, int32_t dy);
bool gh_in_ellipse(int32_t dx, int32_t dy, int32_t rx, int32_t ry);

/* The dither's threshold of a pixel, 0 to 15. */
int32_t gh_threshold(int32_t x, int32_t y);

/* Sine in 256ths of an angle of 0 to 90 degrees. */
int32_t gh_sine(int32_t degrees);

/* The magnitude of a small number, and a remainder that is never negative. */
static inline int32_t gh_abs(int32_t value)
{
    return (value < 0) ? -value : value;
}

static inline int32_t gh_modulo(int32_t value, int32_t by)
{
    int32_t rest = value % by;

    return (rest < 0) ? (rest + by) : rest;
}

#endif
