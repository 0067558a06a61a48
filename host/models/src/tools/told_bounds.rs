//! Bounds that a description tells, where a schema has none: "brightness (0-255)", "from 1 to 10",
//! "max 200".

/// What stands before bounds, next to the start of a text and a bracket.
const BEFORE: [&str; 6] = ["between", "from", "range", "range:", "range of", ":"];
/// Most characters before bounds that are read.
const INTRODUCTION_MAX: usize = 12;
/// What stands between them.
const BETWEEN: [&str; 8] = ["-", "\u{2013}", "...", "..", " to ", " - ", " \u{2013} ", " and "];

/// The least and the greatest value that a text tells of. The first pair of rising numbers counts
/// that stands at the start, in a bracket, or behind a word for it.
pub(super) fn told_bounds(text: &str) -> Option<(f64, f64)> {
    let starts = text.char_indices().filter(|(_, c)| c.is_ascii_digit() || *c == '-');
    let mut starts = starts.map(|(at, _)| at).filter(|at| is_introduced(&text[..*at]));
    starts.find_map(|at| pair(&text[at..]))
}

/// What stands before a greatest value.
const MOST: [&str; 8] =
    ["maximum of", "maximum", "max of", "max.", "max", "up to", "at most", "no more than"];

/// The greatest value that a text tells of. What goes on behind it says what it is of: "up to 2
/// decimals" is no bound.
pub(super) fn told_most(text: &str) -> Option<f64> {
    let text = text.to_lowercase();
    MOST.iter().find_map(|word| {
        text.match_indices(word).find_map(|(at, _)| {
            let is_word = !text[..at].ends_with(char::is_alphanumeric);
            let value = text[at + word.len()..].trim_start_matches([' ', ':', '=']);
            let (most, rest) = number(value).filter(|_| is_word)?;
            let is_end = rest.is_empty() || rest.starts_with([')', ']', ',', ';']);
            (is_end || rest == "." || [". ", " ("].iter().any(|it| rest.starts_with(it)))
                .then_some(most)
        })
    })
}

/// Whether bounds may follow a text. Reads its last characters alone: the time for a description is
/// proportional to its length.
fn is_introduced(before: &str) -> bool {
    let start = before.char_indices().rev().nth(INTRODUCTION_MAX).map_or(0, |(at, _)| at);
    let is_whole = start == 0;
    let before = before[start..].trim_end().to_lowercase();
    is_whole && before.is_empty()
        || before.ends_with(['(', '['])
        || BEFORE.iter().any(|word| {
            let rest = before.strip_suffix(word);
            let is_word = |rest: &str| !rest.ends_with(char::is_alphanumeric) || *word == ":";
            rest.is_some_and(is_word)
        })
}

fn pair(text: &str) -> Option<(f64, f64)> {
    let (least, rest) = number(text)?;
    let (most, rest) = BETWEEN.iter().find_map(|between| number(rest.strip_prefix(between)?))?;
    // "2024-01-02" and "1-2nd" are no bounds.
    let goes_on = rest.starts_with(|c: char| c.is_alphanumeric() || c == '-' || c == ':');
    (least < most && !goes_on).then_some((least, most))
}

/// A number, with the sign of a share behind it.
fn number(text: &str) -> Option<(f64, &str)> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_part = |c: char| c.is_ascii_digit() || c == '.';
    let mut end = digits.find(|c| !is_part(c)).unwrap_or(digits.len());
    // "0..9", and a point at the end of a sentence.
    end = digits[..end].find("..").unwrap_or(end);
    end = digits[..end].trim_end_matches('.').len();
    let number = &text[..text.len() - digits.len() + end];
    let rest = &text[number.len()..];
    let is_one = digits.starts_with(|c: char| c.is_ascii_digit());
    let value = number.parse().ok().filter(|_| is_one)?;
    Some((value, rest.strip_prefix('%').unwrap_or(rest)))
}

#[cfg(test)]
mod tests {
    use super::{told_bounds, told_most};

    #[test]
    fn bounds_are_read_where_a_text_tells_them() {
        for (text, wanted) in [
            ("Brightness level (0-255)", (0.0, 255.0)),
            ("Speed (0-255, default: 128)", (0.0, 255.0)),
            ("0..9 of them", (0.0, 9.0)),
            ("Gain [-12.5 to 12.5] in dB", (-12.5, 12.5)),
            ("Volume, from 1 to 10.", (1.0, 10.0)),
            ("a value between 0% and 100%", (0.0, 100.0)),
            ("Range: 16 \u{2013} 30", (16.0, 30.0)),
            ("Red: 0-255", (0.0, 255.0)),
        ] {
            assert_eq!(told_bounds(text), Some(wanted), "{text}");
        }
        for text in [
            "",
            "Takes 2-3 seconds",
            "(2024-01-02)",
            "Mode (1-2nd)",
            "between breakfast and 3",
            "grange 1-2",
            "(9-1)",
            "ISO 8601: 10:00-12:00",
            "-",
            "(",
            "(5",
            "(5-",
            "(.-.)",
        ] {
            assert_eq!(told_bounds(text), None, "{text}");
        }
    }

    #[test]
    fn a_greatest_value_is_read_where_nothing_goes_on_behind_it() {
        for (text, wanted) in [
            ("Maximum number of users to return (default 100, max 200)", 200.0),
            ("Results per page, max: 100", 100.0),
            ("Page size. Maximum 50.", 50.0),
            ("How many, up to 10; 3 by default", 10.0),
            ("At most 2.5", 2.5),
            ("Maximum of 20 (default 5)", 20.0),
            ("max=1000", 1000.0),
        ] {
            assert_eq!(told_most(text), Some(wanted), "{text}");
        }
        for text in [
            "",
            "max",
            "Amount with up to 2 decimals",
            "up to 30 minutes",
            "climax 9",
            "max 2024-01-02",
            "maximum number of 5",
            "max é",
        ] {
            assert_eq!(told_most(text), None, "{text}");
        }
    }

    #[test]
    fn long_descriptions_take_time_in_proportion_to_them() {
        // A second pass over the text for each of its digits would take hours.
        assert_eq!(told_bounds(&"1 ".repeat(2_000_000)), None);
        assert_eq!(told_most(&"max ".repeat(500_000)), None);
        assert_eq!(told_bounds(&format!("{}(0-9)", "é".repeat(1_000_000))), Some((0.0, 9.0)));
    }

    #[test]
    fn no_text_panics() {
        let parts = ["(", "-", "1", ".", "..", " to ", "é", "%", "from", "\u{2013}", " ", "9"];
        let mut seed = 1_u64;
        for _ in 0..20_000 {
            let mut text = String::new();
            for _ in 0..10 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                text.push_str(parts[(seed >> 33) as usize % parts.len()]);
            }
            _ = (told_bounds(&text), told_most(&text));
        }
    }
}
