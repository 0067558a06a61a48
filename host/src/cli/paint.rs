//! Text for people: a few colours, numbers, lines that fit.

use std::fmt::{Arguments, Write as _};
use std::io::{ErrorKind, IsTerminal as _, Write as _};
use std::time::Duration;

use anstyle::{AnsiColor, Effects, Style};

/// Columns that every line fits into.
pub(super) const WIDTH: usize = 80;
/// Headings and names.
pub(super) const STRONG: Style = Style::new().effects(Effects::BOLD);
/// What matters less.
pub(super) const FAINT: Style = Style::new().effects(Effects::DIMMED);
/// What is as it should be.
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
/// What deserves a look.
pub(super) const WARN: Style = AnsiColor::Yellow.on_default();
/// What is wrong.
pub(super) const BAD: Style = AnsiColor::Red.on_default();

/// Prints a line on standard output as [`println!`] does, with two differences: colours are left
/// out where standard output is no terminal or `NO_COLOR` is set, and a reader who has gone away,
/// as `head` does, is no reason to panic.
macro_rules! say {
    ($($part:tt)*) => { $crate::cli::paint::line(format_args!($($part)*)) };
}
pub(super) use say;

/// What [`say`] calls.
pub(super) fn line(text: Arguments<'_>) {
    let written = writeln!(anstream::stdout(), "{text}");
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        eprintln!("trine: cannot write standard output: {error}");
    }
}

/// A duration with three digits: `412 us`, `3.07 ms`, `1.52 s`.
pub(super) fn time(duration: Duration) -> String {
    let us = duration.as_secs_f64() * 1e6;
    let (value, unit) = match us {
        us if us < 999.5 => return format!("{us:.0} us"),
        us if us < 999_500.0 => (us / 1e3, "ms"),
        us => (us / 1e6, "s"),
    };
    let places = if value < 9.995 {
        2
    } else if value < 99.95 {
        1
    } else {
        0
    };
    format!("{value:.places$} {unit}")
}

/// A number with its thousands apart: `12,345`.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 tool`, `2 tools`.
pub(super) fn some(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// Words or phrases on lines that end before column [`WIDTH`]. Each line starts in column `indent`,
/// where the caller has put the first one. A piece that is wider than a line stays whole.
pub(super) fn wrap<'a>(pieces: impl IntoIterator<Item = &'a str>, indent: usize) -> String {
    let mut text = String::new();
    let mut column = indent;
    for piece in pieces {
        let len = piece.chars().count();
        if column > indent && column + 1 + len > WIDTH {
            let _ = write!(text, "\n{:indent$}", "");
            column = indent;
        } else if column > indent {
            text.push(' ');
            column += 1;
        }
        text.push_str(piece);
        column += len;
    }
    text
}

/// Whether a picture can be drawn: a terminal that shows 24-bit colours and may be coloured.
pub(super) fn can_draw() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let true_colour = std::env::var("COLORTERM").is_ok_and(|value| {
        value.eq_ignore_ascii_case("truecolor") || value.eq_ignore_ascii_case("24bit")
    });
    std::io::stdout().is_terminal() && true_colour && !set("NO_COLOR")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits() {
        for (us, text) in [
            (0.4, "0 us"),
            (412.0, "412 us"),
            (999.6, "1.00 ms"),
            (3_071.0, "3.07 ms"),
            (30_710.0, "30.7 ms"),
            (307_100.0, "307 ms"),
            (1_520_000.0, "1.52 s"),
        ] {
            assert_eq!(time(Duration::from_secs_f64(us / 1e6)), text);
        }
    }

    #[test]
    fn numbers_have_commas() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), text);
        }
        assert_eq!(some(1, "tool"), "1 tool");
        assert_eq!(some(11, "tool"), "11 tools");
    }

    #[test]
    fn lines_break_between_pieces() {
        let wide = "w".repeat(40);
        assert_eq!(wrap(["a", &wide, &wide, "b"], 0), format!("a {wide}\n{wide} b"));
        assert_eq!(wrap([&*wide, &wide], 39), format!("{wide}\n{:39}{wide}", ""));
        let exact = "w".repeat(WIDTH - 4);
        assert_eq!(wrap([&*exact, "b"], 2), format!("{exact} b"));
        assert_eq!(wrap([&*exact, "bb"], 2), format!("{exact}\n  bb"));
        assert_eq!(wrap([], 4), "");
    }
}
