//! Why JSON is no list of tools, or no arguments of one.

/// Why JSON is no list of tools, or no arguments of one.
#[derive(Debug, thiserror::Error)]
pub enum ToolsError {
    /// An error with the tool, and the parameter, where it was found.
    #[error("{place}")]
    At {
        /// `TOOL`, or `TOOL.PARAMETER`.
        place: String,
        /// What is wrong there.
        source: Box<Self>,
    },
    /// A text that is not JSON.
    #[error("invalid JSON in the list of tools")]
    Json(#[source] serde_json::Error),
    /// JSON without a list.
    #[error("no list of tools: give an array, or an object with an array \"tools\"")]
    NotAList,
    /// A list of nothing.
    #[error("the list of tools is empty: add a tool")]
    Empty,
    /// A tool without a name.
    #[error("a tool has no \"name\": add one")]
    Unnamed,
    /// Two tools of the same name.
    #[error("duplicate tool {name}: rename one")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// A key that is not an object.
    #[error("\"{key}\" is not an object: write {{}} where there are no parameters")]
    NotAnObject {
        /// The key.
        key: &'static str,
    },
    /// An `inputSchema` of another type.
    #[error("invalid type {found} of \"inputSchema\": write \"object\"")]
    SchemaType {
        /// The type that was found.
        found: String,
    },
    /// A parameter whose bounds exclude every value.
    #[error("\"minimum\" {min} is above \"maximum\" {max}: swap them")]
    Bounds {
        /// The minimum.
        min: f64,
        /// The maximum.
        max: f64,
    },
    /// A step that has more digits than a parameter.
    #[error("invalid \"multipleOf\" {step}: give a positive step of at most 8 decimals")]
    Step {
        /// The step.
        step: f64,
    },
    /// Labels that are not texts.
    #[error("invalid \"enum\": give one or more texts")]
    Labels,
    /// A label that has no text, or a bar in it.
    #[error("invalid label '{label}' in \"enum\": a label is not empty and has no |")]
    Label {
        /// The label.
        label: String,
    },
    /// A label that occurs twice.
    #[error("duplicate label '{label}' in \"enum\": remove one")]
    DuplicateLabel {
        /// The label.
        label: String,
    },
    /// A type that no parameter has.
    #[error("unsupported parameter type {found}: expected boolean, integer, number or string")]
    Type {
        /// The type.
        found: String,
    },
    /// Arguments that are not an object.
    #[error("the arguments are not a JSON object: write {{...}}")]
    Arguments,
    /// An argument for a parameter that the tool does not have.
    #[error("{tool} has no parameter {param}: remove it")]
    UnknownParam {
        /// The tool.
        tool: String,
        /// The parameter.
        param: String,
    },
    /// An argument of another type than its parameter.
    #[error("invalid value {value} for {param}: give a value of its type")]
    Value {
        /// The parameter.
        param: String,
        /// The value.
        value: String,
    },
}

impl ToolsError {
    /// The error with the tool, or the tool and its parameter, where it was found.
    pub(crate) fn at(self, place: impl Into<String>) -> Self {
        Self::At { place: place.into(), source: Box::new(self) }
    }
}
