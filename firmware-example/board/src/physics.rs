//! What happens to air, soil and water: a small deterministic model in fixed point.
//!
//! It is stepped every 250 ms, so the same inputs at the same times give the same values on every
//! machine. Levels are held in millionths (of a degree, of a percent), which keeps the slowest
//! drift visible in one step. It makes no claim to be a real greenhouse: it is calibrated so that
//! every actuator shows its effect within a minute, and so that the heater can hold 35 degrees.

use crate::kinds::PerValve;

/// Length of one step.
pub const STEP_MS: u64 = 250;

const MICRO: i32 = 1_000_000;
const STEPS_IN_DAY: u32 = 24 * 3_600 * 4;
const SUNRISE: u32 = STEPS_IN_DAY / 4; // 06:00
const SUNSET: u32 = STEPS_IN_DAY / 4 * 3; // 18:00
const BOOT_STEP_OF_DAY: u32 = 10 * 3_600 * 4; // The board always wakes at ten in the morning.

/// Brightness under a winter sky at noon, in lux; at ten it is 800.
const SUN_LUX_MAX: i32 = 900;
/// Light that each percent of the plant lamp and of the path lamp adds at the sensor.
const GROW_LUX_PER_PERCENT: i32 = 80;
const DOOR_LUX_PER_PERCENT_TENTHS: i32 = 4;

// Exchange of air with the outside, in 2^-20 of the difference a step. The shut house alone has a
// time constant of one hour; the open vent brings it below ten minutes.
const LEAK_SHUT: i32 = 73;
const LEAK_PER_VENT_DEGREE: i32 = 4;
const LEAK_PER_FAN_PERCENT: i32 = 2;

const OUTSIDE_NIGHT: i32 = 8 * MICRO;
const OUTSIDE_DAY_GAIN: i32 = 8 * MICRO;
const OUTSIDE_HUMIDITY: i32 = 50 * MICRO;

// Gains in millionths a step.
const HEATER_WARMS: i32 = 3_000; // 0.012 degrees a second
const LAMP_WARMS_PER_PERCENT: i32 = 3;
const HEATER_DRIES: i32 = 600;
const MIST_WETS_AIR: i32 = 50_000; // 0.2 percent a second
const SOIL_EVAPORATES_PER_PERCENT: i32 = 9;
const SOIL_DRIES: i32 = 25;
const SOIL_DRIES_PER_200_LUX: i32 = 1;
const WETS_SOIL: PerValve<i32> = PerValve { north: 7_500, south: 7_500, drip: 2_500, mist: 500 };
const DRAINS: PerValve<i32> = PerValve { north: 10_000, south: 10_000, drip: 3_000, mist: 2_000 };
const TANK_REFILLS: i32 = 500; // 7.2 percent an hour, until the float shuts it
const TANK_FLOAT: i32 = 95 * MICRO;

/// What the actuators do at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// Plant lamp in percent.
    pub grow_percent: u8,
    /// Path lamp in percent.
    pub door_percent: u8,
    /// Fan in percent.
    pub fan_percent: u8,
    /// Roof vent in degrees, 0 to 90.
    pub vent_degrees: u8,
    /// Whether the heater is on.
    pub heater: bool,
    /// Which valves are open.
    pub valves: PerValve<bool>,
}

/// The physical state of the greenhouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Physics {
    // Time up to which the model has been stepped; none before the first call.
    stepped_ms: Option<u64>,
    step_of_day: u32,
    air: i32,
    humidity: i32,
    soil: i32,
    tank: i32,
    lux: i32,
}

impl Default for Physics {
    fn default() -> Self {
        Self::new()
    }
}

impl Physics {
    /// The greenhouse at boot: 21.5 degrees, 55 % humidity, 40 % in the soil, 800 lux, tank 80 %.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            stepped_ms: None,
            step_of_day: BOOT_STEP_OF_DAY,
            air: 21 * MICRO + MICRO / 2,
            humidity: 55 * MICRO,
            soil: 40 * MICRO,
            tank: 80 * MICRO,
            lux: sun(BOOT_STEP_OF_DAY),
        }
    }

    /// Moves on to `now_ms` in whole steps, with the actuators held as they are.
    ///
    /// The first call only sets the starting time. A time before the last one changes nothing.
    pub fn advance(&mut self, now_ms: u64, inputs: &Inputs) {
        let mut stepped = self.stepped_ms.unwrap_or(now_ms);
        while now_ms.saturating_sub(stepped) >= STEP_MS {
            self.step(inputs);
            stepped = stepped.saturating_add(STEP_MS);
        }
        self.stepped_ms = Some(stepped);
        // Lamps light at once, not only at the next step.
        self.lux = self.light(inputs);
    }

    /// Air temperature in hundredths of a degree Celsius.
    #[must_use]
    pub const fn centi_celsius(&self) -> i32 {
        self.air / 10_000
    }

    /// Relative humidity in hundredths of a percent.
    #[must_use]
    pub const fn humidity_centi_percent(&self) -> i32 {
        self.humidity / 10_000
    }

    /// Soil moisture in hundredths of a percent.
    #[must_use]
    pub const fn soil_centi_percent(&self) -> i32 {
        self.soil / 10_000
    }

    /// Level of the water tank in hundredths of a percent.
    #[must_use]
    pub const fn tank_centi_percent(&self) -> i32 {
        self.tank / 10_000
    }

    /// Light at the sensor in lux.
    #[must_use]
    pub const fn lux(&self) -> i32 {
        self.lux
    }

    // Every product below stays under 2^31: levels are clamped after each step, and the largest
    // one is a difference of at most 100 * MICRO / 256 times a leak of at most 633.
    fn step(&mut self, inputs: &Inputs) {
        self.step_of_day = (self.step_of_day + 1) % STEPS_IN_DAY;
        let daylight = sun(self.step_of_day);
        let leak = LEAK_SHUT
            + LEAK_PER_VENT_DEGREE * i32::from(inputs.vent_degrees.min(90))
            + LEAK_PER_FAN_PERCENT * i32::from(inputs.fan_percent.min(100));

        let outside = OUTSIDE_NIGHT + OUTSIDE_DAY_GAIN / SUN_LUX_MAX * daylight;
        self.air += exchanged(outside, self.air, leak)
            + gain(inputs.heater, HEATER_WARMS)
            + LAMP_WARMS_PER_PERCENT * i32::from(inputs.grow_percent.min(100));
        self.air = self.air.clamp(-20 * MICRO, 80 * MICRO);

        // An empty tank gives no water, whatever the valves say.
        let flows = self.tank > 0;
        let wet = |valve: bool, amount: i32| gain(valve && flows, amount);
        let v = &inputs.valves;

        self.humidity += exchanged(OUTSIDE_HUMIDITY, self.humidity, leak)
            + SOIL_EVAPORATES_PER_PERCENT * (self.soil / MICRO)
            + wet(v.mist, MIST_WETS_AIR)
            - gain(inputs.heater, HEATER_DRIES);
        self.humidity = self.humidity.clamp(5 * MICRO, 99 * MICRO);

        self.soil += wet(v.north, WETS_SOIL.north)
            + wet(v.south, WETS_SOIL.south)
            + wet(v.drip, WETS_SOIL.drip)
            + wet(v.mist, WETS_SOIL.mist)
            - SOIL_DRIES
            - SOIL_DRIES_PER_200_LUX * self.light(inputs) / 200;
        self.soil = self.soil.clamp(2 * MICRO, 95 * MICRO);

        self.tank += gain(self.tank < TANK_FLOAT, TANK_REFILLS)
            - wet(v.north, DRAINS.north)
            - wet(v.south, DRAINS.south)
            - wet(v.drip, DRAINS.drip)
            - wet(v.mist, DRAINS.mist);
        self.tank = self.tank.clamp(0, 100 * MICRO);
    }

    fn light(&self, inputs: &Inputs) -> i32 {
        sun(self.step_of_day)
            + GROW_LUX_PER_PERCENT * i32::from(inputs.grow_percent.min(100))
            + DOOR_LUX_PER_PERCENT_TENTHS * i32::from(inputs.door_percent.min(100)) / 10
    }
}

const fn gain(on: bool, amount: i32) -> i32 {
    if on { amount } else { 0 }
}

// What a level gains in one step by mixing with the outside. The difference is scaled down first so
// that the product fits 32 bits; division, unlike a shift, loses the same on both sides of zero.
const fn exchanged(outside: i32, inside: i32, leak: i32) -> i32 {
    (outside - inside) / 256 * leak / 4_096
}

// Daylight in lux at a step of the day: a parabola from sunrise to sunset. The largest product is
// 5400 * 5400.
const fn sun(step_of_day: u32) -> i32 {
    if step_of_day <= SUNRISE || step_of_day >= SUNSET {
        return 0;
    }
    const HALF_DAY: u32 = (SUNSET - SUNRISE) / 32; // 5400: units of 16 steps keep it in 32 bits
    const PEAK: u32 = HALF_DAY * HALF_DAY / 1_000;
    let up = (step_of_day - SUNRISE) / 16;
    let height = up * (2 * HALF_DAY - up) / 1_000;
    (height as i32) * SUN_LUX_MAX / (PEAK as i32)
}

#[cfg(test)]
mod tests {
    use super::{Inputs, MICRO, Physics, STEPS_IN_DAY, sun};
    use crate::kinds::PerValve;

    fn after(seconds: u64, inputs: &Inputs) -> Physics {
        let mut physics = Physics::new();
        physics.advance(7, inputs);
        physics.advance(7 + seconds * 1_000, inputs);
        physics
    }

    #[test]
    fn boot_values_are_the_documented_ones() {
        let p = after(0, &Inputs::default());
        assert_eq!(p.centi_celsius(), 2_150);
        assert_eq!(p.humidity_centi_percent(), 5_500);
        assert_eq!(p.soil_centi_percent(), 4_000);
        assert_eq!(p.tank_centi_percent(), 8_000);
        assert_eq!(p.lux(), 800);
    }

    #[test]
    fn many_small_steps_equal_one_large_one() {
        let inputs = Inputs { heater: true, fan_percent: 30, ..Inputs::default() };
        let mut fine = Physics::new();
        for now in (0..=60_000).step_by(10) {
            fine.advance(now, &inputs);
        }
        let mut coarse = Physics::new();
        coarse.advance(0, &inputs);
        coarse.advance(60_000, &inputs);
        assert_eq!(fine, coarse);
    }

    #[test]
    fn the_heater_warms_and_the_open_vent_cools() {
        let warm = after(600, &Inputs { heater: true, ..Inputs::default() });
        let idle = after(600, &Inputs::default());
        let open = after(600, &Inputs { vent_degrees: 90, fan_percent: 100, ..Inputs::default() });
        assert!(warm.centi_celsius() > idle.centi_celsius() + 500);
        assert!(open.centi_celsius() < idle.centi_celsius() - 100);
    }

    #[test]
    fn the_heater_can_pass_the_highest_target() {
        let p = after(12 * 3_600, &Inputs { heater: true, ..Inputs::default() });
        assert!(p.centi_celsius() > 3_500, "{}", p.centi_celsius());
    }

    #[test]
    fn water_moves_from_the_tank_to_the_soil_and_the_air() {
        let north = PerValve { north: true, ..PerValve::default() };
        let p = after(60, &Inputs { valves: north, ..Inputs::default() });
        assert!(p.soil_centi_percent() > 4_150 && p.tank_centi_percent() < 7_800);
        let mist = PerValve { mist: true, ..PerValve::default() };
        let p = after(60, &Inputs { valves: mist, ..Inputs::default() });
        assert!(p.humidity_centi_percent() > 6_500);
    }

    #[test]
    fn an_empty_tank_gives_no_water_and_then_refills() {
        let all = PerValve { north: true, south: true, drip: true, mist: true };
        let mut p = after(3_600, &Inputs { valves: all, ..Inputs::default() });
        assert!(p.tank_centi_percent() < 100);
        let low = p.tank_centi_percent();
        p.advance(7 + 7_200_000, &Inputs::default());
        assert!(p.tank_centi_percent() > low + 500);
    }

    #[test]
    fn lamps_light_at_once_and_the_sun_goes_down() {
        let mut p = Physics::new();
        p.advance(0, &Inputs::default());
        p.advance(1, &Inputs { grow_percent: 100, ..Inputs::default() });
        assert_eq!(p.lux(), 8_800);
        p.advance(10 * 3_600_000, &Inputs::default());
        assert_eq!(p.lux(), 0, "eight in the evening");
        assert_eq!(sun(STEPS_IN_DAY / 2), 900, "noon");
    }

    #[test]
    fn a_month_at_every_extreme_stays_inside_the_clamps() {
        let all = PerValve { north: true, south: true, drip: true, mist: true };
        let most = Inputs {
            grow_percent: 100,
            door_percent: 100,
            heater: true,
            valves: all,
            ..Inputs::default()
        };
        let least = Inputs { fan_percent: 100, vent_degrees: 90, ..Inputs::default() };
        for inputs in [most, least] {
            let p = after(30 * 86_400, &inputs);
            assert!((-20 * MICRO..=80 * MICRO).contains(&p.air));
            assert!((5 * MICRO..=99 * MICRO).contains(&p.humidity));
            assert!((2 * MICRO..=95 * MICRO).contains(&p.soil));
            assert!((0..=100 * MICRO).contains(&p.tank));
        }
    }
}
