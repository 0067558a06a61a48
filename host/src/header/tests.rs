//! What is written for which list.

use super::*;

fn header(tools: &str) -> Result<String> {
    let options = GenOptions {
        prefix: String::new(),
        places: 1,
        source: "tools.json".into(),
        device: String::new(),
    };
    c_header(tools, &options)
}

fn tool(parameters: &str) -> String {
    format!(r#"[{{"name":"t","inputSchema":{{"type":"object","properties":{parameters}}}}}]"#)
}

#[test]
fn what_a_descriptor_cannot_say_is_refused_by_name() {
    for (text, parts) in [
        ("{}", &["no list of tools"][..]),
        ("[", &["invalid JSON"]),
        (r#"[{"name":"a b"}]"#, &["'a b'", "letters"]),
        (r#"[{"name":"a","inputSchema":3}]"#, &["a: the schema is not an object"]),
        (r#"[{"name":"a","inputSchema":{"type":"array"}}]"#, &["a:", r#"type "array""#]),
        (r#"[{"name":"a-b"},{"name":"a_b"}]"#, &["a-b and a_b", "rename"]),
        (&tool(r#"{"n":{"type":"integer","minimum":0}}"#), &["t: n:", "an integer needs"]),
        (&tool(r#"{"n":{"type":"number","minimum":0,"maximum":1}}"#), &["t: n:", "multipleOf"]),
        (&tool(r#"{"s":{"type":"string"}}"#), &["t: s:", "maxLength"]),
        (&tool(r#"{"l":{"type":"array","items":{}}}"#), &["t: l:", "several parameters"]),
        (&tool(r#"{"x":{"type":"null"}}"#), &["t: x:", "'null'"]),
        (&tool(r#"{"x":{}}"#), &["t: x:", "neither \"type\" nor \"enum\""]),
        (&tool(r#"{"x":{"enum":["a|b"]}}"#), &["t: x:", "without |"]),
        (
            &tool(
                r#"{"n":{"type":"number","minimum":0,"maximum":9,"multipleOf":0.1,"default":0.25}}"#,
            ),
            &["t: n:", "invalid number 0.25", "at most 1 decimals"],
        ),
        (&tool(r#"{"x":{"type":"boolean","default":3}}"#), &["t: x:", "invalid default 3"]),
    ] {
        let said = trine_models::chain(&header(text).unwrap_err());
        assert!(parts.iter().all(|part| said.contains(part)), "{text}: {said}");
    }
}

#[test]
fn names_that_are_one_in_c_are_refused() {
    let flag = r#"{"type":"boolean"}"#;
    for (text, name) in [
        (r#"[{"name":"fan"},{"name":"Fan"}]"#.to_owned(), "TOOL_FAN"),
        (r#"[{"name":"a"},{"name":"a_entry"}]"#.to_owned(), "TOOL_A_ENTRY"),
        (tool(&format!(r#"{{"a-b":{flag},"a_b":{flag}}}"#)), "a_b"),
        (tool(&format!(r#"{{"b":{flag},"has_b":{flag}}}"#)), "has_b"),
        (tool(r#"{"a":{"enum":["b_c"]},"a_b":{"enum":["x","c"]}}"#), "T_A_B_C"),
    ] {
        let said = trine_models::chain(&header(&text).unwrap_err());
        assert!(said.contains(&format!("{name} would have two meanings")), "{text}: {said}");
    }
    // Labels of another list may have the same number.
    assert!(header(&tool(r#"{"a":{"enum":["b","c"]},"a_":{"enum":["b"]}}"#)).is_ok());
    let said = header(&tool(r#"{"a":{"enum":["x_2","x","X"]}}"#)).unwrap();
    let names = ["T_A_X_2 0u", "T_A_X 1u", "T_A_X_3 2u"];
    assert!(names.iter().all(|name| said.contains(&format!("#define {name}\n"))), "{said}");
}

#[test]
fn figures_are_scaled_by_the_digits_of_the_step() {
    let schema = r#"{"c":{"type":"number","minimum":-5,"maximum":35.25,"multipleOf":0.25,
                          "default":21.5}}"#;
    let said = header(&tool(schema)).unwrap();
    assert!(said.contains(r#"TRINE_DEFAULT(2150), "c", "", "", 2, -500, 3525, 25)"#), "{said}");
    assert!(said.contains("int32_t c;"));
    assert!(said.contains("Times 100: -500 to 3525. In steps of 25. 2150 when it is missing."));
}

#[test]
fn bounds_beyond_32_bits_have_a_table() {
    let schema = r#"{"n":{"type":"integer","minimum":-1,"maximum":5000000000},
                     "u":{"type":"integer","minimum":0,"maximum":4000000000}}"#;
    let said = header(&tool(schema)).unwrap();
    assert!(said.contains("{ INT64_C(-1), INT64_C(5000000000), 0, INT64_C(0) }"), "{said}");
    assert!(said.contains("int64_t n;") && said.contains("uint32_t u;"), "{said}");
}

#[test]
fn texts_are_literals_whatever_they_hold() {
    for (text, literal) in [
        ("plain", "\"plain\""),
        ("a \"b\" \\", "\"a \\\"b\\\" \\\\\""),
        ("what??=", "\"what?\\?=\""),
        ("\u{1}9", "\"\\0019\""),
        ("21 \u{b0}C", "\"21 \u{b0}C\""),
    ] {
        assert_eq!(c::literal(text), literal);
    }
}

#[test]
fn long_macros_are_broken_and_mean_the_same() {
    let words = "words with \\\\ and \\\"quotes\\\" in it ".repeat(12);
    let text = format!("TRINE_BOOL(TRINE_REQUIRED, \"name\", \"{words}\")");
    let broken = c::wrapped(&text, 4);
    assert!(broken.lines().all(|line| line.len() <= 100), "{broken}");
    let mut joined = String::new();
    for line in broken.lines().map(str::trim) {
        match (joined.strip_suffix('"'), line.strip_prefix('"')) {
            (Some(before), Some(after)) => joined = format!("{before}{after}"),
            _ if joined.is_empty() => joined = line.to_owned(),
            _ => joined = format!("{joined} {line}"),
        }
    }
    assert_eq!(joined, text);
}

#[test]
fn a_literal_that_ends_with_a_backslash_ends_where_it_does() {
    let text = format!("TRINE_TOOL({}, {})", c::literal("a\\"), c::literal(&"word ".repeat(40)));
    let broken = c::wrapped(&text, 0);
    let quotes = |line: &str| line.replace("\\\\", "").matches('"').count();
    assert!(broken.lines().count() > 2, "{broken}");
    assert!(broken.lines().all(|line| quotes(line).is_multiple_of(2)), "{broken}");
}
