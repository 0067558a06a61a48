//! How long an answer takes on a link, from those that came: the estimator of RFC 6298, and beside
//! it what a byte costs, since on a slow serial line that is nearly all.

/// Patience before the first answer, in milliseconds.
const FIRST_MS: u32 = 600;
/// Bounds of the patience. Below the lower one a busy computer would look like a lost frame.
const MIN_MS: u32 = 100;
const MAX_MS: u32 = 4_000;
/// The spread is taken to be at least this.
const SPREAD_MS: u32 = 20;
/// Answers of fewer bytes say little about what a byte costs.
const BYTES_MIN: u32 = 64;

/// What is known of a link's pace.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    /// Smoothed time to an answer, in eighths of a millisecond; `None` before the first.
    smooth: Option<u32>,
    /// Mean deviation from it, in quarters of a millisecond.
    spread: u32,
    /// Microseconds of a byte at most, once known.
    byte_us: Option<u32>,
}

impl Pace {
    /// A question and its answer took so long and so many bytes. Only of a question that was sent
    /// once: of another one no one knows which sending was answered.
    pub(super) fn answered(&mut self, took_ms: u64, bytes: u32) {
        let took = u32::try_from(took_ms).unwrap_or(u32::MAX).min(60_000);
        match &mut self.smooth {
            None => (self.smooth, self.spread) = (Some(took * 8), took * 2),
            Some(smooth) => {
                let off = took.abs_diff(*smooth / 8);
                self.spread = self.spread - self.spread / 4 + off;
                *smooth = *smooth - *smooth / 8 + took;
            }
        }
        if bytes >= BYTES_MIN {
            let byte = took * 1_000 / bytes;
            self.byte_us = Some(self.byte_us.map_or(byte, |known| known.min(byte)));
        }
    }

    /// Whether anything was answered yet.
    pub(super) const fn is_known(&self) -> bool {
        self.smooth.is_some()
    }

    /// How long to wait for an answer while so many bytes are on their way, in milliseconds.
    pub(super) fn patience_ms(&self, bytes: u64) -> u32 {
        let Some(smooth) = self.smooth else { return FIRST_MS };
        let line_us = bytes.saturating_mul(u64::from(self.byte_us.unwrap_or(100)));
        let line = u32::try_from(line_us / 1_000).unwrap_or(MAX_MS);
        let patience = smooth / 8 + self.spread.max(SPREAD_MS);
        patience.saturating_add(line).clamp(MIN_MS, MAX_MS)
    }

    /// The same before the `tries`-th time that a question is asked again: twice as long each time.
    pub(super) fn backed_off_ms(&self, bytes: u64, tries: u8) -> u32 {
        (self.patience_ms(bytes) << tries.min(5)).min(MAX_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_follows_the_link() {
        let mut pace = Pace::default();
        assert_eq!(pace.patience_ms(0), FIRST_MS);
        for _ in 0..50 {
            pace.answered(1, 20);
        }
        assert_eq!(pace.patience_ms(0), MIN_MS);
        for _ in 0..50 {
            pace.answered(400, 20);
        }
        assert!((400..700).contains(&pace.patience_ms(0)), "{pace:?}");
    }

    #[test]
    fn bytes_cost_time_on_a_slow_line() {
        // 1,200 baud: 8.3 ms a byte.
        let mut pace = Pace::default();
        pace.answered(1_250, 150);
        assert!(pace.patience_ms(0) >= 1_250);
        let mut slow = Pace::default();
        slow.answered(200, 24);
        slow.answered(1_250, 150);
        assert!(slow.patience_ms(300) >= 2_400, "{slow:?}");
    }

    #[test]
    fn patience_doubles_up_to_its_bound() {
        let mut pace = Pace::default();
        for _ in 0..50 {
            pace.answered(1, 20);
        }
        let all: Vec<_> = (0..8).map(|tries| pace.backed_off_ms(0, tries)).collect();
        assert_eq!(all, [100, 200, 400, 800, 1_600, 3_200, 3_200, 3_200]);
    }
}
