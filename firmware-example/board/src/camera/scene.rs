//! What the camera sees: the board's state at one moment, drawn pixel by pixel.
//!
//! The canvas is 160 x 120. Each part of the picture is a function that answers for one pixel with
//! its ink, or with nothing; the front one is asked first.

use super::ink::{Ink, Lighting, colour};
use super::shape::{
    BED_LEFT, BED_RIGHT, BED_Y, EAVE_Y, GROUND_Y, PIPE_Y, RIDGE_X, SOIL_Y, WALL_LEFT, WALL_RIGHT,
    crescent, frame, hill, in_ellipse, nozzle, plants, roof_y, sine, threshold,
};
use crate::greenhouse::Greenhouse;
use crate::hardware::Hardware;
use crate::kinds::{PerValve, Sensor, Valve};

/// The state of the board in a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scene {
    light: Lighting,
    fan: u8,
    vent: u8,
    heating: bool,
    open: PerValve<bool>,
    tank: u8,
    // A moment of the moving parts: water falls and the fan turns from picture to picture.
    phase: u8,
}

impl Scene {
    /// The state of a greenhouse now.
    pub fn of<H: Hardware>(board: &Greenhouse<H>) -> Self {
        let percent = |sensor| {
            let tenths = board.reading(sensor).tenths.clamp(0, 1_000);
            u8::try_from(tenths / 10).unwrap_or(100)
        };
        let lamps = board.lamps();
        // The sensor sees the lamps as well; what is left is the day.
        let lamp_lux = i32::from(lamps.grow) * 80 + i32::from(lamps.door) * 4 / 10;
        let day_lux = (board.reading(Sensor::Light).tenths / 10 - lamp_lux).clamp(0, 900);
        let open = |valve| board.valve_remaining_s(valve).is_some();
        Self {
            light: Lighting {
                daylight: u8::try_from(day_lux / 9).unwrap_or(100),
                grow: lamps.grow,
                door: lamps.door,
                status: lamps.status,
                soil: percent(Sensor::Soil),
            },
            fan: board.fan_percent(),
            vent: board.vent_degrees().min(90),
            heating: board.heating(),
            open: PerValve {
                north: open(Valve::North),
                south: open(Valve::South),
                drip: open(Valve::Drip),
                mist: open(Valve::Mist),
            },
            tank: percent(Sensor::Tank),
            phase: board.moment(),
        }
    }

    pub(super) fn colour(&self, index: u32) -> [u8; 3] {
        colour(index, &self.light)
    }

    /// The ink of a pixel of the 160 x 120 canvas.
    pub(super) const fn ink(&self, x: i32, y: i32) -> Ink {
        if let Some(ink) = self.vent(x, y) {
            return ink;
        }
        if let Some(ink) = frame(x, y) {
            return ink;
        }
        if y > roof_y(x) && y < GROUND_Y && x > WALL_LEFT && x < WALL_RIGHT {
            return self.inside(x, y);
        }
        self.outside(x, y)
    }

    const fn inside(&self, x: i32, y: i32) -> Ink {
        if let Some(ink) = self.bed(x, y) {
            return ink;
        }
        if let Some(ink) = self.water(x, y) {
            return ink;
        }
        if let Some(ink) = plants(x, y) {
            return ink;
        }
        if let Some(ink) = self.lamp(x, y) {
            return ink;
        }
        if let Some(ink) = self.fan(x, y) {
            return ink;
        }
        if let Some(ink) = self.heater(x, y) {
            return ink;
        }
        if y >= 104 {
            return if (x + y) % 9 < 4 { Ink::Floor } else { Ink::FloorLight };
        }
        if self.in_glow(x, y) {
            return Ink::Glow;
        }
        match (x - WALL_LEFT) % 22 {
            0 if y > EAVE_Y => Ink::Bar,
            _ if (x + y) % 44 < 5 => Ink::GlassLight, // Reflections run aslant over the panes.
            _ => Ink::Glass,
        }
    }

    const fn outside(&self, x: i32, y: i32) -> Ink {
        if let Some(ink) = self.path_lamp(x, y) {
            return ink;
        }
        if let Some(ink) = self.tank(x, y) {
            return ink;
        }
        if y >= GROUND_Y {
            let tuft = (x * 7 + y * 13) % 11 < 3;
            return if tuft { Ink::GrassLight } else { Ink::Grass };
        }
        let day = self.light.daylight > 4;
        if day && in_ellipse(x - 24, y - 16, 7, 7) {
            return Ink::Sun;
        }
        let star = y < 70 && (x * 31 + y * 57) % 211 == 0;
        if !day && (star || crescent(x - 24, y - 16)) {
            return Ink::Star;
        }
        if y > 98 - hill(x) {
            return Ink::Hill;
        }
        // Four bands of sky, dithered into each other.
        match (y * 16 / 30 + threshold(x, y)) / 16 {
            0 => Ink::SkyTop,
            1 => Ink::SkyHigh,
            2 => Ink::SkyLow,
            _ => Ink::SkyHorizon,
        }
    }

    // The flap lies on the right half of the roof and turns up about its hinge near the ridge.
    const fn vent(&self, x: i32, y: i32) -> Option<Ink> {
        let angle = 24 - self.vent as i32; // Of the flap below the horizon; 24 is the roof's.
        let (dx, dy) = (x - 87, y - 27);
        let (c, s) = (sine(90 - angle.abs()), if angle < 0 { -sine(-angle) } else { sine(angle) });
        let along = (dx * c + dy * s) / 256;
        let across = (dy * c - dx * s) / 256;
        if along < 0 || along > 26 || across > 1 || across < -1 {
            return None;
        }
        Some(if across == 1 { Ink::FrameShade } else { Ink::Frame })
    }

    const fn in_glow(&self, x: i32, y: i32) -> bool {
        let below = y - 44;
        let strength = self.light.grow as i32 * (96 - y) / 340;
        let edge = 20 + below * 7 / 10;
        below > 0 && (x - RIDGE_X).abs() < edge && strength > threshold(x, y)
    }

    const fn lamp(&self, x: i32, y: i32) -> Option<Ink> {
        let dx = (x - RIDGE_X).abs();
        match y {
            26..40 if dx == 14 => Some(Ink::LampBody), // Two cords.
            40..43 if dx <= 20 => Some(Ink::LampBody),
            43..45 if dx <= 18 => Some(Ink::LampTube),
            _ => None,
        }
    }

    const fn fan(&self, x: i32, y: i32) -> Option<Ink> {
        let (dx, dy) = (x - 27, y - 70);
        let distance = dx * dx + dy * dy;
        if distance > 110 {
            return None;
        }
        if distance > 84 {
            return Some(Ink::FanRing);
        }
        if distance < 5 {
            return Some(Ink::FanRing);
        }
        // Four blades: a quarter turn looks like none, so four positions of 22 degrees do.
        let turn = if self.fan == 0 { 0 } else { self.phase & 3 };
        let (c, s) = match turn {
            0 => (256, 0),
            1 => (237, 98),
            2 => (181, 181),
            _ => (98, 237),
        };
        let (u, v) = (((dx * c + dy * s) / 256).abs(), ((dy * c - dx * s) / 256).abs());
        let (near, far) = if u < v { (u, v) } else { (v, u) };
        Some(if near * 3 <= far + 2 { Ink::FanBlade } else { Ink::FanHole })
    }

    const fn heater(&self, x: i32, y: i32) -> Option<Ink> {
        if x < 18 || x > 34 {
            return None;
        }
        if y >= 89 && y < 104 {
            let rib = x % 4 < 2;
            return Some(match (rib, self.heating) {
                (true, true) => Ink::Heat,
                (true, false) => Ink::Heater,
                (false, _) => Ink::WoodDark,
            });
        }
        // Warm air above it, as three wavy lines.
        let sway = ((y + self.phase as i32) / 2 % 4 - 2).abs();
        let rising = self.heating && y > 82 && y < 89 && (x + sway) % 6 == 2;
        if rising { Some(Ink::Heat) } else { None }
    }

    const fn bed(&self, x: i32, y: i32) -> Option<Ink> {
        if x < BED_LEFT || x > BED_RIGHT || y < SOIL_Y - 1 || y >= 105 {
            return None;
        }
        if y < BED_Y {
            let crumb = (x * 29 + y * 53) % 17;
            return match (y - SOIL_Y, crumb) {
                (-1, 0..=11) => None, // An uneven edge.
                (_, 0 | 1) => Some(Ink::SoilSpeck),
                (_, 12..=16) => Some(Ink::SoilDark),
                _ => Some(Ink::Soil),
            };
        }
        // The board itself, screwed on the planks: its lamp and its display.
        if x >= 80 && x <= 100 && y >= 94 && y <= 102 {
            return Some(match (x, y) {
                (82..=84, 97..=99) => Ink::Led,
                (88..=98, 96..=100) => Ink::TankGloss,
                _ => Ink::Circuit,
            });
        }
        Some(match ((y - BED_Y) % 5, (x - BED_LEFT) % 26) {
            (4, _) | (_, 0) => Ink::WoodDark,
            (0, _) => Ink::WoodLight,
            _ => Ink::Wood,
        })
    }

    const fn water(&self, x: i32, y: i32) -> Option<Ink> {
        let open = &self.open;
        if y == PIPE_Y && x > WALL_LEFT && x < BED_RIGHT {
            return Some(Ink::Pipe);
        }
        if let Some(ink) = nozzle(x - 60, y, open.north) {
            return Some(ink);
        }
        if let Some(ink) = nozzle(x - 120, y, open.south) {
            return Some(ink);
        }
        if let Some(ink) = nozzle(x - 92, y, open.mist) {
            return Some(ink);
        }
        if y == SOIL_Y - 2 && x >= BED_LEFT && x <= BED_RIGHT {
            // The drip line, with a drop at every hole.
            let drop = open.drip && (x + self.phase as i32) % 5 < 2;
            return Some(if drop { Ink::Water } else { Ink::Pipe });
        }
        let falls = open.north && self.falls(x - 60, y) || open.south && self.falls(x - 120, y);
        if falls || open.mist && self.drifts(x - 92, y) { Some(Ink::Water) } else { None }
    }

    // Drops in a widening cone under a sprinkler.
    const fn falls(&self, dx: i32, y: i32) -> bool {
        let below = y - PIPE_Y - 3;
        let streak = (y + dx.abs() * 4 - self.phase as i32 * 3).rem_euclid(9) < 3;
        below > 0 && y < SOIL_Y && dx.abs() <= 2 + below / 2 && dx % 3 == 0 && streak
    }

    // A cloud under the mist nozzle.
    const fn drifts(&self, dx: i32, y: i32) -> bool {
        let thin = (dx * dx + (y - 68) * (y - 68)) / 16;
        let speck = (dx * 37 + y * 23 + self.phase as i32 * 5).rem_euclid(16);
        in_ellipse(dx, y - 68, 15, 9) && speck > thin + 5
    }

    const fn path_lamp(&self, x: i32, y: i32) -> Option<Ink> {
        let (dx, dy) = (x - 6, y - 62);
        if in_ellipse(dx, dy, 3, 3) {
            return Some(Ink::DoorBulb);
        }
        if dx.abs() <= 1 && dy > 0 && y < GROUND_Y + 2 {
            return Some(Ink::Post);
        }
        let strength = self.light.door as i32 * (150 - dx * dx - dy * dy) / 1_000;
        if strength > threshold(x, y) { Some(Ink::DoorBulb) } else { None }
    }

    const fn tank(&self, x: i32, y: i32) -> Option<Ink> {
        if x < 149 || x > 158 || y < 66 || y >= GROUND_Y {
            return None;
        }
        if x == 149 || x == 158 || y == 66 || y % 14 == 10 {
            return Some(Ink::TankWall);
        }
        let surface = GROUND_Y - self.tank as i32 * 41 / 100;
        Some(match (y < surface, x == 151) {
            (true, _) => Ink::TankEmpty,
            (false, true) => Ink::TankGloss,
            (false, false) => Ink::TankWater,
        })
    }
}
