//! Resources that never change, read from where they lie.

use trine_descriptor::ValueWriter;
use trine_descriptor::lists::Found;
use trine_descriptor::resources::{Constant, Resources};
use trine_wire::message::block::Block;

use super::shelf::{READ, RESOURCE, Wanted};
use crate::call::{Answer, block};

/// Answers the read of a resource with constant content, of any length: in a block where it fits,
/// else in chunks, which [`constant_piece`] yields. `None` for another resource: the program reads
/// that.
pub fn read_constant<R: Resources>(
    request: &Wanted<'_>,
    out: &mut ValueWriter<'_>,
) -> Option<Answer> {
    let resource = R::found(request.found)?;
    let (content, mime) = (resource.content()?, resource.mime());
    let (what, bytes) = (u8::from(matches!(content, Constant::Bytes(_))), content.bytes());
    block(out, &Block::Embedded { uri: request.uri, mime, what, bytes });
    if !out.overflowed() {
        return Some(Answer::Blocks);
    }
    out.clear();
    let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    Some(Answer::Content { mime, len })
}

/// Yields a piece of such content, for [`crate::Tools::read`]; `None` for what is no such resource.
pub fn constant_piece<R: Resources>(tool: u16, offset: u32, out: &mut [u8]) -> Option<usize> {
    let number = tool.checked_sub(RESOURCE).filter(|_| tool < READ)?;
    let bytes = R::found(Found::Resource(number))?.content()?.bytes();
    let rest = bytes.get(offset as usize..).unwrap_or_default();
    out.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    Some(rest.len().min(out.len()))
}
