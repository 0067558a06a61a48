//! Values and questions with texts that are fit to be shown.

use std::borrow::Cow;

use trine_descriptor::record::{Decoder, Encoder};
use trine_descriptor::value::tag;
use trine_descriptor::{ValueReader, ValueWriter};
use trine_wire::message::input::{self, Records, Request, asks};

use super::extras;
use super::record::{node, node_is_fit};
use super::{content, is_content, is_plain, plain};

/// Entries of a value, as a tool writes them, whose texts are fit to be shown. Those that cannot be
/// read are left as they are: no one shows them.
#[must_use]
pub fn entries(value: &[u8]) -> Cow<'_, [u8]> {
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
        // A form alone has nodes: a model or the client's folders are asked without any.
        let count = if request.kind == asks::FORM { nodes.count()? } else { 0 };
        let fields = (0..count).map(|_| nodes.node()).collect::<Option<Vec<_>>>()?;
        fit &= is_plain(request.name) && is_content(request.message);
        fit &= fields.iter().all(node_is_fit) && extras::is_fit(request.extras, [&fields, &[]]);
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
            let len = if request.kind == asks::FORM { out.len() } else { 0 };
            nodes.truncate(len);
            let extras = extras::cleaned(request.extras, [fields, &[]]);
            (*request, plain(request.name), content(request.message), nodes, extras)
        })
        .collect();
    let requests: Vec<_> = texts
        .iter()
        .map(|(request, name, message, nodes, extras)| Request {
            name,
            message,
            nodes,
            extras,
            ..*request
        })
        .collect();
    let mut room = vec![0; 8 * bytes.len() + 64];
    let len = input::write(&requests, &mut room)?;
    room.truncate(len);
    Some(Cow::Owned(room))
}

#[cfg(test)]
mod tests {
    use super::*;
    use trine_bits::Random;
    use trine_descriptor::{Field, Kind};

    const NASTY: &str = "a\u{1b}[2J\n\u{202e}z";
    const FIT: &str = "a\u{fffd}[2J\u{fffd}\u{fffd}z";

    fn asked(text: &str) -> Vec<u8> {
        let mut nodes = vec![0; 512];
        let mut out = Encoder::window(&mut nodes, 0);
        out.number(1);
        out.node(&Field::new(text, Kind::Choice(text)).describe(text).unit(text));
        let len = out.len();
        let nodes = &nodes[..len];
        let request = Request { name: text, message: text, nodes, ..Request::default() };
        let mut bytes = vec![0; 1024];
        let len = input::write(&[request], &mut bytes).unwrap();
        bytes.truncate(len);
        bytes
    }

    #[test]
    fn questions_are_asked_in_texts_that_are_fit_to_be_shown() {
        let bytes = asked(NASTY);
        let fit = questions(&bytes).unwrap();
        let mut records = Records::new(&fit).unwrap();
        let request: Request<'_> = records.record().unwrap();
        assert_eq!((request.name, request.message), (FIT, "a\u{fffd}[2J\n\u{fffd}z"));
        let mut nodes = Decoder::new(request.nodes);
        assert_eq!(nodes.count(), Some(1));
        let field = nodes.node().unwrap();
        assert_eq!([field.name, field.description, field.unit], [FIT; 3]);
        assert_eq!(field.kind, Kind::Choice(FIT));
        let plain = asked("who");
        assert!(matches!(questions(&plain).unwrap(), Cow::Borrowed(_)));
    }

    #[test]
    fn questions_without_a_form_have_no_nodes() {
        let asked = |message| {
            let (kind, tokens) = (asks::SAMPLING, 100);
            let model = Request { name: "why", kind, message, tokens, ..Request::default() };
            let folders = Request { name: "where", kind: asks::ROOTS, ..Request::default() };
            let mut bytes = vec![0; 256];
            let len = input::write(&[model, folders], &mut bytes).unwrap();
            bytes.truncate(len);
            bytes
        };
        let plain = asked("Why?");
        assert!(matches!(questions(&plain).unwrap(), Cow::Borrowed(_)));
        let nasty = asked("a\u{1b}z");
        assert_eq!(questions(&nasty).unwrap(), asked("a\u{fffd}z"));
    }

    #[test]
    fn bytes_that_are_no_questions_and_no_values_do_no_harm() {
        let (whole, mut random) = (asked(NASTY), Random::new(1));
        for cut in 0..whole.len() {
            drop(questions(&whole[..cut]));
            drop(entries(&whole[..cut]));
        }
        for _ in 0..20_000 {
            let mut bytes = whole.clone();
            for _ in 0..3 {
                let at = random.below(bytes.len());
                bytes[at] = random.bits() as u8;
            }
            drop(questions(&bytes));
            drop(entries(&bytes));
        }
    }
}
