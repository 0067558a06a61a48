/* What a pixel shows: its index in the palette. */
#ifndef GH_INK_H
#define GH_INK_H

enum gh_ink {
    SKY_TOP,
    SKY_HIGH,
    SKY_LOW,
    SKY_HORIZON,
    SUN,
    STAR,
    HILL,
    GRASS,
    GRASS_LIGHT,
    POST,
    TANK_WALL,
    TANK_EMPTY,
    TANK_WATER,
    TANK_GLOSS,
    FRAME,
    FRAME_SHADE,
    GLASS,
    GLASS_LIGHT,
    BAR,
    FLOOR,
    FLOOR_LIGHT,
    WOOD,
    WOOD_LIGHT,
    WOOD_DARK,
    SOIL,
    SOIL_DARK,
    SOIL_SPECK,
    STEM,
    LEAF,
    LEAF_LIGHT,
    LEAF_DARK,
    TOMATO,
    TOMATO_LIGHT,
    FAN_RING,
    FAN_BLADE,
    FAN_HOLE,
    PIPE,
    HEATER,
    LAMP_BODY,
    CIRCUIT,
    NOZZLE_SHUT,
    /* From here on things shine by themselves. */
    NOZZLE_OPEN,
    WATER,
    GLOW,
    LAMP_TUBE,
    DOOR_BULB,
    LED,
    HEAT,
    /* Not a colour: this part of the picture does not cover the pixel. */
    NONE
};

#endif
