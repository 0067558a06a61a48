//! The base model makes calls of sentences, for tools that it has never seen: no board, no wire.

use core::fmt;

use trine_ask::SentenceError;
use trine_descriptor::ValueWriter;
use trine_unseen::{Answer, Asker, Base, BaseError, Call, Table, TableError};

use crate::{after, before};

/// Bytes of arguments that are shown.
const ARGUMENTS: usize = 1024;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Given<'g> {
    /// The base, in whatever packing.
    pub base: &'g [u8],
    /// What the base has made of the tools.
    pub table: &'g [u8],
    /// One a line.
    pub sentences: &'g str,
}

/// Why nothing is read.
#[derive(Debug)]
pub enum Refused {
    /// It is no base.
    Base(BaseError),
    /// It is no table, or that of another base.
    Table(TableError),
}

/// Asks each sentence and says what it comes to, the confidence by its bits.
///
/// # Errors
/// When base and table are not what they should be.
pub fn ask<'g>(
    given: &Given<'g>,
    asker: &mut Asker<'g>,
    say: &mut dyn FnMut(fmt::Arguments<'_>),
) -> Result<(), Refused> {
    let base = Base::parse_trusted(given.base).map_err(Refused::Base)?;
    let table = Table::parse(given.table, &base, None).map_err(Refused::Table)?;
    for line in given.sentences.lines() {
        before();
        let answer = asked(asker, &base, &table, line);
        after();
        tell(&answer, say);
    }
    Ok(())
}

/// Out of line, so that it is known how deep the stack is below it.
#[inline(never)]
fn asked<'g>(
    asker: &mut Asker<'g>,
    base: &Base<'_>,
    table: &Table<'_>,
    line: &'g str,
) -> Result<Answer<'g>, SentenceError> {
    asker.ask(base, table, line.as_bytes())
}

fn tell(answer: &Result<Answer<'_>, SentenceError>, say: &mut dyn FnMut(fmt::Arguments<'_>)) {
    match answer {
        Ok(Answer { calls, confidence, reason, fault, between }) => {
            let [one, two] = calls.map(|call| call.map(Shown));
            let bits = confidence.to_bits();
            say(format_args!("{one:?} {two:?} {bits:08x} {reason:?} {fault:?} {between:?}"));
        }
        Err(error) => say(format_args!("{error:?}")),
    }
}

/// A call: its tool, and its arguments as the wire has them.
struct Shown<'s>(Call<'s>);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut memory = [0; ARGUMENTS];
        let mut out = ValueWriter::new(&mut memory);
        self.0.encode(&mut out);
        write!(f, "{}:", self.0.tool)?;
        out.bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
