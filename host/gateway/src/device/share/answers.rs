//! What a guest was answered, so that a call which comes again is not run again.

use trine_wire::slot;

/// Longest answer that is kept.
const KEPT_MAX: usize = 16 * 1024;

/// One slot of a guest.
#[derive(Debug, Default)]
struct Slot {
    /// The last call; 0 for none.
    id: u32,
    answer: Answer,
}

#[derive(Debug, Default)]
enum Answer {
    #[default]
    UnderWay,
    /// Frames that can be sent again.
    Kept(Vec<u8>),
    Forgotten,
}

/// What to do about a call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// Make it.
    New,
    /// Say that it is still under way.
    UnderWay,
    /// Send this again.
    Again(Vec<u8>),
    /// Say that its answer is no longer held.
    Forgotten,
}

/// The slots of one guest.
#[derive(Debug)]
pub(super) struct Answers(Vec<Slot>);

impl Answers {
    pub(super) fn new(slots: u8) -> Self {
        Self((0..slots.max(1)).map(|_| Slot::default()).collect())
    }

    fn count(&self) -> u8 {
        self.0.len() as u8
    }

    fn slot(&mut self, id: u32) -> Option<&mut Slot> {
        let at = slot::slot(id, self.count());
        self.0.get_mut(usize::from(at))
    }

    /// A call of this id has come.
    pub(super) fn came(&mut self, id: u32) -> Came {
        let Some(slot) = self.slot(id) else { return Came::Forgotten };
        if id > slot.id {
            *slot = Slot { id, answer: Answer::UnderWay };
            return Came::New;
        }
        match &slot.answer {
            _ if id < slot.id || id == 0 => Came::Forgotten,
            Answer::UnderWay => Came::UnderWay,
            Answer::Kept(frames) => Came::Again(frames.clone()),
            Answer::Forgotten => Came::Forgotten,
        }
    }

    /// A call was answered with these frames.
    pub(super) fn answered(&mut self, id: u32, frames: &[u8]) {
        if let Some(slot) = self.slot(id).filter(|slot| slot.id == id) {
            slot.answer = match frames.len() {
                0..=KEPT_MAX => Answer::Kept(frames.to_vec()),
                _ => Answer::Forgotten,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_new_once_and_has_its_answer_until_the_next_on_its_slot() {
        let mut answers = Answers::new(4);
        assert_eq!(answers.came(5), Came::New);
        assert_eq!(answers.came(5), Came::UnderWay);
        assert_eq!(answers.came(6), Came::New);
        answers.answered(5, b"five");
        assert_eq!(answers.came(5), Came::Again(b"five".to_vec()));
        assert_eq!(answers.came(6), Came::UnderWay);
        assert_eq!(answers.came(9), Came::New);
        assert_eq!(answers.came(5), Came::Forgotten);
        // An answer that comes too late is no one's.
        answers.answered(5, b"late");
        assert_eq!(answers.came(9), Came::UnderWay);
        answers.answered(9, &vec![0; KEPT_MAX + 1]);
        assert_eq!(answers.came(9), Came::Forgotten);
        assert_eq!(answers.came(0), Came::Forgotten, "no host gives the id 0");
    }
}
