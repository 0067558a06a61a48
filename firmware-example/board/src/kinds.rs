//! The names of the board's parts, and one value for each of them.
//!
//! [`PerLamp`] and [`PerValve`] take the place of arrays: a lookup by name cannot miss, so no
//! bounds check and no panic path reach the firmware.

use trine_derive::Choice;

/// One of the three lamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lamp {
    /// The plant lamp over the bed.
    Grow,
    /// The lamp that lights the path.
    Door,
    /// The small lamp on the board itself.
    Status,
}

impl Lamp {
    /// Every lamp.
    pub const ALL: [Self; 3] = [Self::Grow, Self::Door, Self::Status];
}

/// One of the four water valves.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Valve {
    /// Sprinkler over the north half of the bed.
    North,
    /// Sprinkler over the south half of the bed.
    South,
    /// Drip line in the soil.
    Drip,
    /// Mist nozzle in the air.
    Mist,
}

impl Valve {
    /// Every valve.
    pub const ALL: [Self; 4] = [Self::North, Self::South, Self::Drip, Self::Mist];
}

/// One of the five sensors.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sensor {
    /// Air temperature in degrees Celsius.
    Temperature,
    /// Relative air humidity in percent.
    Humidity,
    /// Soil moisture in percent.
    Soil,
    /// Light in lux.
    Light,
    /// Level of the water tank in percent.
    Tank,
}

impl Sensor {
    /// Every sensor.
    pub const ALL: [Self; 5] =
        [Self::Temperature, Self::Humidity, Self::Soil, Self::Light, Self::Tank];
}

/// One value for each lamp.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerLamp<T> {
    /// Value of [`Lamp::Grow`].
    pub grow: T,
    /// Value of [`Lamp::Door`].
    pub door: T,
    /// Value of [`Lamp::Status`].
    pub status: T,
}

impl<T> PerLamp<T> {
    /// The value of one lamp.
    pub const fn get(&self, lamp: Lamp) -> &T {
        match lamp {
            Lamp::Grow => &self.grow,
            Lamp::Door => &self.door,
            Lamp::Status => &self.status,
        }
    }

    /// The value of one lamp, to change it.
    pub const fn get_mut(&mut self, lamp: Lamp) -> &mut T {
        match lamp {
            Lamp::Grow => &mut self.grow,
            Lamp::Door => &mut self.door,
            Lamp::Status => &mut self.status,
        }
    }
}

/// One value for each valve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerValve<T> {
    /// Value of [`Valve::North`].
    pub north: T,
    /// Value of [`Valve::South`].
    pub south: T,
    /// Value of [`Valve::Drip`].
    pub drip: T,
    /// Value of [`Valve::Mist`].
    pub mist: T,
}

impl<T> PerValve<T> {
    /// The value of one valve.
    pub const fn get(&self, valve: Valve) -> &T {
        match valve {
            Valve::North => &self.north,
            Valve::South => &self.south,
            Valve::Drip => &self.drip,
            Valve::Mist => &self.mist,
        }
    }

    /// The value of one valve, to change it.
    pub const fn get_mut(&mut self, valve: Valve) -> &mut T {
        match valve {
            Valve::North => &mut self.north,
            Valve::South => &mut self.south,
            Valve::Drip => &mut self.drip,
            Valve::Mist => &mut self.mist,
        }
    }
}
