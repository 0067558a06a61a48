//! What is to go wrong, as the command line says it.

use std::str::FromStr;

use crate::error::{Error, Result};

/// What goes wrong, how often, and by which seed. Read from text such as
/// `drop=0.01,flip=0.001,split=0.1,duplicate=0.05,stall=0.01:40ms,baud=115200,mask=0.001:200us,seed=7`.
///
/// ```
/// use trine_gateway::middleware::{FaultPlan, Faults, Layer as _, Direction};
///
/// let plan: FaultPlan = "drop=0.2,flip=0.2,seed=7".parse()?;
/// let pass = |plan: &FaultPlan| -> Vec<u8> {
///     let mut passed = Vec::new();
///     let mut faults = Faults::new(plan.clone());
///     faults.pass(Direction::ToDevice, 0, &[0x55; 100], &mut |piece| passed.extend(piece));
///     passed
/// };
/// // The same seed loses and flips the same.
/// assert_eq!(pass(&plan), pass(&plan));
/// assert_ne!(pass(&plan), [0x55; 100]);
/// # Ok::<(), trine_gateway::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct FaultPlan {
    /// Where the random numbers start.
    pub seed: u64,
    /// Whether pieces are packets, which are lost whole; else bytes of a stream are lost.
    pub packets: bool,
    /// Chance that a byte of a stream, or a packet, is lost.
    pub drop: f64,
    /// Chance that one bit of a byte is flipped.
    pub flip: f64,
    /// Chance that a piece comes in two parts, the second half a millisecond later.
    pub split: f64,
    /// Chance that a piece comes twice.
    pub duplicate: f64,
    /// Chance that a piece is held up, and for how many microseconds.
    pub stall: (f64, u64),
    /// Bits each second of a line with ten bits for a byte; 0 sets no pace.
    pub baud: u32,
    /// Chance at each byte (or packet) that the receiver's interrupt is masked from there on, and
    /// for how many microseconds. What arrives meanwhile is lost but for the first.
    pub masks: Vec<(f64, u64)>,
}

impl FaultPlan {
    /// A plan by which nothing goes wrong.
    #[must_use]
    pub const fn none(seed: u64) -> Self {
        Self {
            seed,
            packets: false,
            drop: 0.0,
            flip: 0.0,
            split: 0.0,
            duplicate: 0.0,
            stall: (0.0, 0),
            baud: 0,
            masks: Vec::new(),
        }
    }

    /// Microseconds that so many bytes take on the line.
    pub(super) fn bytes_us(&self, count: usize) -> u64 {
        (count as u64 * 10_000_000).checked_div(u64::from(self.baud)).unwrap_or(0)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let wrong = |expected| {
            let (name, value) = (name.to_owned(), value.to_owned());
            Error::Fault { name, value, expected }
        };
        let part = |text: &str| {
            let part = text.parse::<f64>().ok().filter(|part| (0.0..=1.0).contains(part));
            part.ok_or_else(|| wrong("a chance from 0 to 1"))
        };
        let timed = || {
            let (chance, time) = value
                .split_once(':')
                .ok_or_else(|| wrong("a chance and a time, such as 0.01:5ms"))?;
            let time = humantime::parse_duration(time)
                .map_err(|_| wrong("a time such as 200us or 5ms after the colon"))?;
            Ok((part(chance)?, u64::try_from(time.as_micros()).unwrap_or(u64::MAX)))
        };
        match name {
            "drop" => self.drop = part(value)?,
            "flip" => self.flip = part(value)?,
            "split" => self.split = part(value)?,
            "duplicate" => self.duplicate = part(value)?,
            "stall" => self.stall = timed()?,
            "mask" => self.masks.push(timed()?),
            "baud" => self.baud = value.parse().map_err(|_| wrong("a baud rate"))?,
            "seed" => self.seed = value.parse().map_err(|_| wrong("an integer"))?,
            _ => {
                return Err(Error::UnknownFault { name: name.to_owned() });
            }
        }
        Ok(())
    }
}

impl FromStr for FaultPlan {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut plan = Self::none(1);
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let wrong = || Error::FaultSyntax { part: part.to_owned() };
            let (name, value) = part.split_once('=').ok_or_else(wrong)?;
            plan.set(name.trim(), value.trim())?;
        }
        if !plan.masks.is_empty() && plan.baud == 0 {
            return Err(Error::MaskWithoutBaud);
        }
        Ok(plan)
    }
}
