//! Where a sentence of two commands is divided.

use crate::base::Base;
use crate::rows::{COLUMNS_MAX, Meaning};
use crate::said::{Said, WORDS_MAX};
use crate::table::Table;

/// Most places that are compared.
const COMPARED_MAX: usize = 8;
/// Places that are tried: each takes as long as the whole sentence once more.
pub(crate) const TRIED_MAX: usize = 1;

/// A place: where the first command ends, where the second begins, and how near each is in meaning
/// to the tool that is nearest.
#[derive(Clone, Copy, Debug)]
struct Place {
    end: usize,
    start: usize,
    meanings: [Meaning; 2],
    nearest: [f32; 2],
}

impl Place {
    const NONE: Self = Self { end: 0, start: 0, meanings: [Meaning::NONE; 2], nearest: [-1.0; 2] };

    fn near(&self) -> f32 {
        self.nearest[0] + self.nearest[1]
    }
}

/// The likeliest places, in bytes: the end of the first command and the start of the second. Those
/// are likeliest whose two commands are each near to a tool.
#[expect(clippy::large_stack_arrays, reason = "it is the most that is ever needed")]
pub(crate) fn places(
    base: &Base<'_>,
    table: &Table<'_>,
    said: &Said<'_>,
) -> impl Iterator<Item = (usize, usize)> + use<> {
    let mut rows = [([0; COLUMNS_MAX], 0.0); WORDS_MAX];
    for (to, word) in rows.iter_mut().zip(said.words()) {
        let row = said.row(&base.rows, word);
        *to = (row.codes, row.most);
    }
    let rows = rows.get(..said.words().len()).unwrap_or_default();
    let mut all = [Place::NONE; COMPARED_MAX];
    let mut count = 0;
    for (at, word) in said.words().iter().enumerate().skip(1) {
        let (start, end) = (usize::from(word.span.0), usize::from(word.span.1));
        let ((end, start), behind) = match (word.divides, word.follows) {
            (true, _) => ((start, end), at + 1),
            (_, true) => ((start, start), at),
            _ => continue,
        };
        let Some(place) = all.get_mut(count) else { break };
        let meaning = |rows: Option<&[([i8; COLUMNS_MAX], f32)]>| {
            Meaning::of(rows.unwrap_or_default().iter().copied())
        };
        let meanings = [meaning(rows.get(..at)), meaning(rows.get(behind..))];
        *place = Place { end, start, meanings, ..Place::NONE };
        count += 1;
    }
    let compared = all.get_mut(..count).unwrap_or_default();
    if compared.len() > TRIED_MAX {
        for tool in table.tools() {
            let meaning = tool.meaning(|_| true);
            for place in compared.iter_mut() {
                for (nearest, own) in place.nearest.iter_mut().zip(&place.meanings) {
                    *nearest = nearest.max(own.likeness(&meaning));
                }
            }
        }
    }
    // Of places that are equally near the first.
    let mut tried = [None; TRIED_MAX];
    for (at, place) in compared.iter().enumerate() {
        let is_before = |(other, one): (usize, &Place)| {
            one.near() > place.near() || one.near() >= place.near() && other < at
        };
        let rank = compared.iter().enumerate().filter(|one| is_before(*one)).count();
        if let Some(to) = tried.get_mut(rank) {
            *to = Some((place.end, place.start));
        }
    }
    tried.into_iter().flatten()
}
