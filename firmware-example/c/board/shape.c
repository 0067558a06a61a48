#include "shape.h"

/* Thresholds of a 4 x 4 ordered dither (Bayer), a row each. */
static const uint16_t dither[4] = {0x082Au, 0xC4E6u, 0x3B19u, 0xF7D5u};
/* Sine of 0, 15, .. 90 degrees in 256ths. */
static const uint8_t sines[7] = {0, 66, 128, 181, 222, 247, 255};

enum gh_ink gh_frame(int32_t x, int32_t y)
{
    int32_t from_roof = y - gh_roof_y(x);

    if ((x >= (WALL_LEFT - 2)) && (x <= (WALL_RIGHT + 2)) && (from_roof >= -1)
        && (from_roof <= 1)) {
        return (from_roof == 1) ? FRAME_SHADE : FRAME;
    }
    if ((y < EAVE_Y) || (y >= GROUND_Y) || (x < WALL_LEFT) || (x > WALL_RIGHT)) {
        return NONE;
    }
    if ((x == WALL_LEFT) || (x == WALL_RIGHT)) {
        return FRAME;
    }
    return ((x == 15) || (x == 145) || (y == EAVE_Y)) ? FRAME_SHADE : NONE;
}

/* Lit from above: the upper rim is light, the lower part dark. */
static enum gh_ink leaf(int32_t dx, int32_t dy, int32_t rx, int32_t ry)
{
    if (!gh_in_ellipse(dx, dy, rx, ry)) {
        return NONE;
    }
    if ((dy < 0) && !gh_in_ellipse(dx, dy - 2, rx, ry)) {
        return LEAF_LIGHT;
    }
    return ((dy > 0) && (((dx + dy) % 2) == 0)) ? LEAF_DARK : LEAF;
}

static enum gh_ink leaves(int32_t dx, int32_t y, int32_t top)
{
    enum gh_ink ink = leaf(dx, y - top, 4, 4);
    int32_t level;

    for (level = 0; (level < 4) && (ink == NONE); level++) {
        int32_t centre = top + 5 + (level * 5);
        int32_t reach = 4 + (level / 2);

        ink = leaf(dx + reach, y - centre, 5, 3);
        if (ink == NONE) {
            ink = leaf(dx - reach, y - centre - 2, 5, 3);
        }
    }
    return ink;
}

enum gh_ink gh_plants(int32_t x, int32_t y)
{
    int32_t plant;
    int32_t dx;
    int32_t top;
    enum gh_ink ink;

    if ((x < 40) || (x >= 140) || (y >= SOIL_Y)) {
        return NONE;
    }
    /* Five plants, 20 pixels each, none the same height. */
    plant = (x - 40) / 20;
    dx = ((x - 40) % 20) - 10;
    top = SOIL_Y - 22 - (((plant * 7) + 3) % 10);
    if (((plant % 2) == 0) && gh_in_ellipse(dx - 4, y - top - 13, 2, 2)) {
        return (dx < 4) ? TOMATO_LIGHT : TOMATO;
    }
    if (((plant % 3) == 1) && gh_in_ellipse(dx + 4, y - top - 9, 2, 2)) {
        return (dx < -4) ? TOMATO_LIGHT : TOMATO;
    }
    ink = leaves(dx, y, top);
    if (ink != NONE) {
        return ink;
    }
    return ((dx == 0) && (y > top)) ? STEM : NONE;
}

enum gh_ink gh_nozzle(int32_t dx, int32_t y, bool open)
{
    int32_t below = y - PIPE_Y;

    if ((below < 0) || (below > 3) || (gh_abs(dx) > (3 - below))) {
        return NONE;
    }
    return open ? NOZZLE_OPEN : NOZZLE_SHUT;
}

int32_t gh_roof_y(int32_t x)
{
    return RIDGE_Y + (gh_abs(x - RIDGE_X) * (EAVE_Y - RIDGE_Y) / (WALL_RIGHT - RIDGE_X));
}

/* Two low hills on the horizon. */
int32_t gh_hill(int32_t x)
{
    int32_t near = 14 - (gh_abs(x - 8) / 3);
    int32_t far = 18 - (gh_abs(x - 150) / 2);

    return (near > far) ? near : far;
}

bool gh_crescent(int32_t dx, int32_t dy)
{
    return gh_in_ellipse(dx, dy, 6, 6) && !gh_in_ellipse(dx - 3, dy + 2, 6, 6);
}

bool gh_in_ellipse(int32_t dx, int32_t dy, int32_t rx, int32_t ry)
{
    return ((dx * dx * ry * ry) + (dy * dy * rx * rx)) <= (rx * rx * ry * ry);
}

int32_t gh_threshold(int32_t x, int32_t y)
{
    uint32_t row = dither[(uint32_t)y & 3u];

    row = (row >> (12u - (4u * ((uint32_t)x & 3u)))) & 0xFu;
    return (int32_t)row;
}

int32_t gh_sine(int32_t degrees)
{
    uint32_t step = 0u;
    int32_t rest = degrees;

    while ((rest >= 15) && (step < 5u)) {
        rest -= 15;
        step++;
    }
    return (int32_t)sines[step] + (((int32_t)sines[step + 1u] - (int32_t)sines[step]) * rest / 15);
}
