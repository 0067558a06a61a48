//! `#[trine(…)]` on a struct, a field and a variant.

use proc_macro2::Span;
use syn::meta::ParseNestedMeta;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Expr, Ident, LitInt, LitStr, Path, Type};

use crate::number::{Bound, Number};

/// What stands on a struct that derives `Tool`.
#[derive(Default)]
pub(crate) struct ToolAttributes {
    pub(crate) name: Option<LitStr>,
    pub(crate) title: Option<LitStr>,
    pub(crate) description: Option<LitStr>,
    pub(crate) version: Option<LitStr>,
    pub(crate) output: Option<Type>,
    pub(crate) consent: Option<Ident>,
    pub(crate) deadline_ms: Option<LitInt>,
    pub(crate) pending_bytes: Option<LitInt>,
    pub(crate) read_only: bool,
    pub(crate) destructive: bool,
    pub(crate) idempotent: bool,
    pub(crate) open_world: bool,
    pub(crate) on_link_lost: bool,
    pub(crate) on_reset: bool,
    pub(crate) content: Option<Span>,
}

const TOOL_KEYS: &str = "expected one of `name`, `title`, `description`, `version`, `output`, \
    `consent`, `deadline_ms`, `pending_bytes`, `read_only`, `destructive`, `idempotent`, \
    `open_world`, `on_link_lost`, `on_reset`, `content`";

impl ToolAttributes {
    pub(crate) fn parse(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut all = Self::default();
        each(attributes, |meta| {
            match key(meta).as_str() {
                "name" => put(&mut all.name, meta, value)?,
                "title" => put(&mut all.title, meta, value)?,
                "description" => put(&mut all.description, meta, value)?,
                "version" => put(&mut all.version, meta, value)?,
                "output" => put(&mut all.output, meta, value)?,
                "consent" => put(&mut all.consent, meta, consent)?,
                "deadline_ms" => put(&mut all.deadline_ms, meta, value)?,
                "pending_bytes" => put(&mut all.pending_bytes, meta, value)?,
                "read_only" => all.read_only = true,
                "destructive" => all.destructive = true,
                "idempotent" => all.idempotent = true,
                "open_world" => all.open_world = true,
                "on_link_lost" => all.on_link_lost = true,
                "on_reset" => all.on_reset = true,
                "content" => put(&mut all.content, meta, |meta| Ok(span(meta)))?,
                _ => return Err(meta.error(TOOL_KEYS)),
            }
            Ok(())
        })?;
        Ok(all)
    }
}

/// What stands on a struct that derives `Prompt`.
#[derive(Default)]
pub(crate) struct PromptAttributes {
    pub(crate) name: Option<LitStr>,
    pub(crate) title: Option<LitStr>,
    pub(crate) description: Option<LitStr>,
}

impl PromptAttributes {
    pub(crate) fn parse(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut all = Self::default();
        each(attributes, |meta| match key(meta).as_str() {
            "name" => put(&mut all.name, meta, value),
            "title" => put(&mut all.title, meta, value),
            "description" => put(&mut all.description, meta, value),
            _ => Err(meta.error("expected one of `name`, `title`, `description`")),
        })?;
        Ok(all)
    }
}

/// What stands on a variant of an enum that derives `Resources`.
#[derive(Default)]
pub(crate) struct ResourceAttributes {
    pub(crate) uri: Option<LitStr>,
    pub(crate) template: Option<LitStr>,
    pub(crate) name: Option<LitStr>,
    pub(crate) title: Option<LitStr>,
    pub(crate) description: Option<LitStr>,
    pub(crate) mime: Option<LitStr>,
    pub(crate) text: Option<Expr>,
    pub(crate) bytes: Option<Expr>,
    /// Where `template`, `text` and `bytes` stand, for errors.
    pub(crate) template_span: Option<Span>,
    pub(crate) content_span: Option<Span>,
}

const RESOURCE_KEYS: &str = "expected one of `uri`, `template`, `name`, `title`, `description`, \
    `mime`, `text`, `bytes`";

impl ResourceAttributes {
    pub(crate) fn parse(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut all = Self::default();
        each(attributes, |meta| {
            match key(meta).as_str() {
                "uri" => put(&mut all.uri, meta, value)?,
                "template" => {
                    all.template_span = Some(span(meta));
                    put(&mut all.template, meta, value)?;
                }
                "name" => put(&mut all.name, meta, value)?,
                "title" => put(&mut all.title, meta, value)?,
                "description" => put(&mut all.description, meta, value)?,
                "mime" => put(&mut all.mime, meta, value)?,
                "text" => {
                    all.content_span = Some(span(meta));
                    put(&mut all.text, meta, value)?;
                }
                "bytes" => {
                    all.content_span = Some(span(meta));
                    put(&mut all.bytes, meta, value)?;
                }
                _ => return Err(meta.error(RESOURCE_KEYS)),
            }
            Ok(())
        })?;
        Ok(all)
    }
}

/// The variant of `Consent` that `"elicit"` names.
fn consent(meta: &ParseNestedMeta<'_>) -> syn::Result<Ident> {
    let level: LitStr = value(meta)?;
    let name = match level.value().as_str() {
        "none" => "None",
        "elicit" => "Elicit",
        "operator" => "Operator",
        "device" => "Device",
        _ => {
            let text = "consent is one of \"none\", \"elicit\", \"operator\", \"device\"";
            return Err(syn::Error::new(level.span(), text));
        }
    };
    Ok(Ident::new(name, level.span()))
}

/// A label as written: `"heat"` or `Mode::Heat`.
pub(crate) enum Label {
    Text(LitStr),
    Variant(Path),
}

/// `required_if(mode = "heat")`.
pub(crate) struct RequiredIf {
    pub(crate) other: Ident,
    pub(crate) label: Label,
}

/// A default as written.
pub(crate) enum DefaultValue {
    Number(Number),
    Text(LitStr),
    Expr(Expr),
}

impl Parse for DefaultValue {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(LitStr) {
            return input.parse().map(Self::Text);
        }
        if Number::is_next(input) {
            return input.parse().map(Self::Number);
        }
        input.parse().map(Self::Expr)
    }
}

/// `min` and `max` inside `len(…)` or `items(…)`.
#[derive(Default)]
pub(crate) struct Range {
    pub(crate) min: Option<Bound>,
    pub(crate) max: Option<Bound>,
}

/// What stands on a field.
#[derive(Default)]
pub(crate) struct FieldAttributes {
    pub(crate) name: Option<LitStr>,
    pub(crate) description: Option<LitStr>,
    pub(crate) unit: Option<LitStr>,
    pub(crate) min: Option<Bound>,
    pub(crate) max: Option<Bound>,
    pub(crate) step: Option<Bound>,
    pub(crate) len: Option<Range>,
    pub(crate) items: Option<Range>,
    pub(crate) default: Option<DefaultValue>,
    pub(crate) required_if: Option<RequiredIf>,
    /// Where `len` or `max_len`, `items`, `default` and `required_if` stand, for errors.
    pub(crate) len_span: Option<Span>,
    pub(crate) items_span: Option<Span>,
    pub(crate) default_span: Option<Span>,
    pub(crate) required_if_span: Option<Span>,
}

const FIELD_KEYS: &str = "expected one of `name`, `description`, `unit`, `min`, `max`, `step`, \
    `len(min = …, max = …)`, `max_len`, `items(min = …, max = …)`, `default`, \
    `required_if(parameter = \"label\")`";

impl FieldAttributes {
    pub(crate) fn parse(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut all = Self::default();
        each(attributes, |meta| {
            match key(meta).as_str() {
                "name" => put(&mut all.name, meta, value)?,
                "description" => put(&mut all.description, meta, value)?,
                "unit" => put(&mut all.unit, meta, value)?,
                "min" => put(&mut all.min, meta, value)?,
                "max" => put(&mut all.max, meta, value)?,
                "step" => put(&mut all.step, meta, value)?,
                "len" => {
                    all.len_span = Some(span(meta));
                    put(&mut all.len, meta, range)?;
                }
                "max_len" => {
                    all.len_span = Some(span(meta));
                    let only_max = |meta: &ParseNestedMeta<'_>| {
                        Ok(Range { min: None, max: Some(value(meta)?) })
                    };
                    put(&mut all.len, meta, only_max)?;
                }
                "items" => {
                    all.items_span = Some(span(meta));
                    put(&mut all.items, meta, range)?;
                }
                "default" => {
                    all.default_span = Some(span(meta));
                    put(&mut all.default, meta, value)?;
                }
                "required_if" => {
                    all.required_if_span = Some(span(meta));
                    put(&mut all.required_if, meta, required_if)?;
                }
                _ => return Err(meta.error(FIELD_KEYS)),
            }
            Ok(())
        })?;
        Ok(all)
    }
}

fn range(meta: &ParseNestedMeta<'_>) -> syn::Result<Range> {
    let mut range = Range::default();
    meta.parse_nested_meta(|inner| match key(&inner).as_str() {
        "min" => put(&mut range.min, &inner, value),
        "max" => put(&mut range.max, &inner, value),
        _ => Err(inner.error("expected `min = …` or `max = …`")),
    })?;
    Ok(range)
}

fn required_if(meta: &ParseNestedMeta<'_>) -> syn::Result<RequiredIf> {
    let mut condition = None;
    meta.parse_nested_meta(|inner| {
        let other = inner.path.require_ident()?.clone();
        let input = inner.value()?;
        let label = if input.peek(LitStr) {
            Label::Text(input.parse()?)
        } else {
            Label::Variant(input.parse()?)
        };
        match condition.replace(RequiredIf { other, label }) {
            None => Ok(()),
            Some(_) => Err(inner.error("a parameter can depend on one other only")),
        }
    })?;
    condition.ok_or_else(|| meta.error("write it as `required_if(parameter = \"label\")`"))
}

/// The label that stands on a variant of a choice.
pub(crate) fn variant_label(attributes: &[Attribute]) -> syn::Result<Option<LitStr>> {
    let mut label = None;
    each(attributes, |meta| match key(meta).as_str() {
        "label" => put(&mut label, meta, value),
        _ => Err(meta.error("expected `label = \"…\"`")),
    })?;
    Ok(label)
}

/// Refuses `#[trine(…)]` where it means nothing.
pub(crate) fn none(attributes: &[Attribute], what: &str) -> syn::Result<()> {
    each(attributes, |meta| Err(meta.error(what)))
}

fn each(
    attributes: &[Attribute],
    mut one: impl FnMut(&ParseNestedMeta<'_>) -> syn::Result<()>,
) -> syn::Result<()> {
    for attribute in attributes.iter().filter(|a| a.path().is_ident("trine")) {
        attribute.parse_nested_meta(|meta| one(&meta))?;
    }
    Ok(())
}

fn key(meta: &ParseNestedMeta<'_>) -> String {
    meta.path.get_ident().map(Ident::to_string).unwrap_or_default()
}

fn span(meta: &ParseNestedMeta<'_>) -> Span {
    syn::spanned::Spanned::span(&meta.path)
}

fn value<T: Parse>(meta: &ParseNestedMeta<'_>) -> syn::Result<T> {
    meta.value()?.parse()
}

fn put<T>(
    place: &mut Option<T>,
    meta: &ParseNestedMeta<'_>,
    read: impl FnOnce(&ParseNestedMeta<'_>) -> syn::Result<T>,
) -> syn::Result<()> {
    match place.replace(read(meta)?) {
        None => Ok(()),
        Some(_) => Err(meta.error("this is said twice: keep one")),
    }
}
