//! What generated code calls while it is compiled: it stops the build with a sentence.

use trine_descriptor::typed::{
    array, count, decimal_range, default_of, int_range, label_index, object, offset, text,
};
use trine_descriptor::{Field, Kind, Literal, Value};

const NODE: &[Field<'_>] = &[Field::new("x", Kind::Bool)];

#[test]
fn sound_bounds_pass() {
    assert_eq!((int_range(1, 255, u8::KIND).min, int_range(1, 255, u8::KIND).max), (1, 255));
    assert_eq!(int_range(i64::MIN, i64::MAX, u8::KIND).max, i64::MAX, "open on both sides");
    assert_eq!(decimal_range(5, 350, 5, 1).step, 5);
    assert_eq!(text(1, i64::MAX), Kind::Text { min: 1, max: u16::MAX });
    assert_eq!(array(&[NODE, NODE], 1, usize::MAX), Kind::Array { nodes: 2, min: 1, max: 255 });
    assert_eq!(object(&vec![NODE; 128]), Kind::Object { nodes: 128 });
    assert_eq!(offset(&[NODE, &[], NODE, NODE], 3), 2);
    assert_eq!((label_index("a|bc|b", "b"), label_index("a|bc|b", "bc")), (2, 1));
    assert_eq!((count(3), count(70_000)), (3, u16::MAX));
    let literal = Literal::Text("éé");
    assert_eq!(default_of(Kind::Text { min: 2, max: 2 }, literal), literal);
}

macro_rules! stops_with {
    ($($name:ident: $call:expr => $message:literal;)*) => {$(
        #[test]
        #[should_panic(expected = $message)]
        fn $name() {
            let _ = $call;
        }
    )*};
}

stops_with! {
    minimum_above: int_range(2, 1, u8::KIND) => "the minimum is above the maximum";
    minimum_below_type: int_range(-1, 1, u8::KIND) => "the type cannot hold the minimum";
    maximum_above_type: int_range(0, 256, u8::KIND) => "the type cannot hold the maximum";
    decimal_minimum_above: decimal_range(2, 1, 1, 1) => "the minimum is above the maximum";
    negative_step: decimal_range(1, 2, -1, 1) => "a step is not negative";
    shortest_above_longest: text(3, 2) => "the shortest length is above the longest";
    text_too_long: text(0, 65_535) => "a text has at most 65534 characters";
    fewest_above_most: array(&[NODE], 3, 2) => "the fewest items are more than the most";
    too_many_items: array(&[NODE], 0, 255) => "an array has at most 254 items";
    too_many_nodes: object(&vec![NODE; 129]) => "a descriptor has at most 128 nodes";
    no_such_label: label_index("heat|off", "hea") => "the choice has no such label";
    default_too_large: default_of(u8::KIND, Literal::Number(256))
        => "the default is out of the parameter's own bounds";
    default_no_multiple:
        default_of(Kind::Decimal(const { decimal_range(0, 9, 5, 1) }), Literal::Number(6))
        => "the default is out of the parameter's own bounds";
    default_too_long: default_of(Kind::Text { min: 0, max: 1 }, Literal::Text("ab"))
        => "the default is out of the parameter's own bounds";
}
