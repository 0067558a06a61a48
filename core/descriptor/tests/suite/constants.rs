//! What tables in flash are made of, computed at run time too.

use std::hint::black_box;

use trine_descriptor::extras::{self, Extra, Extras, Of};
use trine_descriptor::resources::are_arguments;
use trine_descriptor::value::tag;
use trine_descriptor::{
    Constant, DecimalRange, Field, IntRange, Kind, Lists, Prompt, Resource, Rules, Shelf, Side,
    Template,
};

#[test]
fn what_a_table_says_beyond_its_nodes_comes_back_as_it_was() {
    let all = [
        Extra { of: Of::Node(Side::Params, 0), members: r#"{"format":"email"}"# },
        Extra { of: Of::Node(Side::Output, 300), members: r#"{"title":"a"}"# },
        Extra { of: Of::Tool, members: r#"{"icons":[]}"# },
    ];
    let mut room = [0; 128];
    let len = extras::write(black_box(&all), &mut room).unwrap();
    assert_eq!(len, extras::len(black_box(&all)));
    assert!(Extras::new(&room[..len]).eq(all));
    let bytes: [u8; 128] = extras::encode(black_box(&all));
    assert_eq!(bytes, room);
}

#[test]
fn each_kind_has_the_tag_of_its_values() {
    let object = Kind::Object { nodes: 0 };
    let array = Kind::Array { nodes: 1, min: 0, max: 1 };
    let kinds = [
        (Kind::Bool, tag::BOOL),
        (Kind::Int(IntRange { min: 0, max: 1 }), tag::INT),
        (Kind::Decimal(DecimalRange { min: 0, max: 1, step: 1, places: 0 }), tag::DECIMAL),
        (Kind::Text { min: 0, max: 1 }, tag::TEXT),
        (Kind::Choice("a"), tag::LABEL),
        (object, tag::OBJECT),
        (array, tag::ARRAY),
    ];
    for (kind, tag) in kinds {
        assert_eq!(black_box(kind).tag(), tag, "{kind:?}");
    }
}

#[test]
fn what_is_said_of_a_resource_stays_while_more_is_said() {
    let resource = black_box(Resource::new("a:b", "b")).describe("What.").of("text/plain", 7);
    assert_eq!((resource.description, resource.mime, resource.size), ("What.", "text/plain", 7));
    assert_eq!((resource.uri, resource.name), ("a:b", "b"));
    let template = black_box(Template::new("a:{b}", "b")).describe("Which.", "text/html");
    assert_eq!((template.description, template.mime), ("Which.", "text/html"));
    assert_eq!((template.uri, template.name), ("a:{b}", "b"));
    let [text, bytes] = black_box([Constant::Text("ä"), Constant::Bytes(&[1, 2, 3])]);
    assert_eq!((text.size(), bytes.size()), (2, 3));
    assert_eq!((text.bytes(), bytes.bytes()), ("ä".as_bytes(), [1, 2, 3].as_slice()));
}

#[test]
fn arguments_of_a_prompt_are_texts_and_choices() {
    let text = Field::new("a", Kind::Text { min: 0, max: 9 });
    let choice = Field::new("b", Kind::Choice("x|y"));
    let switch = Field::new("c", Kind::Bool);
    let all = |fields: &[Field<'_>]| are_arguments(black_box(fields));
    assert!(all(&[]) && all(&[text]) && all(&[choice, text, choice]));
    assert!(!all(&[switch]) && !all(&[switch, text]) && !all(&[text, choice, switch]));
}

/// Lists of one prompt, which say nothing else.
struct One(Prompt<'static>);

impl Lists for One {
    fn counts(&self) -> [u16; 3] {
        [0, 0, 1]
    }

    fn resource(&self, _: u16) -> Option<Resource<'_>> {
        None
    }

    fn template(&self, _: u16) -> Option<Template<'_>> {
        None
    }

    fn prompt(&self, index: u16) -> Option<Prompt<'_>> {
        (index == 0).then_some(self.0)
    }
}

#[test]
fn lists_that_say_nothing_more_complete_nothing_and_judge_by_their_prompts() {
    static ARGS: [Field<'static>; 1] = [Field::new("plant", Kind::Text { min: 1, max: 40 })];
    let one = One(Prompt::new("advise", "Asks for advice.", &ARGS));
    assert_eq!(one.prompt(0).unwrap().description(), "Asks for advice.");
    assert!(!one.completes() && !Shelf::EMPTY.completes());
    assert!(Shelf { completes: true, ..Shelf::EMPTY }.completes());
    let mut judged = Vec::new();
    for index in 0..2 {
        one.with_prompt(index, &mut |rules: &dyn Rules, tool| {
            judged.push((index, rules.judge(tool, Side::Params, &[0, 4, 1, b'x'])));
        });
    }
    assert_eq!(judged, [(0, Ok(()))]);
}
