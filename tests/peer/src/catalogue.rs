//! The board's tools, read from the two JSON files that the firmware also serves.

use std::fmt;
use std::sync::Arc;

use jsonschema::Validator;
use jsonschema::error::{ValidationError, ValidationErrorKind};
use rmcp::model::{JsonObject, Tool};
use serde_json::Value;

const TOOLS_JSON: &str = include_str!("../../../firmware-example/board/tools.json");
const CAMERA_JSON: &str = include_str!("../../../firmware-example/board/camera.json");

/// Why the tool files could not be used.
#[derive(Debug)]
pub enum CatalogueError {
    /// A file is not JSON, or a tool in it is not an MCP tool object.
    Json(serde_json::Error),
    /// A tool's input schema does not compile.
    Schema(String),
}

impl fmt::Display for CatalogueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(f, "tool files: {error}"),
            Self::Schema(text) => write!(f, "tool files: {text}"),
        }
    }
}

impl std::error::Error for CatalogueError {}

impl From<serde_json::Error> for CatalogueError {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error)
    }
}

/// One tool with its compiled input schema.
#[derive(Debug)]
pub struct BoardTool {
    /// The tool object as it is listed.
    pub tool: Tool,
    input: Validator,
}

impl BoardTool {
    /// Checks arguments against the input schema.
    ///
    /// # Errors
    ///
    /// A sentence that names the tool, the parameter and the bound of the first thing wrong.
    pub fn check(&self, arguments: &JsonObject) -> Result<(), String> {
        let instance = Value::Object(arguments.clone());
        self.input.validate(&instance).map_err(|error| match error.kind() {
            // The validator does not name what `additionalProperties: false` alone refuses.
            ValidationErrorKind::FalseSchema => {
                let names: Vec<&str> = arguments.keys().map(String::as_str).collect();
                format!("{}: unknown argument {}", self.tool.name, names.join(", "))
            }
            _ => sentence(&self.tool.name, &error),
        })
    }
}

/// All tools of the board, in the order of the files.
#[derive(Debug, Clone)]
pub struct Catalogue {
    tools: Arc<[BoardTool]>,
}

impl Catalogue {
    /// Reads the two tool files, which are part of this program.
    ///
    /// # Errors
    ///
    /// When a file does not hold MCP tool objects with valid schemas.
    pub fn load() -> Result<Self, CatalogueError> {
        let mut tools = Vec::new();
        for text in [TOOLS_JSON, CAMERA_JSON] {
            let file: Value = serde_json::from_str(text)?;
            for value in file["tools"].as_array().into_iter().flatten() {
                let tool: Tool = serde_json::from_value(value.clone())?;
                let input = jsonschema::validator_for(&value["inputSchema"])
                    .map_err(|error| CatalogueError::Schema(format!("{}: {error}", tool.name)))?;
                tools.push(BoardTool { tool, input });
            }
        }
        Ok(Self { tools: tools.into() })
    }

    /// The tools as they are listed.
    pub fn listed(&self) -> Vec<Tool> {
        self.tools.iter().map(|entry| entry.tool.clone()).collect()
    }

    /// The tool of that name.
    pub fn get(&self, name: &str) -> Option<&BoardTool> {
        self.tools.iter().find(|entry| entry.tool.name == name)
    }
}

/// Turns a validation error into a sentence with tool, parameter and bound.
fn sentence(tool: &str, error: &ValidationError<'_>) -> String {
    let place = error.instance_path().to_string();
    let parameter = place.trim_start_matches('/');
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            format!("{tool}: argument {property} is required, but missing")
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            format!("{tool}: unknown argument {}", unexpected.join(", "))
        }
        _ => format!("{tool}: {parameter}: {error}"),
    }
}
