//! The colours of the picture, and how light falls on them.

/// Number of colours: one for each [`Ink`].
pub(super) const COLOURS: usize = 48;

/// What a pixel shows. The discriminant is its index in the palette.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Ink {
    SkyTop,
    SkyHigh,
    SkyLow,
    SkyHorizon,
    Sun,
    Star,
    Hill,
    Grass,
    GrassLight,
    Post,
    TankWall,
    TankEmpty,
    TankWater,
    TankGloss,
    Frame,
    FrameShade,
    Glass,
    GlassLight,
    Bar,
    Floor,
    FloorLight,
    Wood,
    WoodLight,
    WoodDark,
    Soil,
    SoilDark,
    SoilSpeck,
    Stem,
    Leaf,
    LeafLight,
    LeafDark,
    Tomato,
    TomatoLight,
    FanRing,
    FanBlade,
    FanHole,
    Pipe,
    Heater,
    LampBody,
    Circuit,
    NozzleShut,
    // From here on things shine by themselves.
    NozzleOpen,
    Water,
    Glow,
    LampTube,
    DoorBulb,
    Led,
    Heat,
}

// Each colour in full daylight, in the order of `Ink`.
const BASE: [[u8; 3]; COLOURS] = [
    [92, 148, 214],  // SkyTop
    [124, 172, 224], // SkyHigh
    [162, 198, 232], // SkyLow
    [204, 222, 236], // SkyHorizon
    [255, 236, 150], // Sun
    [230, 235, 255], // Star
    [104, 142, 112], // Hill
    [84, 132, 62],   // Grass
    [104, 156, 76],  // GrassLight
    [70, 66, 70],    // Post
    [96, 104, 116],  // TankWall
    [176, 190, 200], // TankEmpty
    [58, 128, 200],  // TankWater
    [150, 196, 236], // TankGloss
    [238, 240, 242], // Frame
    [168, 176, 186], // FrameShade
    [176, 206, 206], // Glass
    [200, 224, 220], // GlassLight
    [212, 226, 226], // Bar
    [150, 146, 138], // Floor
    [172, 168, 158], // FloorLight
    [158, 108, 62],  // Wood
    [186, 134, 82],  // WoodLight
    [112, 74, 42],   // WoodDark
    [0, 0, 0],       // Soil: by its moisture
    [0, 0, 0],       // SoilDark: by its moisture
    [0, 0, 0],       // SoilSpeck: by its moisture
    [84, 128, 54],   // Stem
    [62, 146, 62],   // Leaf
    [112, 186, 84],  // LeafLight
    [36, 104, 50],   // LeafDark
    [214, 56, 44],   // Tomato
    [248, 132, 110], // TomatoLight
    [92, 98, 108],   // FanRing
    [214, 220, 226], // FanBlade
    [48, 54, 62],    // FanHole
    [116, 128, 140], // Pipe
    [150, 84, 70],   // Heater
    [84, 88, 98],    // LampBody
    [28, 96, 70],    // Circuit
    [132, 138, 146], // NozzleShut
    [64, 190, 255],  // NozzleOpen
    [130, 200, 255], // Water
    [255, 214, 246], // Glow
    [255, 236, 252], // LampTube
    [255, 214, 128], // DoorBulb
    [92, 255, 120],  // Led
    [255, 142, 52],  // Heat
];

const SOIL_DRY: [u8; 3] = [164, 126, 90];
const SOIL_WET: [u8; 3] = [66, 44, 32];

/// The light in which the picture is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lighting {
    /// Daylight outside, 0 to 100.
    pub(super) daylight: u8,
    /// Plant lamp in percent.
    pub(super) grow: u8,
    /// Path lamp in percent.
    pub(super) door: u8,
    /// Lamp on the board in percent.
    pub(super) status: u8,
    /// Soil moisture in percent.
    pub(super) soil: u8,
}

/// The colour of palette entry `index` under a light, as red, green, blue.
pub(super) fn colour(index: u32, light: &Lighting) -> [u8; 3] {
    let base = match index {
        SOIL => mixed(SOIL_DRY, SOIL_WET, light.soil),
        SOIL_DARK => lit(mixed(SOIL_DRY, SOIL_WET, light.soil), 200),
        SOIL_SPECK => lit(mixed(SOIL_DRY, SOIL_WET, light.soil), 330),
        _ => BASE.get(index as usize).copied().unwrap_or_default(),
    };
    // Out of 256. A night is dim and bluish, never black, so that the picture can be read.
    let outside = 48 + u32::from(light.daylight.min(100)) * 208 / 100;
    let inside = (outside + u32::from(light.grow.min(100)) * 2).min(264);
    match index {
        STAR | NOZZLE_OPEN | WATER | HEAT => base,
        GLOW => lit(base, inside),
        LAMP_TUBE => lit(base, shine(light.grow)),
        DOOR_BULB => lit(base, shine(light.door)),
        LED => lit(base, shine(light.status)),
        SUN => lit(base, outside + 40),
        0..=TANK_GLOSS => night(lit(base, outside), light.daylight),
        _ => lit(base, inside),
    }
}

const STAR: u32 = Ink::Star as u32;
const SUN: u32 = Ink::Sun as u32;
const TANK_GLOSS: u32 = Ink::TankGloss as u32;
const SOIL: u32 = Ink::Soil as u32;
const SOIL_DARK: u32 = Ink::SoilDark as u32;
const SOIL_SPECK: u32 = Ink::SoilSpeck as u32;
const NOZZLE_OPEN: u32 = Ink::NozzleOpen as u32;
const WATER: u32 = Ink::Water as u32;
const GLOW: u32 = Ink::Glow as u32;
const LAMP_TUBE: u32 = Ink::LampTube as u32;
const DOOR_BULB: u32 = Ink::DoorBulb as u32;
const LED: u32 = Ink::Led as u32;
const HEAT: u32 = Ink::Heat as u32;

const _: () = assert!(HEAT as usize + 1 == COLOURS);

// How bright a lamp itself looks, out of 256: a lit one never looks switched off.
fn shine(percent: u8) -> u32 {
    match percent {
        0 => 72,
        _ => 150 + u32::from(percent.min(100)) * 106 / 100,
    }
}

fn lit(base: [u8; 3], level: u32) -> [u8; 3] {
    base.map(|part| u8::try_from(u32::from(part) * level / 256).unwrap_or(u8::MAX))
}

fn night([red, green, blue]: [u8; 3], daylight: u8) -> [u8; 3] {
    [red, green, blue.saturating_add((100 - daylight.min(100)) / 5)]
}

fn mixed(from: [u8; 3], to: [u8; 3], percent: u8) -> [u8; 3] {
    let share = u32::from(percent.min(100));
    let [from_red, from_green, from_blue] = from.map(u32::from);
    let [to_red, to_green, to_blue] = to.map(u32::from);
    [(from_red, to_red), (from_green, to_green), (from_blue, to_blue)]
        .map(|(a, b)| u8::try_from((a * (100 - share) + b * share) / 100).unwrap_or(u8::MAX))
}
