//! Which schemas are taken. What the validator would pass over in silence, or could be made to
//! spend without end on, is refused.

use std::collections::HashMap;

use jsonschema::Draft;
use serde_json::{Map, Value};

use super::{refused, shortened};
use crate::error::Result;

/// Most subschemas of a schema in which each `$ref` is replaced by what it refers to.
const UNROLLED_MAX: u64 = 10_000;
/// Most levels of such a schema.
const LEVELS_MAX: usize = 128;
/// Most patterns of a schema.
const PATTERNS_MAX: usize = 64;

/// What a keyword has for its value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// No schema.
    Data,
    Schema,
    Schemas,
    /// A schema for each name.
    Named,
    /// A schema, or in draft 7 a list of them.
    Items,
    /// A schema or a list of names for each name.
    Dependencies,
}

/// The drafts that know a keyword.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum In {
    Both,
    Draft7,
    Newest,
}

/// The supported keywords; decision 64 lists them.
pub(super) const KEYWORDS: &[(&str, Holds, In)] = &[
    ("$comment", Holds::Data, In::Both),
    ("$defs", Holds::Named, In::Newest),
    ("$ref", Holds::Data, In::Both),
    ("additionalItems", Holds::Schema, In::Draft7),
    ("additionalProperties", Holds::Schema, In::Both),
    ("allOf", Holds::Schemas, In::Both),
    ("anyOf", Holds::Schemas, In::Both),
    ("const", Holds::Data, In::Both),
    ("contains", Holds::Schema, In::Both),
    ("contentEncoding", Holds::Data, In::Newest),
    ("contentMediaType", Holds::Data, In::Newest),
    ("default", Holds::Data, In::Both),
    ("definitions", Holds::Named, In::Both),
    ("dependencies", Holds::Dependencies, In::Draft7),
    ("dependentRequired", Holds::Data, In::Newest),
    ("dependentSchemas", Holds::Named, In::Newest),
    ("deprecated", Holds::Data, In::Both),
    ("description", Holds::Data, In::Both),
    ("else", Holds::Schema, In::Both),
    ("enum", Holds::Data, In::Both),
    ("examples", Holds::Data, In::Both),
    ("exclusiveMaximum", Holds::Data, In::Both),
    ("exclusiveMinimum", Holds::Data, In::Both),
    ("format", Holds::Data, In::Both),
    ("if", Holds::Schema, In::Both),
    ("items", Holds::Items, In::Both),
    ("maxContains", Holds::Data, In::Newest),
    ("maxItems", Holds::Data, In::Both),
    ("maxLength", Holds::Data, In::Both),
    ("maxProperties", Holds::Data, In::Both),
    ("maximum", Holds::Data, In::Both),
    ("minContains", Holds::Data, In::Newest),
    ("minItems", Holds::Data, In::Both),
    ("minLength", Holds::Data, In::Both),
    ("minProperties", Holds::Data, In::Both),
    ("minimum", Holds::Data, In::Both),
    ("multipleOf", Holds::Data, In::Both),
    ("not", Holds::Schema, In::Both),
    ("oneOf", Holds::Schemas, In::Both),
    ("pattern", Holds::Data, In::Both),
    ("patternProperties", Holds::Named, In::Both),
    ("prefixItems", Holds::Schemas, In::Newest),
    ("properties", Holds::Named, In::Both),
    ("propertyNames", Holds::Schema, In::Both),
    ("readOnly", Holds::Data, In::Both),
    ("required", Holds::Data, In::Both),
    ("then", Holds::Schema, In::Both),
    ("title", Holds::Data, In::Both),
    ("type", Holds::Data, In::Both),
    ("unevaluatedItems", Holds::Schema, In::Newest),
    ("unevaluatedProperties", Holds::Schema, In::Newest),
    ("uniqueItems", Holds::Data, In::Both),
    ("writeOnly", Holds::Data, In::Both),
];

/// What `$ref` may have next to it in draft 7, which passes over the rest.
const NEXT_TO_REF: [&str; 8] =
    ["$ref", "$schema", "$comment", "title", "description", "default", "examples", "definitions"];

/// Checks a schema, and answers its draft.
pub(super) fn check(schema: &Value) -> Result<Draft> {
    let Value::Object(members) = schema else {
        return Err(refused("", "a schema of a tool must be a JSON object"));
    };
    let draft = draft(members)?;
    let meta = match draft {
        Draft::Draft7 => jsonschema::draft7::meta::validate(schema),
        _ => jsonschema::draft202012::meta::validate(schema),
    };
    if let Err(error) = meta {
        return Err(refused(error.instance_path().as_str(), super::sentence(&error, "it")));
    }
    if members.get("type").and_then(Value::as_str) != Some("object") {
        return Err(refused("/type", "a schema of a tool must say \"type\": \"object\""));
    }
    let mut found = Found { draft, schemas: HashMap::new(), patterns: 0 };
    found.walk(String::new(), schema)?;
    let mut unrolled = Unrolled { found: &found, sizes: HashMap::new() };
    unrolled.size("", 0)?;
    // What nothing refers to is compiled as well.
    for place in found.schemas.keys() {
        unrolled.size(place, 0)?;
    }
    Ok(draft)
}

fn draft(members: &Map<String, Value>) -> Result<Draft> {
    let Some(named) = members.get("$schema") else { return Ok(Draft::Draft202012) };
    match named.as_str().map(|uri| uri.trim_end_matches('#')) {
        Some("https://json-schema.org/draft/2020-12/schema") => Ok(Draft::Draft202012),
        Some("http://json-schema.org/draft-07/schema") => Ok(Draft::Draft7),
        _ => {
            let named = shortened(&named.to_string(), 80);
            let why = format!("{named} is not supported: use draft-07 or 2020-12");
            Err(refused("/$schema", why))
        }
    }
}

/// The subschemas by their JSON Pointers.
struct Found<'s> {
    draft: Draft,
    schemas: HashMap<String, Node<'s>>,
    patterns: usize,
}

#[derive(Default)]
struct Node<'s> {
    inner: Vec<String>,
    refers: Option<&'s str>,
}

impl<'s> Found<'s> {
    fn walk(&mut self, place: String, schema: &'s Value) -> Result<()> {
        let Value::Object(members) = schema else {
            self.schemas.insert(place, Node::default());
            return Ok(());
        };
        let mut node = Node::default();
        for (keyword, value) in members {
            let at = format!("{place}/{}", escaped(keyword));
            let holds = self.keyword(members, keyword, &at)?;
            match (keyword.as_str(), value) {
                ("$ref", Value::String(target)) => node.refers = Some(reference(target, &at)?),
                ("format", Value::String(name)) => self.format(name, &at)?,
                ("pattern", _) => self.pattern(1, &at)?,
                ("patternProperties", Value::Object(all)) => self.pattern(all.len(), &at)?,
                _ => {}
            }
            let inner: Vec<(String, &Value)> = match (holds, value) {
                (Holds::Data, _) => continue,
                (Holds::Schemas | Holds::Items, Value::Array(all)) => {
                    all.iter().enumerate().map(|(i, it)| (format!("{at}/{i}"), it)).collect()
                }
                (Holds::Named | Holds::Dependencies, Value::Object(all)) => {
                    all.iter().map(|(name, it)| (format!("{at}/{}", escaped(name)), it)).collect()
                }
                _ => vec![(at, value)],
            };
            for (place, schema) in inner {
                // The dependencies of draft 7 may be lists of names.
                if !schema.is_object() && !schema.is_boolean() {
                    continue;
                }
                node.inner.push(place.clone());
                self.walk(place, schema)?;
            }
        }
        self.schemas.insert(place, node);
        Ok(())
    }

    /// What a keyword holds, where it is supported.
    fn keyword(&self, members: &Map<String, Value>, keyword: &str, at: &str) -> Result<Holds> {
        if self.draft == Draft::Draft7
            && members.contains_key("$ref")
            && !NEXT_TO_REF.contains(&keyword)
        {
            let why = "draft 7 ignores keywords next to $ref: put them into allOf, or use 2020-12";
            return Err(refused(at, why));
        }
        // At its top a schema says which draft it is of, and may have a name.
        if matches!(at, "/$schema" | "/$id") {
            return Ok(Holds::Data);
        }
        let draft = if self.draft == Draft::Draft7 { In::Draft7 } else { In::Newest };
        let known = KEYWORDS.iter().find(|known| known.0 == keyword);
        match known {
            Some((_, holds, of)) if *of == In::Both || *of == draft => Ok(*holds),
            Some(_) => Err(refused(at, "this draft does not have the keyword")),
            None => Err(refused(at, "the keyword is not supported")),
        }
    }

    fn format(&self, name: &str, at: &str) -> Result<()> {
        if jsonschema::options().is_known_format(self.draft, name) {
            return Ok(());
        }
        let why = format!("the format '{}' is not supported", shortened(name, 80));
        Err(refused(at, why))
    }

    fn pattern(&mut self, count: usize, at: &str) -> Result<()> {
        self.patterns += count;
        if self.patterns > PATTERNS_MAX {
            return Err(refused(at, format!("a schema has at most {PATTERNS_MAX} patterns")));
        }
        Ok(())
    }
}

/// The JSON Pointer of a reference.
fn reference<'s>(target: &'s str, at: &str) -> Result<&'s str> {
    let Some(pointer) = target.strip_prefix('#') else {
        let why = "a $ref to another document is not followed: put the schema into $defs";
        return Err(refused(at, why));
    };
    Ok(pointer)
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// How large the schema is with each reference replaced.
struct Unrolled<'f, 's> {
    found: &'f Found<'s>,
    /// Subschemas and levels of each place; `None` while it is being counted.
    sizes: HashMap<&'f str, Option<(u64, usize)>>,
}

impl<'f> Unrolled<'f, '_> {
    fn size(&mut self, place: &str, level: usize) -> Result<(u64, usize)> {
        let found = self.found;
        let Some((place, node)) = found.schemas.get_key_value(place) else {
            return Err(refused(place, "no schema is there: $ref must point to one"));
        };
        match self.sizes.get(place.as_str()) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => {
                return Err(refused(place, "a $ref in a circle is not supported"));
            }
            None => {}
        }
        if level > LEVELS_MAX {
            return Err(refused(place, too_deep()));
        }
        self.sizes.insert(place, None);
        let (mut count, mut levels) = (1u64, 0);
        for inner in node.inner.iter().map(String::as_str).chain(node.refers) {
            let (more, below) = self.size(inner, level + 1)?;
            count = count.saturating_add(more);
            levels = levels.max(below + 1);
        }
        if count > UNROLLED_MAX {
            let why = format!("with its references it has more than {UNROLLED_MAX} subschemas");
            return Err(refused(place, why));
        }
        if levels > LEVELS_MAX {
            return Err(refused(place, too_deep()));
        }
        self.sizes.insert(place, Some((count, levels)));
        Ok((count, levels))
    }
}

fn too_deep() -> String {
    format!("with its references it is more than {LEVELS_MAX} levels deep")
}
