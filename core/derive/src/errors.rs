//! Tests of what the derives say to a mistake, and of the text that they point to.

use proc_macro2::TokenStream;
use syn::DeriveInput;

type Derive = fn(&DeriveInput) -> syn::Result<TokenStream>;

/// The message of each error of a derive and the source that it points to.
fn told(derive: Derive, source: &str) -> Vec<(String, String)> {
    let input: DeriveInput = syn::parse_str(source).unwrap();
    let faults = derive(&input).unwrap_err();
    faults
        .into_iter()
        .map(|fault| (fault.to_string(), fault.span().source_text().unwrap_or_default()))
        .collect()
}

fn one(derive: Derive, source: &str, message: &str, at: &str) {
    assert_eq!(told(derive, source), [(message.to_owned(), at.to_owned())], "{source}");
}

/// A tool with one parameter.
fn parameter(field: &str, message: &str, at: &str) {
    let source = format!("/// A tool.\nstruct Tool<'a> {{ /// A parameter.\n{field} }}");
    one(crate::tool::derive, &source, message, at);
}

#[test]
fn parameters_need_bounds() {
    parameter(
        "x: i64",
        "parameter `x` needs bounds: add `#[trine(min = …, max = …)]`, or use a smaller type",
        "i64",
    );
    parameter(
        "x: Decimal<1>",
        "parameter `x` needs bounds: add `#[trine(min = …, max = …)]`",
        "Decimal<1>",
    );
    parameter(
        "x: &'a str",
        "parameter `x` needs a longest length: add `#[trine(max_len = …)]`, in characters",
        "&'a str",
    );
    parameter("#[trine(max = open)] x: u8", "every parameter is bounded: give a number", "open");
}

#[test]
fn numbers_must_fit_their_type() {
    parameter(
        "#[trine(min = 0, max = 35, step = 0.25)] x: Decimal<1>",
        "`0.25` has more digits after the point than `Decimal<1>` holds: shorten it, or use \
         `Decimal<2>`",
        "0.25",
    );
    parameter(
        "#[trine(max = 0.5)] x: u8",
        "`0.5` is not a whole number: write one, or use `Decimal`",
        "0.5",
    );
    parameter(
        "#[trine(min = 0, max = 99999999999999999999)] x: i64",
        "`99999999999999999999` does not fit 64 bits",
        "99999999999999999999",
    );
    parameter(
        "#[trine(min = 0, max = LIMIT)] x: Decimal<1>",
        "the bound of a decimal is written as a number, such as `0.5`",
        "LIMIT",
    );
}

#[test]
fn bounds_stand_where_they_mean_something() {
    let at = "`min` is for whole numbers and `Decimal`, written out here";
    parameter("#[trine(min = 1)] x: bool", at, "1");
    let at = "`step` is for `Decimal`, written out here";
    parameter("#[trine(step = 5)] x: u8", at, "5");
    let at = "a length is for `&str`; the count of a list is `items(max = …)`";
    parameter("#[trine(max_len = 5)] x: u8", at, "max_len");
    let source = "struct Result { #[trine(items(max = 3))] x: [u8; 4] }";
    one(crate::record::derive, source, "`items` is for `&[T]`; `[T; N]` always holds N", "items");
}

#[test]
fn types_that_cannot_be_nodes() {
    parameter("x: f32", FLOAT, "f32");
    parameter("x: String", "text is borrowed: use `&'a str`", "String");
    let whole = "whole numbers are at most `i64`: use a type from `u8` to `i64`";
    parameter("x: usize", whole, "usize");
    let places = "say how many digits stand after the point, 0 to 9, as in `Decimal<1>`";
    parameter("x: Decimal<10>", places, "Decimal<10>");
    parameter("x: Decimal", places, "Decimal");
    let list = "parameters are single values: take one parameter for each item";
    parameter("x: &'a [u8]", list, "&'a [u8]");
    parameter("x: Option<Option<u8>>", "one `Option` is enough", "Option<Option<u8>>");
}

const FLOAT: &str = "numbers have a fixed count of digits after the point here: use `Decimal<1>` \
    for one digit";

#[test]
fn defaults_and_conditions() {
    parameter(
        "#[trine(default = 1)] x: Option<u8>",
        "a parameter with a default always has a value: take the type without `Option`",
        "default",
    );
    parameter("#[trine(default = \"1\")] x: u8", "this default should be a number", "default");
    parameter(
        "#[trine(required_if(mode = \"heat\"))] x: u8",
        "this parameter is absent at other times: wrap its type in `Option`",
        "required_if",
    );
    parameter(
        "#[trine(required_if(mode = \"heat\"))] x: Option<u8>",
        "there is no parameter `mode` in this struct",
        "mode",
    );
    parameter(
        "mode: bool, /// A parameter.\n#[trine(required_if(mode = \"heat\"))] x: Option<u8>",
        "`mode` is no choice, so it has no label to compare with",
        "mode",
    );
    let source = "struct Result { #[trine(default = 1)] x: u8 }";
    one(crate::record::derive, source, "a result has no defaults: remove this", "default");
}

#[test]
fn attributes_of_a_tool() {
    let derive = crate::tool::derive;
    let tool = |text: &str| format!("/// A tool.\n#[trine({text})] struct FanSet;");
    one(
        derive,
        "struct FanSet;",
        "a tool needs a description: write a doc comment above the struct",
        "FanSet",
    );
    one(
        derive,
        &tool("name = \"fan.set\""),
        "`fan.set` cannot name a tool: use 1 to 64 of the characters A-Z, a-z, 0-9, `_` and `-`",
        "\"fan.set\"",
    );
    one(
        derive,
        &tool("consent = \"ask\""),
        "consent is one of \"none\", \"elicit\", \"operator\", \"device\"",
        "\"ask\"",
    );
    one(
        derive,
        &tool("content, output = Fan"),
        "a tool answers content blocks or a structured result: keep `content` or `output`",
        "content",
    );
    let twice = "this is said twice: keep one";
    one(derive, &tool("title = \"a\", title = \"b\""), twice, "title = \"b\"");
    let faults = told(derive, &tool("readonly"));
    assert!(faults[0].0.starts_with("expected one of `name`, `title`"), "{faults:?}");
    assert_eq!(faults[0].1, "readonly");
}

#[test]
fn fields_without_a_description_are_told_all_at_once() {
    let faults = told(crate::tool::derive, "/// A tool.\nstruct FanSet { a: u8, b: u8 }");
    let text =
        |name| format!("parameter `{name}` needs a description: write a doc comment above it");
    assert_eq!(faults, [(text("a"), "a".to_owned()), (text("b"), "b".to_owned())]);
}

#[test]
fn structs_that_cannot_be_records() {
    let derive = crate::record::derive;
    let constant =
        "a descriptor is one constant: write a struct for each type in place of a generic one";
    one(derive, "struct Pair<T> { a: T }", constant, "T");
    one(derive, "struct Pair(u8, u8);", "name the fields: they are names in JSON", "(u8, u8)");
    one(derive, "enum Pair { A }", "this derive is for structs", "Pair");
    let twice = "another field has this name";
    one(derive, "struct Pair { a: u8, #[trine(name = \"a\")] b: u8 }", twice, "b");
    let none = "this derive takes no attributes on the type itself";
    let faults = told(derive, "#[trine(title = \"x\")] struct Pair { a: u8 }");
    assert_eq!(faults[0].0, none);
}

#[test]
fn enums_that_cannot_be_choices() {
    let derive = crate::choice::derive;
    one(derive, "struct Mode;", "`Choice` is for enums", "Mode");
    one(derive, "enum Mode {}", "a choice has at least one variant", "Mode");
    one(derive, "enum Mode { Heat(u8) }", "a label carries no fields", "Heat(u8)");
    let number = "labels are numbered from 0 in order: remove the number";
    one(derive, "enum Mode { Heat = 3 }", number, "3");
    let label = "a label is not empty and holds no `|`";
    one(derive, "enum Mode { #[trine(label = \"a|b\")] Heat }", label, "\"a|b\"");
    let twice = "another variant has this label";
    one(derive, "enum Mode { Heat, #[trine(label = \"heat\")] Warm }", twice, "\"heat\"");
}

#[test]
fn structs_that_cannot_be_prompts() {
    let derive = crate::prompt::derive;
    let prompt =
        |field: &str| format!("/// A prompt.\nstruct Ask<'a> {{ /// An argument.\n{field} }}");
    let kind = "an argument of a prompt is a text or a choice: use `&'a str` or an enum with \
                `Choice`";
    one(derive, &prompt("x: u8"), kind, "u8");
    one(derive, &prompt("x: Option<bool>"), kind, "bool");
    one(derive, &prompt("#[trine(min = 1, max = 2)] x: Decimal<1>"), kind, "Decimal<1>");
    one(
        derive,
        &prompt("x: &'a str"),
        "parameter `x` needs a longest length: add `#[trine(max_len = …)]`, in characters",
        "&'a str",
    );
    let text = "a prompt needs a description: write a doc comment above the struct";
    one(derive, "struct Ask;", text, "Ask");
    one(
        derive,
        "/// A prompt.\n#[trine(name = \"a b\")] struct Ask;",
        "`a b` cannot name a tool: use 1 to 64 of the characters A-Z, a-z, 0-9, `_` and `-`",
        "\"a b\"",
    );
    let faults = told(derive, "/// A prompt.\n#[trine(read_only)] struct Ask;");
    assert_eq!(faults[0].0, "expected one of `name`, `title`, `description`");
}

#[test]
fn enums_that_cannot_be_resources() {
    let derive = crate::resources::derive;
    let variant = |text: &str| format!("enum Files {{ #[trine({text})] One }}");
    one(derive, "struct Files;", "`Resources` is for enums", "Files");
    one(derive, "enum Files { One(u8) }", "a resource carries no fields", "One(u8)");
    let faults = told(derive, "enum Files { One }");
    assert!(faults[0].0.starts_with("a resource needs an address"), "{faults:?}");
    let address =
        "an address has a scheme, as in `board://menu`, no spaces, and at most 1024 bytes";
    for bad in ["\"menu\"", "\":menu\"", "\"a:b c\"", "\"a:\\n\""] {
        one(derive, &variant(&format!("uri = {bad}")), address, bad);
    }
    let long = format!("\"a:{}\"", "b".repeat(1_023));
    one(derive, &variant(&format!("uri = {long}")), address, &long);
    let braces = "a variable is a name in braces, as in `plot://{name}/soil`";
    for bad in ["\"a:{\"", "\"a:}\"", "\"a:{}\"", "\"a:{b{c}}\"", "\"a:{b}}\""] {
        one(derive, &variant(&format!("template = {bad}")), braces, bad);
    }
    let faults = told(derive, &variant("template = \"a:b\""));
    assert!(faults[0].0.starts_with("a template has a variable"), "{faults:?}");
    let text = "an address with a variable is `template = …`";
    one(derive, &variant("uri = \"a:{b}\""), text, "\"a:{b}\"");
    let both = variant("uri = \"a:b\", template = \"a:{b}\"");
    one(derive, &both, "keep `uri` or `template`", "template");
    let both = variant("uri = \"a:b\", text = \"c\", bytes = b\"d\"");
    one(derive, &both, "keep `text` or `bytes`", "bytes");
    let content = variant("template = \"a:{b}\", text = \"c\"");
    let text = "what an address of a template has is read by the program: remove this";
    one(derive, &content, text, "text");
    one(derive, &variant("uri = \"a:b\", name = \"\""), "a name cannot be empty", "\"\"");
    let twice = "enum Files { #[trine(uri = \"a:b\")] One, #[trine(uri = \"a:b\")] Two }";
    one(derive, twice, "another variant has this address", "\"a:b\"");
    let faults = told(derive, &variant("address = \"a:b\""));
    assert!(faults[0].0.starts_with("expected one of `uri`, `template`"), "{faults:?}");
}
