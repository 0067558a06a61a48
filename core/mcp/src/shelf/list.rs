//! `resources/list`, `resources/templates/list` and `prompts/list`.

use trine_descriptor::{Resource, Side, Template, ToolTable};

use crate::envelope::Member;
use crate::error::Problem;
use crate::list::Edition;
use crate::{Catalog, Id, JsonWriter, Version, list};

/// One of the lists.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Resources,
    Templates,
    Prompts,
}

/// Writes one page, or says why there is none.
pub(super) fn write<'m, C: Catalog + ?Sized>(
    catalog: &C,
    (id, version): (Id<'_>, Version),
    kind: Kind,
    from: Member<'m>,
    out: &mut JsonWriter<'_>,
) -> Result<(), Problem<'m>> {
    let lists = catalog.lists();
    let [resources, templates, prompts] = lists.counts();
    let (name, count): (&[u8], u16) = match kind {
        Kind::Resources => (b"resources", resources),
        Kind::Templates => (b"resourceTemplates", templates),
        Kind::Prompts => (b"prompts", prompts),
    };
    let item = |index, out: &mut JsonWriter<'_>| match kind {
        Kind::Resources => lists.resource(index).iter().for_each(|it| resource(version, it, out)),
        Kind::Templates => lists.template(index).iter().for_each(|it| template(version, it, out)),
        Kind::Prompts => {
            catalog.with_prompt(index, &mut |table, row| prompt(version, (table, row), out));
        }
    };
    let edition = Edition::of_lists(catalog);
    list::pages(catalog, (id, version), (name, count, edition), from, &item, out)
}

pub(crate) fn resource(version: Version, resource: &Resource<'_>, out: &mut JsonWriter<'_>) {
    let Resource { uri, name, title, description, mime, size } = *resource;
    out.raw(b"{\"uri\":");
    out.string(uri);
    described(version, (name, title, description), out);
    optional(b",\"mimeType\":", mime, out);
    if size > 0 {
        out.raw(b",\"size\":");
        out.unsigned(size);
    }
    out.raw(b"}");
}

fn template(version: Version, template: &Template<'_>, out: &mut JsonWriter<'_>) {
    let Template { uri, name, title, description, mime } = *template;
    out.raw(b"{\"uriTemplate\":");
    out.string(uri);
    described(version, (name, title, description), out);
    optional(b",\"mimeType\":", mime, out);
    out.raw(b"}");
}

/// Writes a prompt, which is a tool of a table.
fn prompt(version: Version, (table, row): (&dyn ToolTable, u16), out: &mut JsonWriter<'_>) {
    let Some(info) = table.info(row) else { return out.raw(b"{}") };
    out.raw(b"{\"name\":");
    out.string(info.name);
    if version.has_structured() {
        optional(b",\"title\":", info.title, out);
    }
    optional(b",\"description\":", info.description, out);
    let count = table.node_count(row, Side::Params);
    for (index, argument) in
        (0..count).filter_map(|node| table.node(row, Side::Params, node)).enumerate()
    {
        out.raw(if index > 0 { b",{\"name\":" } else { b",\"arguments\":[{\"name\":" });
        out.string(argument.name);
        optional(b",\"description\":", argument.description, out);
        out.raw(b",\"required\":");
        out.bool(argument.required);
        out.raw(b"}");
    }
    out.raw(if count == 0 { b"}" } else { b"]}" });
}

fn described(
    version: Version,
    (name, title, description): (&str, &str, &str),
    out: &mut JsonWriter<'_>,
) {
    out.raw(b",\"name\":");
    out.string(name);
    if version.has_structured() {
        optional(b",\"title\":", title, out);
    }
    optional(b",\"description\":", description, out);
}

fn optional(name: &[u8], value: &str, out: &mut JsonWriter<'_>) {
    if !value.is_empty() {
        out.raw(name);
        out.string(value);
    }
}
