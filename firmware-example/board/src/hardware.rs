//! What the controller needs of a board: one trait that names each pin once.
//!
//! A real board implements [`Hardware`] over the pin types of its HAL, the simulated board is
//! [`crate::sim::SimHardware`]. Every type is bounded by an `embedded-hal` 1.0 trait, so nothing
//! in the controller knows which of the two it drives.

use embedded_hal::digital::{InputPin, OutputPin};
use embedded_hal::i2c::I2c;
use embedded_hal::pwm::SetDutyCycle;

use crate::kinds::Valve;

/// The pins and the bus of one greenhouse board.
///
/// Active levels: a high output means heater on, valve open, buzzer sounding; a high input means
/// button held. Pins that work the other way round are inverted by their implementation.
pub trait Hardware {
    /// Dimmer of the plant lamp; full duty is full brightness.
    type GrowLamp: SetDutyCycle;
    /// Dimmer of the path lamp.
    type DoorLamp: SetDutyCycle;
    /// Dimmer of the lamp on the board.
    type StatusLamp: SetDutyCycle;
    /// Speed of the fan; full duty is full speed.
    type Fan: SetDutyCycle;
    /// Servo of the roof vent on a 50 Hz channel: a pulse of 1 ms is shut, 2 ms is 90 degrees.
    type Vent: SetDutyCycle;
    /// Relay of the heater.
    type Heater: OutputPin;
    /// One water valve. HALs with a type for each pin erase it here (most call it `AnyPin`).
    type Valve: OutputPin;
    /// The buzzer.
    type Buzzer: OutputPin;
    /// The button beside the display, by which a person agrees to a call.
    type Button: InputPin;
    /// The bus with the SHT31, the BH1750, the ADS1115 and the display module.
    type Bus: I2c;

    /// Tells the hardware the time before the controller looks at it.
    ///
    /// Real hardware knows by itself how much time has passed, so the default does nothing. The
    /// simulation moves its physics on to `now_ms`.
    fn elapse(&mut self, now_ms: u64) {
        let _ = now_ms;
    }

    /// The dimmer of the plant lamp.
    fn grow_lamp(&mut self) -> &mut Self::GrowLamp;
    /// The dimmer of the path lamp.
    fn door_lamp(&mut self) -> &mut Self::DoorLamp;
    /// The dimmer of the lamp on the board.
    fn status_lamp(&mut self) -> &mut Self::StatusLamp;
    /// The fan's channel.
    fn fan(&mut self) -> &mut Self::Fan;
    /// The servo's channel.
    fn vent(&mut self) -> &mut Self::Vent;
    /// The heater's relay.
    fn heater(&mut self) -> &mut Self::Heater;
    /// The pin of one valve.
    fn valve(&mut self, valve: Valve) -> &mut Self::Valve;
    /// The buzzer's pin.
    fn buzzer(&mut self) -> &mut Self::Buzzer;
    /// The button's pin.
    fn button(&mut self) -> &mut Self::Button;
    /// The I2C bus.
    fn bus(&mut self) -> &mut Self::Bus;
}
