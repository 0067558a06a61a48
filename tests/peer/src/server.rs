//! The rmcp server around the greenhouse.

use std::sync::{Arc, Mutex, PoisonError};

use rmcp::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData,
    Implementation, JsonObject, ListToolsResult, PaginatedRequestParams, ServerCapabilities,
    ServerConfig, Tool,
};
use rmcp::service::{RequestContext, RoleServer};

use crate::catalogue::{Catalogue, CatalogueError};
use crate::greenhouse::{Greenhouse, Pace};
use crate::picture::plant_bed;

/// The server: the tools of the board, answered from a greenhouse in memory.
#[derive(Debug, Clone)]
pub struct PeerBoard {
    catalogue: Catalogue,
    greenhouse: Arc<Mutex<Greenhouse>>,
    pace: Pace,
}

impl PeerBoard {
    /// A board that has just been switched on.
    ///
    /// # Errors
    ///
    /// When the tool files do not hold valid tools.
    pub fn new(pace: Pace) -> Result<Self, CatalogueError> {
        let catalogue = Catalogue::load()?;
        Ok(Self { catalogue, greenhouse: Arc::default(), pace })
    }

    /// Puts the board back to the state after switching on.
    pub fn reset(&self) {
        *self.greenhouse.lock().unwrap_or_else(PoisonError::into_inner) = Greenhouse::default();
    }

    async fn run(&self, name: &str, arguments: &JsonObject) -> Result<CallToolResult, ErrorData> {
        let wait = self.pace.wait(name);
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        let mut greenhouse = self.greenhouse.lock().unwrap_or_else(PoisonError::into_inner);
        if name == "camera_snap" {
            greenhouse.count_entry();
            return snap(arguments);
        }
        Ok(match greenhouse.enter(name, arguments) {
            Ok(value) => CallToolResult::structured(value),
            Err(refusal) => CallToolResult::error(vec![ContentBlock::text(refusal.0)]),
        })
    }
}

fn snap(arguments: &JsonObject) -> Result<CallToolResult, ErrorData> {
    let large = arguments.get("size").and_then(|size| size.as_str()) == Some("large");
    let (width, height) = if large { (160, 120) } else { (64, 48) };
    let png = plant_bed(width, height)
        .map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
    let data = base64_text(&png);
    Ok(CallToolResult::success(vec![ContentBlock::image(data, "image/png")]))
}

fn base64_text(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

impl ServerHandler for PeerBoard {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("trine-peer", env!("CARGO_PKG_VERSION")))
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        // The list fits one page, so no cursor was ever given out.
        if request.is_some_and(|params| params.cursor.is_some()) {
            return Err(ErrorData::invalid_params("unknown cursor", None));
        }
        Ok(ListToolsResult::with_all_items(self.catalogue.listed()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(entry) = self.catalogue.get(&request.name) else {
            let text = format!("Unknown tool: {}", request.name);
            return Err(ErrorData::invalid_params(text, None));
        };
        let arguments = request.arguments.unwrap_or_default();
        if let Err(text) = entry.check(&arguments) {
            return Ok(CallToolResult::error(vec![ContentBlock::text(text)]).into());
        }
        self.run(&request.name, &arguments).await.map(Into::into)
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.catalogue.get(name).map(|entry| entry.tool.clone())
    }
}
