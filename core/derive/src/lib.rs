//! Derives Trine descriptors from Rust types.
//!
//! A tool is a struct of parameters, its result is another struct, and a choice is an enum. The
//! derives turn them into constants: the descriptor lies in flash, nothing is built at run time,
//! and the device checks every argument before the struct exists.
//!
//! ```
//! use trine_derive::{Choice, Record, Tool};
//! use trine_descriptor::{Args, Decimal, Record, Side, Tool, ToolParams, ValueWriter, validate};
//!
//! #[derive(Clone, Copy, Choice)]
//! enum Mode {
//!     Heat,
//!     Off,
//! }
//!
//! /// Hold the air at a temperature, or switch heating off.
//! #[derive(Tool)]
//! #[trine(title = "Set the target temperature", output = ClimateState, idempotent)]
//! struct ClimateSet {
//!     /// Heat to the target, or off.
//!     mode: Mode,
//!     /// Target in degrees Celsius.
//!     #[trine(min = 5, max = 35, step = 0.5, unit = "degC", required_if(mode = Mode::Heat))]
//!     celsius: Option<Decimal<1>>,
//!     /// Minutes until heating stops by itself.
//!     #[trine(min = 1, max = 720, default = 60)]
//!     minutes: u16,
//! }
//!
//! #[derive(Record)]
//! struct ClimateState {
//!     /// Mode now.
//!     mode: Mode,
//!     /// Target now; absent when off.
//!     celsius: Option<Decimal<1>>,
//! }
//!
//! static TOOLS: [Tool<'static>; 1] = [ClimateSet::TOOL];
//!
//! fn climate_set(args: &Args<'_>, out: &mut ValueWriter<'_>) -> Option<()> {
//!     let ClimateSet { mode, celsius, minutes } = ClimateSet::read(args)?;
//!     assert_eq!((celsius, minutes), (Some(Decimal(215)), 60));
//!     ClimateState { mode, celsius }.write_fields(0, out);
//!     Some(())
//! }
//!
//! // `{"mode": "heat", "celsius": 21.5}` as it comes over the wire.
//! let call = [0, 5, 0, 1, 3, 0xae, 3];
//! assert_eq!(validate(&TOOLS, 0, Side::Params, &call), Ok(()));
//! let mut buffer = [0; 16];
//! let mut result = ValueWriter::new(&mut buffer);
//! climate_set(&Args::new(&TOOLS, 0, &call), &mut result);
//! assert_eq!(validate(&TOOLS, 0, Side::Output, result.bytes()), Ok(()));
//!
//! // `{"mode": "heat"}` never reaches the tool.
//! let fault = validate(&TOOLS, 0, Side::Params, &[0, 5, 0]).unwrap_err();
//! assert_eq!(fault.code, trine_descriptor::FaultCode::MissingBecause);
//! ```
//!
//! # Types
//!
//! | Rust | JSON Schema |
//! |---|---|
//! | `bool` | boolean |
//! | `u8` to `i64` | integer |
//! | `Decimal<PLACES>` | number that is a multiple of `10^-PLACES` at the finest |
//! | `&'a str` | string, bounds in characters |
//! | an enum with `Choice` | string, one of the labels |
//! | `Option<T>` | as `T`, not required |
//! | a struct with `Record` (results) | object that takes nothing else |
//! | `&'a [T]`, `[T; N]` (results) | array, the latter of exactly N |
//!
//! Doc comments become descriptions, their lines joined by one space. Numbers are written in plain
//! digits; those of a `Decimal` are scaled exactly, without floats.
//!
//! # Attributes
//!
//! All stand in `#[trine(…)]`.
//!
//! - On a tool: `name` (else the struct's name in snake case), `title`, `description` (else the doc
//!   comment), `version`, `output = Type`, `content` (answers content blocks in place of an
//!   output), the hints `read_only`, `destructive`, `idempotent`, `open_world`, `consent = "none" |
//!   "elicit" | "operator" | "device"`, `deadline_ms`, `pending_bytes`, and `on_link_lost`,
//!   `on_reset` for a tool that acts by itself then.
//! - On a field: `name`, `description`, `unit`; `min`, `max` for numbers and `step` for decimals;
//!   `max_len` or `len(min = …, max = …)` for text; `items(min = …, max = …)` for `&[T]`. Other
//!   bounds on a list are those of its items.
//! - On a parameter: `default = …`, and `required_if(other = Mode::Heat)` or
//!   `required_if(other = "heat")` where `other` is a choice.
//! - On a variant of a choice: `label` (else its name in snake case).
//! - On a prompt: `name`, `title`, `description`, as on a tool.
//! - On a variant of `Resources`: `uri = "…"` or `template = "…"`, `name` (else the variant's in
//!   snake case), `title`, `description` (else the doc comment), `mime`, and for content that never
//!   changes `text = include_str!("…")` or `bytes = include_bytes!("…")`.
//!
//! Every parameter is bounded: integers of up to 32 bits by their type where no bound is written,
//! and a `Decimal` goes in steps of its last place. In results an integer is bounded by its type as
//! well unless a bound is `open`, as in `#[trine(max = open)]`; `i64`, decimals and text are open.
//!
//! Generated code names `::trine_descriptor`, so a crate that derives depends on both.
#![forbid(unsafe_code)]

mod absent;
mod attribute;
mod choice;
#[cfg(test)]
mod errors;
mod kind;
mod node;
mod number;
mod prompt;
mod record;
mod resources;
mod shape;
mod text;
mod tool;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// An enum as a choice among labels: implements `Choice`, `Value` and `FromArgs`.
///
/// The enum is `Copy`, and its variants have neither fields nor numbers. At most 65535 labels.
///
/// ```
/// use trine_descriptor::Choice;
///
/// #[derive(Clone, Copy, trine_derive::Choice)]
/// enum Speed {
///     VerySlow,
///     #[trine(label = "max")]
///     Fast,
/// }
///
/// assert_eq!(Speed::LABELS, "very_slow|max");
/// ```
#[proc_macro_derive(Choice, attributes(trine))]
pub fn choice(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    choice::derive(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// A struct as a result or a part of one: implements `Record` and `Value`.
///
/// At most 128 nodes in all, nested at most 5 deep.
///
/// ```
/// use trine_descriptor::{Record, ValueWriter};
///
/// #[derive(trine_derive::Record)]
/// struct Lamp {
///     on: bool,
///     #[trine(max = 100, unit = "%")]
///     brightness: u8,
/// }
///
/// #[derive(trine_derive::Record)]
/// struct Lamps<'a> {
///     door: Lamp,
///     #[trine(items(max = 4), max_len = 24)]
///     names: &'a [&'a str],
/// }
///
/// assert_eq!(Lamps::FIELDS.len(), 5);
/// let mut buffer = [0; 32];
/// let mut out = ValueWriter::new(&mut buffer);
/// let door = Lamp { on: true, brightness: 40 };
/// Lamps { door, names: &["left"] }.write_fields(0, &mut out);
/// assert_eq!(out.bytes(), [0, 6, 1, 1, 1, 2, 2, 80, 3, 7, 1, 4, 4, 4, b'l', b'e', b'f', b't']);
/// ```
#[proc_macro_derive(Record, attributes(trine))]
pub fn record(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    record::derive(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// A struct as the arguments of a prompt: implements `ToolParams` and adds the constant `PROMPT`.
///
/// Arguments are texts and choices: MCP has no others. They are checked before the program gets
/// them.
///
/// ```
/// use trine_descriptor::{Args, ToolParams};
///
/// #[derive(Clone, Copy, trine_derive::Choice)]
/// enum Length {
///     Short,
///     Long,
/// }
///
/// /// Asks whether a tank needs water.
/// #[derive(trine_derive::Prompt)]
/// #[trine(title = "Inspect a tank")]
/// struct Inspect<'a> {
///     /// Which tank.
///     #[trine(max_len = 20)]
///     tank: &'a str,
///     /// How long the answer is.
///     answer: Option<Length>,
/// }
///
/// let prompt = Inspect::PROMPT;
/// assert_eq!((prompt.name(), prompt.title()), ("inspect", "Inspect a tank"));
/// // `{"tank": "n"}`, in `Tools::prompt` of a device as `request.args`.
/// let read = Inspect::read(&Args::new(prompt.table(), 0, &[0, 4, 1, b'n'])).unwrap();
/// assert_eq!(read.tank, "n");
/// assert!(read.answer.is_none());
/// ```
///
/// Another type is a fault of the build:
///
/// ```compile_fail,E0080
/// type Yes = bool;
///
/// /// Asks whether a tank needs water.
/// #[derive(trine_derive::Prompt)]
/// struct Inspect {
///     /// Whether it is meant.
///     yes: Yes,
/// }
/// # let _ = Inspect::PROMPT;
/// ```
#[proc_macro_derive(Prompt, attributes(trine))]
pub fn prompt(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    prompt::derive(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// An enum as the resources and templates of a device: implements `Resources`.
///
/// The enum is `Copy`. Each variant is a resource, or a template of addresses. What never changes
/// lies in flash and is read without code of the program, by `read_constant` and `constant_piece`
/// of `trine_dispatch`; a resource `skill://NAME/SKILL.md` is a skill.
///
/// ```
/// use trine_descriptor::lists::Found;
/// use trine_descriptor::{Constant, Lists as _, Resources as _, Shelf};
///
/// #[derive(Clone, Copy, Debug, PartialEq, trine_derive::Resources)]
/// enum Files {
///     /// How to run the well.
///     #[trine(uri = "skill://well/SKILL.md", mime = "text/markdown", text = "# The well\n")]
///     Manual,
///     /// The last switches.
///     #[trine(uri = "well://log", title = "Log", mime = "text/plain")]
///     Log,
///     /// How full a tank is.
///     #[trine(template = "well://tank/{name}", mime = "text/plain")]
///     Tank,
/// }
///
/// static SHELF: Shelf<'static> =
///     Shelf { resources: Files::RESOURCES, templates: Files::TEMPLATES, ..Shelf::EMPTY };
/// assert_eq!(SHELF.resource(0).unwrap().size, 11);
/// // In `Tools::read_resource` of a device as `request.found`.
/// let found = SHELF.find("well://tank/north").unwrap();
/// assert_eq!(Files::found(found), Some(Files::Tank));
/// assert_eq!(Files::Manual.content(), Some(Constant::Text("# The well\n")));
/// ```
#[proc_macro_derive(Resources, attributes(trine))]
pub fn resources(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    resources::derive(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// A struct as the parameters of a tool: implements `ToolParams` and adds the constant `TOOL`.
///
/// Parameters are single values. A struct without fields is a tool without parameters.
///
/// ```
/// use trine_descriptor::Consent;
///
/// /// Open the valve for some seconds.
/// #[derive(trine_derive::Tool)]
/// #[trine(title = "Open the valve", destructive, consent = "elicit", on_link_lost)]
/// struct ValveOpen {
///     /// How long it stays open.
///     #[trine(min = 1, max = 1800, unit = "s")]
///     seconds: u16,
/// }
///
/// assert_eq!(ValveOpen::TOOL.info.name, "valve_open");
/// assert_eq!(ValveOpen::TOOL.info.consent, Consent::Elicit);
/// ```
///
/// Bounds that do not fit are faults of the build:
///
/// ```compile_fail,E0080
/// /// Open the valve for some seconds.
/// #[derive(trine_derive::Tool)]
/// struct ValveOpen {
///     /// How long it stays open.
///     #[trine(min = 1, max = 1800)]
///     seconds: u8,
/// }
/// # let _ = ValveOpen::TOOL;
/// ```
#[proc_macro_derive(Tool, attributes(trine))]
pub fn tool(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    tool::derive(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}
