//! The board's clock, which may run faster than the processor's so that an hour can be watched.

/// Fastest pace: a board hour in a second.
pub const SCALE_MAX: u32 = 3_600;

/// Board time as a function of processor time. It never goes back, also when the pace changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    scale: u32,
    real_ms: u64,
    board_ms: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self::new()
    }
}

impl Pace {
    /// Both clocks run alike.
    #[must_use]
    pub const fn new() -> Self {
        Self { scale: 1, real_ms: 0, board_ms: 0 }
    }

    /// Board milliseconds at processor time `real_ms`.
    #[must_use]
    pub const fn board_ms(&self, real_ms: u64) -> u64 {
        let past = real_ms.saturating_sub(self.real_ms);
        // 64 bits of milliseconds at the fastest pace last longer than the board.
        self.board_ms.wrapping_add(past.wrapping_mul(self.scale as u64))
    }

    /// The processor time at which board time is `due_ms`, seen from processor time `real_ms`; or a
    /// little before, and at most 49 board days ahead.
    #[must_use]
    pub const fn due(&self, real_ms: u64, due_ms: u64) -> u64 {
        let ahead = due_ms.saturating_sub(self.board_ms(real_ms));
        // 32 bits, so that no 64-bit division is linked.
        let ahead = if ahead > u32::MAX as u64 { u32::MAX } else { ahead as u32 };
        let scale = if self.scale == 0 { 1 } else { self.scale };
        real_ms.saturating_add((ahead / scale) as u64)
    }

    /// From `real_ms` on, `scale` board milliseconds pass in one; 1 to [`SCALE_MAX`].
    pub const fn set(&mut self, real_ms: u64, scale: u32) {
        *self = Self {
            board_ms: self.board_ms(real_ms),
            real_ms,
            scale: if scale == 0 {
                1
            } else if scale > SCALE_MAX {
                SCALE_MAX
            } else {
                scale
            },
        };
    }
}

#[cfg(test)]
mod tests {
    use super::{Pace, SCALE_MAX};

    #[test]
    fn time_goes_on_from_where_the_pace_changed() {
        let mut pace = Pace::new();
        assert_eq!(pace.board_ms(100), 100);
        pace.set(100, 60);
        assert_eq!([pace.board_ms(100), pace.board_ms(101)], [100, 160]);
        pace.set(200, 1);
        assert_eq!([pace.board_ms(200), pace.board_ms(150)], [6_100, 6_100]);
        assert_eq!(pace.board_ms(201), 6_101);
    }

    #[test]
    fn what_is_due_in_board_time_is_due_in_processor_time() {
        let mut pace = Pace::new();
        assert_eq!(pace.due(40, 100), 100);
        pace.set(1_000, 60);
        assert_eq!(pace.due(1_020, pace.board_ms(1_050)), 1_050);
        let now = pace.board_ms(1_020);
        assert_eq!(
            [now - 1, now, now + 59, now + 60].map(|due| pace.due(1_020, due)),
            [1_020, 1_020, 1_020, 1_021]
        );
    }

    #[test]
    fn a_pace_out_of_range_is_the_nearest() {
        let mut pace = Pace::new();
        pace.set(0, 0);
        assert_eq!(pace.board_ms(7), 7);
        pace.set(0, u32::MAX);
        assert_eq!(pace.board_ms(1), u64::from(SCALE_MAX));
    }
}
