//! The lists of a device as they come in pages: its tools, and then what it has beside them.

use std::sync::Arc;

use trine_wire::message::what;

use crate::shelf::DeviceShelf;
use crate::table::{LIST_MAX, Table};

/// A list that is being fetched.
#[derive(Debug)]
pub(super) struct Listing {
    /// Hash that the device announced for the whole.
    pub(super) hash: u64,
    pub(super) asked_at: u64,
    /// Position in the stream to the device where the question for the page ends.
    pub(super) sent_end: u64,
    pub(super) tries: u32,
    bytes: Vec<u8>,
    /// Which list it is.
    pub(super) what: u8,
    /// The tools, where these are known and what is beside them is fetched.
    known: Option<Arc<Table>>,
    /// The lists that are whole.
    whole: Vec<Box<[u8]>>,
}

impl Listing {
    pub(super) const fn new(hash: u64, now: u64) -> Self {
        Self {
            hash,
            asked_at: now,
            sent_end: 0,
            tries: 0,
            bytes: Vec::new(),
            what: what::TOOLS,
            known: None,
            whole: Vec::new(),
        }
    }

    /// The lists of a device whose tools are known.
    pub(super) fn beside(known: Arc<Table>, now: u64) -> Self {
        let hash = known.list_hash();
        Self { what: what::RESOURCES, known: Some(known), ..Self::new(hash, now) }
    }

    /// Goes on with the next list; answers `None` while there is one, and in the end the tools and
    /// what is beside them.
    pub(super) fn next(&mut self, completes: bool) -> Option<(Arc<Table>, DeviceShelf)> {
        self.whole.push(std::mem::take(&mut self.bytes).into());
        self.what += 1;
        let lists = std::mem::take(&mut self.whole);
        match lists.try_into() {
            Ok(lists) => Some((self.known.take()?, DeviceShelf::new(lists, completes))),
            Err(lists) => {
                self.whole = lists;
                None
            }
        }
    }

    /// Where the next page starts.
    pub(super) fn offset(&self) -> u32 {
        u32::try_from(self.bytes.len()).unwrap_or(u32::MAX)
    }

    /// Takes a page; answers whether the list is whole, or `None` for a page that was not asked
    /// for, which changes nothing.
    pub(super) fn page(
        &mut self,
        (offset, total, bytes): (u32, u32, &[u8]),
    ) -> Result<Option<bool>, String> {
        let total = usize::try_from(total).unwrap_or(usize::MAX);
        if total > LIST_MAX {
            return Err(format!("its list of tools is longer than {LIST_MAX} bytes"));
        }
        if offset != self.offset() {
            return Ok(None);
        }
        if bytes.len() > total - self.bytes.len().min(total) || bytes.is_empty() && total > 0 {
            return Err("its list of tools does not have the length that it announced".to_owned());
        }
        self.bytes.extend_from_slice(bytes);
        self.tries = 0;
        Ok(Some(self.bytes.len() >= total))
    }

    /// The whole list as a table.
    pub(super) fn table(self) -> Result<Table, String> {
        let table = Table::new(self.bytes.into()).map_err(|error| error.to_string())?;
        if table.list_hash() != self.hash {
            return Err("its list of tools does not have the hash that it announced".to_owned());
        }
        Ok(table)
    }
}
