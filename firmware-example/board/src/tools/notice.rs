//! Short sentences with a number or a name in them, put together without formatting machinery.

use heapless::String;
use trine_descriptor::{Args, ToolParams as _};

use super::params::ValveOpen;
use crate::greenhouse::{LABEL_BYTES_MAX, LINE_CHARS_MAX, Timer};
use crate::kinds::Valve;

/// Room for the longest notice: `timer 255 has ended: ` and a label.
pub(super) const NOTICE_BYTES_MAX: usize = 24 + LABEL_BYTES_MAX;

/// `timer 3 has ended: tea`, the text of the event at a timer's end.
pub(super) fn timer_ended(timer: &Timer<'_>) -> String<NOTICE_BYTES_MAX> {
    let mut text = String::new();
    push(&mut text, "timer ");
    push_number(&mut text, u32::from(timer.id));
    push(&mut text, " has ended");
    if let Some(label) = timer.label {
        push(&mut text, ": ");
        push(&mut text, label);
    }
    text
}

/// `Button = water: north, 1800 s`, the question on the display before a valve opens.
pub(super) fn valve_question(args: &Args<'_>) -> String<LINE_CHARS_MAX> {
    let mut text = String::new();
    push(&mut text, "Button = water");
    if let Some(open) = ValveOpen::read(args) {
        push(&mut text, ": ");
        push(&mut text, name(open.valve));
        push(&mut text, ", ");
        push_number(&mut text, open.seconds);
        push(&mut text, " s");
    }
    text
}

// The labels are in the descriptor too, but to split them there would link a text search.
const fn name(valve: Valve) -> &'static str {
    match valve {
        Valve::North => "north",
        Valve::South => "south",
        Valve::Drip => "drip",
        Valve::Mist => "mist",
    }
}

// What does not fit is left out: a notice is for people, and half of one still helps.
fn push<const N: usize>(text: &mut String<N>, part: &str) {
    let _ = text.push_str(part);
}

fn push_number<const N: usize>(text: &mut String<N>, number: u32) {
    let mut scale = 1_000_000_000;
    while scale > 1 && number < scale {
        scale /= 10;
    }
    while scale > 0 {
        let digit = u8::try_from(number / scale % 10).unwrap_or(0);
        let _ = text.push(char::from(b'0'.saturating_add(digit)));
        scale /= 10;
    }
}

#[cfg(test)]
mod tests {
    use trine_descriptor::{Choice as _, Value as _};

    use super::{String, name, push_number, timer_ended};
    use crate::greenhouse::{LABEL_CHARS_MAX, Timer};
    use crate::kinds::Valve;

    #[test]
    fn names_are_the_labels_of_the_descriptor() {
        for valve in Valve::ALL {
            assert_eq!(Valve::KIND.label(usize::from(valve.index())), Some(name(valve)));
        }
    }

    #[test]
    fn numbers_are_written_in_decimal() {
        for number in [0, 7, 10, 255, 1_800, 86_400, u32::MAX] {
            let mut text = String::<16>::new();
            push_number(&mut text, number);
            assert_eq!(text.parse(), Ok(number));
            assert!(number == 0 || !text.starts_with('0'));
        }
    }

    #[test]
    fn the_longest_label_fits() {
        let label = "\u{1D11E}".repeat(LABEL_CHARS_MAX);
        let timer = Timer { id: 255, label: Some(&label), remaining_s: 0 };
        let text = timer_ended(&timer);
        assert!(text.starts_with("timer 255 has ended: ") && text.ends_with(&label));
        let timer = Timer { id: 1, label: None, remaining_s: 0 };
        assert_eq!(timer_ended(&timer), "timer 1 has ended");
    }
}
