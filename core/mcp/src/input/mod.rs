//! What a server asks its client for before a call can go on: a form that a person fills in, an
//! answer of the client's language model, or the folders that the client works on.
//!
//! In 2026-07-28 a call is answered with `resultType: "input_required"`: named requests, and a
//! state that the client gives back unread. The client then sends the same call again under another
//! id, with the answers and the state (`basic/patterns/mrtr` of the specification). In a session of
//! an older revision the server sends requests of its own meanwhile, and the call is answered when
//! their answers have come ([`request`], [`Response`]).
//!
//! The state comes back from a client, so whoever trusts it has to seal it first: the engine
//! carries bytes and checks nothing.

mod answer;
mod capabilities;
#[cfg(feature = "input")]
mod form;
#[cfg(feature = "requests")]
mod request;
#[cfg(feature = "input")]
mod write;

use trine_descriptor::Field;

use crate::json::{JsonReader, JsonText, base64};

pub use answer::{Answer, Filled, InputError};
pub use capabilities::ClientCapabilities;
#[cfg(feature = "requests")]
pub use request::{Response, request};
#[cfg(feature = "input")]
pub(crate) use write::write;
#[cfg(feature = "tasks")]
pub(crate) use write::write_requests;

/// One thing that a client is asked for.
#[derive(Clone, Copy, Debug)]
pub struct InputRequest<'a> {
    /// What its answer is called when it comes back.
    pub name: &'a str,
    /// What to say to the person or to the language model.
    pub message: &'a str,
    /// What is asked for.
    pub kind: InputKind<'a>,
}

/// What a client is asked for.
#[derive(Clone, Copy, Debug)]
pub enum InputKind<'a> {
    /// A form (`elicitation/create`).
    Form {
        /// What to ask for: flat fields, or arrays of choices.
        fields: &'a [Field<'a>],
        /// What its schema says beyond them ([`trine_descriptor::extras`]); may be empty.
        extras: &'a [u8],
    },
    /// An answer of the client's language model (`sampling/createMessage`).
    Sampling {
        /// The most tokens that it may write; 0 for a thousand.
        tokens: u32,
    },
    /// The folders that the client works on (`roots/list`).
    Roots,
}

/// What a client gave back with a call that it sent again.
#[derive(Clone, Copy, Debug)]
pub struct Retry<'m> {
    state: Option<JsonText<'m>>,
    responses: &'m [u8],
}

impl<'m> Retry<'m> {
    /// `None` if the call was not sent again.
    pub(crate) const fn new(state: Option<JsonText<'m>>, responses: &'m [u8]) -> Option<Self> {
        if state.is_none() && responses.is_empty() {
            return None;
        }
        Some(Self { state, responses })
    }

    /// Whether the client gave a state back. Without one the call is the first of its kind,
    /// whatever answers came with it.
    #[must_use]
    pub const fn has_state(&self) -> bool {
        self.state.is_some()
    }

    /// Copies the state that the first answer carried to the start of `out`, and answers its
    /// length: 0 if none came back; `None` if it is no state of ours or does not fit.
    ///
    /// The client may have written it itself.
    pub fn state(&self, out: &mut [u8]) -> Option<usize> {
        self.state.map_or(Some(0), |text| base64::decode(text, out))
    }

    /// The names and results of the answers, as they stand in the message.
    #[must_use]
    pub const fn results(&self) -> Results<'m> {
        Results { reader: JsonReader::new(self.responses), first: true }
    }

    /// The answer to the request of that name, which was of this kind.
    #[must_use]
    pub fn answer(&self, name: &str, kind: &InputKind<'_>) -> Option<Answer<'m>> {
        let result = self.results().find(|(other, _)| other.is(name.as_bytes()));
        result.map(|(_, result)| Answer::read(kind, result))
    }
}

/// Iterator over the names and results of [`Retry::results`].
#[derive(Clone, Debug)]
pub struct Results<'m> {
    reader: JsonReader<'m>,
    first: bool,
}

impl<'m> Iterator for Results<'m> {
    type Item = (JsonText<'m>, &'m [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        // The text was checked, so nothing but the end stops here.
        let mut first = core::mem::replace(&mut self.first, false);
        if first {
            self.reader.begin_object().ok()?;
        }
        let name = self.reader.next_member(&mut first).ok()??;
        Some((name, self.reader.skip_value().ok()?))
    }
}
