//! The fixed shapes of the picture: the house, the plants, and the sums behind curves and dither.

use super::ink::Ink;

// Ridge, eaves and walls of the house.
pub(super) const RIDGE_X: i32 = 80;
pub(super) const RIDGE_Y: i32 = 24;
pub(super) const EAVE_Y: i32 = 54;
pub(super) const WALL_LEFT: i32 = 14;
pub(super) const WALL_RIGHT: i32 = 146;
pub(super) const GROUND_Y: i32 = 108;
pub(super) const PIPE_Y: i32 = 56;
pub(super) const SOIL_Y: i32 = 87;
pub(super) const BED_Y: i32 = 91;
pub(super) const BED_LEFT: i32 = 38;
pub(super) const BED_RIGHT: i32 = 142;

// Thresholds of a 4 x 4 ordered dither (Bayer), a row each.
const DITHER: [u16; 4] = [0x082A, 0xC4E6, 0x3B19, 0xF7D5];
// Sine of 0, 15, .. 90 degrees in 256ths.
const SINE: [u8; 7] = [0, 66, 128, 181, 222, 247, 255];

pub(super) const fn frame(x: i32, y: i32) -> Option<Ink> {
    let from_roof = y - roof_y(x);
    let under_roof = x >= WALL_LEFT - 2 && x <= WALL_RIGHT + 2;
    if under_roof && from_roof >= -1 && from_roof <= 1 {
        return Some(if from_roof == 1 { Ink::FrameShade } else { Ink::Frame });
    }
    if y < EAVE_Y || y >= GROUND_Y || x < WALL_LEFT || x > WALL_RIGHT {
        return None;
    }
    match (x, y) {
        (WALL_LEFT | WALL_RIGHT, _) => Some(Ink::Frame),
        (15 | 145, _) | (_, EAVE_Y) => Some(Ink::FrameShade),
        _ => None,
    }
}

pub(super) const fn plants(x: i32, y: i32) -> Option<Ink> {
    if x < 40 || x >= 140 || y >= SOIL_Y {
        return None;
    }
    // Five plants, 20 pixels each, none the same height.
    let plant = (x - 40) / 20;
    let dx = (x - 40) % 20 - 10;
    let top = SOIL_Y - 22 - (plant * 7 + 3) % 10;
    if plant % 2 == 0 && in_ellipse(dx - 4, y - top - 13, 2, 2) {
        return Some(if dx < 4 { Ink::TomatoLight } else { Ink::Tomato });
    }
    if plant % 3 == 1 && in_ellipse(dx + 4, y - top - 9, 2, 2) {
        return Some(if dx < -4 { Ink::TomatoLight } else { Ink::Tomato });
    }
    if let Some(ink) = leaf(dx, y - top, 4, 4) {
        return Some(ink);
    }
    let mut level = 0;
    while level < 4 {
        let centre = top + 5 + level * 5;
        let reach = 4 + level / 2;
        let (left, right) =
            (leaf(dx + reach, y - centre, 5, 3), leaf(dx - reach, y - centre - 2, 5, 3));
        if left.is_some() {
            return left;
        }
        if right.is_some() {
            return right;
        }
        level += 1;
    }
    if dx == 0 && y > top { Some(Ink::Stem) } else { None }
}

// Lit from above: the upper rim is light, the lower part dark.
const fn leaf(dx: i32, dy: i32, rx: i32, ry: i32) -> Option<Ink> {
    if !in_ellipse(dx, dy, rx, ry) {
        return None;
    }
    Some(if dy < 0 && !in_ellipse(dx, dy - 2, rx, ry) {
        Ink::LeafLight
    } else if dy > 0 && (dx + dy) % 2 == 0 {
        Ink::LeafDark
    } else {
        Ink::Leaf
    })
}

pub(super) const fn nozzle(dx: i32, y: i32, open: bool) -> Option<Ink> {
    let below = y - PIPE_Y;
    if below < 0 || below > 3 || dx.abs() > 3 - below {
        return None;
    }
    Some(if open { Ink::NozzleOpen } else { Ink::NozzleShut })
}

pub(super) const fn roof_y(x: i32) -> i32 {
    RIDGE_Y + (x - RIDGE_X).abs() * (EAVE_Y - RIDGE_Y) / (WALL_RIGHT - RIDGE_X)
}

// Two low hills on the horizon.
pub(super) const fn hill(x: i32) -> i32 {
    let (near, far) = (14 - (x - 8).abs() / 3, 18 - (x - 150).abs() / 2);
    if near > far { near } else { far }
}

pub(super) const fn crescent(dx: i32, dy: i32) -> bool {
    in_ellipse(dx, dy, 6, 6) && !in_ellipse(dx - 3, dy + 2, 6, 6)
}

pub(super) const fn in_ellipse(dx: i32, dy: i32, rx: i32, ry: i32) -> bool {
    dx * dx * ry * ry + dy * dy * rx * rx <= rx * rx * ry * ry
}

// The dither's threshold of a pixel, 0 to 15.
pub(super) const fn threshold(x: i32, y: i32) -> i32 {
    let row = match y & 3 {
        0 => DITHER[0],
        1 => DITHER[1],
        2 => DITHER[2],
        _ => DITHER[3],
    };
    (row >> (12 - 4 * (x & 3)) & 0xF) as i32
}

// Sine in 256ths of an angle of 0 to 90 degrees, between the table's points along a line.
pub(super) const fn sine(degrees: i32) -> i32 {
    let mut step = 0;
    let mut rest = degrees;
    while rest >= 15 && step < SINE.len() - 2 {
        rest -= 15;
        step += 1;
    }
    let (low, high) = (SINE[step] as i32, SINE[step + 1] as i32);
    low + (high - low) * rest / 15
}
