//! A server of one tool, `fan_set`, as rmcp's own examples are written.

use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolResult, ContentBlock};
use rmcp::{tool, tool_router};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Arguments of `fan_set`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FanSet {
    /// Percent of full speed.
    #[schemars(range(min = 0, max = 100))]
    percent: i64,
}

/// Result of `fan_set`.
#[derive(Debug, Serialize)]
struct FanState {
    percent: i64,
}

/// The server; it has no state but the tools.
#[derive(Debug, Clone)]
pub struct Minimal;

#[tool_router(server_handler)]
impl Minimal {
    /// Set the speed of the ventilation fan in percent of full speed; 0 stops it.
    #[tool(name = "fan_set")]
    async fn fan_set(
        &self,
        Parameters(FanSet { percent }): Parameters<FanSet>,
    ) -> Result<CallToolResult, rmcp::ErrorData> {
        if !(0..=100).contains(&percent) {
            let text = format!("fan_set: percent must be from 0 to 100, but is {percent}");
            return Ok(CallToolResult::error(vec![ContentBlock::text(text)]));
        }
        let state = serde_json::to_value(FanState { percent })
            .map_err(|error| rmcp::ErrorData::internal_error(error.to_string(), None))?;
        Ok(CallToolResult::structured(state))
    }
}

impl Minimal {
    /// What clients are shown of its tool.
    #[must_use]
    pub fn tool() -> rmcp::model::Tool {
        Self::fan_set_tool_attr()
    }
}
