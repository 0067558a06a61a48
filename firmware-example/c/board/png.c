/* The PNG stream: palette colours, 8 bits a pixel, not compressed. */
#include "camera.h"

#define ADLER_BASE 65521u
#define CHUNK_FRAME 12u /* Length, type and checksum of a chunk, four bytes each. */
#define SIGNATURE_BYTES 8u
#define IHDR_BYTES 13u
#define PLTE_BYTES (GH_INKS * 3u)
#define ZLIB_HEADER 7u /* zlib header (2), header of the one stored block (5). */
#define ZLIB_FRAME (ZLIB_HEADER + 4u) /* Adler-32 comes after the pixels. */

#define TYPE_IHDR 0x49484452u
#define TYPE_PLTE 0x504C5445u
#define TYPE_IDAT 0x49444154u
#define TYPE_IEND 0x49454E44u

static uint32_t width(const struct gh_picture *p)
{
    return p->large ? 160u : 64u;
}

static uint32_t height(const struct gh_picture *p)
{
    return p->large ? 120u : 48u;
}

/* Each row begins with a byte that names its filter. */
static uint32_t raw_bytes(const struct gh_picture *p)
{
    return (width(p) + 1u) * height(p);
}

/* Byte `at` of a number in network order. */
static uint8_t be_byte(uint32_t number, uint32_t at)
{
    return (uint8_t)(number >> (24u - (8u * (at & 3u))));
}

/* CRC-32 as in ISO 3309, a bit at a time: a picture is rare, and 1 KiB of flash is not. */
static uint32_t crc_of(uint32_t before, uint8_t byte)
{
    uint32_t crc = before ^ byte;
    uint32_t bit;

    for (bit = 0u; bit < 8u; bit++) {
        crc = (crc >> 1) ^ (((crc & 1u) != 0u) ? 0xEDB88320u : 0u);
    }
    return crc;
}

static uint32_t folded(uint32_t sum)
{
    return (sum >= ADLER_BASE) ? (sum - ADLER_BASE) : sum;
}

/* Width, height, 8 bits a pixel, colour type 3 (palette), deflate, no filters, no interlace. */
static uint8_t header_byte(const struct gh_picture *p, uint32_t at)
{
    if (at < 8u) {
        return be_byte((at < 4u) ? width(p) : height(p), at);
    }
    if (at == 8u) {
        return 8u;
    }
    return (at == 9u) ? 3u : 0u;
}

static uint8_t palette_byte(const struct gh_picture *p, uint32_t at)
{
    uint8_t rgb[3];

    gh_ink_colour(&p->scene, at / 3u, rgb);
    return rgb[at % 3u];
}

/* Both sizes show the same canvas; the small one takes every fifth half pixel. */
static uint8_t pixel(const struct gh_picture *p, uint32_t x, uint32_t y)
{
    uint32_t canvas_x = p->large ? x : (((x * 5u) + 2u) / 2u);
    uint32_t canvas_y = p->large ? y : (((y * 5u) + 2u) / 2u);

    return gh_scene_ink(&p->scene, (int32_t)canvas_x, (int32_t)canvas_y);
}

static uint8_t zlib_byte(uint32_t raw, uint32_t at)
{
    /* 0x78: deflate with a 32 KiB window. 0x01 twice: fastest level with the check bits that make
     * 0x7801 a multiple of 31, and a final block, stored. Then the length, and its complement. */
    const uint8_t bytes[ZLIB_HEADER] = {0x78u,
                                        0x01u,
                                        0x01u,
                                        (uint8_t)raw,
                                        (uint8_t)(raw >> 8),
                                        (uint8_t)~raw,
                                        (uint8_t)(~raw >> 8)};

    return bytes[at];
}

static uint8_t data_byte(struct gh_picture *p, uint32_t at)
{
    uint32_t raw = raw_bytes(p);
    uint32_t row_bytes = width(p) + 1u;
    uint32_t pixels_at;
    uint32_t column;
    uint8_t byte;

    if (at < ZLIB_HEADER) {
        return zlib_byte(raw, at);
    }
    pixels_at = at - ZLIB_HEADER;
    if (pixels_at >= raw) {
        return be_byte((p->adler_high << 16) | p->adler_low, pixels_at - raw);
    }
    column = pixels_at % row_bytes;
    /* Filter type 0: the row is not filtered. */
    byte = (column == 0u) ? 0u : pixel(p, column - 1u, pixels_at / row_bytes);
    p->adler_low = folded(p->adler_low + byte);
    p->adler_high = folded(p->adler_high + p->adler_low);
    return byte;
}

/* A chunk is its length, its type, its data, and the CRC-32 of type and data. */
static uint8_t chunk_byte(struct gh_picture *p, uint32_t at, uint32_t type, uint32_t bytes)
{
    uint8_t byte;

    if (at < 4u) {
        p->crc = 0xFFFFFFFFu;
        return be_byte(bytes, at);
    }
    if (at >= (bytes + 8u)) {
        return be_byte(~p->crc, at - bytes - 8u);
    }
    if (at < 8u) {
        byte = be_byte(type, at - 4u);
    } else if (type == TYPE_IHDR) {
        byte = header_byte(p, at - 8u);
    } else if (type == TYPE_PLTE) {
        byte = palette_byte(p, at - 8u);
    } else {
        byte = data_byte(p, at - 8u);
    }
    p->crc = crc_of(p->crc, byte);
    return byte;
}

static uint8_t next_byte(struct gh_picture *p)
{
    static const uint8_t signature[SIGNATURE_BYTES] = {0x89u, 'P',  'N',   'G',
                                                       '\r',  '\n', 0x1Au, '\n'};
    static const uint32_t types[4] = {TYPE_IHDR, TYPE_PLTE, TYPE_IDAT, TYPE_IEND};
    const uint32_t bytes[4] = {IHDR_BYTES, PLTE_BYTES, raw_bytes(p) + ZLIB_FRAME, 0u};
    uint32_t at = p->position;
    uint32_t chunk = 0u;

    p->position++;
    if (at < SIGNATURE_BYTES) {
        return signature[at];
    }
    at -= SIGNATURE_BYTES;
    while ((chunk < 3u) && (at >= (bytes[chunk] + CHUNK_FRAME))) {
        at -= bytes[chunk] + CHUNK_FRAME;
        chunk++;
    }
    return chunk_byte(p, at, types[chunk], bytes[chunk]);
}

/* A number between 0 and `most`, in so many parts. */
static uint8_t parts_of(int32_t value, int32_t most, int32_t parts)
{
    int32_t clamped = (value < 0) ? 0 : value;

    clamped = (clamped > most) ? most : clamped;
    clamped /= parts;
    return (uint8_t)clamped;
}

static void restart(struct gh_picture *p)
{
    p->position = 0u;
    p->crc = 0xFFFFFFFFu;
    p->adler_low = 1u;
    p->adler_high = 0u;
}

void gh_picture_take(struct gh_picture *p, const struct gh_greenhouse *g, bool large)
{
    struct gh_scene *s = &p->scene;
    /* The sensor sees the lamps as well; what is left is the day. */
    int32_t lamp_lux = ((int32_t)g->lamps[0] * 80) + ((int32_t)g->lamps[1] * 4 / 10);
    int32_t day_lux = (gh_sampler_tenths(&g->sampler, GH_LIGHT) / 10) - lamp_lux;
    uint32_t i;

    s->daylight = parts_of(day_lux, 900, 9);
    for (i = 0u; i < GH_LAMPS; i++) {
        s->lamps[i] = g->lamps[i];
    }
    for (i = 0u; i < GH_VALVES; i++) {
        s->open[i] = g->valves_open[i];
    }
    s->soil = parts_of(gh_sampler_tenths(&g->sampler, GH_SOIL), 1000, 10);
    s->tank = parts_of(gh_sampler_tenths(&g->sampler, GH_TANK), 1000, 10);
    s->fan = g->fan_percent;
    s->vent = gh_vent_degrees(g);
    s->heating = g->heating;
    /* It changes every 64 ms: water falls and the fan turns from picture to picture. */
    s->phase = (uint8_t)(g->now_ms >> 6);
    p->large = large;
    restart(p);
}

uint32_t gh_picture_len(const struct gh_picture *p)
{
    return SIGNATURE_BYTES + (4u * CHUNK_FRAME) + IHDR_BYTES + PLTE_BYTES + raw_bytes(p)
           + ZLIB_FRAME;
}

size_t gh_picture_read(struct gh_picture *p, uint32_t offset, uint8_t *out, size_t len)
{
    uint32_t end = gh_picture_len(p);
    size_t count = 0u;

    if (offset < p->position) {
        restart(p);
    }
    while ((p->position < offset) && (p->position < end)) {
        (void)next_byte(p);
    }
    while ((count < len) && (p->position < end)) {
        out[count] = next_byte(p);
        count++;
    }
    return count;
}
