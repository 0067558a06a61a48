//! What a person has agreed to.
//!
//! A call of a tool that asks for a person is refused, and becomes the *question*: one at a time,
//! with all of its bytes. The program says when the question is shown and when it is covered. A
//! press at an input that no client reaches counts when the question has been shown for a while,
//! and *arms* it: the same bytes, from the same principal, in the same epoch, once, for a limited
//! time. Nothing that a client sends arms a call, and none takes the place of a question.

/// What a call brings, of which all bytes have to be the same: who asks, arguments, state, answers.
pub(crate) type Parts<'q> = [&'q [u8]; PARTS];

const PARTS: usize = 4;
/// A clock that goes back by less was read a moment before; by more, it is a tick that has wrapped.
const BACK_MAX: u64 = 1 << 31;
/// After a question that was dismissed, or that others have waited for, its asker waits for so much
/// of the time that a question has.
const REST: u32 = 4;

/// A call that a person has to agree to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'q> {
    pub(crate) tool: u16,
    /// Where it comes from: the epoch of its session, or the program itself.
    pub(crate) from: Option<u32>,
    pub(crate) parts: Parts<'q>,
}

impl Question<'_> {
    fn len(&self) -> usize {
        self.parts.iter().map(|part| part.len()).sum()
    }
}

/// What is said to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConsentDecision {
    /// A person has agreed to it. The agreement is used up.
    Agreed,
    /// None has; it is the question now, and not shown.
    Asked,
    /// None has, and there is nothing to show: it is shown, or another one is the question.
    Waits,
    /// No one can: it has more bytes than are kept.
    TooLong,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Free,
    /// A question waits for a person.
    Asked,
    /// A person has agreed to it.
    Armed,
    /// It is over, and its asker has to let others ask.
    Resting,
}

/// How long what holds, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// A question, and an agreement.
    pub(crate) consent: u32,
    /// How long a question is shown before a press counts.
    pub(crate) guard: u32,
}

/// The one question or agreement. It lives in RAM, so a restart forgets it.
#[derive(Debug)]
pub(crate) struct Consents<'m> {
    /// Where the question's bytes are.
    pub(crate) place: &'m mut [u8],
    state: State,
    /// Whether another asker was turned away meanwhile.
    is_contended: bool,
    tool: u16,
    from: Option<u32>,
    /// As `place` may be no longer than `u16` can say.
    lens: [u16; PARTS],
    /// When this state began.
    since: u64,
    /// Since when the question is shown.
    shown: Option<u64>,
}

impl Consents<'_> {
    /// Nothing asked, nothing armed, and no room for bytes.
    pub(crate) const fn new() -> Self {
        Self {
            place: &mut [],
            state: State::Free,
            is_contended: false,
            tool: 0,
            from: None,
            lens: [0; PARTS],
            since: 0,
            shown: None,
        }
    }

    /// Whether a person has agreed to this call. If none has, it is the question, where there is
    /// none. One that is asked again has no more time than it had.
    pub(crate) fn judge(
        &mut self,
        question: &Question<'_>,
        now: u64,
        times: Times,
    ) -> ConsentDecision {
        self.pass(now, times);
        if question.len() > self.place.len() {
            return ConsentDecision::TooLong;
        }
        let is_same = self.holds(question);
        match self.state {
            State::Armed if is_same => {
                self.end(State::Free, now);
                ConsentDecision::Agreed
            }
            State::Asked if is_same && self.shown.is_none() => ConsentDecision::Asked,
            State::Asked | State::Armed => {
                self.is_contended |= !self.is_from(question);
                ConsentDecision::Waits
            }
            State::Resting if self.is_from(question) => ConsentDecision::Waits,
            State::Free | State::Resting => {
                self.keep(question, now);
                ConsentDecision::Asked
            }
        }
    }

    /// A person agrees to the question, with a press at `pressed` or after it. Answers its tool,
    /// or `None` where none is asked or it has not been shown for long enough.
    pub(crate) fn agree(&mut self, pressed: u64, now: u64, times: Times) -> Option<u16> {
        let tool = self.asked(now, times)?;
        self.shown.filter(|&since| has_passed(since, pressed, times.guard))?;
        self.end(State::Armed, now);
        Some(tool)
    }

    /// A person wants no such call: the question is over, or the agreement. Answers its tool.
    pub(crate) fn dismiss(&mut self, now: u64, times: Times) -> Option<u16> {
        self.pass(now, times);
        let is_held = matches!(self.state, State::Asked | State::Armed);
        is_held.then(|| self.end(State::Resting, now)).map(|()| self.tool)
    }

    /// The question is where a person sees it. Answers its tool.
    pub(crate) fn show(&mut self, now: u64, times: Times) -> Option<u16> {
        let tool = self.asked(now, times)?;
        self.shown.get_or_insert(now);
        Some(tool)
    }

    /// The question is where no one sees it.
    pub(crate) const fn hide(&mut self) {
        self.shown = None;
    }

    /// The tool of the question.
    pub(crate) fn asked(&mut self, now: u64, times: Times) -> Option<u16> {
        self.pass(now, times);
        (self.state == State::Asked).then_some(self.tool)
    }

    /// Ends what has had its time.
    #[inline(never)]
    pub(crate) fn pass(&mut self, now: u64, times: Times) {
        let consent = times.consent;
        let (ms, next) = match self.state {
            State::Free => return,
            State::Asked if self.is_contended => (consent, State::Resting),
            State::Asked | State::Armed => (consent, State::Free),
            State::Resting => (consent / REST, State::Free),
        };
        if has_passed(self.since, now, ms) {
            self.end(next, now);
        }
    }

    /// Ends the question or the agreement: all of them where the tools have changed, since a
    /// number may be another tool's, and those of hosts where another host has taken the device.
    pub(crate) fn forget(&mut self, now: u64, of_hosts_alone: bool) {
        if self.state != State::Resting && (self.from.is_some() || !of_hosts_alone) {
            self.end(State::Free, now);
        }
    }

    /// Ends the question or the agreement of a tool that goes.
    pub(crate) fn forget_tool(&mut self, now: u64, tool: u16) {
        if self.tool == tool && matches!(self.state, State::Asked | State::Armed) {
            self.end(State::Free, now);
        }
    }

    /// Milliseconds until a press counts, where it does not yet.
    pub(crate) fn guard_left(&self, now: u64, times: Times) -> Option<u32> {
        let since = self.shown.filter(|_| self.state == State::Asked)?;
        let left = u64::from(times.guard).saturating_sub(passed(since, now)) as u32;
        (left > 0).then_some(left)
    }

    fn end(&mut self, next: State, now: u64) {
        self.state = next;
        self.since = now;
        self.shown = None;
    }

    fn keep(&mut self, question: &Question<'_>, now: u64) {
        let mut rest = &mut *self.place;
        for (len, part) in self.lens.iter_mut().zip(question.parts) {
            let Some((place, behind)) = rest.split_at_mut_checked(part.len()) else { return };
            place.copy_from_slice(part);
            (*len, rest) = (part.len() as u16, behind);
        }
        (self.tool, self.from, self.is_contended) = (question.tool, question.from, false);
        self.end(State::Asked, now);
    }

    /// Whether it is this very call that is held.
    fn holds(&self, question: &Question<'_>) -> bool {
        self.tool == question.tool && self.from == question.from && {
            let mut rest = &*self.place;
            self.lens.iter().zip(question.parts).all(|(&len, part)| {
                let Some((held, behind)) = rest.split_at_checked(len.into()) else { return false };
                rest = behind;
                held == part
            })
        }
    }

    /// Whether the one who asks is who asked last, whatever the session.
    fn is_from(&self, question: &Question<'_>) -> bool {
        let [len, ..] = self.lens;
        let [principal, ..] = question.parts;
        self.from.is_some() == question.from.is_some()
            && self.place.get(..len.into()) == Some(principal)
    }
}

/// Milliseconds from one time to a later one. The clock has 64 bits, or is a tick of 32 that wraps.
const fn passed(since: u64, now: u64) -> u64 {
    match now.checked_sub(since) {
        Some(passed) => passed,
        None if since - now < BACK_MAX => 0,
        None => (now as u32).wrapping_sub(since as u32) as u64,
    }
}

/// Whether so many milliseconds have passed.
const fn has_passed(since: u64, now: u64, ms: u32) -> bool {
    passed(since, now) >= ms as u64
}

/// Bytes that [`too_long`] needs.
pub const TOO_LONG_BYTES: usize = TOO_LONG.len() + 5;

const TOO_LONG: &str = "refused: too long to be agreed to; consent_bytes is ";

/// What is said to a call that no one can agree to, as it has more than `most` bytes: little enough
/// to be kept where little is.
#[must_use]
pub fn too_long(most: u16, text: &mut [u8; TOO_LONG_BYTES]) -> &str {
    let (words, digits) = text.split_at_mut(TOO_LONG.len());
    words.copy_from_slice(TOO_LONG.as_bytes());
    let count = most.checked_ilog10().unwrap_or_default() as usize + 1;
    let mut left = most;
    for place in digits.iter_mut().take(count).rev() {
        *place = b'0' + (left % 10) as u8;
        left /= 10;
    }
    let len = TOO_LONG.len() + count;
    text.get(..len).and_then(|text| core::str::from_utf8(text).ok()).unwrap_or_default()
}
