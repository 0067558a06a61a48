//! The simulated board: pins, bus and chips on top of [`crate::physics`], in one value.
//!
//! It is the hardware of `trine --simulate` on a PC, and of the firmware on an emulated
//! microcontroller, which has a processor and a UART but neither lamps nor sensors. One owner, no
//! shared cells: the controller tells it the time by [`Hardware::elapse`], and in that call the
//! physics read the pins and the chips see the new world.

pub mod bus;
pub mod pins;

pub use bus::{Chip, SimBus};
pub use pins::{Mirror, NoPin, SimPin, SimPwm};

use embedded_hal::digital::OutputPin;

use crate::hardware::Hardware;
use crate::kinds::{PerValve, Valve};
use crate::physics::{Inputs, Physics};

/// Servo frame in microseconds, which is also the duty range of the simulated servo channel.
const SERVO_FRAME_US: u16 = 20_000;

/// How long [`SimHardware::press_button`] holds the button down.
pub const PRESS_MS: u64 = 200;

/// A whole simulated greenhouse board.
///
/// `L` is a real pin that follows the status lamp, for example the LED of an evaluation board;
/// [`NoPin`] where there is none.
#[derive(Clone, Debug)]
pub struct SimHardware<L = NoPin> {
    /// Plant lamp.
    pub grow_lamp: SimPwm,
    /// Path lamp.
    pub door_lamp: SimPwm,
    /// Lamp on the board, with the real pin that follows it.
    pub status_lamp: Mirror<L>,
    /// Fan.
    pub fan: SimPwm,
    /// Servo of the roof vent.
    pub vent: SimPwm,
    /// Relay of the heater.
    pub heater: SimPin,
    /// The four valves.
    pub valves: PerValve<SimPin>,
    /// Buzzer.
    pub buzzer: SimPin,
    /// Button: set it high to hold it down.
    pub button: SimPin,
    /// Bus with the four chips.
    pub bus: SimBus,
    physics: Physics,
    now_ms: u64,
    button_release_ms: Option<u64>,
}

impl SimHardware<NoPin> {
    /// A board at boot, with no real pin behind the status lamp.
    #[must_use]
    pub const fn new() -> Self {
        Self::with_status_led(NoPin)
    }
}

impl Default for SimHardware<NoPin> {
    fn default() -> Self {
        Self::new()
    }
}

impl<L> SimHardware<L> {
    /// A board at boot whose status lamp also drives a real pin.
    pub const fn with_status_led(led: L) -> Self {
        Self {
            grow_lamp: SimPwm::new(100),
            door_lamp: SimPwm::new(100),
            status_lamp: Mirror::new(SimPwm::new(100), led),
            fan: SimPwm::new(100),
            vent: SimPwm::new(SERVO_FRAME_US),
            heater: SimPin::new(),
            valves: PerValve {
                north: SimPin::new(),
                south: SimPin::new(),
                drip: SimPin::new(),
                mist: SimPin::new(),
            },
            buzzer: SimPin::new(),
            button: SimPin::new(),
            bus: SimBus::new(),
            physics: Physics::new(),
            now_ms: 0,
            button_release_ms: None,
        }
    }

    /// Presses the button as a finger does: down now, up again after [`PRESS_MS`].
    pub const fn press_button(&mut self) {
        self.button.set(true);
        self.button_release_ms = Some(self.now_ms.saturating_add(PRESS_MS));
    }

    /// The physical state, for tests and for display; the controller reads the sensors instead.
    #[must_use]
    pub const fn physics(&self) -> &Physics {
        &self.physics
    }

    fn inputs(&self) -> Inputs {
        Inputs {
            grow_percent: self.grow_lamp.percent(),
            door_percent: self.door_lamp.percent(),
            fan_percent: self.fan.percent(),
            vent_degrees: servo_degrees(self.vent.duty()),
            heater: self.heater.is_on(),
            valves: PerValve {
                north: self.valves.north.is_on(),
                south: self.valves.south.is_on(),
                drip: self.valves.drip.is_on(),
                mist: self.valves.mist.is_on(),
            },
        }
    }
}

// The angle at which a servo holds on a pulse: 1 ms is 0, 2 ms is 90 degrees.
fn servo_degrees(pulse_us: u16) -> u8 {
    let above = pulse_us.saturating_sub(1_000).min(1_000);
    u8::try_from(u32::from(above).wrapping_mul(9).wrapping_add(50) / 100).unwrap_or(90)
}

impl<L: OutputPin> Hardware for SimHardware<L> {
    type GrowLamp = SimPwm;
    type DoorLamp = SimPwm;
    type StatusLamp = Mirror<L>;
    type Fan = SimPwm;
    type Vent = SimPwm;
    type Heater = SimPin;
    type Valve = SimPin;
    type Buzzer = SimPin;
    type Button = SimPin;
    type Bus = SimBus;

    fn elapse(&mut self, now_ms: u64) {
        self.now_ms = now_ms;
        if self.button_release_ms.is_some_and(|release_ms| now_ms >= release_ms) {
            self.button.set(false);
            self.button_release_ms = None;
        }
        let inputs = self.inputs();
        self.physics.advance(now_ms, &inputs);
        self.bus.elapse(now_ms, &self.physics);
    }

    fn grow_lamp(&mut self) -> &mut SimPwm {
        &mut self.grow_lamp
    }

    fn door_lamp(&mut self) -> &mut SimPwm {
        &mut self.door_lamp
    }

    fn status_lamp(&mut self) -> &mut Mirror<L> {
        &mut self.status_lamp
    }

    fn fan(&mut self) -> &mut SimPwm {
        &mut self.fan
    }

    fn vent(&mut self) -> &mut SimPwm {
        &mut self.vent
    }

    fn heater(&mut self) -> &mut SimPin {
        &mut self.heater
    }

    fn valve(&mut self, valve: Valve) -> &mut SimPin {
        self.valves.get_mut(valve)
    }

    fn buzzer(&mut self) -> &mut SimPin {
        &mut self.buzzer
    }

    fn button(&mut self) -> &mut SimPin {
        &mut self.button
    }

    fn bus(&mut self) -> &mut SimBus {
        &mut self.bus
    }
}

#[cfg(test)]
mod tests {
    use embedded_hal::pwm::SetDutyCycle;

    use super::{SimHardware, SimPin, servo_degrees};
    use crate::hardware::Hardware;

    #[test]
    fn the_physics_follow_the_pins() {
        let mut board = SimHardware::new();
        board.elapse(0);
        assert_eq!(board.physics().lux(), 800);
        board.grow_lamp().set_duty_cycle_percent(50).unwrap();
        board.elapse(1);
        assert_eq!(board.physics().lux(), 4_800);
    }

    #[test]
    fn a_real_pin_follows_the_status_lamp() {
        let mut board = SimHardware::with_status_led(SimPin::new());
        board.status_lamp().set_duty_cycle_percent(1).unwrap();
        assert!(board.status_lamp.pin().is_on());
        board.status_lamp().set_duty_cycle_fully_off().unwrap();
        assert!(!board.status_lamp.pin().is_on());
    }

    #[test]
    fn servo_pulses_are_angles() {
        assert_eq!([0, 1_000, 1_500, 2_000, 9_999].map(servo_degrees), [0, 0, 45, 90, 90]);
    }
}
