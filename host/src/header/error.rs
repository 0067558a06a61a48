//! Why no C can be made of a list of tools.

use std::fmt;

use trine_ask::CompileError;
use trine_descriptor::check::TableError;
use trine_gateway::table::BadTable;

/// Why no C can be made of a list of tools.
#[derive(Debug, thiserror::Error)]
pub enum HeaderError {
    /// An error with the tool or the parameter where it was found.
    #[error("{place}")]
    At {
        /// The tool or the parameter.
        place: String,
        /// What is wrong there.
        source: Box<Self>,
    },
    /// A text that is not JSON.
    #[error("invalid JSON in the {what}")]
    Json {
        /// Which text.
        what: &'static str,
        /// Why.
        source: serde_json::Error,
    },
    /// JSON without a list.
    #[error("no list of tools: give the result of tools/list, {{\"tools\": [...]}}")]
    NotAList,
    /// A name that no tool can have.
    #[error("invalid tool name '{name}': use 1 to 64 letters, digits, _ and -")]
    ToolName {
        /// The name.
        name: String,
    },
    /// Two tools whose names are one in C.
    #[error("{one} and {two} have the same name in C: rename one")]
    SameName {
        /// A tool.
        one: String,
        /// The other one.
        two: String,
    },
    /// A name that C would have twice.
    #[error("{name} would have two meanings in C: rename a tool, a parameter or a label")]
    DefinedTwice {
        /// The name.
        name: String,
    },
    /// A level of consent that does not exist.
    #[error("invalid _meta trine/consent '{found}': expected none, elicit, operator or device")]
    Consent {
        /// What is there.
        found: String,
    },
    /// A value that is not an object.
    #[error("{what} is not an object: write {{}} where it is empty")]
    NotAnObject {
        /// Which value.
        what: &'static str,
    },
    /// A schema of another type.
    #[error("invalid type {found} of the schema: write \"object\"")]
    SchemaType {
        /// The type.
        found: String,
    },
    /// A label that C cannot have.
    #[error("invalid label in \"enum\": give texts without |")]
    Label,
    /// A schema without a key that its type needs.
    #[error("{what} needs {keys}: add them to its schema")]
    Missing {
        /// The type.
        what: &'static str,
        /// The keys.
        keys: &'static str,
    },
    /// A list as a parameter.
    #[error("a parameter in C cannot be a list: use several parameters")]
    ListParam,
    /// A list that is too long.
    #[error("a list needs \"maxItems\" of at most {most}")]
    Items {
        /// The maximum.
        most: u64,
    },
    /// A type that does not exist.
    #[error(
        "unsupported type '{found}': expected boolean, integer, number, string, object or array"
    )]
    Type {
        /// The type.
        found: String,
    },
    /// A schema of no type.
    #[error("the schema has neither \"type\" nor \"enum\": add one")]
    NoType,
    /// A number with too many decimals.
    #[error("a number has at most {most} decimals: shorten \"multipleOf\" and the bounds")]
    Places {
        /// The maximum.
        most: u8,
    },
    /// A number with more decimals than its parameter.
    #[error("invalid number {text}: give one of at most {places} decimals")]
    Number {
        /// The number.
        text: String,
        /// The maximum.
        places: u8,
    },
    /// A default of another type.
    #[error("invalid default {value}: give a value of the parameter's type")]
    Default {
        /// The default.
        value: String,
    },
    /// A condition that names no label.
    #[error("\"if\" names no label of a choice: give a parameter with an \"enum\", and \"const\"")]
    Condition,
    /// A condition for a parameter that does not exist.
    #[error("\"then\" requires {name}, which is not a parameter: remove it")]
    NotAMember {
        /// The parameter.
        name: String,
    },
    /// A parameter that is too large for a table.
    #[error("more {what} than a table holds: use fewer")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
    },
    /// A tool of `--device` that is not in the list.
    #[error("the list has no tool {name}: remove it from the file of --device")]
    UnknownTool {
        /// The tool.
        name: String,
    },
    /// A value in the file of `--device`.
    #[error("invalid {key} {value}: expected {expected}")]
    Value {
        /// The key.
        key: String,
        /// The value.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A key in the file of `--device`.
    #[error(
        "unknown key {key}: expected version, deadline_ms, pending_bytes, fail_safe, units or \
         result_units"
    )]
    UnknownKey {
        /// The key.
        key: String,
    },
    /// A unit of a parameter that is no number.
    #[error("{name} is not a number, so it has no unit: remove the unit")]
    UnitOfText {
        /// The parameter.
        name: String,
    },
    /// A unit of a parameter that does not exist.
    #[error("unit for {name}, which is not a parameter: remove the unit")]
    UnknownMember {
        /// The parameter.
        name: String,
    },
    /// A table that breaks a rule of descriptors.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A list that is no table.
    #[error(transparent)]
    BadTable(#[from] BadTable),
    /// A table that is too long for its offsets.
    #[error("the table takes more than 65,535 bytes: split it")]
    TooLong,
    /// A packed table that is not what was packed.
    #[error("the packed table differs from the list: report this as a bug")]
    Packed,
    /// Tools of which no grammar can be made.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// A list of tools for sentences.
    #[error(transparent)]
    Models(Box<trine_models::Error>),
}

impl HeaderError {
    /// The error with the tool or the parameter where it was found.
    pub(super) fn at(self, place: impl fmt::Display) -> Self {
        Self::At { place: place.to_string(), source: Box::new(self) }
    }
}

impl From<trine_models::Error> for HeaderError {
    fn from(error: trine_models::Error) -> Self {
        Self::Models(Box::new(error))
    }
}

/// A result with a [`HeaderError`].
pub(crate) type Result<T> = std::result::Result<T, HeaderError>;
