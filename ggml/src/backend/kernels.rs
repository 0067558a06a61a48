//! Whether the kernels of our own backend are those that a device has run and measured.

/// Their print, and the record that has it, or none.
const MEASURED: &str = include_str!("../../ternary/measured.txt");
/// In the place of a record.
const NONE: &str = "none";

/// Kernels of which a device has run each one, and where that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernels {
    /// What tells them from others.
    pub print: &'static str,
    /// The record, in the folder of the source; `None` where no device has run them yet.
    pub record: Option<&'static str>,
}

impl Kernels {
    /// Those of the source that this program was built from.
    #[must_use]
    pub fn here() -> Self {
        let of = |word: &str| {
            let mut lines = MEASURED.lines();
            let found = lines.find_map(|line| line.strip_prefix(word)?.strip_prefix(' '));
            found.unwrap_or_default()
        };
        let record = Some(of("record")).filter(|record| !["", NONE].contains(record));
        Self { print: of("kernels"), record }
    }

    /// Whether a device has run the kernels with this print.
    pub(super) fn were_measured(self, print: &str) -> bool {
        self.record.is_some() && self.print == print
    }
}

/// In which order devices are asked: our own backend's first where its kernels were measured, and
/// last where they were not.
pub(super) fn rank(known: Kernels, own: Option<&str>) -> u8 {
    match own {
        Some(print) if known.were_measured(print) => 0,
        Some(_) => 2,
        None => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::{Kernels, rank};

    #[test]
    fn kernels_that_were_not_measured_come_last() {
        let known = Kernels { print: "12ab", record: Some("benches/record/of-a-device.md") };
        let others = rank(known, None);
        assert!(rank(known, Some("12ab")) < others);
        // Other kernels, and a module that does not say what it is made of.
        assert!(rank(known, Some("12ac")) > others && rank(known, Some("")) > others);
        // The same without a record.
        assert!(rank(Kernels { record: None, ..known }, Some("12ab")) > others);
    }
}
