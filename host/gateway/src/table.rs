//! A tool table that came over the wire.

use self_cell::self_cell;
use trine_bits::Fnv64;
use trine_descriptor::check::{self, TableError};
use trine_descriptor::record::{self, Decoder};
use trine_descriptor::{Field, Side, ToolInfo, ToolTable};

use crate::sanitize::{extras, record as cleaned};

/// Most bytes of a list that are taken from a device.
pub(crate) const LIST_MAX: usize = 256 * 1024;

/// One tool as it was decoded; texts are borrowed from the list.
#[derive(Debug)]
struct Row<'a> {
    number: u16,
    hash: u64,
    /// Where its record is in the list as it came: from and to.
    at: (usize, usize),
    info: ToolInfo<'a>,
    params: Vec<Field<'a>>,
    output: Vec<Field<'a>>,
    extras: &'a [u8],
}

type Rows<'a> = Vec<Row<'a>>;

self_cell!(
    struct Records {
        owner: Box<[u8]>,
        #[covariant]
        dependent: Rows,
    }
    impl {Debug}
);

/// The tools of a device, checked by every rule of a table. Rows are numbered without gaps; the
/// device's own numbers are [`Table::wire_number`]. Its texts are fit to be shown: what would act
/// on who reads them is replaced. Hashes are those of the records as they came.
#[derive(Debug)]
pub struct Table {
    records: Records,
    hash: u64,
    /// The list as it came, where its texts were not fit to be shown.
    raw: Option<Box<[u8]>>,
    /// Whether no name or label needs an escape in JSON.
    is_plain: bool,
}

/// Why a list is no table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadTable {
    /// The bytes are no list of records.
    Malformed,
    /// The list says something that no tool table may say.
    Rule(TableError),
}

impl std::fmt::Display for BadTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Malformed => f.write_str("its list of tools cannot be read"),
            Self::Rule(error) => write!(f, "its list of tools breaks a rule: {error}"),
        }
    }
}

impl std::error::Error for BadTable {}

impl Table {
    /// Reads a whole list as `trine_descriptor::record` writes it. A record of no bytes stands for
    /// a number without a tool.
    ///
    /// # Errors
    /// [`BadTable`]; the bytes may be anything.
    pub fn new(list: Box<[u8]>) -> Result<Self, BadTable> {
        let table = Self::checked_before(list)?;
        check::table(&table).map_err(BadTable::Rule)?;
        Ok(table)
    }

    /// Reads a list of which the caller knows that it keeps the rules.
    pub(crate) fn checked_before(list: Box<[u8]>) -> Result<Self, BadTable> {
        let mut hash = Fnv64::new();
        let mut records = Records::try_new(list, |bytes| rows(bytes, &mut hash))?;
        let mut raw = None;
        if let Some(shown) = shown(records.borrow_dependent()) {
            let marks = records.borrow_dependent().iter().map(|row| (row.hash, row.at));
            let marks: Vec<_> = marks.collect();
            raw = Some(records.into_owner());
            records = Records::try_new(shown, |bytes| rows(bytes, &mut Fnv64::new()))?;
            records.with_dependent_mut(|_, rows| {
                rows.iter_mut().zip(marks).for_each(|(row, mark)| (row.hash, row.at) = mark);
            });
        }
        let mut table = Self { records, hash: hash.hash(), raw, is_plain: false };
        table.is_plain = trine_mcp::has_plain_names(&table);
        Ok(table)
    }

    /// The list as it came.
    #[must_use]
    pub fn list(&self) -> &[u8] {
        self.raw.as_deref().unwrap_or_else(|| self.records.borrow_owner())
    }

    /// The record of the tool in `row` as it came.
    #[must_use]
    pub fn record(&self, row: u16) -> Option<&[u8]> {
        let (from, to) = self.row(row)?.at;
        self.list().get(from..to)
    }

    /// Whether no name of a member and no label needs an escape in JSON.
    pub(crate) const fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// The hash of the whole list, as a device announces it.
    #[must_use]
    pub const fn list_hash(&self) -> u64 {
        self.hash
    }

    /// Bytes of the list on the wire.
    #[must_use]
    pub fn list_len(&self) -> usize {
        self.list().len()
    }

    /// The device's number of the tool in `row`.
    #[must_use]
    pub fn wire_number(&self, row: u16) -> Option<u16> {
        self.row(row).map(|row| row.number)
    }

    /// The row of the tool that the device numbers so.
    #[must_use]
    pub fn row_of(&self, number: u16) -> Option<u16> {
        let rows = self.records.borrow_dependent();
        rows.iter().position(|row| row.number == number).and_then(|row| u16::try_from(row).ok())
    }

    fn row(&self, row: u16) -> Option<&Row<'_>> {
        self.records.borrow_dependent().get(usize::from(row))
    }
}

impl ToolTable for Table {
    fn count(&self) -> u16 {
        u16::try_from(self.records.borrow_dependent().len()).unwrap_or(u16::MAX)
    }

    fn info(&self, tool: u16) -> Option<ToolInfo<'_>> {
        self.row(tool).map(|row| row.info)
    }

    fn node_count(&self, tool: u16, side: Side) -> u16 {
        let nodes = self.row(tool).map_or(0, |row| row.side(side).len());
        u16::try_from(nodes).unwrap_or(u16::MAX)
    }

    fn node(&self, tool: u16, side: Side, node: u16) -> Option<Field<'_>> {
        self.row(tool)?.side(side).get(usize::from(node)).copied()
    }

    fn nodes(&self, tool: u16, side: Side) -> Option<&[Field<'_>]> {
        self.row(tool).map(|row| row.side(side))
    }

    fn extras(&self, tool: u16) -> &[u8] {
        self.row(tool).map_or(&[], |row| row.extras)
    }

    fn hash(&self, tool: u16) -> u64 {
        self.row(tool).map_or(0, |row| row.hash)
    }
}

impl<'a> Row<'a> {
    fn side(&self, side: Side) -> &[Field<'a>] {
        match side {
            Side::Params => &self.params,
            Side::Output => &self.output,
        }
    }
}

fn rows<'a>(list: &'a [u8], hash: &mut Fnv64) -> Result<Rows<'a>, BadTable> {
    let mut rows = Vec::new();
    let mut decoder = Decoder::new(list);
    let mut number = 0;
    while !decoder.is_at_end() {
        let record = decoder.record().ok_or(BadTable::Malformed)?;
        if record.is_empty() {
            *hash = hash.bytes(&0u64.to_le_bytes());
        } else {
            let mut row = row(number, record).ok_or(BadTable::Malformed)?;
            let from = record.as_ptr().addr() - list.as_ptr().addr();
            row.at = (from, from + record.len());
            *hash = hash.bytes(&row.hash.to_le_bytes());
            rows.push(row);
        }
        number = u16::checked_add(number, 1).ok_or(BadTable::Malformed)?;
    }
    Ok(rows)
}

/// What a later version may have put behind the members known here is hashed and passed over.
fn row(number: u16, record: &[u8]) -> Option<Row<'_>> {
    let hash = record::hash_bytes(record);
    let mut decoder = Decoder::new(record);
    let info = decoder.info()?;
    let mut nodes = || (0..decoder.count()?).map(|_| decoder.node()).collect::<Option<Vec<_>>>();
    let (params, output) = (nodes()?, nodes()?);
    let extras = decoder.extras()?;
    Some(Row { number, hash, at: (0, 0), info, params, output, extras })
}

/// The list with texts that are fit to be shown; `None` where they are so already.
fn shown(rows: &Rows<'_>) -> Option<Box<[u8]>> {
    let is_fit = |row: &Row<'_>| {
        let sides = [&row.params[..], &row.output];
        cleaned::is_fit(&row.info, sides) && extras::is_fit(row.extras, sides)
    };
    if rows.iter().all(is_fit) {
        return None;
    }
    let mut list = Vec::new();
    let mut number = 0;
    for row in rows {
        // A number without a tool.
        list.resize(list.len() + usize::from(row.number - number), 0);
        number = row.number + 1;
        let sides = [&row.params[..], &row.output];
        cleaned::append(&row.info, sides, &extras::cleaned(row.extras, sides), &mut list);
    }
    Some(list.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use trine_bits::Random;
    use trine_board::tools::TOOLS;

    fn list() -> Vec<u8> {
        let mut list = vec![0; record::page(&TOOLS, 0, &mut [])];
        record::page(&TOOLS, 0, &mut list);
        list
    }

    #[test]
    fn what_came_over_the_wire_is_what_was_sent() {
        let table = Table::new(list().into()).unwrap();
        assert_eq!(table.count(), TOOLS.count());
        assert_eq!(table.list_hash(), record::table_hash(&TOOLS));
        for tool in 0..TOOLS.count() {
            assert_eq!(table.info(tool), TOOLS.info(tool));
            assert_eq!(table.hash(tool), TOOLS.hash(tool));
            assert_eq!(table.wire_number(tool), Some(tool));
            for side in [Side::Params, Side::Output] {
                assert_eq!(table.node_count(tool, side), TOOLS.node_count(tool, side));
                for node in 0..TOOLS.node_count(tool, side) {
                    assert_eq!(table.node(tool, side, node), TOOLS.node(tool, side, node));
                }
            }
        }
    }

    #[test]
    fn a_gap_keeps_the_numbers_behind_it() {
        let mut list = list();
        list.insert(0, 0);
        let table = Table::new(list.into()).unwrap();
        assert_eq!(table.wire_number(0), Some(1));
        assert_eq!(table.row_of(1), Some(0));
        assert_eq!(table.row_of(0), None);
        assert_ne!(table.list_hash(), record::table_hash(&TOOLS));
    }

    #[test]
    fn no_bytes_panic_and_every_cut_is_refused_or_shorter() {
        let whole = list();
        for cut in 0..whole.len() {
            if let Ok(table) = Table::new(whole[..cut].into()) {
                assert!(table.count() < TOOLS.count(), "cut at {cut}");
            }
        }
        let mut random = Random::new(1);
        for _ in 0..4_000 {
            let mut bytes = whole.clone();
            for _ in 0..3 {
                let at = random.below(bytes.len());
                bytes[at] = random.bits() as u8;
            }
            drop(Table::new(bytes.into()));
        }
    }
}
