/* The camera: a picture of the plant bed as a PNG, made while it is read.
 *
 * There is no image buffer: each byte of the file is computed when it is asked for, with the
 * checksums carried along, so a picture of any size costs the same few words of RAM.
 *
 * Sources: PNG specification, third edition, sections 5 and 11; RFC 1950 (zlib header, Adler-32);
 * RFC 1951 section 3.2.4 (stored blocks). Nothing is compressed: a stored block needs neither a
 * window nor tables, and the length of the file is known before its first byte.
 */
#ifndef GH_CAMERA_H
#define GH_CAMERA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "greenhouse.h"

/* What a snapshot keeps of the board. */
struct gh_scene {
    uint8_t daylight; /* 0 to 100, as all below that are not said to be something else. */
    uint8_t lamps[GH_LAMPS];
    uint8_t soil;
    uint8_t tank;
    uint8_t fan;
    uint8_t vent; /* Degrees, 0 to 90. */
    uint8_t phase; /* A moment of the moving parts. */
    bool heating;
    bool open[GH_VALVES];
};

/* A picture being read. */
struct gh_picture {
    struct gh_scene scene;
    bool large; /* 160 x 120 pixels, else 64 x 48. */
    uint32_t position;
    uint32_t crc;
    uint32_t adler_low;
    uint32_t adler_high;
};

/* A picture of the board now, not yet read. */
void gh_picture_take(struct gh_picture *p, const struct gh_greenhouse *g, bool large);

/* Length of the file in bytes. */
uint32_t gh_picture_len(const struct gh_picture *p);

/* Writes the file's bytes from `offset` on and answers how many; 0 at its end. */
size_t gh_picture_read(struct gh_picture *p, uint32_t offset, uint8_t *out, size_t len);

/* The colour of a pixel of the 160 x 120 canvas, as a number below GH_INKS. */
uint8_t gh_scene_ink(const struct gh_scene *s, int32_t x, int32_t y);

/* Colours of the palette, and one of them as red, green, blue. */
#define GH_INKS 48u
void gh_ink_colour(const struct gh_scene *s, uint32_t ink, uint8_t rgb[3]);

#endif
