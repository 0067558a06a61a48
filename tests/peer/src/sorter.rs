//! A server of one tool that sorts integers: `own_tools`, an example of the gateway, by rmcp.

use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolResult, ErrorData};
use rmcp::{tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Arguments of `sort`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Sort {
    /// The integers to sort.
    values: Vec<i64>,
}

/// The server; it has no state but the tool.
#[derive(Debug, Clone, Copy)]
pub struct Sorter;

#[tool_router(server_handler)]
impl Sorter {
    /// Sort integers.
    #[tool(name = "sort")]
    async fn sort(
        &self,
        Parameters(Sort { mut values }): Parameters<Sort>,
    ) -> Result<CallToolResult, ErrorData> {
        if let Some(value) = values.iter().find(|value| !(-1_000_000..=1_000_000).contains(*value))
        {
            let why = format!("values must be from -1000000 to 1000000, but one is {value}");
            return Err(ErrorData::invalid_params(why, None));
        }
        values.sort_unstable();
        Ok(CallToolResult::structured(json!({"values": values})))
    }
}
