//! What generated code calls while it is compiled: it stops the build with a sentence.

use trine_descriptor::typed::{
    FromArgs, array, concat, count, decimal_range, default_of, int_range, label_index, object,
    offset, text, total,
};
use trine_descriptor::{
    Args, Decimal, Field, IntRange, Kind, Literal, Tool, ToolInfo, Value, ValueWriter,
};

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

#[test]
fn a_default_is_within_the_bounds_of_its_node() {
    let decimal = |min, max, step| Kind::Decimal(decimal_range(min, max, step, 1));
    let text = Kind::Text { min: 2, max: 4 };
    let cases = vec![
        (Kind::Int(IntRange { min: 3, max: 9 }), Literal::Number(3), true),
        (Kind::Int(IntRange { min: 3, max: 9 }), Literal::Number(9), true),
        (Kind::Int(IntRange { min: 3, max: 9 }), Literal::Number(2), false),
        (decimal(5, 350, 5), Literal::Number(5), true),
        (decimal(5, 350, 5), Literal::Number(350), true),
        (decimal(5, 350, 5), Literal::Number(10), true),
        (decimal(5, 350, 5), Literal::Number(12), false),
        (decimal(5, 350, 5), Literal::Number(0), false),
        (decimal(5, 350, 5), Literal::Number(355), false),
        (decimal(5, 350, 0), Literal::Number(12), true),
        (text, Literal::Text("ab"), true),
        (text, Literal::Text("abcd"), true),
        (text, Literal::Text("a"), false),
        (text, Literal::Text("abcde"), false),
        (Kind::Bool, Literal::Bool(true), true),
    ];
    for (kind, literal, fits) in cases {
        let found = std::panic::catch_unwind(|| default_of(kind, literal));
        assert_eq!(found.is_ok(), fits, "{kind:?} {literal:?}");
    }
    assert_eq!((count(65_535), count(65_536)), (65_535, 65_535));
}

#[test]
fn lists_of_nodes_are_joined_in_order() {
    const MORE: &[Field<'_>] = &[Field::new("y", Kind::Bool), Field::new("z", Kind::Bool)];
    const PARTS: &[&[Field<'_>]] = &[NODE, MORE, &[], NODE];
    assert_eq!((total(PARTS), total(&[])), (4, 0));
    let all: [Field<'_>; 4] = concat(PARTS);
    assert_eq!(all.map(|field| field.name), ["x", "y", "z", "x"]);
}

#[test]
fn types_are_written_and_read_as_their_nodes() {
    const fn int(min: i64, max: i64) -> Kind<'static> {
        Kind::Int(IntRange { min, max })
    }
    let mut bytes = [0; 64];
    let mut out = ValueWriter::new(&mut bytes);
    true.write(0, &mut out);
    (-5_i8).write(1, &mut out);
    Decimal::<1>(215).write(2, &mut out);
    "a text".write(3, &mut out);
    Some(300_u16).write(4, &mut out);
    None::<u16>.write(5, &mut out);
    false.write(6, &mut out);
    let params = vec![
        Field::new("a", Kind::Bool),
        Field::new("b", int(-128, 1_000)),
        Field::new("c", Kind::Decimal(decimal_range(0, 350, 1, 1))),
        Field::new("d", <&str>::KIND),
        Field::new("e", int(0, 65_535)).optional(),
        Field::new("f", int(0, 9)).optional(),
        Field::new("g", Kind::Bool),
    ];
    let tools = [Tool::new(ToolInfo::new("set", "Sets."), &params, &[])];
    let args = Args::new(&tools, 0, out.bytes());
    assert_eq!((bool::read(&args, 0), bool::read(&args, 6)), (Some(true), Some(false)));
    assert_eq!((i8::read(&args, 1), u8::read(&args, 1)), (Some(-5), None), "no u8 is below 0");
    assert_eq!(Decimal::<1>::read(&args, 2), Some(Decimal(215)));
    assert_eq!(<&str>::read(&args, 3), Some("a text"));
    let read = |node| Option::<u16>::read(&args, node);
    assert_eq!((read(4), read(5)), (Some(Some(300)), Some(None)));
    assert_eq!((bool::read(&args, 1), <&str>::read(&args, 5)), (None, None));
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
