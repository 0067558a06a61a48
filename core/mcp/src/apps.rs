//! MCP Apps: user interfaces of tools (extension `io.modelcontextprotocol/ui`, SEP-1865).
//!
//! A tool names a resource `ui://…`, an HTML document in which a client shows the tool's results.
//! The engine shows this to clients that declare the extension, and to no others.

use crate::json::JsonWriter;
use crate::{Catalog, ClientCapabilities};

/// The extension by which a client shows user interfaces.
pub const EXTENSION: &str = "io.modelcontextprotocol/ui";
/// The media type of a user interface.
pub const MIME: &str = "text/html;profile=mcp-app";
/// What the address of a user interface starts with.
pub const SCHEME: &str = "ui://";

/// What a tool says of its user interface: its `_meta.ui`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ToolUi<'a> {
    /// Address of the resource that shows the tool's results, of [`Catalog::lists`]; may be empty.
    pub resource: &'a str,
    /// Whether a model may see and call the tool. Where not, clients without the extension are not
    /// shown the tool.
    pub for_model: bool,
    /// Whether a user interface of the server may call the tool.
    pub for_app: bool,
}

/// Whether the extension is declared.
pub(crate) fn is_declared<C: Catalog + ?Sized>(catalog: &C) -> bool {
    catalog.may_have_apps() || has_any(catalog)
}

/// Whether some tool has a user interface.
pub(crate) fn has_any<C: Catalog + ?Sized>(catalog: &C) -> bool {
    (0..catalog.count()).any(|tool| catalog.ui(tool).is_some())
}

/// Whether a client is shown a tool at all.
pub(crate) fn is_shown<C: Catalog + ?Sized>(
    catalog: &C,
    tool: u16,
    client: ClientCapabilities,
) -> bool {
    client.apps || catalog.ui(tool).is_none_or(|ui| ui.for_model)
}

/// Writes the member `ui` of a tool's `_meta`.
pub(crate) fn write(ui: &ToolUi<'_>, out: &mut JsonWriter<'_>) {
    let ToolUi { resource, for_model, for_app } = *ui;
    out.raw(b"\"ui\":{");
    if !resource.is_empty() {
        out.raw(b"\"resourceUri\":");
        out.string(resource);
        out.raw(b",");
    }
    out.raw(match (for_model, for_app) {
        (true, true) => b"\"visibility\":[\"model\",\"app\"]}",
        (true, false) => b"\"visibility\":[\"model\"]}",
        (false, true) => b"\"visibility\":[\"app\"]}",
        (false, false) => b"\"visibility\":[]}",
    });
}
