//! Four countdowns with numbers and labels.

use heapless::String;

use super::watering::seconds_left;
use crate::fault::Fault;

/// Timers that can run at a time.
pub const TIMERS_MAX: usize = 4;
/// Longest countdown: a day, in seconds.
pub const SECONDS_MAX: u32 = 86_400;
/// Characters (Unicode code points) in a label.
pub const LABEL_CHARS_MAX: usize = 24;
/// UTF-8 bytes in a label at most: four a character.
pub const LABEL_BYTES_MAX: usize = LABEL_CHARS_MAX * 4;

/// One timer, as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timer<'a> {
    /// Number, 1 to 255.
    pub id: u8,
    /// What it is for; none when it was started without a label.
    pub label: Option<&'a str>,
    /// Seconds left, rounded up; 0 once it has ended.
    pub remaining_s: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Free,
    Running,
    Ended,
}

#[derive(Clone, Debug)]
struct Slot {
    state: State,
    id: u8,
    ends_ms: u64,
    labelled: bool,
    label: String<LABEL_BYTES_MAX>,
}

impl Slot {
    const fn new() -> Self {
        Self { state: State::Free, id: 0, ends_ms: 0, labelled: false, label: String::new() }
    }

    fn show(&self, now_ms: u64) -> Timer<'_> {
        let label = self.labelled.then_some(self.label.as_str());
        Timer { id: self.id, label, remaining_s: seconds_left(self.ends_ms, now_ms) }
    }
}

/// The four countdowns.
#[derive(Clone, Debug)]
pub(super) struct Timers {
    slots: [Slot; TIMERS_MAX],
    last_id: u8,
}

impl Timers {
    pub(super) const fn new() -> Self {
        Self { slots: [const { Slot::new() }; TIMERS_MAX], last_id: 0 }
    }

    /// Marks what has ended, and tells whether anything has.
    pub(super) fn tick(&mut self, now_ms: u64) -> bool {
        let mut any = false;
        for slot in &mut self.slots {
            if slot.state == State::Running && now_ms >= slot.ends_ms {
                slot.state = State::Ended;
                any = true;
            }
        }
        any
    }

    pub(super) fn start(
        &mut self,
        seconds: u32,
        label: Option<&str>,
        now_ms: u64,
    ) -> Result<u8, Fault> {
        if seconds == 0 || seconds > SECONDS_MAX {
            return Err(Fault::OutOfRange);
        }
        let text = label.unwrap_or("");
        if text.chars().count() > LABEL_CHARS_MAX {
            return Err(Fault::TextTooLong);
        }
        let id = self.free_id();
        // A free place first. Without one, an ended timer whose event no one fetched makes room.
        let free = self.slots.iter().position(|slot| slot.state == State::Free);
        let place = free.or_else(|| self.slots.iter().position(|slot| slot.state == State::Ended));
        let slot = place.and_then(|index| self.slots.get_mut(index)).ok_or(Fault::TimersFull)?;
        slot.label.clear();
        slot.label.push_str(text).map_err(|_| Fault::TextTooLong)?;
        slot.labelled = label.is_some();
        slot.state = State::Running;
        slot.id = id;
        slot.ends_ms = now_ms.saturating_add(u64::from(seconds).saturating_mul(1_000));
        self.last_id = id;
        Ok(id)
    }

    // The next number in rising order, 1 again after 255, that no timer here has. Four places
    // cannot hold five numbers, so one of the next five is free.
    fn free_id(&self) -> u8 {
        let mut id = self.last_id;
        loop {
            id = id.checked_add(1).unwrap_or(1);
            if !self.slots.iter().any(|slot| slot.state != State::Free && slot.id == id) {
                return id;
            }
        }
    }

    pub(super) fn running(&self, now_ms: u64) -> impl Iterator<Item = Timer<'_>> {
        let running = self.slots.iter().filter(|slot| slot.state == State::Running);
        running.map(move |slot| slot.show(now_ms))
    }

    pub(super) fn ended(&self) -> Option<Timer<'_>> {
        let ended = self.slots.iter().filter(|slot| slot.state == State::Ended);
        ended.min_by_key(|slot| slot.ends_ms).map(|slot| slot.show(slot.ends_ms))
    }

    pub(super) fn drop_ended(&mut self) {
        let ended = self.slots.iter_mut().filter(|slot| slot.state == State::Ended);
        if let Some(slot) = ended.min_by_key(|slot| slot.ends_ms) {
            slot.state = State::Free;
        }
    }
}
