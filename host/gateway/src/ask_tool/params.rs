//! The parameters of all tools, as one object has them.

use trine_descriptor::{DecimalRange, Field, IntRange, Kind, Side, ToolTable as _};

use crate::table::Table;

/// A parameter of some of the tools.
pub(super) struct Param<'a> {
    name: &'a str,
    kind: Kind<'a>,
    /// The labels of a choice.
    labels: String,
}

impl Param<'_> {
    pub(super) fn field(&self) -> Field<'_> {
        let kind = match self.kind {
            Kind::Choice(_) => Kind::Choice(&self.labels),
            kind => kind,
        };
        Field::new(self.name, kind).optional()
    }

    /// Lets it have the values of another one too; as a text, where the two are of other types.
    fn take(&mut self, other: Kind<'_>) {
        self.kind = match (self.kind, other) {
            (Kind::Bool, Kind::Bool) => Kind::Bool,
            (Kind::Int(one), Kind::Int(other)) => {
                Kind::Int(IntRange { min: one.min.min(other.min), max: one.max.max(other.max) })
            }
            (Kind::Decimal(one), Kind::Decimal(other)) if one.places == other.places => {
                Kind::Decimal(DecimalRange {
                    min: one.min.min(other.min),
                    max: one.max.max(other.max),
                    step: if one.step == other.step { one.step } else { 1 },
                    places: one.places,
                })
            }
            (Kind::Text { min, max }, Kind::Text { min: least, max: most }) => {
                Kind::Text { min: min.min(least), max: max.max(most) }
            }
            (Kind::Choice(labels), Kind::Choice(_)) => {
                for label in other.labels() {
                    if !self.labels.split('|').any(|known| known == label) {
                        self.labels.push('|');
                        self.labels.push_str(label);
                    }
                }
                Kind::Choice(labels)
            }
            _ => Kind::Text { min: 0, max: u16::MAX },
        };
    }
}

/// The parameters that a call can have, each name once.
pub(super) fn merged(tools: &Table, known: u16) -> Vec<Param<'_>> {
    let mut params: Vec<Param<'_>> = Vec::new();
    for tool in 0..known {
        let nodes = tools.nodes(tool, Side::Params).unwrap_or_default();
        let mut at = 0;
        while let Some(field) = nodes.get(at) {
            at += 1 + field.kind.nodes();
            if field.kind.is_container() {
                continue;
            }
            match params.iter_mut().find(|param| param.name == field.name) {
                Some(param) => param.take(field.kind),
                None => {
                    let labels: Vec<&str> = field.kind.labels().collect();
                    let labels = labels.join("|");
                    params.push(Param { name: field.name, kind: field.kind, labels });
                }
            }
        }
    }
    params
}
