/* What happens to air, soil and water: a small deterministic model in fixed point.
 *
 * It is stepped every 250 ms, so the same inputs at the same times give the same values on every
 * machine. Levels are held in millionths (of a degree, of a percent). The figures are those of
 * the Rust board beside this one, so that both answer alike.
 */
#ifndef GH_PHYSICS_H
#define GH_PHYSICS_H

#include <stdbool.h>
#include <stdint.h>

/* The four water valves, in the order of the tools' labels. */
#define GH_NORTH 0u
#define GH_SOUTH 1u
#define GH_DRIP 2u
#define GH_MIST 3u
#define GH_VALVES 4u

/* What the actuators do at the moment. */
struct gh_inputs {
    uint8_t grow_percent;
    uint8_t door_percent;
    uint8_t fan_percent;
    uint8_t vent_degrees; /* 0 to 90 */
    bool heater;
    bool valves[GH_VALVES];
};

/* The physical state of the greenhouse. */
struct gh_physics {
    bool started;
    uint64_t stepped_ms; /* Up to here the model has been stepped. */
    uint32_t step_of_day;
    int32_t air; /* Millionths of a degree Celsius. */
    int32_t humidity; /* Millionths of a percent, as all below but light. */
    int32_t soil;
    int32_t tank;
    int32_t lux;
};

/* The greenhouse at boot: 21.5 degrees, 55 % humidity, 40 % in the soil, tank 80 %, ten o'clock. */
void gh_physics_init(struct gh_physics *p);

/* Moves on to `now_ms` in whole steps. The first call only sets the starting time. */
void gh_physics_advance(struct gh_physics *p, uint64_t now_ms, const struct gh_inputs *in);

/* Hundredths of a degree, or of a percent. */
static inline int32_t gh_centi(int32_t millionths)
{
    return millionths / 10000;
}

#endif
