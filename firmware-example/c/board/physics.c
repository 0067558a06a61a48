#include "physics.h"

#define STEP_MS 250u
#define MICRO 1000000
#define STEPS_IN_DAY (24u * 3600u * 4u)
#define SUNRISE (STEPS_IN_DAY / 4u)
#define SUNSET (STEPS_IN_DAY / 4u * 3u)
#define BOOT_STEP_OF_DAY (10u * 3600u * 4u)
#define SUN_LUX_MAX 900
#define GROW_LUX_PER_PERCENT 80
#define DOOR_LUX_PER_PERCENT_TENTHS 4

/* Exchange of air with the outside, in 2^-20 of the difference a step. */
#define LEAK_SHUT 73
#define LEAK_PER_VENT_DEGREE 4
#define LEAK_PER_FAN_PERCENT 2
#define OUTSIDE_NIGHT (8 * MICRO)
#define OUTSIDE_DAY_GAIN (8 * MICRO)
#define OUTSIDE_HUMIDITY (50 * MICRO)

/* Gains in millionths a step. */
#define HEATER_WARMS 3000
#define LAMP_WARMS_PER_PERCENT 3
#define HEATER_DRIES 600
#define MIST_WETS_AIR 50000
#define SOIL_EVAPORATES_PER_PERCENT 9
#define SOIL_DRIES 25
#define TANK_REFILLS 500
#define TANK_FLOAT (95 * MICRO)

static const int32_t wets_soil[GH_VALVES] = {7500, 7500, 2500, 500};
static const int32_t drains[GH_VALVES] = {10000, 10000, 3000, 2000};

static int32_t clamp(int32_t value, int32_t low, int32_t high)
{
    if (value < low) {
        return low;
    }
    return (value > high) ? high : value;
}

static int32_t percent(uint8_t value)
{
    return (value > 100u) ? 100 : (int32_t)value;
}

/* What a level gains in one step by mixing with the outside. The difference is scaled down first
 * so that the product fits 32 bits. */
static int32_t exchanged(int32_t outside, int32_t inside, int32_t leak)
{
    return (outside - inside) / 256 * leak / 4096;
}

/* Daylight in lux at a step of the day: a parabola from sunrise to sunset. Units of 16 steps keep
 * the largest product, 5400 * 5400, in 32 bits. */
static int32_t sun(uint32_t step_of_day)
{
    const uint32_t half_day = (SUNSET - SUNRISE) / 32u;
    const uint32_t peak = half_day * half_day / 1000u;
    uint32_t up;
    uint32_t height;

    if ((step_of_day <= SUNRISE) || (step_of_day >= SUNSET)) {
        return 0;
    }
    up = (step_of_day - SUNRISE) / 16u;
    height = up * ((2u * half_day) - up) / 1000u;
    return (int32_t)height * SUN_LUX_MAX / (int32_t)peak;
}

static int32_t light(const struct gh_physics *p, const struct gh_inputs *in)
{
    return sun(p->step_of_day) + (GROW_LUX_PER_PERCENT * percent(in->grow_percent))
           + (DOOR_LUX_PER_PERCENT_TENTHS * percent(in->door_percent) / 10);
}

void gh_physics_init(struct gh_physics *p)
{
    p->started = false;
    p->stepped_ms = 0u;
    p->step_of_day = BOOT_STEP_OF_DAY;
    p->air = (21 * MICRO) + (MICRO / 2);
    p->humidity = 55 * MICRO;
    p->soil = 40 * MICRO;
    p->tank = 80 * MICRO;
    p->lux = sun(BOOT_STEP_OF_DAY);
}

/* Every product here stays under 2^31: levels are clamped after each step, and the largest one is
 * a difference of at most 100 * MICRO / 256 times a leak of at most 633. */
static void step(struct gh_physics *p, const struct gh_inputs *in)
{
    int32_t vent = (in->vent_degrees > 90u) ? 90 : (int32_t)in->vent_degrees;
    int32_t leak = LEAK_SHUT + (LEAK_PER_VENT_DEGREE * vent)
                   + (LEAK_PER_FAN_PERCENT * percent(in->fan_percent));
    int32_t outside;
    uint32_t valve;
    /* An empty tank gives no water, whatever the valves say. */
    bool flows = p->tank > 0;

    p->step_of_day = (p->step_of_day + 1u) % STEPS_IN_DAY;
    outside = OUTSIDE_NIGHT + (OUTSIDE_DAY_GAIN / SUN_LUX_MAX * sun(p->step_of_day));
    p->air += exchanged(outside, p->air, leak) + (in->heater ? HEATER_WARMS : 0)
              + (LAMP_WARMS_PER_PERCENT * percent(in->grow_percent));
    p->air = clamp(p->air, -20 * MICRO, 80 * MICRO);

    p->humidity += exchanged(OUTSIDE_HUMIDITY, p->humidity, leak)
                   + (SOIL_EVAPORATES_PER_PERCENT * (p->soil / MICRO))
                   + ((flows && in->valves[GH_MIST]) ? MIST_WETS_AIR : 0)
                   - (in->heater ? HEATER_DRIES : 0);
    p->humidity = clamp(p->humidity, 5 * MICRO, 99 * MICRO);

    p->soil -= SOIL_DRIES + (light(p, in) / 200);
    p->tank += (p->tank < TANK_FLOAT) ? TANK_REFILLS : 0;
    for (valve = 0u; valve < GH_VALVES; valve++) {
        if (flows && in->valves[valve]) {
            p->soil += wets_soil[valve];
            p->tank -= drains[valve];
        }
    }
    p->soil = clamp(p->soil, 2 * MICRO, 95 * MICRO);
    p->tank = clamp(p->tank, 0, 100 * MICRO);
}

void gh_physics_advance(struct gh_physics *p, uint64_t now_ms, const struct gh_inputs *in)
{
    if (!p->started) {
        p->started = true;
        p->stepped_ms = now_ms;
    }
    while ((now_ms >= p->stepped_ms) && ((now_ms - p->stepped_ms) >= STEP_MS)) {
        step(p, in);
        p->stepped_ms += STEP_MS;
    }
    /* Lamps light at once, not only at the next step. */
    p->lux = light(p, in);
}
