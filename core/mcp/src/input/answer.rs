//! What a client gives back: answers to a server's requests.

use trine_descriptor::{
    Fault, FaultCode, Field, NO_NODE, Side, Tool, ToolInfo, ValueWriter, validate, value,
};

use super::InputKind;
use crate::call::{self, Refusal};
use crate::json::object::{each, member};
use crate::json::{JsonError, JsonReader, JsonText};

/// What became of a request.
#[derive(Clone, Copy, Debug)]
pub enum Answer<'m> {
    /// It was done.
    Accepted(Filled<'m>),
    /// The person said no.
    Declined,
    /// The person said nothing, or the answer has not the shape of one.
    Cancelled,
}

/// What was answered: JSON that nothing has checked against what was asked for. The members of a
/// form, what a language model wrote, or a list of folders.
#[derive(Clone, Copy, Debug)]
pub struct Filled<'m>(&'m [u8]);

/// Why an answer is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InputError {
    /// It breaks a rule of what was asked for.
    Fault(Fault),
    /// The buffer is too small.
    Space,
}

impl<'m> Answer<'m> {
    /// Reads the result of a request of this kind: an `ElicitResult`, a `CreateMessageResult` or a
    /// `ListRootsResult`.
    #[must_use]
    pub fn read(kind: &InputKind<'_>, result: &'m [u8]) -> Self {
        let name: &[u8] = match kind {
            InputKind::Form { .. } => return form(result).unwrap_or(Self::Cancelled),
            InputKind::Sampling { .. } => b"content",
            InputKind::Roots => b"roots",
        };
        member(result, name).map_or(Self::Cancelled, |value| Self::Accepted(Filled(value)))
    }
}

/// Reads an `ElicitResult`.
fn form(text: &[u8]) -> Result<Answer<'_>, JsonError> {
    let (mut answer, mut filled) = (Answer::Cancelled, Filled(b"{}"));
    let mut accepted = false;
    each(&mut JsonReader::new(text), &mut |name, reader| {
        if name.is(b"action") {
            let action = reader.string()?;
            accepted = action.is(b"accept");
            answer = if action.is(b"decline") { Answer::Declined } else { Answer::Cancelled };
        } else if name.is(b"content") {
            filled = Filled(reader.skip_value()?);
        } else {
            reader.skip_value()?;
        }
        Ok(())
    })?;
    Ok(if accepted { Answer::Accepted(filled) } else { answer })
}

const fn refused(code: FaultCode) -> InputError {
    InputError::Fault(Fault::new(code, NO_NODE))
}

impl<'m> Filled<'m> {
    /// The JSON value as it came.
    #[must_use]
    pub const fn raw(&self) -> &'m [u8] {
        self.0
    }

    /// Writes what was answered as entries, as `docs/wire.md` has them for this kind, to the start
    /// of `out`, and answers their length. Those of a form are checked against its fields.
    ///
    /// # Errors
    /// The first rule that is broken, or want of space.
    pub fn encode(&self, kind: &InputKind<'_>, out: &mut [u8]) -> Result<usize, InputError> {
        match *kind {
            InputKind::Form { fields, .. } => self.encode_form(fields, out),
            InputKind::Sampling { .. } => self.encode_message(out),
            InputKind::Roots => self.encode_roots(out),
        }
    }

    fn encode_form(&self, fields: &[Field<'_>], out: &mut [u8]) -> Result<usize, InputError> {
        let table = [Tool::new(ToolInfo::new("", ""), fields, &[])];
        let len = match call::encode((fields, false), self.0, out) {
            Ok(encoded) => encoded.len,
            Err(Refusal::Fault(fault)) => return Err(InputError::Fault(fault)),
            Err(Refusal::Unknown(_)) => return Err(refused(FaultCode::Unknown)),
            Err(Refusal::Json(_)) => return Err(refused(FaultCode::WrongType)),
            Err(Refusal::Space) => return Err(InputError::Space),
        };
        let entries = out.get(..len).unwrap_or_default();
        validate(&table, 0, Side::Params, entries).map_err(InputError::Fault)?;
        Ok(len)
    }

    /// The texts of a message, one after another.
    fn encode_message(&self, out: &mut [u8]) -> Result<usize, InputError> {
        let mut reader = JsonReader::new(self.0);
        let (mut len, mut found, mut fits) = (0, false, true);
        let mut block = |reader: &mut JsonReader<'m>| {
            let Some(text) = text_of(reader.skip_value()?) else { return Ok(()) };
            found = true;
            let written = out.get_mut(len..).and_then(|out| text.decode_into(out));
            fits &= written.is_some();
            len += written.unwrap_or_default();
            Ok::<_, JsonError>(())
        };
        let read = match self.0 {
            [b'[', ..] => elements(&mut reader, &mut block),
            _ => block(&mut reader),
        };
        if read.is_err() || !found {
            return Err(refused(FaultCode::WrongType));
        }
        if !fits {
            return Err(InputError::Space);
        }
        // The entry's head goes before the text: as an entry without one, but for its length.
        let mut head = [0; 8];
        let head = {
            let mut writer = ValueWriter::new(&mut head);
            writer.slice(&[0, value::tag::TEXT]);
            writer.with_rest(|rest| trine_bits::varint::write(len as u64, rest));
            let head_len = writer.len();
            head.get(..head_len).unwrap_or_default()
        };
        let whole = out.get_mut(..head.len() + len).ok_or(InputError::Space)?;
        whole.copy_within(..len, head.len());
        for (place, byte) in whole.iter_mut().zip(head) {
            *place = *byte;
        }
        Ok(whole.len())
    }

    /// The addresses of a list of folders.
    fn encode_roots(&self, out: &mut [u8]) -> Result<usize, InputError> {
        let wrong = |_| refused(FaultCode::WrongType);
        let mut count = 0_u16;
        elements(&mut JsonReader::new(self.0), &mut |reader| {
            count = count.saturating_add(u16::from(address(reader)?.is_some()));
            Ok(())
        })
        .map_err(wrong)?;
        let mut writer = ValueWriter::new(out);
        writer.array(0, count);
        elements(&mut JsonReader::new(self.0), &mut |reader| {
            let Some(uri) = address(reader)? else { return Ok(()) };
            writer.slice(&[1, value::tag::TEXT]);
            writer.with_rest(|rest| {
                let at = trine_bits::varint::write(uri.decoded_len() as u64, rest)?;
                uri.decode_into(rest.get_mut(at..)?).map(|len| at + len)
            });
            Ok(())
        })
        .map_err(wrong)?;
        if writer.overflowed() { Err(InputError::Space) } else { Ok(writer.len()) }
    }
}

/// The text of a block of content, if it is one of text.
fn text_of(block: &[u8]) -> Option<JsonText<'_>> {
    let text = |name| JsonReader::new(member(block, name)?).string().ok();
    text(b"type").filter(|kind| kind.is(b"text")).and_then(|_| text(b"text"))
}

/// The address of a root.
fn address<'m>(reader: &mut JsonReader<'m>) -> Result<Option<JsonText<'m>>, JsonError> {
    let root = reader.skip_value()?;
    Ok(member(root, b"uri").and_then(|uri| JsonReader::new(uri).string().ok()))
}

/// Calls `element` with each value of an array, which it reads.
fn elements<'m>(
    reader: &mut JsonReader<'m>,
    element: &mut dyn FnMut(&mut JsonReader<'m>) -> Result<(), JsonError>,
) -> Result<(), JsonError> {
    reader.begin_array()?;
    let mut first = true;
    while reader.next_element(&mut first)? {
        element(reader)?;
    }
    Ok(())
}
