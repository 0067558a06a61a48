/* What the camera sees: the board's state at one moment, drawn pixel by pixel. Each part of the
 * picture answers for one pixel with its ink, or with NONE; the front one is asked first. */
#include "camera.h"
#include "ink.h"
#include "shape.h"

/* The flap lies on the right half of the roof and turns up about its hinge near the ridge. */
static enum gh_ink vent(const struct gh_scene *s, int32_t x, int32_t y)
{
    /* Of the flap below the horizon; 24 is the roof's. */
    int32_t angle = 24 - (int32_t)s->vent;
    int32_t dx = x - 87;
    int32_t dy = y - 27;
    int32_t c = gh_sine(90 - gh_abs(angle));
    int32_t sine = (angle < 0) ? -gh_sine(-angle) : gh_sine(angle);
    int32_t along = ((dx * c) + (dy * sine)) / 256;
    int32_t across = ((dy * c) - (dx * sine)) / 256;

    if ((along < 0) || (along > 26) || (across > 1) || (across < -1)) {
        return NONE;
    }
    return (across == 1) ? FRAME_SHADE : FRAME;
}

static enum gh_ink bed(int32_t x, int32_t y)
{
    int32_t crumb = ((x * 29) + (y * 53)) % 17;
    int32_t plank = (y - BED_Y) % 5;

    if ((x < BED_LEFT) || (x > BED_RIGHT) || (y < (SOIL_Y - 1)) || (y >= 105)) {
        return NONE;
    }
    if (y < BED_Y) {
        if ((y == (SOIL_Y - 1)) && (crumb <= 11)) {
            return NONE; /* An uneven edge. */
        }
        if (crumb <= 1) {
            return SOIL_SPECK;
        }
        return (crumb >= 12) ? SOIL_DARK : SOIL;
    }
    /* The board itself, screwed on the planks: its lamp and its display. */
    if ((x >= 80) && (x <= 100) && (y >= 94) && (y <= 102)) {
        if ((x >= 82) && (x <= 84) && (y >= 97) && (y <= 99)) {
            return LED;
        }
        return ((x >= 88) && (x <= 98) && (y >= 96) && (y <= 100)) ? TANK_GLOSS : CIRCUIT;
    }
    if ((plank == 4) || (((x - BED_LEFT) % 26) == 0)) {
        return WOOD_DARK;
    }
    return (plank == 0) ? WOOD_LIGHT : WOOD;
}

/* Drops in a widening cone under a sprinkler. */
static bool falls(const struct gh_scene *s, int32_t dx, int32_t y)
{
    int32_t below = y - PIPE_Y - 3;
    bool streak = gh_modulo(y + (gh_abs(dx) * 4) - ((int32_t)s->phase * 3), 9) < 3;

    return (below > 0) && (y < SOIL_Y) && (gh_abs(dx) <= (2 + (below / 2))) && ((dx % 3) == 0)
           && streak;
}

/* A cloud under the mist nozzle. */
static bool drifts(const struct gh_scene *s, int32_t dx, int32_t y)
{
    int32_t thin = ((dx * dx) + ((y - 68) * (y - 68))) / 16;
    int32_t speck = gh_modulo((dx * 37) + (y * 23) + ((int32_t)s->phase * 5), 16);

    return gh_in_ellipse(dx, y - 68, 15, 9) && (speck > (thin + 5));
}

static enum gh_ink water(const struct gh_scene *s, int32_t x, int32_t y)
{
    enum gh_ink ink;
    bool wet;

    if ((y == PIPE_Y) && (x > WALL_LEFT) && (x < BED_RIGHT)) {
        return PIPE;
    }
    ink = gh_nozzle(x - 60, y, s->open[GH_NORTH]);
    if (ink == NONE) {
        ink = gh_nozzle(x - 120, y, s->open[GH_SOUTH]);
    }
    if (ink == NONE) {
        ink = gh_nozzle(x - 92, y, s->open[GH_MIST]);
    }
    if (ink != NONE) {
        return ink;
    }
    if ((y == (SOIL_Y - 2)) && (x >= BED_LEFT) && (x <= BED_RIGHT)) {
        /* The drip line, with a drop at every hole. */
        wet = s->open[GH_DRIP] && (((x + (int32_t)s->phase) % 5) < 2);
        return wet ? WATER : PIPE;
    }
    wet = (s->open[GH_NORTH] && falls(s, x - 60, y)) || (s->open[GH_SOUTH] && falls(s, x - 120, y))
          || (s->open[GH_MIST] && drifts(s, x - 92, y));
    return wet ? WATER : NONE;
}

static enum gh_ink lamp(int32_t x, int32_t y)
{
    int32_t dx = gh_abs(x - RIDGE_X);

    if ((y >= 26) && (y < 40) && (dx == 14)) {
        return LAMP_BODY; /* Two cords. */
    }
    if ((y >= 40) && (y < 43) && (dx <= 20)) {
        return LAMP_BODY;
    }
    return ((y >= 43) && (y < 45) && (dx <= 18)) ? LAMP_TUBE : NONE;
}

static enum gh_ink fan(const struct gh_scene *s, int32_t x, int32_t y)
{
    /* Four blades: a quarter turn looks like none, so four positions of 22 degrees do. */
    static const int16_t turns[4][2] = {{256, 0}, {237, 98}, {181, 181}, {98, 237}};
    int32_t dx = x - 27;
    int32_t dy = y - 70;
    int32_t distance = (dx * dx) + (dy * dy);
    const int16_t *turn = turns[(s->fan == 0u) ? 0u : (s->phase & 3u)];
    int32_t u = gh_abs(((dx * turn[0]) + (dy * turn[1])) / 256);
    int32_t v = gh_abs(((dy * turn[0]) - (dx * turn[1])) / 256);
    int32_t near = (u < v) ? u : v;
    int32_t far = (u < v) ? v : u;

    if (distance > 110) {
        return NONE;
    }
    if ((distance > 84) || (distance < 5)) {
        return FAN_RING;
    }
    return ((near * 3) <= (far + 2)) ? FAN_BLADE : FAN_HOLE;
}

static enum gh_ink heater(const struct gh_scene *s, int32_t x, int32_t y)
{
    int32_t sway = gh_abs((((y + (int32_t)s->phase) / 2) % 4) - 2);

    if ((x < 18) || (x > 34)) {
        return NONE;
    }
    if ((y >= 89) && (y < 104)) {
        if ((x % 4) >= 2) {
            return WOOD_DARK;
        }
        return s->heating ? HEAT : HEATER;
    }
    /* Warm air above it, as three wavy lines. */
    return (s->heating && (y > 82) && (y < 89) && (((x + sway) % 6) == 2)) ? HEAT : NONE;
}

static bool in_glow(const struct gh_scene *s, int32_t x, int32_t y)
{
    int32_t below = y - 44;
    int32_t strength = (int32_t)s->lamps[0] * (96 - y) / 340;

    return (below > 0) && (gh_abs(x - RIDGE_X) < (20 + (below * 7 / 10)))
           && (strength > gh_threshold(x, y));
}

static enum gh_ink inside(const struct gh_scene *s, int32_t x, int32_t y)
{
    enum gh_ink ink = bed(x, y);

    if (ink == NONE) {
        ink = water(s, x, y);
    }
    if (ink == NONE) {
        ink = gh_plants(x, y);
    }
    if (ink == NONE) {
        ink = lamp(x, y);
    }
    if (ink == NONE) {
        ink = fan(s, x, y);
    }
    if (ink == NONE) {
        ink = heater(s, x, y);
    }
    if (ink != NONE) {
        return ink;
    }
    if (y >= 104) {
        return (((x + y) % 9) < 4) ? FLOOR : FLOOR_LIGHT;
    }
    if (in_glow(s, x, y)) {
        return GLOW;
    }
    if ((((x - WALL_LEFT) % 22) == 0) && (y > EAVE_Y)) {
        return BAR;
    }
    /* Reflections run aslant over the panes. */
    return (((x + y) % 44) < 5) ? GLASS_LIGHT : GLASS;
}

static enum gh_ink path_lamp(const struct gh_scene *s, int32_t x, int32_t y)
{
    int32_t dx = x - 6;
    int32_t dy = y - 62;
    int32_t strength = (int32_t)s->lamps[1] * (150 - (dx * dx) - (dy * dy)) / 1000;

    if (gh_in_ellipse(dx, dy, 3, 3)) {
        return DOOR_BULB;
    }
    if ((gh_abs(dx) <= 1) && (dy > 0) && (y < (GROUND_Y + 2))) {
        return POST;
    }
    return (strength > gh_threshold(x, y)) ? DOOR_BULB : NONE;
}

static enum gh_ink tank(const struct gh_scene *s, int32_t x, int32_t y)
{
    int32_t surface = GROUND_Y - ((int32_t)s->tank * 41 / 100);

    if ((x < 149) || (x > 158) || (y < 66) || (y >= GROUND_Y)) {
        return NONE;
    }
    if ((x == 149) || (x == 158) || (y == 66) || ((y % 14) == 10)) {
        return TANK_WALL;
    }
    if (y < surface) {
        return TANK_EMPTY;
    }
    return (x == 151) ? TANK_GLOSS : TANK_WATER;
}

static enum gh_ink sky(const struct gh_scene *s, int32_t x, int32_t y)
{
    bool day = s->daylight > 4u;
    bool star = (y < 70) && ((((x * 31) + (y * 57)) % 211) == 0);
    int32_t band = ((y * 16 / 30) + gh_threshold(x, y)) / 16;

    if (day && gh_in_ellipse(x - 24, y - 16, 7, 7)) {
        return SUN;
    }
    if (!day && (star || gh_crescent(x - 24, y - 16))) {
        return STAR;
    }
    if (y > (98 - gh_hill(x))) {
        return HILL;
    }
    /* Four bands of sky, dithered into each other. */
    if (band == 0) {
        return SKY_TOP;
    }
    if (band == 1) {
        return SKY_HIGH;
    }
    return (band == 2) ? SKY_LOW : SKY_HORIZON;
}

static enum gh_ink outside(const struct gh_scene *s, int32_t x, int32_t y)
{
    enum gh_ink ink = path_lamp(s, x, y);

    if (ink == NONE) {
        ink = tank(s, x, y);
    }
    if (ink != NONE) {
        return ink;
    }
    if (y >= GROUND_Y) {
        return ((((x * 7) + (y * 13)) % 11) < 3) ? GRASS_LIGHT : GRASS;
    }
    return sky(s, x, y);
}

uint8_t gh_scene_ink(const struct gh_scene *s, int32_t x, int32_t y)
{
    enum gh_ink ink = vent(s, x, y);

    if (ink == NONE) {
        ink = gh_frame(x, y);
    }
    if (ink == NONE) {
        if ((y > gh_roof_y(x)) && (y < GROUND_Y) && (x > WALL_LEFT) && (x < WALL_RIGHT)) {
            ink = inside(s, x, y);
        } else {
            ink = outside(s, x, y);
        }
    }
    return (uint8_t)ink;
}
