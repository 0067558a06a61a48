//! Choices for generators, drawn from a list that proptest shrinks.

/// Draws numbers; an exhausted source draws 0, so that a shorter list means a simpler case.
pub(crate) struct Source<'a> {
    choices: std::slice::Iter<'a, u32>,
}

impl<'a> Source<'a> {
    pub(crate) fn new(choices: &'a [u32]) -> Self {
        Self { choices: choices.iter() }
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u32) -> u32 {
        self.choices.next().map_or(0, |choice| choice % end)
    }

    /// True once in `times`.
    pub(crate) fn once_in(&mut self, times: u32) -> bool {
        self.below(times) == times - 1
    }

    /// A number from `min` to `max`.
    pub(crate) fn between(&mut self, min: i64, max: i64) -> i64 {
        let high = u128::from(self.choices.next().copied().unwrap_or(0));
        let low = u128::from(self.choices.next().copied().unwrap_or(0));
        let span = (i128::from(max) - i128::from(min) + 1).unsigned_abs();
        let drawn = i128::from(min) + ((high << 32 | low) % span).cast_signed();
        i64::try_from(drawn).unwrap()
    }

    /// One of some values.
    pub(crate) fn one<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(u32::try_from(values.len()).unwrap()) as usize]
    }
}
