//! How many rounds tests take that draw their cases.

extern crate std;

/// So many rounds, or a fiftieth of them where the environment asks for few cases of a property
/// (`PROPTEST_CASES` below 100), as the first tests of a mutant do.
#[must_use]
pub fn rounds(all: usize) -> usize {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    if matches!(cases, Some(0..100_u32)) { all / 50 } else { all }
}
