#include "sensing.h"

#define ROUND_MS 2000u
#define AIR_AGE_MS_MAX 10000u
/* The longest conversions by the data sheets, rounded up: SHT31 at high repeatability, BH1750 in
 * high resolution, ADS1115 at 64 samples a second. */
static const uint8_t conversion_ms[GH_JOBS] = {16u, 180u, 18u, 18u};
static const uint8_t job_of[GH_SENSORS] = {GH_JOB_AIR, GH_JOB_AIR, GH_JOB_SOIL, GH_JOB_LIGHT,
                                           GH_JOB_TANK};

static int32_t clamp(int32_t value, int32_t low, int32_t high)
{
    if (value < low) {
        return low;
    }
    return (value > high) ? high : value;
}

/* SHT3x-DIS data sheet, section 4.13, both ways: 65535 counts are `span` hundredths. */
static uint16_t sht31_counts(int32_t value, int32_t span)
{
    int32_t counts = ((clamp(value, 0, span) * 65535) + (span / 2)) / span;

    return (uint16_t)counts;
}

static int32_t sht31_scaled(uint16_t raw, int32_t span)
{
    return (((int32_t)raw * span) + 32767) / 65535;
}

/* The raw words that the chip of a job shows of the world. */
static void sense(uint32_t job, const struct gh_physics *world, uint16_t raw[2])
{
    int32_t counts;

    raw[1] = 0u;
    switch (job) {
    case GH_JOB_AIR:
        raw[0] = sht31_counts(gh_centi(world->air) + 4500, 17500);
        raw[1] = sht31_counts(gh_centi(world->humidity), 10000);
        break;
    case GH_JOB_LIGHT: /* BH1750: the count divided by 1.2 is lux. */
        counts = clamp(world->lux, 0, 54612) * 6 / 5;
        raw[0] = (uint16_t)counts;
        break;
    case GH_JOB_SOIL: /* ADS1115 at 125 uV a count: 2.8 V when dry, 1.6 V less when soaked. */
        counts = 22400 - (clamp(gh_centi(world->soil), 0, 10000) * 32 / 25);
        raw[0] = (uint16_t)counts;
        break;
    default: /* The tank's probe: 0.5 V when empty, 2.0 V more when full. */
        counts = 4000 + (clamp(gh_centi(world->tank), 0, 10000) * 8 / 5);
        raw[0] = (uint16_t)counts;
        break;
    }
}

static void fetch(struct gh_sampler *s, uint32_t job, uint64_t now_ms)
{
    const uint16_t *raw = s->jobs[job].raw;

    switch (job) {
    case GH_JOB_AIR:
        s->centi[GH_TEMPERATURE] = sht31_scaled(raw[0], 17500) - 4500;
        s->centi[GH_HUMIDITY] = sht31_scaled(raw[1], 10000);
        s->air_known = true;
        s->air_read_ms = now_ms;
        break;
    case GH_JOB_LIGHT:
        s->centi[GH_LIGHT] = (int32_t)raw[0] * 250 / 3;
        break;
    case GH_JOB_SOIL:
        s->centi[GH_SOIL] = clamp((22400 - (int32_t)raw[0]) * 25 / 32, 0, 10000);
        break;
    default:
        s->centi[GH_TANK] = clamp(((int32_t)raw[0] - 4000) * 5 / 8, 0, 10000);
        break;
    }
    s->jobs[job].busy = false;
    s->jobs[job].ended = s->jobs[job].began;
}

static void begin(struct gh_sampler *s, uint32_t job, const struct gh_physics *world, uint64_t now)
{
    struct gh_job *it = &s->jobs[job];

    it->wanted = false;
    it->began = (uint16_t)(it->began + 1u);
    it->busy = true;
    /* `now` may be almost a millisecond old, so that one is waited for as well. */
    it->ready_ms = now + conversion_ms[job] + 1u;
    sense(job, world, it->raw);
}

void gh_sampler_init(struct gh_sampler *s)
{
    static const struct gh_sampler empty = {0};

    *s = empty;
}

void gh_sampler_tick(struct gh_sampler *s, const struct gh_physics *world, uint64_t now_ms)
{
    uint32_t job;
    bool tank;

    if (now_ms >= s->next_round_ms) {
        s->next_round_ms = now_ms + ROUND_MS;
        for (job = 0u; job < GH_JOBS; job++) {
            s->jobs[job].wanted = true;
        }
    }
    for (job = 0u; job < GH_JOBS; job++) {
        if (s->jobs[job].busy && (now_ms >= s->jobs[job].ready_ms)) {
            fetch(s, job, now_ms);
        }
    }
    for (job = GH_JOB_AIR; job <= GH_JOB_LIGHT; job++) {
        if (s->jobs[job].wanted && !s->jobs[job].busy) {
            begin(s, job, world, now_ms);
        }
    }
    /* Both probes hang on one converter, which does one of them at a time. They take turns, so
     * that a caller who asks for one of them without end does not starve the other. */
    if (!s->jobs[GH_JOB_SOIL].busy && !s->jobs[GH_JOB_TANK].busy
        && (s->jobs[GH_JOB_SOIL].wanted || s->jobs[GH_JOB_TANK].wanted)) {
        tank = s->jobs[GH_JOB_TANK].wanted && (s->turn_of_tank || !s->jobs[GH_JOB_SOIL].wanted);
        begin(s, tank ? GH_JOB_TANK : GH_JOB_SOIL, world, now_ms);
        s->turn_of_tank = !tank;
    }
}

struct gh_ticket gh_sampler_request(struct gh_sampler *s, uint8_t sensor)
{
    struct gh_job *job = &s->jobs[job_of[sensor]];
    struct gh_ticket ticket;

    job->wanted = true;
    ticket.sensor = sensor;
    ticket.number = (uint16_t)(job->began + 1u);
    return ticket;
}

bool gh_sampler_done(const struct gh_sampler *s, struct gh_ticket ticket)
{
    const struct gh_job *job = &s->jobs[job_of[ticket.sensor]];

    /* Numbers wrap; what lies less than half the circle behind `ended` has ended. */
    return (uint16_t)(job->ended - ticket.number) < 0x8000u;
}

int32_t gh_sampler_tenths(const struct gh_sampler *s, uint8_t sensor)
{
    int32_t centi = s->centi[sensor];

    return (centi + ((centi < 0) ? -5 : 5)) / 10;
}

uint8_t gh_sensor_unit(uint8_t sensor)
{
    if (sensor == GH_TEMPERATURE) {
        return GH_CELSIUS;
    }
    return (sensor == GH_LIGHT) ? GH_LUX : GH_PERCENT;
}

bool gh_sampler_air(const struct gh_sampler *s, uint64_t now_ms, int32_t *centi)
{
    if (!s->air_known || ((now_ms - s->air_read_ms) > AIR_AGE_MS_MAX)) {
        return false;
    }
    *centi = s->centi[GH_TEMPERATURE];
    return true;
}
