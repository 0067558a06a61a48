//! Texts that are cut where they find no room.

/// The beginning of a text, at most `most` bytes of it, in whole characters.
#[must_use]
pub fn cut(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
