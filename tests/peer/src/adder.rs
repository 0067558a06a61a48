//! The smallest server in process: a tool that adds, and one that returns its text.

use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolResult, ErrorData};
use rmcp::{ServiceExt, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};

/// Arguments of `add`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Add {
    a: i64,
    b: i64,
}

/// Arguments of `echo`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Echo {
    text: String,
}

/// A server of two tools that has no state.
#[derive(Debug, Clone, Copy)]
pub struct Adder;

#[tool_router(server_handler)]
impl Adder {
    /// Adds two numbers.
    #[tool(name = "add")]
    async fn add(
        &self,
        Parameters(Add { a, b }): Parameters<Add>,
    ) -> Result<CallToolResult, ErrorData> {
        Ok(CallToolResult::structured(json!({"sum": a.saturating_add(b)})))
    }

    /// Returns the text.
    #[tool(name = "echo")]
    async fn echo(
        &self,
        Parameters(Echo { text }): Parameters<Echo>,
    ) -> Result<CallToolResult, ErrorData> {
        Ok(CallToolResult::structured(json!({"text": text})))
    }
}

impl Adder {
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
