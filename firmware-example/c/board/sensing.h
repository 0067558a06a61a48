/* Measurements: three chips, five sensors, none of them waited for.
 *
 * Every two seconds all sensors are measured. A call that reads a sensor asks for a measurement
 * of its own and gets a ticket, which the first conversion that begins afterwards honours. The
 * chips are played: each quantity is turned into the raw word that its chip would send, and back.
 */
#ifndef GH_SENSING_H
#define GH_SENSING_H

#include <stdbool.h>
#include <stdint.h>

#include "physics.h"

/* The five sensors, in the order of the tools' labels. */
#define GH_TEMPERATURE 0u
#define GH_HUMIDITY 1u
#define GH_SOIL 2u
#define GH_LIGHT 3u
#define GH_TANK 4u
#define GH_SENSORS 5u

/* Units of a reading, in the order of the tools' labels. */
#define GH_CELSIUS 0u
#define GH_PERCENT 1u
#define GH_LUX 2u

/* One kind of conversion. Conversions are numbered as they begin. */
struct gh_job {
    bool wanted;
    bool busy;
    uint16_t began;
    uint16_t ended;
    uint64_t ready_ms;
    uint16_t raw[2]; /* What the chip has sensed. */
};

/* The SHT31 for the air, the BH1750 for light, the two inputs of the ADS1115. */
#define GH_JOB_AIR 0u
#define GH_JOB_LIGHT 1u
#define GH_JOB_SOIL 2u
#define GH_JOB_TANK 3u
#define GH_JOBS 4u

struct gh_sampler {
    struct gh_job jobs[GH_JOBS];
    bool turn_of_tank; /* Whose turn it is when both probes are wanted. */
    bool air_known;
    uint64_t next_round_ms;
    uint64_t air_read_ms;
    int32_t centi[GH_SENSORS]; /* Hundredths of the unit. */
};

/* A place in the queue for one measurement. */
struct gh_ticket {
    uint8_t sensor;
    uint16_t number;
};

void gh_sampler_init(struct gh_sampler *s);

/* Fetches what has been converted and begins what is wanted. */
void gh_sampler_tick(struct gh_sampler *s, const struct gh_physics *world, uint64_t now_ms);

/* Asks for a measurement of `sensor`, which is below GH_SENSORS. */
struct gh_ticket gh_sampler_request(struct gh_sampler *s, uint8_t sensor);

/* Whether the measurement has been made; the reading is then `gh_sampler_tenths`. */
bool gh_sampler_done(const struct gh_sampler *s, struct gh_ticket ticket);

/* The last reading in tenths of its unit, 0 before the first. */
int32_t gh_sampler_tenths(const struct gh_sampler *s, uint8_t sensor);

/* The unit of a sensor's readings. */
uint8_t gh_sensor_unit(uint8_t sensor);

/* The air's temperature in hundredths; false when no reading is young enough to heat by. */
bool gh_sampler_air(const struct gh_sampler *s, uint64_t now_ms, int32_t *centi);

#endif
