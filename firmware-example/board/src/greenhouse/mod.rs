//! The controller: all that the board can do, on any [`Hardware`].
//!
//! Call [`Greenhouse::tick`] at least every [`TICK_MS_MAX`] milliseconds, whether or not anyone
//! calls a tool: valves close, the heater switches, timers end and the vent moves in there. Each
//! tool is one method. The two that take time come as a pair: [`Greenhouse::vent_move`] with
//! [`Greenhouse::vent_at_rest`], [`Greenhouse::sensor_start`] with [`Greenhouse::sensor_poll`].
//!
//! RAM: about 1.3 KiB beside the hardware, of which the four display lines and the four timers'
//! labels are 1 KiB.

mod button;
mod climate;
mod screen;
mod sensing;
mod timers;
mod vent;
mod watering;

pub use climate::{HYSTERESIS_CENTI, TARGET_TENTHS_MAX, TARGET_TENTHS_MIN};
pub use screen::{LINE_BYTES_MAX, LINE_CHARS_MAX, LINES};
pub use sensing::{AIR_AGE_MS_MAX, ROUND_MS, Reading, Ticket, Unit};
pub use timers::{LABEL_BYTES_MAX, LABEL_CHARS_MAX, SECONDS_MAX, TIMERS_MAX, Timer};
pub use vent::{DEGREES_MAX, MILLIDEGREES_PER_MS};
pub use watering::OPEN_S_MAX;

use core::task::Poll;

use embedded_hal::digital::{InputPin, OutputPin, PinState};
use embedded_hal::pwm::SetDutyCycle;

use crate::chips::lcd;
use crate::fault::Fault;
use crate::hardware::Hardware;
use crate::kinds::{Lamp, PerLamp, Sensor, Valve};
use button::Button;
use climate::Climate;
use screen::Screen;
use sensing::Sampler;
use timers::Timers;
use vent::Vent;
use watering::Watering;

/// Longest time between two calls of [`Greenhouse::tick`] for smooth work.
pub const TICK_MS_MAX: u64 = 10;
/// How long the buzzer sounds at the end of a timer.
pub const BUZZER_MS: u64 = 1_500;

/// The greenhouse controller.
#[derive(Debug)]
pub struct Greenhouse<H: Hardware> {
    hardware: H,
    boot_ms: Option<u64>,
    now_ms: u64,
    calls_entered: u32,
    lamps: PerLamp<u8>,
    fan_percent: u8,
    climate: Climate,
    watering: Watering,
    vent: Vent,
    sampler: Sampler,
    timers: Timers,
    screen: Screen,
    button: Button,
    buzzer_until_ms: Option<u64>,
    prompt_until_ms: Option<u64>,
}

impl<H: Hardware> Greenhouse<H> {
    /// A controller at rest. Nothing is written to the hardware before the first tick.
    pub const fn new(hardware: H) -> Self {
        Self {
            hardware,
            boot_ms: None,
            now_ms: 0,
            calls_entered: 0,
            lamps: PerLamp { grow: 0, door: 0, status: 0 },
            fan_percent: 0,
            climate: Climate::new(),
            watering: Watering::new(),
            vent: Vent::new(),
            sampler: Sampler::new(),
            timers: Timers::new(),
            screen: Screen::new(),
            button: Button::new(),
            buzzer_until_ms: None,
            prompt_until_ms: None,
        }
    }

    /// The hardware, for what is not a tool.
    pub const fn hardware(&self) -> &H {
        &self.hardware
    }

    /// The hardware, to change it: for example to press the simulated button.
    pub const fn hardware_mut(&mut self) -> &mut H {
        &mut self.hardware
    }

    /// Does everything that is due at `now_ms`. A time before the last one counts as the last one.
    pub fn tick(&mut self, now_ms: u64) {
        self.now_ms = self.now_ms.max(now_ms);
        let now_ms = self.now_ms;
        self.hardware.elapse(now_ms);
        if self.boot_ms.is_none() {
            self.boot_ms = Some(now_ms);
            self.all_off();
        }
        self.watering.tick(&mut self.hardware, now_ms);
        self.sampler.tick(self.hardware.bus(), now_ms);
        let heat = self.climate.tick(self.sampler.air(now_ms));
        // A relay that did not take the level is written again at the next tick.
        let _ = self.hardware.heater().set_state(PinState::from(heat));
        self.vent.tick(self.hardware.vent(), now_ms);
        if self.timers.tick(now_ms) {
            self.buzzer_until_ms = Some(now_ms.saturating_add(BUZZER_MS));
        }
        self.sound();
        if self.prompt_until_ms.is_some_and(|until_ms| now_ms >= until_ms) {
            self.prompt_end();
        }
        self.button.sample(self.hardware.button().is_high().unwrap_or(false), now_ms);
    }

    // The state after boot is known whatever the pins were before. A pin that fails here fails
    // again, and is reported, when a tool sets it.
    fn all_off(&mut self) {
        let _ = self.hardware.grow_lamp().set_duty_cycle_fully_off();
        let _ = self.hardware.door_lamp().set_duty_cycle_fully_off();
        let _ = self.hardware.status_lamp().set_duty_cycle_fully_off();
        let _ = self.hardware.fan().set_duty_cycle_fully_off();
        for valve in Valve::ALL {
            let _ = self.hardware.valve(valve).set_low();
        }
        for line in 1..=screen::LINES {
            let _ = self.screen.show(self.hardware.bus(), line, "");
        }
    }

    fn sound(&mut self) {
        let sounding = self.buzzer_until_ms.is_some_and(|until_ms| self.now_ms < until_ms);
        if !sounding {
            self.buzzer_until_ms = None;
        }
        let _ = self.hardware.buzzer().set_state(PinState::from(sounding));
    }

    /// Counts one call that reached a tool's own code.
    pub const fn enter(&mut self) {
        self.calls_entered = self.calls_entered.saturating_add(1);
    }

    /// Calls counted by [`Greenhouse::enter`] since boot.
    pub const fn calls_entered(&self) -> u32 {
        self.calls_entered
    }

    /// Seconds since the first tick.
    pub fn uptime_s(&self) -> u32 {
        let up_ms = self.now_ms.saturating_sub(self.boot_ms.unwrap_or(self.now_ms));
        u32::try_from(up_ms / 1_000).unwrap_or(u32::MAX)
    }

    /// A number that changes every 64 ms, for what moves in a picture.
    pub const fn moment(&self) -> u8 {
        (self.now_ms >> 6) as u8
    }

    /// Whether a person has pressed the button since the last call of this function.
    pub const fn take_press(&mut self) -> bool {
        self.button.take_press()
    }

    /// Switches one lamp, or all three for `None`, and dims it to `brightness` percent (1 to 100).
    ///
    /// Gives the brightness now: 0 when off.
    ///
    /// # Errors
    /// [`Fault::OutOfRange`] for another brightness, [`Fault::Pin`] when a dimmer refuses.
    pub fn light_set(&mut self, lamp: Option<Lamp>, on: bool, brightness: u8) -> Result<u8, Fault> {
        if brightness == 0 || brightness > 100 {
            return Err(Fault::OutOfRange);
        }
        let percent = if on { brightness } else { 0 };
        for each in Lamp::ALL {
            if lamp.is_none() || lamp == Some(each) {
                self.dim(each, percent)?;
            }
        }
        Ok(percent)
    }

    fn dim(&mut self, lamp: Lamp, percent: u8) -> Result<(), Fault> {
        match lamp {
            Lamp::Grow => set_percent(self.hardware.grow_lamp(), percent)?,
            Lamp::Door => set_percent(self.hardware.door_lamp(), percent)?,
            Lamp::Status => set_percent(self.hardware.status_lamp(), percent)?,
        }
        *self.lamps.get_mut(lamp) = percent;
        Ok(())
    }

    /// Brightness of each lamp in percent, 0 when off.
    pub const fn lamps(&self) -> &PerLamp<u8> {
        &self.lamps
    }

    /// Sets the fan to a speed of 0 to 100 percent.
    ///
    /// # Errors
    /// [`Fault::OutOfRange`] above 100, [`Fault::Pin`] when the channel refuses.
    pub fn fan_set(&mut self, percent: u8) -> Result<(), Fault> {
        if percent > 100 {
            return Err(Fault::OutOfRange);
        }
        set_percent(self.hardware.fan(), percent)?;
        self.fan_percent = percent;
        Ok(())
    }

    /// Speed of the fan in percent.
    pub const fn fan_percent(&self) -> u8 {
        self.fan_percent
    }

    /// Holds the air at a target in tenths of a degree Celsius, 50 to 350.
    ///
    /// # Errors
    /// [`Fault::OutOfRange`] for another target.
    pub const fn climate_heat(&mut self, target_tenths: i32) -> Result<(), Fault> {
        self.climate.heat(target_tenths)
    }

    /// Stops heating and forgets the target.
    pub const fn climate_off(&mut self) {
        self.climate.off();
    }

    /// The target in tenths of a degree Celsius, none when heating is off.
    pub const fn target_tenths(&self) -> Option<i32> {
        self.climate.target_tenths()
    }

    /// Whether the heater is on at the moment.
    pub const fn heating(&self) -> bool {
        self.climate.heating()
    }

    /// Opens a valve for a number of seconds, 1 to 1800; an open one gets this time again.
    ///
    /// # Errors
    /// [`Fault::OutOfRange`] for another time, [`Fault::Pin`] when the valve refuses.
    pub fn valve_open(&mut self, valve: Valve, seconds: u32) -> Result<(), Fault> {
        self.watering.open(self.hardware.valve(valve), valve, seconds, self.now_ms)
    }

    /// Closes one valve, or all four for `None`. A closed one stays closed.
    ///
    /// # Errors
    /// [`Fault::Pin`] when a valve refuses; the others are closed nevertheless.
    pub fn valve_close(&mut self, valve: Option<Valve>) -> Result<(), Fault> {
        let mut outcome = Ok(());
        for each in Valve::ALL {
            if valve.is_none() || valve == Some(each) {
                outcome = outcome.and(self.watering.close(self.hardware.valve(each), each));
            }
        }
        outcome
    }

    /// Whether water flows through any valve.
    pub fn water_flows(&self) -> bool {
        Valve::ALL.into_iter().any(|valve| self.valve_remaining_s(valve).is_some())
    }

    /// Seconds until a valve closes by itself, rounded up; none when it is closed.
    pub fn valve_remaining_s(&self, valve: Valve) -> Option<u32> {
        self.watering.remaining_s(valve, self.now_ms)
    }

    /// Sends the roof vent to an angle of 0 to 90 degrees; [`Greenhouse::tick`] moves it there.
    ///
    /// # Errors
    /// [`Fault::OutOfRange`] above 90.
    pub const fn vent_move(&mut self, degrees: u8) -> Result<(), Fault> {
        self.vent.move_to(degrees, self.now_ms)
    }

    /// Whether the vent has arrived where it was last sent.
    pub const fn vent_at_rest(&self) -> bool {
        self.vent.at_rest()
    }

    /// The angle that the vent moves to, or rests at, in degrees.
    pub const fn vent_target(&self) -> u8 {
        self.vent.target()
    }

    /// The angle of the vent now, in whole degrees.
    pub fn vent_degrees(&self) -> u8 {
        self.vent.degrees()
    }

    /// Asks for a new measurement. It begins at the latest when the one under way has ended.
    pub fn sensor_start(&mut self, sensor: Sensor) -> Ticket {
        let ticket = self.sampler.request(sensor);
        self.sampler.tick(self.hardware.bus(), self.now_ms);
        ticket
    }

    /// The result of the measurement that [`Greenhouse::sensor_start`] asked for.
    ///
    /// # Errors
    /// [`Fault::Bus`], [`Fault::Checksum`] or [`Fault::NotReady`] when the chip failed.
    pub fn sensor_poll(&self, ticket: Ticket) -> Poll<Result<Reading, Fault>> {
        self.sampler.poll(ticket)
    }

    /// The last good reading of a sensor, at most two seconds old while its chip works. Zero until
    /// the first measurement has ended, which [`Greenhouse::sensors_ready`] tells.
    pub const fn reading(&self, sensor: Sensor) -> Reading {
        self.sampler.reading(sensor)
    }

    /// Whether every sensor has been asked at least once since boot: after 0.2 s.
    pub const fn sensors_ready(&self) -> bool {
        self.sampler.ready()
    }

    /// Starts a countdown of 1 to 86400 seconds and gives its number, 1 to 255.
    ///
    /// # Errors
    /// [`Fault::TimersFull`] when four run, [`Fault::OutOfRange`] for another time,
    /// [`Fault::TextTooLong`] for a label of more than 24 characters.
    pub fn timer_start(&mut self, seconds: u32, label: Option<&str>) -> Result<u8, Fault> {
        self.timers.start(seconds, label, self.now_ms)
    }

    /// The timers that run, in the order of their numbers' slots.
    pub fn timers(&self) -> impl Iterator<Item = Timer<'_>> {
        self.timers.running(self.now_ms)
    }

    /// The timer that ended longest ago and has not been dropped by [`Greenhouse::drop_ended`].
    pub fn ended(&self) -> Option<Timer<'_>> {
        self.timers.ended()
    }

    /// Forgets the timer that [`Greenhouse::ended`] shows, once its event is on its way.
    pub fn drop_ended(&mut self) {
        self.timers.drop_ended();
    }

    /// Writes a text of at most 32 characters on a line of the display, 1 to 4. A question on the
    /// last line stays there: the text follows when it is over.
    ///
    /// # Errors
    /// [`Fault::OutOfRange`] for another line, [`Fault::TextTooLong`], or [`Fault::Bus`] when the
    /// display does not answer; the line then keeps its text.
    pub fn display_show(&mut self, line: u8, text: &str) -> Result<(), Fault> {
        if line == LINES && self.is_prompting() {
            return self.screen.keep(line, text);
        }
        self.screen.show(self.hardware.bus(), line, text)
    }

    /// Shows a question to the person at the board on the last line of the display, for `ms`
    /// milliseconds. The text that the line holds comes back afterwards.
    pub fn prompt(&mut self, text: &str, ms: u32) {
        // Without a display no one reads the question, and the call stays refused.
        let is_shown = lcd::write_line(self.hardware.bus(), LINES, text).is_ok();
        self.prompt_until_ms = is_shown.then(|| self.now_ms.saturating_add(u64::from(ms)));
    }

    /// Whether a question is on the display.
    pub const fn is_prompting(&self) -> bool {
        self.prompt_until_ms.is_some()
    }

    /// Takes the question away.
    pub fn prompt_end(&mut self) {
        if self.prompt_until_ms.take().is_some() {
            self.screen.redraw(self.hardware.bus(), LINES);
        }
    }

    /// The four lines of the display, from the top.
    pub fn display_lines(&self) -> impl Iterator<Item = &str> {
        self.screen.lines()
    }
}

fn set_percent<P: SetDutyCycle>(channel: &mut P, percent: u8) -> Result<(), Fault> {
    channel.set_duty_cycle_percent(percent.min(100)).map_err(|_| Fault::Pin)
}
