//! Every fault, found in encoded values and told in its exact sentence.

use trine_descriptor::{Fault, FaultCode, NO_NODE, Side, ValueWriter, validate};

use crate::everything::TABLE;
use crate::text::sentence;

/// Encodes, checks and explains.
fn told(tool: u16, side: Side, write: impl FnOnce(&mut ValueWriter<'_>)) -> (FaultCode, String) {
    let mut buffer = [0; 256];
    let mut out = ValueWriter::new(&mut buffer);
    write(&mut out);
    assert!(!out.overflowed());
    let fault = validate(&TABLE, tool, side, out.bytes()).unwrap_err();
    (fault.code, sentence(&TABLE, tool, side, fault))
}

/// The same for the parameters of the first tool, with what is required already in place.
fn plan(
    note: impl FnOnce(&mut ValueWriter<'_>),
    rest: impl FnOnce(&mut ValueWriter<'_>),
) -> (FaultCode, String) {
    told(0, Side::Params, |out| {
        out.int(1, 1);
        note(out);
        out.label(4, 1);
        rest(out);
    })
}

fn nothing(_: &mut ValueWriter<'_>) {}

fn is(told: (FaultCode, String), code: FaultCode, sentence: &str) {
    assert_eq!(told, (code, sentence.to_owned()));
}

#[test]
fn a_number_out_of_range() {
    let count = |count| told(0, Side::Params, |out| out.int(1, count));
    is(count(-2), FaultCode::TooSmall, "plan_set: count must be at least -1");
    is(count(11), FaultCode::TooLarge, "plan_set: count must be at most 10");
    let ratio = |ratio| plan(|out| out.decimal(2, ratio), nothing);
    is(ratio(0), FaultCode::TooSmall, "plan_set: ratio must be at least 0.5");
    is(ratio(355), FaultCode::TooLarge, "plan_set: ratio must be at most 35");
    is(ratio(201), FaultCode::NotAMultiple, "plan_set: ratio must be a multiple of 0.5");
    let target = |target| plan(nothing, |out| out.decimal(5, target));
    is(target(-1026), FaultCode::TooSmall, "plan_set: target must be at least -10.25");
    is(target(10_000), FaultCode::TooLarge, "plan_set: target must be at most 99.99");
}

#[test]
fn a_text_too_short_or_too_long() {
    let note = |note: &str| plan(|out| out.text(3, note), nothing);
    is(note(""), FaultCode::TooShort, "plan_set: note must have at least 1 character");
    is(note(&"é".repeat(25)), FaultCode::TooLong, "plan_set: note must have at most 24 characters");
    let reason = plan(nothing, |out| out.text(6, "ab"));
    is(reason, FaultCode::TooLong, "plan_set: reason must have at most 1 character");
    let tag = plan(nothing, |out| {
        out.array(13, 1);
        out.object(14);
        out.label(15, 0);
        out.array(17, 2);
        out.text(18, "a");
    });
    is(tag, FaultCode::TooShort, "plan_set: steps.tags.item must have at least 2 characters");
}

#[test]
fn a_list_too_short_or_too_long() {
    let days = |count: u16, given: u16| {
        plan(nothing, |out| {
            out.array(11, count);
            (0..given).for_each(|_| out.int(12, 1));
        })
    };
    is(days(0, 0), FaultCode::TooFew, "plan_set: days must have at least 1 item");
    is(days(4, 4), FaultCode::TooMany, "plan_set: days must have at most 3 items");
    let tags = plan(nothing, |out| {
        out.array(13, 1);
        out.object(14);
        out.label(15, 0);
        out.array(17, 1);
    });
    is(tags, FaultCode::TooFew, "plan_set: steps.tags must have at least 2 items");
}

#[test]
fn a_list_with_fewer_items_than_it_says_is_no_value() {
    let days = |count: u16, given: u16| {
        let mut buffer = [0; 64];
        let mut out = ValueWriter::new(&mut buffer);
        out.int(1, 1);
        out.label(4, 1);
        out.array(11, count);
        (0..given).for_each(|_| out.int(12, 1));
        validate(&TABLE, 0, Side::Params, out.bytes()).map_err(|fault| fault.code)
    };
    assert_eq!((days(1, 1), days(2, 2)), (Ok(()), Ok(())));
    for (count, given) in [(1, 0), (2, 1), (3, 1), (3, 2)] {
        assert_eq!(days(count, given), Err(FaultCode::Malformed), "{given} of {count}");
    }
}

#[test]
fn a_value_of_another_type() {
    let wrong = |before: u16, node: u16| {
        told(0, Side::Params, |out| {
            if before == 1 {
                out.int(1, 1);
            }
            match node {
                0 | 4 => out.text(node, "x"),
                _ => out.bool(node, true),
            }
        })
    };
    let code = FaultCode::WrongType;
    is(wrong(0, 0), code, "plan_set: flag must be true or false");
    is(wrong(0, 1), code, "plan_set: count must be a whole number from -1 to 10");
    is(wrong(1, 2), code, "plan_set: ratio must be a number from 0.5 to 35");
    is(wrong(1, 3), code, "plan_set: note must be text of 1 to 24 characters");
    is(wrong(1, 4), code, "plan_set: mode must be one of heat, cool, off");
    let later = |node: u16| plan(nothing, |out| out.bool(node, true));
    is(later(5), code, "plan_set: target must be a number from -10.25 to 99.99");
    is(later(6), code, "plan_set: reason must be text of at most 1 character");
    is(later(8), code, "plan_set: at must be an object");
    is(later(11), code, "plan_set: days must be an array");
    let inside = plan(nothing, |out| {
        out.object(8);
        out.text(9, "noon");
    });
    is(inside, code, "plan_set: at.hour must be a whole number from 0 to 23");
}

#[test]
fn a_result_of_another_type() {
    let wrong = |node: u16| {
        told(0, Side::Output, |out| {
            (0..node.min(3)).for_each(|n| out.int(n, 0));
            if node > 3 {
                out.decimal(3, 0);
            }
            if node > 4 {
                out.text(4, "");
            }
            out.bool(node, true);
        })
    };
    let code = FaultCode::WrongType;
    is(wrong(0), code, "plan_set: any must be a whole number");
    is(wrong(1), code, "plan_set: least must be a whole number of at least 0");
    is(wrong(2), code, "plan_set: most must be a whole number of at most 5");
    is(wrong(3), code, "plan_set: number must be a number");
    is(wrong(4), code, "plan_set: text must be text");
    is(wrong(5), code, "plan_set: long must be text of at least 2 characters");
}

#[test]
fn an_open_bound_has_no_end() {
    let text = "é".repeat(70_000);
    let mut buffer = vec![0; 200_000];
    let mut out = ValueWriter::new(&mut buffer);
    out.int(0, i64::MIN);
    out.int(1, i64::MAX);
    out.int(2, i64::MIN);
    out.decimal(3, i64::MAX);
    out.text(4, &text);
    out.array(6, 300);
    (0..300).for_each(|_| out.bool(7, true));
    assert!(!out.overflowed());
    assert_eq!(validate(&TABLE, 0, Side::Output, out.bytes()), Ok(()));
}

#[test]
fn an_unknown_label() {
    let mode = told(0, Side::Params, |out| {
        out.int(1, 1);
        out.label(4, 3);
    });
    is(mode, FaultCode::NotAChoice, "plan_set: mode must be one of heat, cool, off");
}

#[test]
fn something_missing() {
    let code = FaultCode::Missing;
    let none = told(0, Side::Params, nothing);
    is(none, code, "plan_set: count is required: give a whole number from -1 to 10");
    let mode = told(0, Side::Params, |out| out.int(1, 1));
    is(mode, code, "plan_set: mode is required: give one of heat, cool, off");
    let hour = plan(nothing, |out| {
        out.object(8);
        out.int(10, 30);
    });
    is(hour, code, "plan_set: at.hour is required: give a whole number from 0 to 23");
    let valve = plan(nothing, |out| {
        out.array(13, 1);
        out.object(14);
    });
    is(valve, code, "plan_set: steps.valve is required: give one of north, south");
}

#[test]
fn something_missing_because_of_another() {
    let because = |label: u16| {
        told(0, Side::Params, |out| {
            out.int(1, 1);
            out.label(4, label);
        })
    };
    let code = FaultCode::MissingBecause;
    is(
        because(0),
        code,
        "plan_set: target is required when mode is heat: give a number from -10.25 to 99.99",
    );
    is(
        because(2),
        code,
        "plan_set: reason is required when mode is off: give text of at most 1 character",
    );
}

#[test]
fn something_twice() {
    let code = FaultCode::Repeated;
    let count = told(0, Side::Params, |out| {
        out.int(1, 1);
        out.int(1, 1);
    });
    is(count, code, "plan_set: count was given more than once: give it once");
    let valve = plan(nothing, |out| {
        out.array(13, 1);
        out.object(14);
        out.label(15, 0);
        out.label(15, 0);
    });
    is(valve, code, "plan_set: steps.valve was given more than once: give it once");
}

#[test]
fn something_unknown() {
    let code = FaultCode::Unknown;
    let unknown = |tool| told(tool, Side::Params, |out| out.bool(20, true));
    is(
        unknown(0),
        code,
        "plan_set: there is no parameter 'speed'; it takes flag, count, ratio, note, mode, target, \
         reason, colour, at, days, steps, nothing",
    );
    is(unknown(1), code, "plan_get: there is no parameter 'speed'; it takes none");
    is(unknown(2), code, "heat: there is no parameter 'speed'; it takes mode, celsius");
}

#[test]
fn bytes_that_are_no_values() {
    let fault = validate(&TABLE, 0, Side::Params, &[1, 99]).unwrap_err();
    assert_eq!(fault, Fault::new(FaultCode::Malformed, NO_NODE));
    assert_eq!(
        sentence(&TABLE, 0, Side::Params, fault),
        "plan_set: the arguments could not be read; list the tools again and repeat the call"
    );
    let at_a_node = Fault::new(FaultCode::Malformed, 1);
    assert_eq!(sentence(&TABLE, 0, Side::Params, at_a_node), "plan_set: count could not be read");
}

#[test]
fn codes_keep_their_numbers() {
    for (code, number) in [
        (FaultCode::Unknown, 1),
        (FaultCode::Missing, 2),
        (FaultCode::WrongType, 3),
        (FaultCode::TooSmall, 4),
        (FaultCode::TooLarge, 5),
        (FaultCode::NotAMultiple, 6),
        (FaultCode::TooShort, 7),
        (FaultCode::TooLong, 8),
        (FaultCode::NotAChoice, 9),
        (FaultCode::Repeated, 10),
        (FaultCode::MissingBecause, 11),
        (FaultCode::TooFew, 12),
        (FaultCode::TooMany, 13),
        (FaultCode::Malformed, 14),
    ] {
        assert_eq!(code as u8, number);
        assert_eq!(FaultCode::from_u8(number), Some(code));
    }
    assert_eq!(FaultCode::from_u8(0), None);
    assert_eq!(FaultCode::from_u8(15), None);
}
