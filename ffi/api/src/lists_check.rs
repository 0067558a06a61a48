//! The rules for lists: looked at before they are offered, so that a gateway has no entry to leave
//! out.

use trine_descriptor::{Kind, Side, ToolTable, check};

use crate::lists::{
    TRINE_EXTRA_TOOL, TRINE_RESOURCE_BINARY, trine_extra, trine_mcp_lists, trine_resource,
};
use crate::table::piece;

/// Which entry breaks which rule.
#[derive(Clone, Copy)]
pub(crate) struct Wrong {
    /// Number of the entry, from what its list counts from.
    pub(crate) entry: i32,
    pub(crate) node: i32,
    pub(crate) rule: &'static str,
}

/// What the entries of each list count from, as the header says.
const TEMPLATES: usize = 10_000;
const PROMPTS: usize = 20_000;
const EXTRAS: usize = 30_000;

impl Wrong {
    pub(crate) const NONE: Self = Self { entry: -1, node: -1, rule: "" };

    const fn of(entry: usize, rule: &'static str) -> Self {
        Self { entry: entry as i32, node: -1, rule }
    }
}

/// Most entries of a list; a gateway takes no more.
const ENTRIES_MAX: usize = 1_024;
/// Most bytes of an address.
const URI_MAX: usize = 1_024;

const MANY: &str = "a list has at most 1,024 entries";
const RESERVED: &str = "reserved members and unknown flags must be 0";
const UTF8: &str = "its texts must be UTF-8";
const ADDRESS: &str =
    "its address must have a scheme, as in board://menu, no spaces, and at most 1,024 bytes";
const VARIABLE: &str = "its address must have a variable, as in board://lamp/{name}";
const NAME: &str = "it must have a name";
const TWICE: &str = "another entry has the same address or name";
const FUNCTION: &str = "it must have a function";
const DATA: &str = "it must have data or a function, and data of text must be UTF-8";
const NULL: &str = "its texts and its arguments must not be NULL";
const RESULT: &str = "a prompt has messages in place of a result";
const KIND: &str = "an argument of a prompt must be a text or a choice";
const TOOL: &str = "there is no tool of that number";
const OF: &str = "an extra is of a parameter, a result or a tool";
const MEMBERS: &str = "its members must be a JSON object on one line";

/// Looks at all entries; `tools` is how many tools the device has.
pub(crate) fn all(lists: &trine_mcp_lists, tools: u16) -> Result<(), Wrong> {
    each(lists.all_resources(), 0)?;
    each(lists.all_templates(), TEMPLATES)?;
    prompts(lists)?;
    for (at, extra) in lists.all_extras().iter().enumerate() {
        self::extra(extra, tools).map_err(|rule| Wrong::of(EXTRAS + at, rule))?;
    }
    Ok(())
}

/// Looks at resources, or at templates.
#[inline(never)]
fn each(list: &[trine_resource], from: usize) -> Result<(), Wrong> {
    if list.len() > ENTRIES_MAX {
        return Err(Wrong::of(from + ENTRIES_MAX, MANY));
    }
    for (at, entry) in list.iter().enumerate() {
        let others = list.get(..at).unwrap_or_default();
        if let Some(rule) = broken(entry, others, from == TEMPLATES) {
            return Err(Wrong::of(from + at, rule));
        }
    }
    Ok(())
}

/// The rule that an entry breaks, if there is one.
fn broken(
    entry: &trine_resource,
    others: &[trine_resource],
    is_template: bool,
) -> Option<&'static str> {
    let texts = entry.texts();
    let [uri, name, ..] = texts;
    if entry.reserved != 0 || entry.flags & !TRINE_RESOURCE_BINARY != 0 {
        return Some(RESERVED);
    }
    if texts.into_iter().any(|text| core::str::from_utf8(text).is_err()) {
        return Some(UTF8);
    }
    if !is_address(uri) {
        return Some(ADDRESS);
    }
    if name.is_empty() {
        return Some(NAME);
    }
    if others.iter().any(|other| other.uri() == uri) {
        return Some(TWICE);
    }
    if is_template {
        let has_variable = entry.template().variables().next().is_some();
        return match entry.read {
            _ if !has_variable => Some(VARIABLE),
            None => Some(FUNCTION),
            Some(_) => None,
        };
    }
    let has_content = match entry.data() {
        Some(_) if entry.data.is_null() => false,
        Some(data) => entry.is_binary() || core::str::from_utf8(data).is_ok(),
        None => entry.read.is_some(),
    };
    if has_content { None } else { Some(DATA) }
}

fn is_address(uri: &[u8]) -> bool {
    let has_scheme = uri.iter().position(|&byte| byte == b':').is_some_and(|at| at > 0);
    has_scheme && uri.len() <= URI_MAX && uri.iter().all(|&byte| byte > b' ' && byte != 0x7f)
}

fn prompts(lists: &trine_mcp_lists) -> Result<(), Wrong> {
    let table = lists.prompt_table();
    if table.tools().len() > ENTRIES_MAX {
        return Err(Wrong::of(PROMPTS + ENTRIES_MAX, MANY));
    }
    for (at, prompt) in table.tools().iter().enumerate() {
        let number = at as u16;
        let wrong = |rule| Err(Wrong::of(PROMPTS + at, rule));
        if prompt.call.is_none() {
            return wrong(FUNCTION);
        }
        if (prompt.params.is_null() && prompt.params_count > 0) || prompt.texts.is_null() {
            return wrong(NULL);
        }
        if prompt.results_count > 0 {
            return wrong(RESULT);
        }
        for node in 0..table.node_count(number, Side::Params) {
            let kind = table.bare_node(number, Side::Params, node).map(|field| field.kind);
            if !matches!(kind, Some(Kind::Text { .. } | Kind::Choice(_))) {
                return Err(Wrong { node: node.into(), ..Wrong::of(PROMPTS + at, KIND) });
            }
        }
        let same = |other: u16| table.name(other) == table.name(number);
        if (0..number).any(same) {
            return wrong(TWICE);
        }
        // As the device has its tools checked, so that there is one of it.
        if let Err(error) = check::tool(&table as &dyn ToolTable, number) {
            let node = error.node.map_or(-1, |(_, node)| node.into());
            return Err(Wrong { node, ..Wrong::of(PROMPTS + at, error.kind.rule()) });
        }
    }
    Ok(())
}

fn extra(extra: &trine_extra, tools: u16) -> Result<(), &'static str> {
    if extra.tool >= tools {
        return Err(TOOL);
    }
    if extra.of > TRINE_EXTRA_TOOL {
        return Err(OF);
    }
    // SAFETY: the members have as many bytes, as the header asks.
    let members = unsafe { piece(extra.members, 0, extra.size as usize) };
    let is_object = members.first() == Some(&b'{') && members.last() == Some(&b'}');
    if !is_object || members.contains(&b'\n') || core::str::from_utf8(members).is_err() {
        return Err(MEMBERS);
    }
    Ok(())
}
