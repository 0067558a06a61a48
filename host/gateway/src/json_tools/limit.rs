//! How many calls of a tool there may be in a span of time.

use std::collections::VecDeque;
use std::time::Duration;

use super::RateLimit;

/// The calls of the last span, by a clock that does not go back.
#[derive(Debug)]
pub(super) struct Limiter {
    limit: RateLimit,
    /// When they were made, the oldest first; no more than the limit has.
    times: VecDeque<Duration>,
}

impl Limiter {
    pub(super) const fn new(limit: RateLimit) -> Self {
        Self { limit, times: VecDeque::new() }
    }

    /// How long it is from `now` until a call may be made, where none may be made yet.
    pub(super) fn left(&self, now: Duration) -> Option<Duration> {
        let oldest = self.times.front().filter(|_| self.times.len() >= self.limit.max_calls)?;
        let left = self.limit.per.saturating_sub(now.saturating_sub(*oldest));
        (!left.is_zero()).then_some(left)
    }

    /// Takes a call that is made at `now`.
    ///
    /// # Errors
    /// How long it is until the next call may be made. A refused call does not count.
    pub(super) fn take(&mut self, now: Duration) -> Result<(), Duration> {
        if let Some(left) = self.left(now) {
            return Err(left);
        }
        if self.times.len() >= self.limit.max_calls {
            self.times.pop_front();
        }
        self.times.push_back(now);
        Ok(())
    }

    /// The sentence of a call that is refused.
    pub(super) fn sentence(&self, left: Duration) -> String {
        let seconds = |span: Duration| {
            let seconds = span.as_secs().saturating_add(u64::from(span.subsec_nanos() > 0));
            format!("{seconds} second{}", if seconds == 1 { "" } else { "s" })
        };
        let calls = self.limit.max_calls;
        let s = if calls == 1 { "" } else { "s" };
        format!(
            "there may be at most {calls} call{s} in {}: the next one may be made in {}",
            seconds(self.limit.per),
            seconds(left)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);
    const NS: Duration = Duration::from_nanos(1);

    fn limiter(max_calls: usize, per: u32) -> Limiter {
        Limiter::new(RateLimit { max_calls, per: S * per })
    }

    #[test]
    fn a_call_is_refused_until_the_oldest_one_is_a_span_old() {
        let mut limiter = limiter(3, 10);
        for at in [0, 1, 5] {
            assert_eq!(limiter.take(S * at), Ok(()));
        }
        assert_eq!(limiter.take(S * 5), Err(S * 5));
        assert_eq!(limiter.take(S * 10 - NS), Err(NS));
        assert_eq!(limiter.take(S * 10), Ok(()));
        // The next oldest one was made at 1.
        assert_eq!(limiter.take(S * 10), Err(S));
        assert_eq!(limiter.take(S * 11), Ok(()));
        assert_eq!(limiter.take(S * 11), Err(S * 4));
    }

    #[test]
    fn calls_that_were_refused_do_not_count() {
        let mut limiter = limiter(1, 2);
        assert_eq!(limiter.take(S), Ok(()));
        for _ in 0..100 {
            assert_eq!(limiter.take(S * 2), Err(S));
        }
        assert_eq!(limiter.take(S * 3), Ok(()));
    }

    #[test]
    fn a_clock_at_its_end_or_that_goes_back_neither_panics_nor_opens_the_limit() {
        let mut limiter = limiter(1, 60);
        assert_eq!(limiter.take(Duration::MAX - S), Ok(()));
        assert_eq!(limiter.take(Duration::MAX), Err(S * 59));
        assert_eq!(limiter.take(Duration::ZERO), Err(S * 60));
    }

    #[test]
    fn the_sentence_rounds_up_to_seconds() {
        let ten = limiter(10, 3600);
        assert_eq!(
            ten.sentence(S * 41 + NS),
            "there may be at most 10 calls in 3600 seconds: the next one may be made in 42 seconds"
        );
        let one = limiter(1, 1).sentence(NS);
        assert!(one.contains("1 call in 1 second: ") && one.ends_with("in 1 second"), "{one}");
    }
}
