//! Values and questions with texts that are fit to be shown.

use std::borrow::Cow;

use trine_descriptor::record::{Decoder, Encoder};
use trine_descriptor::value::tag;
use trine_descriptor::{ValueReader, ValueWriter};
use trine_wire::message::input::{self, Records, Request};

use super::record::{node, node_is_fit};
use super::{content, is_content, is_plain, plain};

/// Entries of a value. Those that cannot be read are left as they are: nobody shows them.
pub(crate) fn entries(value: &[u8]) -> Cow<'_, [u8]> {
    let text_of = |reader: &mut ValueReader<'_>| -> Option<bool> {
        let item = reader.item().ok()?;
        Some(item.tag != tag::TEXT || std::str::from_utf8(item.text).is_ok_and(is_content))
    };
    let mut reader = ValueReader::new(value);
    loop {
        if reader.is_at_end() {
            return Cow::Borrowed(value);
        }
        match text_of(&mut reader) {
            Some(true) => {}
            Some(false) => break,
            None => return Cow::Borrowed(value),
        }
    }
    // What is replaced takes three bytes for one, and a longer length.
    let mut room = vec![0; 4 * value.len() + 16];
    let mut out = ValueWriter::new(&mut room);
    let mut reader = ValueReader::new(value);
    while let Ok(Some(entry)) = reader.entry() {
        match entry.value {
            trine_descriptor::Scalar::Text(text) => out.text(entry.node, &content(text)),
            other => out.scalar(entry.node, other),
        }
    }
    let len = out.len();
    room.truncate(len);
    Cow::Owned(room)
}

/// Questions to a person; `None` where they cannot be read.
pub(crate) fn questions(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    let mut records = Records::new(bytes)?;
    let (mut all, mut fit) = (Vec::new(), true);
    while records.left() > 0 {
        let request: Request<'_> = records.record()?;
        let mut nodes = Decoder::new(request.nodes);
        let count = nodes.count()?;
        let fields = (0..count).map(|_| nodes.node()).collect::<Option<Vec<_>>>()?;
        fit &= is_plain(request.name) && is_content(request.message);
        fit &= fields.iter().all(node_is_fit);
        all.push((request, fields));
    }
    if fit {
        return Some(Cow::Borrowed(bytes));
    }
    let texts: Vec<_> = all
        .iter()
        .map(|(request, fields)| {
            let mut nodes = vec![0; 4 * request.nodes.len() + 16 * fields.len() + 16];
            let mut out = Encoder::window(&mut nodes, 0);
            out.number(fields.len() as u64);
            fields.iter().for_each(|field| node(field, &mut out));
            let len = out.len();
            nodes.truncate(len);
            (request.kind, plain(request.name), content(request.message), nodes)
        })
        .collect();
    let requests: Vec<_> = texts
        .iter()
        .map(|(kind, name, message, nodes)| Request { name, kind: *kind, message, nodes })
        .collect();
    let mut room = vec![0; 8 * bytes.len() + 64];
    let len = input::write(&requests, &mut room)?;
    room.truncate(len);
    Some(Cow::Owned(room))
}
