/* The colours of the picture, and how light falls on them. */
#include "ink.h"

#include <string.h>

#include "camera.h"

/* Each colour in full daylight, in the order of `enum gh_ink`; soil is mixed by its moisture. */
static const uint8_t base[GH_INKS][3] = {
    {92, 148, 214},  {124, 172, 224}, {162, 198, 232}, {204, 222, 236}, /* sky */
    {255, 236, 150}, {230, 235, 255}, {104, 142, 112}, {84, 132, 62},   /* sun to grass */
    {104, 156, 76},  {70, 66, 70},    {96, 104, 116},  {176, 190, 200}, /* to the empty tank */
    {58, 128, 200},  {150, 196, 236}, {238, 240, 242}, {168, 176, 186}, /* to the frame */
    {176, 206, 206}, {200, 224, 220}, {212, 226, 226}, {150, 146, 138}, /* to the floor */
    {172, 168, 158}, {158, 108, 62},  {186, 134, 82},  {112, 74, 42},   /* to dark wood */
    {0, 0, 0},       {0, 0, 0},       {0, 0, 0},       {84, 128, 54},   /* soil, stem */
    {62, 146, 62},   {112, 186, 84},  {36, 104, 50},   {214, 56, 44},   /* leaves, tomato */
    {248, 132, 110}, {92, 98, 108},   {214, 220, 226}, {48, 54, 62},    /* to the fan */
    {116, 128, 140}, {150, 84, 70},   {84, 88, 98},    {28, 96, 70},    /* to the circuit */
    {132, 138, 146}, {64, 190, 255},  {130, 200, 255}, {255, 214, 246}, /* to the glow */
    {255, 236, 252}, {255, 214, 128}, {92, 255, 120},  {255, 142, 52},  /* tube to heat */
};

static const uint8_t soil_dry[3] = {164, 126, 90};
static const uint8_t soil_wet[3] = {66, 44, 32};

static uint32_t percent(uint8_t value)
{
    return (value > 100u) ? 100u : (uint32_t)value;
}

/* How bright a lamp itself looks, out of 256: a lit one never looks switched off. */
static uint32_t shine(uint8_t value)
{
    return (value == 0u) ? 72u : (150u + (percent(value) * 106u / 100u));
}

static void lit(uint8_t rgb[3], uint32_t level)
{
    uint32_t i;
    uint32_t part;

    for (i = 0u; i < 3u; i++) {
        part = (uint32_t)rgb[i] * level / 256u;
        rgb[i] = (uint8_t)((part > 255u) ? 255u : part);
    }
}

static void soil_colour(uint32_t ink, uint8_t moisture, uint8_t rgb[3])
{
    uint32_t share = percent(moisture);
    uint32_t i;

    for (i = 0u; i < 3u; i++) {
        rgb[i] = (uint8_t)(((soil_dry[i] * (100u - share)) + (soil_wet[i] * share)) / 100u);
    }
    if (ink == (uint32_t)SOIL_DARK) {
        lit(rgb, 200u);
    } else if (ink == (uint32_t)SOIL_SPECK) {
        lit(rgb, 330u);
    } else {
        /* Soil itself stays as it is. */
    }
}

void gh_ink_colour(const struct gh_scene *s, uint32_t ink, uint8_t rgb[3])
{
    /* Out of 256. A night is dim and bluish, never black, so that the picture can be read. */
    uint32_t outside = 48u + (percent(s->daylight) * 208u / 100u);
    uint32_t inside = outside + (percent(s->lamps[0]) * 2u);
    uint32_t blue;

    if (inside > 264u) {
        inside = 264u;
    }
    (void)memcpy(rgb, base[ink], 3u);
    if ((ink >= (uint32_t)SOIL) && (ink <= (uint32_t)SOIL_SPECK)) {
        soil_colour(ink, s->soil, rgb);
    }
    switch (ink) {
    case STAR:
    case NOZZLE_OPEN:
    case WATER:
    case HEAT:
        break;
    case LAMP_TUBE:
        lit(rgb, shine(s->lamps[0]));
        break;
    case DOOR_BULB:
        lit(rgb, shine(s->lamps[1]));
        break;
    case LED:
        lit(rgb, shine(s->lamps[2]));
        break;
    case SUN:
        lit(rgb, outside + 40u);
        break;
    default:
        if (ink > (uint32_t)TANK_GLOSS) {
            lit(rgb, inside);
            break;
        }
        lit(rgb, outside);
        blue = rgb[2] + ((100u - percent(s->daylight)) / 5u);
        rgb[2] = (uint8_t)((blue > 255u) ? 255u : blue);
        break;
    }
}
