//! What a device has next to tools: resources, templates of their addresses, and prompts.
//!
//! They are listed and read by MCP clients (2026-07-28, *Server Features*). A [`Shelf`] of
//! constants in flash is one [`Lists`]; so is what came over the wire. Their records are in
//! `docs/wire.md`, §6.

use crate::record::{Decoder, Encoder};
use crate::{Field, Rules, Tool, ToolInfo};

/// Something that can be read under an address.
///
/// ```
/// use trine_descriptor::Resource;
///
/// const MANUAL: Resource<'static> =
///     Resource::new("greenhouse://manual", "manual").of("text/markdown", 2_048);
/// assert_eq!((MANUAL.mime, MANUAL.size), ("text/markdown", 2_048));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resource<'a> {
    /// Its address, unlike all others of the device.
    pub uri: &'a str,
    /// Its name, for programs.
    pub name: &'a str,
    /// Short name for people; may be empty.
    pub title: &'a str,
    /// What it is; may be empty.
    pub description: &'a str,
    /// Media type; may be empty.
    pub mime: &'a str,
    /// Bytes that it has; 0 where no one knows.
    pub size: u64,
}

impl<'a> Resource<'a> {
    /// A resource of which nothing else is said.
    #[must_use]
    pub const fn new(uri: &'a str, name: &'a str) -> Self {
        Self { uri, name, title: "", description: "", mime: "", size: 0 }
    }

    /// The same with a description.
    #[must_use]
    pub const fn describe(self, description: &'a str) -> Self {
        Self { description, ..self }
    }

    /// The same with a media type and a size.
    #[must_use]
    pub const fn of(self, mime: &'a str, size: u64) -> Self {
        Self { mime, size, ..self }
    }
}

/// Addresses of one form: texts, with variables in braces between them (RFC 6570, level 1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Template<'a> {
    /// The form, such as `plot://{name}/soil`.
    pub uri: &'a str,
    /// Its name, for programs.
    pub name: &'a str,
    /// Short name for people; may be empty.
    pub title: &'a str,
    /// What is there; may be empty.
    pub description: &'a str,
    /// Media type of all of them; may be empty.
    pub mime: &'a str,
}

impl<'a> Template<'a> {
    /// A template of which nothing else is said.
    #[must_use]
    pub const fn new(uri: &'a str, name: &'a str) -> Self {
        Self { uri, name, title: "", description: "", mime: "" }
    }

    /// The same with a description and a media type.
    #[must_use]
    pub const fn describe(self, description: &'a str, mime: &'a str) -> Self {
        Self { description, mime, ..self }
    }

    /// The parts of the form: each text, and the variable behind it.
    fn parts(&self) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
        let mut rest = Some(self.uri);
        core::iter::from_fn(move || {
            let text = rest.take()?;
            let Some((before, variable)) = cut(text, "{") else { return Some((text, None)) };
            let (name, behind) = cut(variable, "}")?;
            rest = Some(behind);
            Some((before, Some(name)))
        })
    }

    /// The names of its variables, in order.
    pub fn variables(&self) -> impl Iterator<Item = &'a str> {
        self.parts().filter_map(|(_, variable)| variable)
    }

    /// What variable number `index` is in an address, where the address is one of this form. A
    /// variable is at least one character long and has no `/`; it ends where the next text of the
    /// form comes first.
    ///
    /// ```
    /// use trine_descriptor::Template;
    ///
    /// const SOIL: Template<'static> = Template::new("plot://{name}/soil", "soil");
    /// assert_eq!(SOIL.value("plot://north/soil", 0), Some("north"));
    /// assert!(!SOIL.is_of("plot:///soil") && !SOIL.is_of("plot://a/b/soil"));
    /// ```
    #[must_use]
    pub fn value<'u>(&self, uri: &'u str, index: usize) -> Option<&'u str> {
        let mut found = None;
        let mut number = 0;
        self.walk(uri, &mut |value| {
            if number == index {
                found = Some(value);
            }
            number += 1;
        });
        found.filter(|_| self.is_of(uri))
    }

    /// Whether an address is one of this form.
    #[must_use]
    pub fn is_of(&self, uri: &str) -> bool {
        self.walk(uri, &mut |_| {})
    }

    /// Calls `each` with the value of each variable; `false` where the address is not of this form.
    // Not generic, so that a device holds it once.
    fn walk<'u>(&self, uri: &'u str, each: &mut dyn FnMut(&'u str)) -> bool {
        if self.uri.bytes().filter(|&byte| byte == b'{').count() != self.variables().count() {
            return false;
        }
        let mut rest = uri;
        let mut parts = self.parts().peekable();
        while let Some((text, variable)) = parts.next() {
            let Some(behind) = rest.strip_prefix(text) else { return false };
            rest = behind;
            if variable.is_none() {
                continue;
            }
            let next = parts.peek().map_or("", |(text, _)| *text);
            let end = if next.is_empty() { Some(rest.len()) } else { find(rest, next) };
            let Some((value, behind)) = end.and_then(|end| rest.split_at_checked(end)) else {
                return false;
            };
            if value.is_empty() || value.bytes().any(|byte| byte == b'/') {
                return false;
            }
            each(value);
            rest = behind;
        }
        rest.is_empty()
    }
}

/// Where `mark` stands first. What `str` has for this may panic, as far as a compiler can tell.
fn find(text: &str, mark: &str) -> Option<usize> {
    let is_there = |at| text.as_bytes().get(at..).is_some_and(|it| it.starts_with(mark.as_bytes()));
    (0..=text.len()).find(|&at| is_there(at))
}

/// The text before the first `mark`, and the one behind it.
fn cut<'s>(text: &'s str, mark: &str) -> Option<(&'s str, &'s str)> {
    let (before, from_mark) = text.split_at_checked(find(text, mark)?)?;
    Some((before, from_mark.get(mark.len()..)?))
}

/// Messages that a client can put before a model, made of arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prompt<'a> {
    /// As a tool, so that its arguments are judged as those of one.
    table: [Tool<'a>; 1],
}

impl<'a> Prompt<'a> {
    /// A prompt. Arguments are texts and choices: MCP knows no others.
    #[must_use]
    pub const fn new(name: &'a str, description: &'a str, args: &'a [Field<'a>]) -> Self {
        Self { table: [Tool::new(ToolInfo::new(name, description), args, &[])] }
    }

    /// The same with a short name for people.
    #[must_use]
    pub const fn titled(self, title: &'a str) -> Self {
        let [Tool { info, params, .. }] = self.table;
        Self { table: [Tool::new(ToolInfo { title, ..info }, params, &[])] }
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.table[0].info.name
    }

    /// Short name for people; may be empty.
    #[must_use]
    pub const fn title(&self) -> &'a str {
        self.table[0].info.title
    }

    /// What it is for.
    #[must_use]
    pub const fn description(&self) -> &'a str {
        self.table[0].info.description
    }

    /// Its arguments.
    #[must_use]
    pub const fn args(&self) -> &'a [Field<'a>] {
        self.table[0].params
    }

    /// A table of one tool that takes what the prompt takes.
    #[must_use]
    pub const fn table(&self) -> &[Tool<'a>; 1] {
        &self.table
    }
}

/// The lists of a device, each numbered from 0.
pub trait Lists: Sync {
    /// How many resources, templates and prompts there are.
    fn counts(&self) -> [u16; 3];

    /// The resource of this number.
    fn resource(&self, index: u16) -> Option<Resource<'_>>;

    /// The template of this number.
    fn template(&self, index: u16) -> Option<Template<'_>>;

    /// The prompt of this number.
    fn prompt(&self, index: u16) -> Option<Prompt<'_>>;

    /// Whether the device can complete what a person types.
    fn completes(&self) -> bool {
        false
    }

    /// The resource that has an address, or the first template of whose form it is.
    fn find(&self, uri: &str) -> Option<Found> {
        let [resources, templates, _] = self.counts();
        (0..resources)
            .find(|&index| self.resource(index).is_some_and(|it| it.uri == uri))
            .map(Found::Resource)
            .or_else(|| {
                (0..templates)
                    .find(|&index| self.template(index).is_some_and(|it| it.is_of(uri)))
                    .map(Found::Template)
            })
    }

    /// Whether an address is that of a resource, or of the form of a template.
    fn has(&self, uri: &str) -> bool {
        self.find(uri).is_some()
    }

    /// How many arguments a prompt has; none where there is no such prompt.
    fn prompt_args(&self, index: u16) -> Option<u16> {
        self.prompt(index).map(|prompt| count(prompt.args().len()))
    }

    /// Calls `with` with what judges the arguments of a prompt, and its number there. Lists that
    /// keep prompts in another form than [`Prompt`] have their own, and [`Self::encode_prompt`].
    fn with_prompt(&self, index: u16, with: &mut dyn FnMut(&dyn Rules, u16)) {
        if let Some(prompt) = self.prompt(index) {
            with(prompt.table(), 0);
        }
    }

    /// Writes the record of a prompt.
    fn encode_prompt(&self, index: u16, out: &mut Encoder<'_>) {
        self.prompt(index).iter().for_each(|it| prompt(it, out));
    }
}

/// What has an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The resource of this number.
    Resource(u16),
    /// The template of this number.
    Template(u16),
}

/// Lists of constants.
///
/// ```
/// use trine_descriptor::{Lists as _, Resource, Shelf};
///
/// static SHELF: Shelf<'static> = Shelf {
///     resources: &[Resource::new("board://manual", "manual")],
///     ..Shelf::EMPTY
/// };
/// assert!(SHELF.has("board://manual") && !SHELF.has("board://"));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Shelf<'a> {
    /// The resources.
    pub resources: &'a [Resource<'a>],
    /// The templates.
    pub templates: &'a [Template<'a>],
    /// The prompts.
    pub prompts: &'a [Prompt<'a>],
    /// Whether the device can complete what a person types.
    pub completes: bool,
}

impl Shelf<'_> {
    /// No lists.
    pub const EMPTY: Self = Self { resources: &[], templates: &[], prompts: &[], completes: false };
}

fn count(len: usize) -> u16 {
    u16::try_from(len).unwrap_or(u16::MAX)
}

impl Lists for Shelf<'_> {
    fn counts(&self) -> [u16; 3] {
        [self.resources.len(), self.templates.len(), self.prompts.len()].map(count)
    }

    fn resource(&self, index: u16) -> Option<Resource<'_>> {
        self.resources.get(usize::from(index)).copied()
    }

    fn template(&self, index: u16) -> Option<Template<'_>> {
        self.templates.get(usize::from(index)).copied()
    }

    fn prompt(&self, index: u16) -> Option<Prompt<'_>> {
        self.prompts.get(usize::from(index)).copied()
    }

    fn completes(&self) -> bool {
        self.completes
    }
}

/// Which of the lists a page is of, in the order of [`Lists::counts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// Resources.
    Resources,
    /// Resource templates.
    Templates,
    /// Prompts.
    Prompts,
}

/// Writes the part of a list that starts at byte `offset` into `out` and answers the length of the
/// whole list. Each record stands behind its length.
pub fn page<L: Lists + ?Sized>(lists: &L, list: List, offset: usize, out: &mut [u8]) -> usize {
    let [resources, templates, prompts] = lists.counts();
    let count = match list {
        List::Resources => resources,
        List::Templates => templates,
        List::Prompts => prompts,
    };
    let encode = |index: u16, out: &mut Encoder<'_>| match list {
        List::Resources => lists.resource(index).iter().for_each(|it| resource(it, out)),
        List::Templates => lists.template(index).iter().for_each(|it| template(it, out)),
        List::Prompts => lists.encode_prompt(index, out),
    };
    crate::record::page_of(count, encode, offset, out)
}

fn resource(resource: &Resource<'_>, out: &mut Encoder<'_>) {
    let Resource { uri, name, title, description, mime, size } = *resource;
    [uri, name, title, description, mime].into_iter().for_each(|text| out.text(text));
    out.number(size);
}

fn template(template: &Template<'_>, out: &mut Encoder<'_>) {
    let Template { uri, name, title, description, mime } = *template;
    [uri, name, title, description, mime].into_iter().for_each(|text| out.text(text));
}

fn prompt(prompt: &Prompt<'_>, out: &mut Encoder<'_>) {
    let texts = [prompt.name(), prompt.title(), prompt.description()];
    texts.into_iter().for_each(|text| out.text(text));
    out.nodes(prompt.args());
}

impl<'a> Decoder<'a> {
    fn texts<const N: usize>(&mut self) -> Option<[&'a str; N]> {
        let mut texts = [""; N];
        for text in &mut texts {
            *text = self.text()?;
        }
        Some(texts)
    }

    /// The record of a resource.
    pub fn resource(&mut self) -> Option<Resource<'a>> {
        let [uri, name, title, description, mime] = self.texts()?;
        Some(Resource { uri, name, title, description, mime, size: self.number()? })
    }

    /// The record of a template.
    pub fn template(&mut self) -> Option<Template<'a>> {
        let [uri, name, title, description, mime] = self.texts()?;
        Some(Template { uri, name, title, description, mime })
    }

    /// The head of a prompt's record: name, title and description. Its nodes follow, behind their
    /// [`Decoder::count`].
    pub fn prompt(&mut self) -> Option<[&'a str; 3]> {
        self.texts()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    const ARGS: [Field<'static>; 1] =
        [Field::new("plant", Kind::Text { min: 1, max: 40 }).describe("Which plant.")];

    static SHELF: Shelf<'static> = Shelf {
        resources: &[
            Resource::new("board://manual", "manual").of("text/markdown", 300),
            Resource::new("board://log", "log").describe("The last lines."),
        ],
        templates: &[Template::new("plot://{name}/soil", "soil").describe("Soil.", "text/plain")],
        prompts: &[Prompt::new("advise", "Asks for advice.", &ARGS).titled("Advice")],
        completes: true,
    };

    #[test]
    fn records_come_back_as_they_were_and_pages_are_parts_of_the_list() {
        for (list, count) in [(List::Resources, 2), (List::Templates, 1), (List::Prompts, 1)] {
            let mut whole = [0; 256];
            let len = page(&SHELF, list, 0, &mut whole);
            let whole = &whole[..len];
            for offset in 0..=len {
                let mut part = [0; 7];
                assert_eq!(page(&SHELF, list, offset, &mut part), len);
                let end = len.min(offset + 7);
                assert_eq!(part[..end - offset], whole[offset..end]);
            }
            let mut records = Decoder::new(whole);
            for index in 0..count {
                let mut record = Decoder::new(records.record().unwrap());
                match list {
                    List::Resources => assert_eq!(record.resource(), SHELF.resource(index)),
                    List::Templates => assert_eq!(record.template(), SHELF.template(index)),
                    List::Prompts => {
                        let prompt = SHELF.prompt(index).unwrap();
                        let head = [prompt.name(), prompt.title(), prompt.description()];
                        assert_eq!(record.prompt(), Some(head));
                        assert_eq!((record.count(), record.node()), (Some(1), Some(ARGS[0])));
                    }
                }
                assert!(record.is_at_end());
            }
            assert!(records.is_at_end());
            for cut in 0..len {
                let mut cut = Decoder::new(&whole[..cut]);
                while let Some(record) = cut.record() {
                    let mut record = Decoder::new(record);
                    let _ = (record.resource(), record.template(), record.prompt());
                }
            }
        }
    }

    #[test]
    fn addresses_are_of_a_form_or_not() {
        let of = |form: &'static str, uri: &str| Template::new(form, "").is_of(uri);
        assert!(of("a", "a") && !of("a", "ab") && !of("a", "") && !of("ab", "a"));
        assert!(of("x://{a}", "x://1") && !of("x://{a}", "x://") && !of("x://{a}", "y://1"));
        assert!(of("{a}-{b}.txt", "1-2.txt") && !of("{a}-{b}.txt", "1-.txt"));
        assert!(!of("{a}-{b}.txt", "1-2.txt.txt"), "it ends where the text comes first");
        assert!(!of("x/{a}", "x/1/2") && of("x/{a}/{b}", "x/1/2"));
        // What is no template is no form of anything.
        assert!(!of("x/{a", "x/1") && !of("x/{a", "x/{a") && of("x/}", "x/}"));
        assert!(!of("x/{a", "") && !of("{", "") && of("", ""));
        let two = Template::new("plot://{bed}/{row}", "");
        assert!(two.variables().eq(["bed", "row"]));
        assert_eq!(two.value("plot://n/7", 1), Some("7"));
        assert_eq!((two.value("plot://n/7", 2), two.value("plot://n/", 0)), (None, None));
    }

    #[test]
    fn a_prompt_judges_its_arguments_as_a_tool_does() {
        let prompt = SHELF.prompt(0).unwrap();
        assert_eq!((prompt.name(), prompt.title()), ("advise", "Advice"));
        let judge = |bytes: &[u8]| crate::validate(prompt.table(), 0, crate::Side::Params, bytes);
        assert_eq!(judge(&[0, 4, 1, b'x']), Ok(()));
        assert!(judge(&[]).is_err() && judge(&[0, 4, 0]).is_err());
        assert!(SHELF.completes() && SHELF.has("plot://a/soil") && !SHELF.has("plot://a"));
        assert_eq!(SHELF.find("board://log"), Some(Found::Resource(1)));
        assert_eq!(SHELF.find("plot://a/soil"), Some(Found::Template(0)));
        assert_eq!((SHELF.prompt_args(0), SHELF.prompt_args(1)), (Some(1), None));
        assert_eq!(Shelf::EMPTY.counts(), [0; 3]);
    }
}
