//! Calls that need a person's input before they can go on.
//!
//! In 2026-07-28 such a call is answered with `resultType: "input_required"`: named forms for a
//! person to fill in, and a state that the client gives back unread. The client then sends the
//! same call again under another id, with the answers and the state (`basic/patterns/mrtr` of the
//! specification). Older revisions have no such answer; there the call fails with a sentence.
//!
//! The state comes back from a client, so whoever trusts it has to seal it first: the engine
//! carries bytes and checks nothing.

use trine_descriptor::{
    Fault, FaultCode, Field, Kind, Literal, NO_NODE, Side, Tool, ToolInfo, validate,
};

use crate::call::{self, Refusal};
use crate::json::{JsonError, JsonReader, JsonText, JsonWriter, base64};

/// A form for a person to fill in.
#[derive(Clone, Copy, Debug)]
pub struct Elicitation<'a> {
    /// What its answer is called when it comes back.
    pub name: &'a str,
    /// What to say to the person.
    pub message: &'a str,
    /// What to ask for: flat fields, neither objects nor arrays.
    pub fields: &'a [Field<'a>],
}

/// Writes the members of a result that asks for input.
pub(crate) fn write(forms: &[Elicitation<'_>], state: &[u8], out: &mut JsonWriter<'_>) {
    out.raw(b"\"inputRequests\":{");
    for (index, form) in forms.iter().enumerate() {
        out.raw(if index > 0 { b"," } else { b"" });
        out.string(form.name);
        out.raw(b":{\"method\":\"elicitation/create\",\"params\":{\"mode\":\"form\",\"message\":");
        out.string(form.message);
        out.raw(b",\"requestedSchema\":{\"type\":\"object\",\"properties\":{");
        for (index, field) in form.fields.iter().enumerate() {
            out.raw(if index > 0 { b"," } else { b"" });
            out.string(field.name);
            out.raw(b":");
            property(field, out);
        }
        out.raw(b"}");
        let required = form.fields.iter().filter(|field| field.required);
        for (index, field) in required.clone().enumerate() {
            out.raw(if index > 0 { b"," } else { b",\"required\":[" });
            out.string(field.name);
        }
        out.raw(if required.count() > 0 { b"]}}}" } else { b"}}}" });
    }
    out.raw(b"},\"requestState\":\"");
    crate::content::base64(&state, out);
    out.raw(b"\"");
}

/// Writes one property in the keywords that forms may have (`PrimitiveSchemaDefinition`).
fn property(field: &Field<'_>, out: &mut JsonWriter<'_>) {
    let mut places = 0;
    match field.kind {
        Kind::Bool => out.raw(b"{\"type\":\"boolean\""),
        Kind::Int(range) => {
            out.raw(b"{\"type\":\"integer\"");
            bounds((range.min, range.max), 0, out);
        }
        Kind::Decimal(range) => {
            places = range.places;
            out.raw(b"{\"type\":\"number\"");
            bounds((range.min, range.max), places, out);
        }
        Kind::Choice(_) => {
            out.raw(b"{\"type\":\"string\"");
            for (index, label) in field.kind.labels().enumerate() {
                out.raw(if index > 0 { b"," } else { b",\"enum\":[" });
                out.string(label);
            }
            out.raw(b"]");
        }
        Kind::Text { min, max } => {
            out.raw(b"{\"type\":\"string\",\"minLength\":");
            out.unsigned(min.into());
            if max != u16::MAX {
                out.raw(b",\"maxLength\":");
                out.unsigned(max.into());
            }
        }
        // No form holds these; a client that meets one takes it for text.
        _ => out.raw(b"{\"type\":\"string\""),
    }
    if let Some(default) = field.default {
        out.raw(b",\"default\":");
        match default {
            Literal::Bool(value) => out.bool(value),
            Literal::Number(value) => out.decimal(value, places),
            Literal::Text(text) => out.string(text),
            Literal::Label(label) => {
                out.string(field.kind.label(label.into()).unwrap_or_default());
            }
        }
    }
    if !field.description.is_empty() {
        out.raw(b",\"description\":");
        out.string(field.description);
    }
    out.raw(b"}");
}

fn bounds((min, max): (i64, i64), places: u8, out: &mut JsonWriter<'_>) {
    if min != i64::MIN {
        out.raw(b",\"minimum\":");
        out.decimal(min, places);
    }
    if max != i64::MAX {
        out.raw(b",\"maximum\":");
        out.decimal(max, places);
    }
}

/// What a client gave back with a call that it sent again.
#[derive(Clone, Copy, Debug)]
pub struct Retry<'m> {
    state: Option<JsonText<'m>>,
    responses: &'m [u8],
}

/// What became of a form.
#[derive(Clone, Copy, Debug)]
pub enum Answer<'m> {
    /// It was filled in.
    Accepted(Filled<'m>),
    /// The person said no.
    Declined,
    /// The person said nothing, or the answer has not the shape of one.
    Cancelled,
}

/// The members of a form that was filled in: JSON that nothing has checked against its fields.
#[derive(Clone, Copy, Debug)]
pub struct Filled<'m>(&'m [u8]);

/// Why a filled form is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ElicitationError {
    /// It breaks a rule of its fields.
    Fault(Fault),
    /// The buffer is too small.
    Space,
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

    /// The answers, as they stand in the message.
    #[must_use]
    pub const fn answers(&self) -> Answers<'m> {
        Answers { reader: JsonReader::new(self.responses), first: true }
    }

    /// The answer to the form of that name.
    #[must_use]
    pub fn answer(&self, name: &str) -> Option<Answer<'m>> {
        self.answers().find(|(other, _)| other.is(name.as_bytes())).map(|(_, answer)| answer)
    }
}

/// Iterator over the names and answers of [`Retry::answers`].
#[derive(Clone, Debug)]
pub struct Answers<'m> {
    reader: JsonReader<'m>,
    first: bool,
}

impl<'m> Iterator for Answers<'m> {
    type Item = (JsonText<'m>, Answer<'m>);

    fn next(&mut self) -> Option<Self::Item> {
        // The text was checked, so nothing but the end stops here.
        if core::mem::replace(&mut self.first, false) {
            self.reader.begin_object().ok()?;
            return self.member(true);
        }
        self.member(false)
    }
}

impl<'m> Answers<'m> {
    fn member(&mut self, mut first: bool) -> Option<(JsonText<'m>, Answer<'m>)> {
        let name = self.reader.next_member(&mut first).ok()??;
        let answer = self.reader.skip_value().ok()?;
        Some((name, read_answer(answer).unwrap_or(Answer::Cancelled)))
    }
}

/// Reads an `ElicitResult`.
fn read_answer(text: &[u8]) -> Result<Answer<'_>, JsonError> {
    let (mut answer, mut filled) = (Answer::Cancelled, Filled(b"{}"));
    let mut accepted = false;
    let mut reader = JsonReader::new(text);
    reader.begin_object()?;
    let mut first = true;
    while let Some(name) = reader.next_member(&mut first)? {
        if name.is(b"action") {
            let action = reader.string()?;
            accepted = action.is(b"accept");
            answer = if action.is(b"decline") { Answer::Declined } else { Answer::Cancelled };
        } else if name.is(b"content") {
            filled = Filled(reader.skip_value()?);
        } else {
            reader.skip_value()?;
        }
    }
    Ok(if accepted { Answer::Accepted(filled) } else { answer })
}

impl<'m> Filled<'m> {
    /// The JSON object as it came.
    #[must_use]
    pub const fn raw(&self) -> &'m [u8] {
        self.0
    }

    /// Writes what was filled in as the entries of `fields`, checked against them, to the start of
    /// `out`, and answers their length.
    ///
    /// # Errors
    /// The first rule that is broken, or want of space.
    pub fn encode(&self, fields: &[Field<'_>], out: &mut [u8]) -> Result<usize, ElicitationError> {
        let table = [Tool::new(ToolInfo::new("", ""), fields, &[])];
        let refused = |code| ElicitationError::Fault(Fault::new(code, NO_NODE));
        let len = match call::encode((fields, false), self.0, out) {
            Ok(encoded) => encoded.len,
            Err(Refusal::Fault(fault)) => return Err(ElicitationError::Fault(fault)),
            Err(Refusal::Unknown(_)) => return Err(refused(FaultCode::Unknown)),
            Err(Refusal::Json(_)) => return Err(refused(FaultCode::WrongType)),
            Err(Refusal::Space) => return Err(ElicitationError::Space),
        };
        let entries = out.get(..len).unwrap_or_default();
        validate(&table, 0, Side::Params, entries).map_err(ElicitationError::Fault)?;
        Ok(len)
    }
}

/// Whether capabilities, a JSON object, say that forms can be filled in: `elicitation` is there,
/// and either empty or with a `form`.
pub(crate) fn can_fill(capabilities: &[u8]) -> Result<bool, JsonError> {
    let mut reader = JsonReader::new(capabilities);
    reader.begin_object()?;
    let mut first = true;
    while let Some(name) = reader.next_member(&mut first)? {
        if !name.is(b"elicitation") {
            reader.skip_value()?;
            continue;
        }
        reader.begin_object()?;
        let (mut first, mut empty) = (true, true);
        while let Some(name) = reader.next_member(&mut first)? {
            if name.is(b"form") {
                return Ok(true);
            }
            reader.skip_value()?;
            empty = false;
        }
        return Ok(empty);
    }
    Ok(false)
}
