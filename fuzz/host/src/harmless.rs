//! Texts that act on who reads them. The rule is written once more, from the security page: a
//! mistake in the host's own would be in both.

/// Whether a text of one line can be shown.
pub(crate) fn is_line(text: &str) -> bool {
    !text.chars().any(acts)
}

/// Whether a text of several lines can be shown.
pub(crate) fn is_text(text: &str) -> bool {
    !text.chars().any(|point| acts(point) && !matches!(point, '\n' | '\t'))
}

/// A control, an order of reading, the end of a line or a paragraph, or a tag.
fn acts(point: char) -> bool {
    point.is_control()
        || matches!(
            point,
            '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}'
        )
}
