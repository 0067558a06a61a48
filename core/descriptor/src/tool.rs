//! A tool: its head and its nodes.

use crate::{Field, record};

/// What a call does to the world, as MCP's tool annotations say it.
///
/// The bits are hints for clients. Whether a person must agree is [`Consent`], never a hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Annotations(pub u8);

impl Annotations {
    /// The tool changes nothing.
    pub const READ_ONLY: u8 = 1;
    /// The tool may destroy or release something.
    pub const DESTRUCTIVE: u8 = 2;
    /// Repeating a call with the same arguments changes nothing more.
    pub const IDEMPOTENT: u8 = 4;
    /// The tool reaches beyond the device.
    pub const OPEN_WORLD: u8 = 8;
    /// Only a host can judge the arguments wholly, so it has to prove who it is. No hint: the
    /// device refuses an untagged call.
    pub const HOST_VALIDATED: u8 = 16;

    /// Whether every bit of `bits` is set.
    #[must_use]
    pub const fn has(self, bits: u8) -> bool {
        self.0 & bits == bits
    }

    /// Whether a lost call may be sent again without asking anyone.
    #[must_use]
    pub const fn repeatable(self) -> bool {
        self.0 & (Self::READ_ONLY | Self::IDEMPOTENT) != 0
    }
}

/// Who must agree before a call runs. Configuration may raise the level, never lower it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
#[repr(u8)]
pub enum Consent {
    /// No one.
    #[default]
    None = 0,
    /// The person who uses the client, asked through it, or a person at the board.
    Elicit = 1,
    /// An operator, on a channel that no client reaches, or a person at the board.
    Operator = 2,
    /// A person at the board, by a physical input, and nothing else.
    Device = 3,
}

impl Consent {
    /// The level of a number from the wire; a number from the future asks for the most.
    #[must_use]
    pub const fn from_u8(level: u8) -> Self {
        match level {
            0 => Self::None,
            1 => Self::Elicit,
            2 => Self::Operator,
            _ => Self::Device,
        }
    }

    /// The name used in `_meta` of a tool: `none`, `elicit`, `operator` or `device`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Elicit => "elicit",
            Self::Operator => "operator",
            Self::Device => "device",
        }
    }
}

/// Which states a tool brings its actuator to safety in, without being called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct FailSafe(pub u8);

impl FailSafe {
    /// The tool acts when the link to the host is lost.
    pub const LINK_LOST: u8 = 1;
    /// The tool acts when the device starts.
    pub const RESET: u8 = 2;
}

/// What a call of the tool may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Limits {
    /// Longest a call may take in milliseconds; 0 takes the dispatcher's default.
    pub deadline_ms: u32,
    /// Bytes that a call owns while it is pending; 0 for a tool that never is.
    pub pending_bytes: u16,
}

/// Everything about a tool but its nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToolInfo<'a> {
    /// Unique name, `[A-Za-z0-9_-]{1,64}`.
    pub name: &'a str,
    /// Short name for people; may be empty.
    pub title: &'a str,
    /// What it does, for a person or a model.
    pub description: &'a str,
    /// Version of the tool, semver; may be empty.
    pub version: &'a str,
    /// Hints for clients.
    pub annotations: Annotations,
    /// Who must agree.
    pub consent: Consent,
    /// What it does by itself.
    pub fail_safe: FailSafe,
    /// What a call may use.
    pub limits: Limits,
    /// Whether it answers content blocks (an image, say) in place of a structured result.
    pub content: bool,
}

impl<'a> ToolInfo<'a> {
    /// A tool with a name and a description and nothing special.
    #[must_use]
    pub const fn new(name: &'a str, description: &'a str) -> Self {
        Self {
            name,
            title: "",
            description,
            version: "",
            annotations: Annotations(0),
            consent: Consent::None,
            fail_safe: FailSafe(0),
            limits: Limits { deadline_ms: 0, pending_bytes: 0 },
            content: false,
        }
    }
}

/// A tool of a Rust table: the head, the nodes, and the hash of both.
///
/// ```
/// use trine_descriptor::{Field, IntRange, Kind, Side, Tool, ToolInfo, validate};
///
/// const PERCENT: Kind<'static> = Kind::Int(IntRange { min: 0, max: 100 });
/// static TOOLS: [Tool<'static>; 1] = [Tool::new(
///     ToolInfo::new("fan_set", "Set the speed of the fan."),
///     &[Field::new("percent", PERCENT).describe("Percent of full speed.")],
///     &[],
/// )];
///
/// let forty = [0, 2, 80]; // node 0, an integer, 40 as zigzag
/// assert_eq!(validate(&TOOLS, 0, Side::Params, &forty), Ok(()));
/// let more = [0, 2, 0xca, 1]; // 101
/// assert!(validate(&TOOLS, 0, Side::Params, &more).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tool<'a> {
    /// The head.
    pub info: ToolInfo<'a>,
    /// Parameters, flat in pre-order.
    pub params: &'a [Field<'a>],
    /// Result, flat in pre-order; empty when the tool answers no structured result.
    pub output: &'a [Field<'a>],
    /// What its schemas say beyond the nodes, for clients: records of [`crate::extras`].
    pub extras: &'a [u8],
    hash: u64,
}

impl<'a> Tool<'a> {
    /// Puts a tool together and hashes it, at compile time in a `const`.
    #[must_use]
    pub const fn new(info: ToolInfo<'a>, params: &'a [Field<'a>], output: &'a [Field<'a>]) -> Self {
        let mut out = record::Encoder::new(&mut [], 0);
        out.tool(&info, params, output);
        Self { info, params, output, extras: &[], hash: out.hash() }
    }

    /// The same tool, whose schemas say more to clients.
    #[must_use]
    pub const fn with_extras(mut self, extras: &'a [u8]) -> Self {
        let mut out = record::Encoder::new(&mut [], 0);
        out.tool(&self.info, self.params, self.output);
        out.extras(extras);
        (self.extras, self.hash) = (extras, out.hash());
        self
    }

    /// The hash of the descriptor's bytes as [`record`] writes them.
    #[must_use]
    pub const fn hash(&self) -> u64 {
        self.hash
    }
}
