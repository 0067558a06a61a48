//! The list of tools as it comes in pages.

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
}

impl Listing {
    pub(super) const fn new(hash: u64, now: u64) -> Self {
        Self { hash, asked_at: now, sent_end: 0, tries: 0, bytes: Vec::new() }
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
