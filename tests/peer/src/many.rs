//! A server of any number of tools in process: what long lists and calls are compared with.

use std::sync::Arc;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ErrorData, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::{RequestContext, RoleServer};
use rmcp::{ServerHandler, ServiceExt};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};

/// A server that lists these tools, and answers every call of one of them: with the text that it
/// was given, if there is one, else with the number of arguments. It checks no argument.
#[derive(Debug, Clone)]
pub struct Many {
    tools: Arc<[Tool]>,
}

impl Many {
    /// A server of the tools of an answer to `tools/list`.
    ///
    /// # Errors
    ///
    /// When they are no tools.
    pub fn new(tools: Value) -> Result<Self, serde_json::Error> {
        Ok(Self { tools: serde_json::from_value::<Vec<Tool>>(tools)?.into() })
    }

    /// Serves one connection until it ends.
    ///
    /// # Errors
    /// What rmcp says when the connection does not open or ends badly.
    pub async fn run<T>(self, connection: T) -> Result<(), Box<dyn std::error::Error + Send + Sync>>
    where
        T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        self.serve(connection).await?.waiting().await?;
        Ok(())
    }
}

impl ServerHandler for Many {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.tools.to_vec()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if !self.tools.iter().any(|tool| tool.name == request.name) {
            let text = format!("Unknown tool: {}", request.name);
            return Err(ErrorData::invalid_params(text, None));
        }
        let mut arguments = request.arguments.unwrap_or_default();
        let result = match arguments.remove("text") {
            Some(text) => json!({"text": text}),
            None => json!({"given": arguments.len()}),
        };
        Ok(CallToolResult::structured(result).into())
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.tools.iter().find(|tool| tool.name == name).cloned()
    }
}
