//! What schemas accept and refuse, and which schemas are refused themselves.
#![expect(clippy::large_stack_arrays, reason = "tables of cases")]

use serde_json::json;

use super::*;

thread_local! {
    /// How many schemas this thread has compiled.
    pub(super) static COMPILED: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

#[test]
fn a_schema_is_compiled_once_for_all_calls() {
    let schemas = Schemas { input: of(&json!({"maximum": 9})), output: Some(of(&json!({}))) };
    let before = COMPILED.get();
    assert_eq!(before, 2);
    for value in 0..1_000 {
        assert_eq!(answer(&schemas.input, &json!(value)).is_ok(), value <= 9);
        assert!(schemas.output.as_ref().unwrap().check(&json!({"p": value}), "it").is_ok());
    }
    assert_eq!(COMPILED.get(), before);
}

/// A schema of one parameter `p`.
fn of(property: &Value) -> JsonSchema {
    let schema = json!({"type": "object", "properties": {"p": property}});
    JsonSchema::new(&schema.to_string()).unwrap_or_else(|error| panic!("{schema}: {error}"))
}

fn answer(schema: &JsonSchema, value: &Value) -> std::result::Result<Value, String> {
    let object = schema.arguments(json!({"p": value}).to_string().as_bytes())?;
    Ok(serde_json::from_str::<Value>(&object).unwrap()["p"].take())
}

/// Why a schema is refused.
fn refusal(schema: &Value) -> String {
    JsonSchema::new(&schema.to_string()).unwrap_err().to_string()
}

const DECISION: &str =
    include_str!("../../../../docs/decisions/0064-tools-with-verbatim-json-schemas.md");

/// A property, what it accepts, what it rejects, and why.
type Case<'a> = (Value, Value, Value, &'a str);

fn each_is_so(cases: &[Case<'_>]) {
    for (property, good, bad, why) in cases {
        let schema = of(property);
        assert_eq!(answer(&schema, good).as_ref(), Ok(good), "{property}");
        let said = answer(&schema, bad).expect_err(&property.to_string());
        assert!(said.starts_with(why), "{property}: {said}");
    }
}

#[test]
fn each_keyword_accepts_and_rejects_with_the_path_and_the_bound() {
    each_is_so(&[
        (json!({"type": "string"}), json!("x"), json!(1), "p must be a string"),
        (
            json!({"type": ["integer", "null"]}),
            json!(null),
            json!("x"),
            "p must be null or an integer",
        ),
        (json!({"minimum": 3}), json!(3), json!(2.5), "p must be at least 3"),
        (json!({"maximum": 3}), json!(3), json!(4), "p must be at most 3"),
        (json!({"exclusiveMinimum": 3}), json!(4), json!(3), "p must be more than 3"),
        (json!({"exclusiveMaximum": 3}), json!(2), json!(3), "p must be less than 3"),
        (json!({"multipleOf": 5}), json!(15), json!(16), "p must be a multiple of 5"),
        (
            json!({"type": "array", "items": {"type": "string"}}),
            json!(["a", ""]),
            json!(["a", 1]),
            "p/1 must be a string",
        ),
        (
            json!({"type": "array", "items": {"type": "array", "items": {"type": "string"}}}),
            json!([["a"], []]),
            json!([["a"], ["b", {}]]),
            "p/1/1 must be a string",
        ),
        (
            json!({"required": ["a"], "properties": {"a": {"minimum": 1}}}),
            json!({"a": 1}),
            json!({}),
            "p/a is required",
        ),
        (
            json!({"properties": {"a": {"maxLength": 1}}}),
            json!({"a": "é"}),
            json!({"a": "éé"}),
            "p/a must have at most 1 character",
        ),
        (
            json!({"additionalProperties": false, "properties": {"a": {}}}),
            json!({"a": 1}),
            json!({"b": 1}),
            "p must not have the member 'b'",
        ),
    ]);
}

#[test]
fn formats_texts_and_the_other_keywords_do_too() {
    each_is_so(&[
        (
            json!({"format": "email"}),
            json!("a@example.org"),
            json!("a at example"),
            "p must be an e-mail address (email)",
        ),
        (
            json!({"format": "date-time"}),
            json!("2026-02-28T23:59:59+01:00"),
            json!("2026-02-30T00:00:00Z"),
            "p must be a date and time such as 2026-01-31T12:00:00Z (date-time)",
        ),
        (json!({"format": "uuid"}), json!(7), json!("x"), "p must be a UUID (uuid)"),
        (json!({"minLength": 2}), json!("ab"), json!("a"), "p must have at least 2 characters"),
        (json!({"pattern": "^a+$"}), json!("aa"), json!("b"), "p must match the pattern ^a+$"),
        (json!({"minItems": 1}), json!([1]), json!([]), "p must have at least 1 item"),
        (json!({"maxItems": 1}), json!([1]), json!([1, 2]), "p must have at most 1 item"),
        (json!({"uniqueItems": true}), json!([1, 2]), json!([1, 1]), "p must have no item twice"),
        (json!({"enum": ["a", 1]}), json!(1), json!("b"), "p must be one of \"a\", 1"),
        (json!({"const": 7}), json!(7), json!(8), "p must be 7"),
        (
            json!({"oneOf": [{"type": "string"}, {"minimum": 9}]}),
            json!(9),
            json!(1),
            "p must match one of its schemas (oneOf)",
        ),
        (json!({"not": {"const": 1}}), json!(2), json!(1), "p must not match"),
    ]);
}

#[test]
fn keywords_of_whole_objects_and_lists_do_too() {
    each_is_so(&[
        (json!({"allOf": [{"minimum": 1}, {"maximum": 2}]}), json!(2), json!(3), "p must be at"),
        (json!({"anyOf": [{"minimum": 5}, {"const": 1}]}), json!(1), json!(2), "p must match one"),
        (
            json!({"oneOf": [{"minimum": 1}, {"minimum": 2}]}),
            json!(1),
            json!(2),
            "p must match one of its schemas, and no second one (oneOf)",
        ),
        (
            json!({"if": {"minimum": 5}, "then": {"multipleOf": 5}, "else": {"const": 1}}),
            json!(10),
            json!(11),
            "p must be a multiple of 5",
        ),
        (
            json!({"prefixItems": [{"type": "string"}], "items": false}),
            json!(["a"]),
            json!(["a", 1]),
            "p/1 must not be given",
        ),
        (json!({"contains": {"const": 1}}), json!([2, 1]), json!([2]), "p must have an item as"),
        (
            json!({"contains": {"const": 1}, "minContains": 2, "maxContains": 2}),
            json!([1, 1]),
            json!([1, 1, 1]),
            "p must ",
        ),
        (json!({"minProperties": 1}), json!({"a": 1}), json!({}), "p must have at least 1 member"),
        (json!({"maxProperties": 0}), json!({}), json!({"a": 1}), "p must have at most 0 members"),
        (
            json!({"patternProperties": {"^x-": {"type": "string"}}}),
            json!({"x-a": "b", "c": 1}),
            json!({"x-a": 1}),
            "p/x-a must be a string",
        ),
        (
            json!({"propertyNames": {"maxLength": 2}}),
            json!({"ab": 1}),
            json!({"abc": 1}),
            "p must have names of members that have at most 2 characters (propertyNames)",
        ),
        (
            json!({"dependentRequired": {"a": ["b"]}}),
            json!({"a": 1, "b": 2}),
            json!({"a": 1}),
            "p/b is required",
        ),
        (
            json!({"dependentSchemas": {"a": {"required": ["b"]}}}),
            json!({"b": 1}),
            json!({"a": 1}),
            "p/b is required",
        ),
        (
            json!({"allOf": [{"properties": {"a": {}}}], "unevaluatedProperties": false}),
            json!({"a": 1}),
            json!({"a": 1, "b": 1}),
            "p must not have the member 'b'",
        ),
        (
            json!({"prefixItems": [{}], "unevaluatedItems": false}),
            json!([1]),
            json!([1, 2]),
            "p must ",
        ),
    ]);
}

#[test]
fn each_format_accepts_and_rejects_and_its_sentence_names_it() {
    for (format, good, bad) in [
        ("date", "2024-02-29", "2026-02-29"),
        ("date-time", "2026-01-31t12:00:00.5z", "2026-01-31 12:00"),
        ("duration", "P1DT2H", "1 day"),
        ("email", "a.b+c@example.org", "a@@b"),
        ("hostname", "a-b.example", "-a"),
        ("ipv4", "10.0.0.1", "10.0.0.256"),
        ("ipv6", "::1", "1"),
        ("iri", "http://\u{e9}.org/", "\u{e9}"),
        ("iri-reference", "/\u{e9}", "\\"),
        ("json-pointer", "/a~1b", "a"),
        ("regex", "^a+$", "("),
        ("relative-json-pointer", "1/a", "/a"),
        ("time", "12:00:00Z", "25:00:00Z"),
        ("uri", "mailto:a@b.org", "a b"),
        ("uri-reference", "../a", "\\"),
        ("uri-template", "/{id}", "/{id"),
        ("uuid", "0af76519-16cd-43dd-8448-eb211c80319c", "0af7651916cd43dd8448eb211c80319c"),
    ] {
        assert!(DECISION.contains(&format!("`{format}`")), "{format} is not documented");
        let schema = of(&json!({ "format": format }));
        assert!(answer(&schema, &json!(good)).is_ok(), "{format}: {good}");
        let said = answer(&schema, &json!(bad)).expect_err(format);
        assert!(said.starts_with("p must ") && said.contains(format), "{said}");
    }
}

#[test]
fn the_supported_keywords_are_those_that_the_documentation_lists() {
    let start = DECISION.find("Keywords: ").unwrap();
    let list = DECISION.get(start..).unwrap();
    let list = list.get(..list.find("\n\n").unwrap()).unwrap();
    let mut listed: Vec<&str> = list.split('`').skip(1).step_by(2).collect();
    let mut known: Vec<&str> = rules::KEYWORDS.iter().map(|keyword| keyword.0).collect();
    known.extend(["$id", "$schema"]);
    listed.sort_unstable();
    known.sort_unstable();
    assert_eq!(listed, known);
}

#[test]
fn texts_without_a_rule_change_nothing_and_are_shown() {
    let plain = of(&json!({
        "description": "A word.", "title": "Word", "deprecated": true,
        "contentEncoding": "base64", "contentMediaType": "image/png",
    }));
    assert!(plain.text().contains("A word.") && plain.text().contains("base64"));
    for value in [json!(1), json!("x"), json!(null)] {
        assert_eq!(answer(&plain, &value), Ok(value));
    }
}

#[test]
fn defaults_of_the_top_level_are_filled_in_and_no_others() {
    let schema = json!({"type": "object", "properties": {
        "cc": {"type": "array", "items": {"type": "string"}, "default": []},
        "deep": {"type": "object", "properties": {"x": {"default": 1}}},
        "n": {"default": 5}}});
    let schema = JsonSchema::new(&schema.to_string()).unwrap();
    assert_eq!(schema.arguments(b"").unwrap(), r#"{"cc":[],"n":5}"#);
    assert_eq!(
        schema.arguments(br#"{"n": 1, "deep": {}}"#).unwrap(),
        r#"{"n":1,"deep":{},"cc":[]}"#
    );
    assert_eq!(schema.arguments(br#"{"cc": 1}"#).unwrap_err(), "cc must be an array");
    let bad = json!({"type": "object", "properties": {"a": {"default": 3, "maximum": 2}}});
    assert_eq!(refusal(&bad), "/properties/a/default: a must be at most 2");
    // A default that no client has asked for must not break the rule of another member.
    let clash = json!({"type": "object", "properties": {"a": {"default": 1}, "b": {}},
        "not": {"required": ["a", "b"]}});
    let clash = JsonSchema::new(&clash.to_string()).unwrap();
    assert!(clash.arguments(b"{}").is_ok());
    let said = clash.arguments(br#"{"b": 1}"#).unwrap_err();
    assert!(said.starts_with("with the defaults of its schema, the arguments must not"), "{said}");
}

#[test]
fn what_came_with_a_call_is_shortened_and_harmless_in_a_sentence() {
    let schema = json!({"type": "object", "additionalProperties": {"type": "integer"}});
    let schema = JsonSchema::new(&schema.to_string()).unwrap();
    let name = format!("\u{1b}[31m{}", "é".repeat(1000));
    let said = schema.arguments(json!({ name: "secret" }).to_string().as_bytes()).unwrap_err();
    assert!(said.len() < 80 + 40 && !said.contains('\u{1b}') && !said.contains("secret"), "{said}");
    let said = schema.arguments(b"{\"a\":\xff}").unwrap_err();
    assert!(said.starts_with("the arguments could not be read"), "{said}");
    // Of two members with one name the last is checked, and it alone is passed on.
    assert_eq!(schema.arguments(br#"{"a":"x","a":1}"#).unwrap(), r#"{"a":1}"#);
    assert_eq!(schema.arguments(br#"{"a":1,"a":"x"}"#).unwrap_err(), "a must be an integer");
}

#[test]
fn schemas_that_would_be_passed_over_in_silence_are_refused_with_their_place() {
    let property = |property: Value| json!({"type": "object", "properties": {"a/b": property}});
    let draft7 = |property: Value| {
        json!({"$schema": "http://json-schema.org/draft-07/schema#", "type": "object",
            "properties": {"p": property}})
    };
    for (schema, why) in [
        (json!([]), "a schema of a tool must be a JSON object"),
        (json!({"type": "array"}), "/type: a schema of a tool must say"),
        (json!({}), "/type: a schema of a tool must say"),
        (property(json!({"type": "text"})), "/properties/a~1b/type: "),
        (property(json!({"minimum": "1"})), "/properties/a~1b/minimum: "),
        (property(json!({"required": "x"})), "/properties/a~1b/required: "),
        (property(json!({"minimun": 1})), "/properties/a~1b/minimun: the keyword is not"),
        (property(json!({"$dynamicRef": "#x"})), "/properties/a~1b/$dynamicRef: the keyword"),
        (property(json!({"$id": "x"})), "/properties/a~1b/$id: the keyword is not supported"),
        (property(json!({"format": "int32"})), "/properties/a~1b/format: the format 'int32' is"),
        (property(json!({"dependencies": {}})), "/properties/a~1b/dependencies: this draft"),
        (draft7(json!({"prefixItems": []})), "/properties/p/prefixItems: this draft does not"),
        (draft7(json!({"format": "uuid"})), "/properties/p/format: the format 'uuid' is not"),
        (
            draft7(json!({"$ref": "#/definitions/x", "minLength": 3})),
            "/properties/p/minLength: draft 7 ignores keywords next to $ref",
        ),
        (
            json!({"$schema": "http://json-schema.org/draft-04/schema#", "type": "object"}),
            "/$schema: \"http://json-schema.org/draft-04/schema#\" is not supported",
        ),
        (
            property(json!({"$ref": "https://example.org/x.json"})),
            "/properties/a~1b/$ref: a $ref to another document is not followed",
        ),
        (property(json!({"$ref": "other.json#/x"})), "/properties/a~1b/$ref: a $ref to another"),
        (property(json!({"$ref": "#/$defs/x"})), "/$defs/x: no schema is there"),
        (property(json!({"$ref": "#/type"})), "/type: no schema is there"),
        (property(json!({"pattern": "("})), "/properties/a~1b/pattern: "),
        (property(json!({"pattern": "^(?=a)"})), "/properties/a~1b/pattern: "),
        (property(json!({"pattern": "(a{999}){999}"})), "/properties/a~1b/pattern: "),
    ] {
        let said = refusal(&schema);
        assert!(said.starts_with(why) || said.contains(why), "{schema}: {said}");
    }
}

#[test]
fn schemas_that_would_take_too_much_are_refused() {
    // As deep as JSON may be, and deeper.
    let deep = |levels| {
        let inner = (0..levels).fold(json!({}), |inner, _| json!({"items": inner}));
        JsonSchema::new(&json!({"type": "object", "additionalProperties": inner}).to_string())
    };
    assert!(deep(60).is_ok());
    assert!(deep(64).is_err());
    assert!(JsonSchema::new(&"[".repeat(100_000)).is_err());
    let long = json!({"type": "object", "description": "x".repeat(TEXT_MAX)});
    assert_eq!(refusal(&long), "the schema: there are more than 262144 bytes");
    let with_defs = |defs: &str| {
        JsonSchema::new(&format!(r##"{{"type":"object","$ref":"#/$defs/a0","$defs":{{{defs}}}}}"##))
            .unwrap_err()
            .to_string()
    };
    // 2 to the power of 40 subschemas.
    let doubling: Vec<String> = (0..40)
        .map(|i| {
            format!(
                r##""a{i}":{{"allOf":[{{"$ref":"#/$defs/a{0}"}},{{"$ref":"#/$defs/a{0}"}}]}}"##,
                i + 1
            )
        })
        .chain([r#""a40":true"#.to_owned()])
        .collect();
    let said = with_defs(&doubling.join(","));
    assert!(said.contains("more than 10000 subschemas") || said.contains("levels"), "{said}");
    let chain: Vec<String> = (0..2000)
        .map(|i| format!(r##""a{i}":{{"$ref":"#/$defs/a{}"}}"##, i + 1))
        .chain([r#""a2000":true"#.to_owned()])
        .collect();
    let said = with_defs(&chain.join(","));
    assert!(said.contains("more than 128 levels"), "{said}");
    for circle in [r##""a0":{"$ref":"#/$defs/a0"}"##, r##""a0":{"items":{"$ref":"#"}}"##] {
        let said = with_defs(circle);
        assert!(said.contains("a $ref in a circle is not supported"), "{said}");
    }
    let patterns: Vec<String> = (0..65).map(|i| format!(r#""p{i}":{{"pattern":"x"}}"#)).collect();
    let text = format!(r#"{{"type":"object","properties":{{{}}}}}"#, patterns.join(","));
    assert!(JsonSchema::new(&text).unwrap_err().to_string().contains("at most 64 patterns"));
}

#[test]
fn a_pattern_takes_no_more_than_linear_time() {
    let schema = of(&json!({"pattern": "^(a+)+$"}));
    let began = std::time::Instant::now();
    assert!(answer(&schema, &json!(format!("{}b", "a".repeat(60_000)))).is_err());
    assert!(began.elapsed() < std::time::Duration::from_secs(5));
}

#[test]
fn both_drafts_and_their_references_are_served() {
    for (draft, defs) in [
        ("http://json-schema.org/draft-07/schema#", "definitions"),
        ("https://json-schema.org/draft/2020-12/schema", "$defs"),
    ] {
        let schema = json!({"$schema": draft, "$id": "https://example.org/tool", "type": "object",
            "properties": {"p": {"$ref": format!("#/{defs}/mail")}},
            defs: {"mail": {"type": "string", "format": "email"}}});
        let schema = JsonSchema::new(&schema.to_string()).unwrap();
        assert!(answer(&schema, &json!("a@b.org")).is_ok());
        assert_eq!(
            answer(&schema, &json!("a")).unwrap_err(),
            "p must be an e-mail address (email)"
        );
    }
    let tuple = json!({"$schema": "http://json-schema.org/draft-07/schema", "type": "object",
        "properties": {"p": {"items": [{"type": "string"}], "additionalItems": false}},
        "dependencies": {"p": ["q"], "q": {"required": ["p"]}}});
    let tuple = JsonSchema::new(&tuple.to_string()).unwrap();
    assert_eq!(
        tuple.arguments(br#"{"p":["a",1],"q":1}"#).unwrap_err(),
        "p must have at most 1 item"
    );
    assert_eq!(tuple.arguments(br#"{"p":["a"]}"#).unwrap_err(), "q is required");
}

#[test]
fn results_are_objects_and_keep_their_spelling() {
    let output = r#"{"type":"object","properties":{"id":{"type":"number"}},"required":["id"]}"#;
    let schemas = Schemas {
        input: JsonSchema::new(r#"{"type":"object"}"#).unwrap(),
        output: Some(JsonSchema::new(output).unwrap()),
    };
    assert_eq!(schemas.result("{ \"id\" : 1.50 }\n").unwrap(), r#"{"id":1.50}"#);
    for (text, why) in [
        ("[1]", "its result is not a JSON object"),
        ("", "its result is not JSON"),
        ("{\"id\":\"x\"}", "its result is not what its output schema allows: id must be a number"),
        ("{}", "its result is not what its output schema allows: id is required"),
    ] {
        let said = schemas.result(text).unwrap_err();
        assert!(said.starts_with(why), "{said}");
    }
}
