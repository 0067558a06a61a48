//! Who speaks on a half-duplex line.

/// Asserts that no two speak at once.
#[derive(Debug)]
pub(crate) struct HalfDuplex {
    byte_ns: u64,
    busy_until_us: u64,
    speaker: usize,
}

impl HalfDuplex {
    pub(crate) const fn new(baud: u32) -> Self {
        Self { byte_ns: 10_000_000_000 / baud as u64, busy_until_us: 0, speaker: 0 }
    }

    /// Someone puts bytes on the line; what he said before goes first.
    pub(crate) fn speak(&mut self, speaker: usize, now_us: u64, bytes: usize) {
        assert!(
            now_us >= self.busy_until_us || speaker == self.speaker,
            "{speaker} speaks at {now_us} us, while {} does until {} us",
            self.speaker,
            self.busy_until_us
        );
        self.speaker = speaker;
        self.busy_until_us = self.busy_until_us.max(now_us) + self.byte_ns * bytes as u64 / 1000;
    }
}

#[test]
#[should_panic(expected = "2 speaks at 100 us, while 1 does until 868 us")]
fn a_collision_is_noticed() {
    let mut line = HalfDuplex::new(115_200);
    line.speak(1, 0, 10);
    line.speak(2, 100, 1);
}
