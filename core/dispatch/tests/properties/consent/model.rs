//! Consent in plain words: one question or agreement at a time, and when it is over.

use crate::host::counted;

/// All of a call that a person agrees to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wish {
    /// The epoch in which a host asks; none where the program itself does.
    pub(super) from: Option<u32>,
    pub(super) tool: u16,
    pub(super) principal: &'static str,
    pub(super) text: String,
    pub(super) state: &'static [u8],
    pub(super) answers: &'static [u8],
}

impl Wish {
    pub(super) fn args(&self) -> Vec<u8> {
        [vec![0, 4], counted(self.text.as_bytes())].concat()
    }

    fn len(&self) -> usize {
        self.principal.len() + self.args().len() + self.state.len() + self.answers.len()
    }

    /// Whether both come from the same asker.
    fn is_of(&self, other: &Self) -> bool {
        self.from.is_some() == other.from.is_some() && self.principal == other.principal
    }
}

#[derive(Clone, Debug, Default)]
pub(super) enum State {
    #[default]
    Free,
    /// The question, since when it is shown, and whether another asker was turned away.
    Asked(Wish, Option<u64>, bool),
    /// A person has agreed.
    Armed(Wish),
    /// Its asker has to let others ask.
    Resting(Wish),
}

/// What the device should hold: the state and when it began.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) state: State,
    pub(super) since: u64,
    pub(super) guard: u64,
    pub(super) consent: u64,
    pub(super) bytes: usize,
}

#[derive(Debug, PartialEq)]
pub(super) enum Judged {
    Runs,
    IsAsked,
    Waits,
    TooLong,
}

impl Model {
    fn enter(&mut self, state: State, now: u64) {
        (self.state, self.since) = (state, now);
    }

    pub(super) fn pass(&mut self, now: u64) {
        let lasts = if matches!(self.state, State::Resting(_)) { 4 } else { 1 };
        if now.saturating_sub(self.since) < self.consent / lasts {
            return;
        }
        let next = match &self.state {
            State::Asked(wish, _, true) => State::Resting(wish.clone()),
            State::Free => return,
            _ => State::Free,
        };
        self.enter(next, now);
    }

    pub(super) fn judge(&mut self, wish: &Wish, now: u64) -> Judged {
        self.pass(now);
        if wish.len() > self.bytes {
            return Judged::TooLong;
        }
        match &mut self.state {
            State::Armed(held) if held == wish => {
                self.enter(State::Free, now);
                Judged::Runs
            }
            State::Asked(held, None, _) if held == wish => Judged::IsAsked,
            State::Asked(held, _, is_contended) => {
                *is_contended |= !held.is_of(wish);
                Judged::Waits
            }
            State::Armed(_) => Judged::Waits,
            State::Resting(held) if held.is_of(wish) => Judged::Waits,
            State::Free | State::Resting(_) => {
                self.enter(State::Asked(wish.clone(), None, false), now);
                Judged::IsAsked
            }
        }
    }

    /// A press that was made at `pressed` or later.
    pub(super) fn press(&mut self, pressed: u64, now: u64) -> Option<u16> {
        self.pass(now);
        let State::Asked(wish, Some(shown), _) = &self.state else { return None };
        if pressed.saturating_sub(*shown) < self.guard {
            return None;
        }
        let wish = wish.clone();
        let tool = wish.tool;
        self.enter(State::Armed(wish), now);
        Some(tool)
    }

    pub(super) fn dismiss(&mut self, now: u64) -> Option<u16> {
        self.pass(now);
        let (State::Asked(wish, ..) | State::Armed(wish)) = &self.state else { return None };
        let wish = wish.clone();
        let tool = wish.tool;
        self.enter(State::Resting(wish), now);
        Some(tool)
    }

    pub(super) fn asked(&mut self, now: u64) -> Option<u16> {
        self.pass(now);
        let State::Asked(wish, ..) = &self.state else { return None };
        Some(wish.tool)
    }

    /// Forgets what hosts have asked, or everything, but who has to let others ask.
    pub(super) fn forget(&mut self, is_all: bool, now: u64) {
        let (State::Asked(wish, ..) | State::Armed(wish)) = &self.state else { return };
        if is_all || wish.from.is_some() {
            self.enter(State::Free, now);
        }
    }
}
