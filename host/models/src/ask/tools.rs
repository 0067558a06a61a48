//! A list of tools out of JSON, as a table: what decoding needs of it, and no results.

use self_cell::self_cell;
use serde_json::{Map, Value};
use trine_ask::Call;
use trine_descriptor::{Field, Side, ToolInfo, ToolTable};

use crate::Result;
use crate::tools::{LeftOut, ToolText, arguments, fields, joined, parse_all};

/// Tools with their texts, and the labels of each parameter as descriptors have them.
#[derive(Debug)]
struct Texts {
    tools: Vec<ToolText>,
    labels: Vec<Vec<String>>,
    left_out: Vec<LeftOut>,
}

type Fields<'a> = Vec<Vec<Field<'a>>>;

self_cell!(
    struct Cell {
        owner: Texts,
        #[covariant]
        dependent: Fields,
    }
    impl {Debug}
);

/// A list of tools, read as training reads it.
#[derive(Debug)]
pub struct ToolList(Cell);

impl ToolList {
    /// Reads an array of MCP tool objects, or an object whose `tools` is one. A tool may also have
    /// `parameters` in place of `inputSchema`, as lists of examples have it.
    ///
    /// # Errors
    /// With the tool and the parameter that is wrong.
    pub fn parse(text: &str) -> Result<Self> {
        let (tools, left_out) = parse_all(text)?;
        let labels = joined(&tools);
        let texts = Texts { tools, labels, left_out };
        Ok(Self(Cell::new(texts, |texts| fields(&texts.tools, &texts.labels))))
    }

    /// The parameters, and tools, that have no form here.
    #[must_use]
    pub fn left_out(&self) -> &[LeftOut] {
        &self.0.borrow_owner().left_out
    }
}

impl ToolTable for ToolList {
    fn count(&self) -> u16 {
        u16::try_from(self.0.borrow_owner().tools.len()).unwrap_or(u16::MAX)
    }

    fn info(&self, tool: u16) -> Option<ToolInfo<'_>> {
        let text = self.0.borrow_owner().tools.get(usize::from(tool))?;
        let info = ToolInfo::new(&text.name, &text.description);
        Some(ToolInfo { title: &text.title, annotations: text.annotations, ..info })
    }

    fn node_count(&self, tool: u16, side: Side) -> u16 {
        let nodes = self.nodes(tool, side).map_or(0, <[_]>::len);
        u16::try_from(nodes).unwrap_or(u16::MAX)
    }

    fn node(&self, tool: u16, side: Side, node: u16) -> Option<Field<'_>> {
        self.nodes(tool, side)?.get(usize::from(node)).copied()
    }

    fn nodes(&self, tool: u16, side: Side) -> Option<&[Field<'_>]> {
        match side {
            Side::Params => self.0.borrow_dependent().get(usize::from(tool)).map(Vec::as_slice),
            Side::Output => Some(&[]),
        }
    }
}

/// The arguments of a call as JSON.
#[must_use]
pub fn arguments_json(table: &dyn ToolTable, call: &Call<'_>) -> Map<String, Value> {
    arguments(|node| table.node(call.tool(), Side::Params, node), call.arguments())
}
