//! Structures, decoders and encoders in C.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::c::{Names, comment, wrapped};
use super::model::{Tool, identifier};
use super::nodes::{Kind, Need, Node, Preset};

/// The constants of every choice of a tool. Equal lists of labels get constants once.
pub(super) fn constants(out: &mut String, names: &Names<'_>, tool: &Tool) {
    let mut written: Vec<&[String]> = Vec::new();
    for node in tool.params.iter().chain(&tool.results) {
        let Kind::Choice(labels) = &node.kind else { continue };
        if written.contains(&labels.as_slice()) {
            continue;
        }
        written.push(labels);
        let name = names.constant(&[&tool.name, &node.name]);
        _ = writeln!(out, "/* Labels of {}. */", names.plain(&[&tool.name, &node.name]));
        for (at, label) in names.labels(labels).iter().enumerate() {
            _ = writeln!(out, "#define {name}_{label} {at}u");
        }
        out.push('\n');
    }
}

/// The structure of one side, and its function. `true` for arguments.
pub(super) fn side(out: &mut String, names: &Names<'_>, tool: &Tool, args: bool) {
    let nodes = if args { &tool.params } else { &tool.results };
    if nodes.is_empty() {
        return;
    }
    let kind = if args { "args" } else { "result" };
    let name = names.plain(&[&tool.name, kind]);
    let what = if args { "Arguments" } else { "Result" };
    comment(out, "", &format!("{what} of {}.", tool.name));
    _ = writeln!(out, "typedef struct {name} {{");
    fields(out, names, tool, nodes, 1);
    _ = writeln!(out, "}} {name};\n");
    if args {
        comment(out, "", &format!("Decodes the arguments of {}, which were checked.", tool.name));
        let get = names.plain(&[&tool.name, "get_args"]);
        let head = format!("static inline void {get}(trine_call *call, {name} *args)");
        _ = writeln!(out, "{}\n{{", wrapped(&head, 0));
        walk(out, nodes, 0, "args->", 1, &get_one);
        out.push_str("}\n\n");
    } else {
        comment(
            out,
            "",
            &format!(
                "Writes the result of {}. What cannot be written makes the call fail.",
                tool.name
            ),
        );
        let put = names.plain(&[&tool.name, "put_result"]);
        let head =
            format!("static inline trine_status {put}(trine_call *call, const {name} *result)");
        _ = writeln!(out, "{}\n{{", wrapped(&head, 0));
        walk(out, nodes, 0, "result->", 1, &put_one);
        finish(out);
        out.push_str("}\n\n");
    }
}

/// Lets a writer answer for the last member, if that is always written.
fn finish(out: &mut String) {
    const LAST: &str = "    (void)trine_put_";
    let last = out.rfind(LAST).filter(|at| {
        let line = out.get(..*at).is_some_and(|before| before.ends_with('\n'));
        line && out.get(*at + LAST.len()..).is_some_and(|rest| rest.ends_with(");\n"))
    });
    match last {
        Some(at) => out.replace_range(at..at + LAST.len(), "    return trine_put_"),
        None => out.push_str("    return TRINE_OK;\n"),
    }
}

/// The members at one level.
fn fields(out: &mut String, names: &Names<'_>, tool: &Tool, nodes: &[Node], depth: usize) {
    let indent = "    ".repeat(depth);
    let mut at = 0;
    while let Some(node) = nodes.get(at) {
        let below = nodes.get(at + 1..at + 1 + node.below).unwrap_or_default();
        let name = member(node);
        comment(out, &indent, &about(names, tool, node));
        match &node.kind {
            Kind::Object => {
                _ = writeln!(out, "{indent}struct {{");
                fields(out, names, tool, below, depth + 1);
                _ = writeln!(out, "{indent}}} {name};");
            }
            Kind::Array { max, .. } => {
                let max = (*max).max(1);
                match below.split_first() {
                    Some((item, members)) if item.kind == Kind::Object => {
                        _ = writeln!(out, "{indent}struct {{");
                        fields(out, names, tool, members, depth + 1);
                        _ = writeln!(out, "{indent}}} {name}[{max}];");
                    }
                    Some((item, _)) => {
                        _ = writeln!(out, "{indent}{} {name}[{max}];", ctype(&item.kind));
                    }
                    None => {}
                }
                _ = writeln!(out, "{indent}/** How many items there are. */");
                _ = writeln!(out, "{indent}uint32_t {name}_count;");
            }
            kind => _ = writeln!(out, "{indent}{} {name};", ctype(kind)),
        }
        if has_flag(node) {
            _ = writeln!(out, "{indent}/** Whether there is one. */");
            _ = writeln!(out, "{indent}uint8_t has_{name};");
        }
        at += 1 + node.below;
    }
}

/// A member of a structure that has the name of another member there.
pub(super) fn member_twice(nodes: &[Node]) -> Option<String> {
    let mut names = BTreeSet::new();
    let mut at = 0;
    while let Some(node) = nodes.get(at) {
        let below = nodes.get(at + 1..at + 1 + node.below).unwrap_or_default();
        let name = member(node);
        let count = matches!(node.kind, Kind::Array { .. }).then(|| format!("{name}_count"));
        let flag = has_flag(node).then(|| format!("has_{name}"));
        let mut own = [Some(name), count, flag].into_iter().flatten();
        let twice = own.find(|name| !names.insert(name.clone()));
        let members = if node.kind == Kind::Object { below } else { below.get(1..).unwrap_or(&[]) };
        if let Some(name) = twice.or_else(|| member_twice(members)) {
            return Some(name);
        }
        at += 1 + node.below;
    }
    None
}

/// What a node's function is given: its number, where it is, and its indent.
type Each = dyn Fn(&mut String, &Node, usize, &str, &str);

/// Goes through the members of one level; `path` is how they are reached.
fn walk(out: &mut String, nodes: &[Node], from: usize, path: &str, depth: usize, each: &Each) {
    let mut at = 0;
    while let Some(node) = nodes.get(at) {
        let below = nodes.get(at + 1..at + 1 + node.below).unwrap_or_default();
        let place = format!("{path}{}", member(node));
        let number = from + at;
        let mut indent = "    ".repeat(depth);
        let optional = has_flag(node);
        if optional && matches!(node.kind, Kind::Object | Kind::Array { .. }) {
            _ = writeln!(out, "{indent}if ({path}has_{} != 0u) {{", member(node));
            indent.push_str("    ");
        }
        each(out, node, number, &place, &indent);
        match &node.kind {
            Kind::Object => {
                let inner = indent.len() / 4;
                walk(out, below, number + 1, &format!("{place}."), inner, each);
            }
            Kind::Array { .. } => items(out, below, number + 1, &place, &indent, each),
            _ => {}
        }
        if optional && matches!(node.kind, Kind::Object | Kind::Array { .. }) {
            _ = writeln!(out, "{}}}", "    ".repeat(depth));
        }
        at += 1 + node.below;
    }
}

/// A loop over the items of a list.
fn items(out: &mut String, below: &[Node], number: usize, place: &str, indent: &str, each: &Each) {
    let Some((item, members)) = below.split_first() else { return };
    // Each depth has a name of its own.
    let index = format!("i{}", item.depth);
    let inner = format!("{indent}    ");
    _ = writeln!(out, "{indent}{{");
    _ = writeln!(out, "{inner}uint32_t {index};");
    _ = writeln!(out, "{inner}for ({index} = 0u; {index} < {place}_count; {index}++) {{");
    let at = format!("{place}[{index}]");
    each(out, item, number, &at, &format!("{inner}    "));
    if item.kind == Kind::Object {
        walk(out, members, number + 1, &format!("{at}."), inner.len() / 4 + 1, each);
    }
    _ = writeln!(out, "{inner}}}\n{indent}}}");
}

fn get_one(out: &mut String, node: &Node, number: usize, place: &str, indent: &str) {
    let text = match &node.kind {
        Kind::Bool => format!("TRINE_CAST(uint8_t, trine_get_bool(call, {number}))"),
        Kind::Int { .. } => cast(&node.kind, &format!("trine_get_int(call, {number})")),
        Kind::Decimal { .. } => cast(&node.kind, &format!("trine_get_decimal(call, {number})")),
        Kind::Choice(_) => format!("trine_get_choice(call, {number})"),
        Kind::Text { .. } => {
            _ = writeln!(out, "{indent}{place}.data = NULL;");
            _ = writeln!(
                out,
                "{indent}{place}.size = trine_get_string(call, {number}, &{place}.data);"
            );
            String::new()
        }
        Kind::Object | Kind::Array { .. } => String::new(),
    };
    if !text.is_empty() {
        _ = writeln!(out, "{indent}{place} = {text};");
    }
    if has_flag(node) {
        let flag = flag(place);
        _ = writeln!(out, "{indent}{flag} = TRINE_CAST(uint8_t, trine_has(call, {number}) > 0);");
    }
}

fn put_one(out: &mut String, node: &Node, number: usize, place: &str, indent: &str) {
    let call = match &node.kind {
        Kind::Bool => format!("trine_put_bool(call, {number}, {place})"),
        Kind::Int { .. } => format!("trine_put_int(call, {number}, {place})"),
        Kind::Decimal { .. } => format!("trine_put_decimal(call, {number}, {place})"),
        Kind::Choice(_) => format!("trine_put_choice(call, {number}, {place})"),
        Kind::Text { .. } => {
            format!("trine_put_string(call, {number}, {place}.data, {place}.size)")
        }
        Kind::Object => format!("trine_put_object(call, {number})"),
        Kind::Array { .. } => format!("trine_put_array(call, {number}, {place}_count)"),
    };
    if has_flag(node) && !matches!(node.kind, Kind::Object | Kind::Array { .. }) {
        let flag = flag(place);
        let line = wrapped(&format!("(void){call};"), indent.len() + 4);
        _ = writeln!(out, "{indent}if ({flag} != 0u) {{\n{line}\n{indent}}}");
    } else {
        _ = writeln!(out, "{}", wrapped(&format!("(void){call};"), indent.len()));
    }
}

/// Where the flag of a member is that may be missing.
fn flag(place: &str) -> String {
    let cut = place.rfind(['.', '>']).map_or(0, |at| at + 1);
    let (path, name) = place.split_at(cut);
    format!("{path}has_{name}")
}

/// A member that may be missing and has no default.
fn has_flag(node: &Node) -> bool {
    matches!(node.need, Need::Optional | Need::When(..))
}

fn member(node: &Node) -> String {
    identifier(&node.name)
}

fn cast(kind: &Kind, value: &str) -> String {
    match ctype(kind) {
        "int64_t" => value.to_owned(),
        smaller => format!("TRINE_CAST({smaller}, {value})"),
    }
}

/// The type of a member that is no container.
const fn ctype(kind: &Kind) -> &'static str {
    match kind {
        Kind::Bool => "uint8_t",
        Kind::Choice(_) => "uint32_t",
        Kind::Int { min: Some(min), max: Some(max) }
        | Kind::Decimal { min: Some(min), max: Some(max), .. } => {
            if *min >= i32::MIN as i64 && *max <= i32::MAX as i64 {
                "int32_t"
            } else if *min >= 0 && *max <= u32::MAX as i64 {
                "uint32_t"
            } else {
                "int64_t"
            }
        }
        Kind::Int { .. } | Kind::Decimal { .. } => "int64_t",
        Kind::Text { .. } => "trine_text",
        Kind::Object | Kind::Array { .. } => "",
    }
}

/// What a member is: its description, its bounds, and what it counts as when it is missing.
fn about(names: &Names<'_>, tool: &Tool, node: &Node) -> String {
    let mut text = node.description.clone();
    let mut say = |what: String| {
        text.push_str(if text.is_empty() { "" } else { " " });
        text.push_str(&what);
    };
    let range = |min: Option<i64>, max: Option<i64>| match (min, max) {
        (Some(min), Some(max)) => format!("{min} to {max}."),
        (Some(min), None) => format!("{min} or more."),
        (None, Some(max)) => format!("{max} or less."),
        (None, None) => String::new(),
    };
    match &node.kind {
        Kind::Bool => say("0 or 1.".to_owned()),
        Kind::Int { min, max } => say(range(*min, *max)),
        Kind::Decimal { places, min, max, step } => {
            let scale = 10u64.pow(u32::from(*places));
            let range = range(*min, *max);
            let range = if range.is_empty() { ".".to_owned() } else { format!(": {range}") };
            say(format!("Times {scale}{range}"));
            if *step > 1 {
                say(format!("In steps of {step}."));
            }
        }
        Kind::Text { min, max: Some(max) } => say(format!("{min} to {max} code points.")),
        Kind::Text { .. } | Kind::Object => {}
        Kind::Choice(_) => say(format!("{}_...", names.constant(&[&tool.name, &node.name]))),
        Kind::Array { min, max } if min == max => say(format!("{max} items.")),
        Kind::Array { min, max } => say(format!("{min} to {max} items.")),
    }
    match &node.need {
        Need::Default(Preset::Number(value)) => say(format!("{value} when it is missing.")),
        Need::Default(Preset::Text(value)) => say(format!("{value:?} when it is missing.")),
        Need::When(..) => say("Another parameter makes it required.".to_owned()),
        Need::Required | Need::Optional => {}
    }
    text.trim().to_owned()
}
