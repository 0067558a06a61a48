//! The button by which a person agrees to a call: debounced, one press at a time.

/// How long a level must stay before it counts.
const STABLE_MS: u64 = 30;

/// The debounced button.
#[derive(Clone, Copy, Debug)]
pub(super) struct Button {
    held: bool,
    level: bool,
    since_ms: u64,
    pressed: bool,
}

impl Button {
    pub(super) const fn new() -> Self {
        // It starts as held: a button that is stuck, or held during boot, agrees to nothing.
        Self { held: true, level: true, since_ms: 0, pressed: false }
    }

    pub(super) const fn sample(&mut self, level: bool, now_ms: u64) {
        if level != self.level {
            self.level = level;
            self.since_ms = now_ms;
        } else if level != self.held && now_ms.saturating_sub(self.since_ms) >= STABLE_MS {
            self.held = level;
            self.pressed |= level;
        }
    }

    pub(super) const fn take_press(&mut self) -> bool {
        core::mem::replace(&mut self.pressed, false)
    }
}

#[cfg(test)]
mod tests {
    use super::Button;

    fn presses(levels: impl IntoIterator<Item = bool>) -> usize {
        let mut button = Button::new();
        let mut count = 0;
        for (step, level) in levels.into_iter().enumerate() {
            button.sample(level, step as u64 * 10);
            count += usize::from(button.take_press());
        }
        count
    }

    fn run(level: bool, samples: usize) -> impl Iterator<Item = bool> {
        core::iter::repeat_n(level, samples)
    }

    #[test]
    fn one_push_is_one_press_however_long() {
        assert_eq!(presses(run(false, 9).chain(run(true, 500)).chain(run(false, 9))), 1);
    }

    #[test]
    fn bouncing_contacts_are_one_press() {
        let bounce = [true, false, true, true, false, true];
        assert_eq!(presses(run(false, 9).chain(bounce).chain(run(true, 9))), 1);
        assert_eq!(presses(run(false, 9).chain(bounce).chain(run(false, 9))), 0);
    }

    #[test]
    fn a_button_held_since_boot_is_no_press() {
        assert_eq!(presses(run(true, 500)), 0);
        assert_eq!(presses(run(true, 50).chain(run(false, 9)).chain(run(true, 9))), 1);
    }
}
