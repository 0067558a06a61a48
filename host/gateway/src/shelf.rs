//! Resources, templates and prompts of a device, as they came over the wire.

use std::collections::HashSet;

use self_cell::self_cell;
use trine_descriptor::record::Decoder;
use trine_descriptor::{Field, Kind, Lists, Prompt, Resource, Template, check};

use trine_wire::message::what;

use crate::sanitize;

/// Most characters of a name or an address that breaks a rule in a sentence about it.
const SHOWN_MAX: usize = 80;
/// Most bytes of an address.
const URI_MAX: usize = 1024;
/// Most entries of one list that are shown.
const ENTRIES_MAX: usize = 1024;

/// A prompt as it was decoded.
#[derive(Debug)]
struct Row<'a> {
    number: u16,
    head: [&'a str; 3],
    args: Vec<Field<'a>>,
}

/// What was decoded; numbers are the device's own.
#[derive(Debug, Default)]
struct Rows<'a> {
    resources: Vec<Resource<'a>>,
    templates: Vec<(u16, Template<'a>)>,
    prompts: Vec<Row<'a>>,
    /// Why each entry that is not taken is not.
    left_out: Vec<String>,
}

type Records = [Box<[u8]>; 3];

self_cell!(
    struct Kept {
        owner: Records,
        #[covariant]
        dependent: Rows,
    }
    impl {Debug}
);

/// The lists of a device next to its tools. What breaks a rule, or would act on who reads it, is
/// left out; what is left is numbered without gaps.
#[derive(Debug)]
pub(crate) struct DeviceShelf {
    kept: Kept,
    completes: bool,
}

impl DeviceShelf {
    /// Reads whole lists: resources, templates and prompts. `completes` says that the device
    /// completes what a person types.
    pub(crate) fn new(lists: Records, completes: bool) -> Self {
        Self { kept: Kept::new(lists, |lists| Rows::read(lists)), completes }
    }

    fn rows(&self) -> &Rows<'_> {
        self.kept.borrow_dependent()
    }

    /// A list as it came, by its number on the wire.
    pub(crate) fn list(&self, what: u8) -> Option<&[u8]> {
        let lists = self.kept.borrow_owner();
        lists.get(usize::from(what.checked_sub(what::RESOURCES)?)).map(|list| &**list)
    }

    /// A sentence for each entry that was left out.
    pub(crate) fn left_out(&self) -> &[String] {
        &self.rows().left_out
    }

    /// The device's own number of a prompt.
    pub(crate) fn prompt_number(&self, index: u16) -> Option<u16> {
        self.rows().prompts.get(usize::from(index)).map(|row| row.number)
    }

    /// The device's own number of a template.
    pub(crate) fn template_number(&self, index: u16) -> Option<u16> {
        self.rows().templates.get(usize::from(index)).map(|(number, _)| *number)
    }

    /// A prompt under another name.
    pub(crate) fn prompt_as<'a>(&'a self, index: u16, name: &'a str) -> Option<Prompt<'a>> {
        let row = self.rows().prompts.get(usize::from(index))?;
        let [_, title, description] = row.head;
        Some(Prompt::new(name, description, &row.args).titled(title))
    }
}

impl Lists for DeviceShelf {
    fn counts(&self) -> [u16; 3] {
        let rows = self.rows();
        [rows.resources.len(), rows.templates.len(), rows.prompts.len()].map(|len| len as u16)
    }

    fn resource(&self, index: u16) -> Option<Resource<'_>> {
        self.rows().resources.get(usize::from(index)).copied()
    }

    fn template(&self, index: u16) -> Option<Template<'_>> {
        self.rows().templates.get(usize::from(index)).map(|(_, template)| *template)
    }

    fn prompt(&self, index: u16) -> Option<Prompt<'_>> {
        let name = self.rows().prompts.get(usize::from(index))?.head[0];
        self.prompt_as(index, name)
    }

    fn completes(&self) -> bool {
        self.completes
    }
}

impl<'a> Rows<'a> {
    fn read(lists: &'a Records) -> Self {
        let [resources, templates, prompts] = lists;
        let mut rows = Self::default();
        let mut seen = HashSet::new();
        rows.each(resources, &mut |rows, _, mut record| {
            let resource = record.resource().ok_or("a resource cannot be read")?;
            let texts = [resource.title, resource.description, resource.name, resource.mime];
            fit("resource", (resource.uri, resource.name), &texts)?;
            is_new("resource", seen.insert(resource.uri), resource.uri, rows.resources.len())?;
            rows.resources.push(resource);
            Ok(())
        });
        rows.each(templates, &mut |rows, number, mut record| {
            let template = record.template().ok_or("a resource template cannot be read")?;
            let texts = [template.title, template.description, template.name, template.mime];
            fit("resource template", (template.uri, template.name), &texts)?;
            is_new(
                "resource template",
                seen.insert(template.uri),
                template.uri,
                rows.templates.len(),
            )?;
            if template.variables().next().is_none() {
                return Err(format!("resource template {} has no {{variable}}", template.uri));
            }
            rows.templates.push((number, template));
            Ok(())
        });
        let mut names = HashSet::new();
        rows.each(prompts, &mut |rows, number, mut record| {
            let row = prompt(number, &mut record)?;
            is_new("prompt", names.insert(row.head[0]), row.head[0], rows.prompts.len())?;
            rows.prompts.push(row);
            Ok(())
        });
        rows
    }

    /// Calls `take` with each record of a list and its number; counts those that it does not take.
    fn each(
        &mut self,
        list: &'a [u8],
        take: &mut dyn FnMut(&mut Self, u16, Decoder<'a>) -> Result<(), String>,
    ) {
        let mut records = Decoder::new(list);
        let mut number: u16 = 0;
        while let Some(record) = records.record() {
            // A length of 0 is a number that is not used.
            if !record.is_empty()
                && let Err(why) = take(self, number, Decoder::new(record))
            {
                self.left_out.push(why);
            }
            number = number.saturating_add(1);
        }
    }
}

/// Whether an entry keeps the rules for its address and its texts.
fn fit(what: &str, (uri, name): (&str, &str), texts: &[&str]) -> Result<(), String> {
    let shown: String = sanitize::plain(uri).chars().take(SHOWN_MAX).collect();
    if !uri.contains(':') || uri.len() > URI_MAX || uri.contains(char::is_whitespace) {
        return Err(format!(
            "{what} \"{shown}\": its address must have a scheme as in board://menu, no spaces, and \
             at most {URI_MAX} bytes"
        ));
    }
    if name.is_empty() {
        return Err(format!("{what} {shown} has no name"));
    }
    are_plain(texts.iter().chain(&[uri])).ok_or_else(|| hidden(&format!("{what} {shown}")))
}

fn are_plain<'t>(texts: impl IntoIterator<Item = &'t &'t str>) -> Option<()> {
    texts.into_iter().all(|text| sanitize::is_plain(text)).then_some(())
}

fn hidden(what: &str) -> String {
    format!("{what}: a text of it has characters that no one can see")
}

/// Whether an entry is the first of its name, and there is room for it.
fn is_new(what: &str, is_new: bool, name: &str, have: usize) -> Result<(), String> {
    if !is_new {
        return Err(format!("{what} {name} is there twice"));
    }
    let room = have < ENTRIES_MAX;
    room.then_some(()).ok_or_else(|| format!("{what} {name}: at most {ENTRIES_MAX} are taken"))
}

/// A prompt that keeps all rules: its arguments are texts and choices.
fn prompt<'a>(number: u16, record: &mut Decoder<'a>) -> Result<Row<'a>, String> {
    let head = record.prompt().ok_or("a prompt cannot be read")?;
    let shown: String = sanitize::plain(head[0]).chars().take(SHOWN_MAX).collect();
    let what = format!("prompt \"{shown}\"");
    let args = record.count().and_then(|count| (0..count).map(|_| record.node()).collect());
    let args: Vec<Field<'a>> = args.ok_or_else(|| format!("{what}: an argument cannot be read"))?;
    are_plain(&head).ok_or_else(|| hidden(&what))?;
    for arg in &args {
        are_plain(&[arg.name, arg.description]).ok_or_else(|| hidden(&what))?;
        if !matches!(arg.kind, Kind::Text { .. } | Kind::Choice(_)) {
            return Err(format!("{what}: argument {} must be a text or a choice", arg.name));
        }
    }
    if let Err(error) = check::tool(Prompt::new(head[0], head[2], &args).table(), 0) {
        let arg = error.node.and_then(|(_, node)| args.get(usize::from(node)));
        let of = arg.map(|arg| format!(", argument {}", arg.name)).unwrap_or_default();
        return Err(format!("{what}{of}: {}", error.kind.rule()));
    }
    Ok(Row { number, head, args })
}

#[cfg(test)]
mod tests {
    use super::*;
    use trine_descriptor::lists::{List, page};
    use trine_descriptor::{IntRange, Shelf};

    fn shelf(of: &Shelf<'_>) -> DeviceShelf {
        let list = |list| {
            let mut bytes = vec![0; page(of, list, 0, &mut [])];
            page(of, list, 0, &mut bytes);
            bytes.into_boxed_slice()
        };
        DeviceShelf::new([List::Resources, List::Templates, List::Prompts].map(list), true)
    }

    #[test]
    fn what_came_is_what_was_sent_and_what_breaks_a_rule_is_left_out() {
        let plant = [Field::new("plant", Kind::Text { min: 0, max: 40 }).describe("Which.")];
        let number = [Field::new("n", Kind::Int(IntRange { min: 0, max: 9 }))];
        const GOOD: Resource<'static> =
            Resource::new("board://manual", "manual").of("text/markdown", 5);
        static RESOURCES: [Resource<'static>; 6] = [
            Resource::new("no-address", "x"),
            GOOD,
            Resource::new("board://manual", "again"),
            Resource::new("a:\u{202e}b", "turned"),
            Resource::new("a:b c", "space"),
            Resource::new("a:b", ""),
        ];
        let templates = [Template::new("a:fixed", "x"), Template::new("plot://{name}", "plot")];
        let prompts = vec![
            Prompt::new("bad name", "", &[]),
            Prompt::new("numbers", "", &number),
            Prompt::new("advise", "Advises.", &plant).titled("Advice"),
            Prompt::new("advise", "Again.", &[]),
        ];
        let of = Shelf {
            resources: &RESOURCES,
            templates: &templates,
            prompts: &prompts,
            completes: true,
        };
        let shelf = shelf(&of);
        assert_eq!((shelf.counts(), shelf.left_out().len()), ([1, 1, 1], 9));
        assert_eq!(shelf.resource(0), Some(GOOD));
        assert_eq!(shelf.template(0), Some(templates[1]));
        assert_eq!((shelf.template_number(0), shelf.prompt_number(0)), (Some(1), Some(2)));
        let whys = shelf.left_out().join("\n");
        for why in [
            "resource \"no-address\": its address must have a scheme",
            "resource board://manual is there twice",
            "resource a:b has no name",
            "resource template a:fixed has no {variable}",
            "prompt \"bad name\": its name must match",
            "prompt \"numbers\": argument n must be a text or a choice",
            "prompt advise is there twice",
        ] {
            assert!(whys.contains(why), "{why}: {whys}");
        }
        let prompt = shelf.prompt_as(0, "board_advise").unwrap();
        assert_eq!((prompt.name(), prompt.title()), ("board_advise", "Advice"));
        assert_eq!(prompt.args(), plant);
    }

    #[test]
    fn no_bytes_panic() {
        let mut random = trine_bits::Random::new(3);
        for _ in 0..2_000 {
            let list =
                || -> Box<[u8]> { (0..random.below(60)).map(|_| random.bits() as u8).collect() };
            let mut list = list;
            drop(DeviceShelf::new([list(), list(), list()], false));
        }
    }
}
