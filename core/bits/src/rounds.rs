//! How many rounds tests take that draw their cases.

/// So many rounds, or a fiftieth of them where few cases of a property were asked for when this was
/// compiled (`PROPTEST_CASES` below 100), as for the first tests of a mutant.
#[must_use]
pub const fn rounds(all: usize) -> usize {
    match option_env!("PROPTEST_CASES") {
        Some(cases) if cases.len() < 3 => all / 50,
        _ => all,
    }
}
