//! Judging encoded values against a descriptor.

use crate::value::given;
use crate::{
    Condition, DEPTH_MAX, Entry, Fault, FaultCode, Field, Kind, NO_NODE, Scalar, Side, ToolTable,
    ValueReader, quick,
};

/// Checks every rule of one side of a tool's descriptor: types, bounds, labels, what is required,
/// nothing twice, nothing unknown. It holds exactly when the JSON Schema that [`crate::schema`]
/// exports accepts the same value.
///
/// One pass, no recursion, at most [`DEPTH_MAX`] open containers on the stack.
///
/// # Errors
/// The first [`Fault`] in the order of the bytes.
pub fn validate<T: ToolTable + ?Sized>(
    table: &T,
    tool: u16,
    side: Side,
    bytes: &[u8],
) -> Result<(), Fault> {
    let nodes = table.nodes(tool, side);
    if nodes.is_some_and(|nodes| quick::accepts(nodes, bytes)) {
        return Ok(());
    }
    walk(table, tool, side, bytes)
}

/// The whole of [`validate()`], without the short way. Out of line: what it needs of the stack is
/// not there while a tool runs.
#[inline(never)]
pub(crate) fn walk<T: ToolTable + ?Sized>(
    table: &T,
    tool: u16,
    side: Side,
    bytes: &[u8],
) -> Result<(), Fault> {
    let mut walk = Walk::new(table, tool, side, bytes);
    let mut reader = ValueReader::new(bytes);
    loop {
        match reader.entry() {
            Ok(Some(entry)) => walk.entry(entry)?,
            Ok(None) => return walk.finish(),
            Err(_) => return Err(MALFORMED),
        }
    }
}

const MALFORMED: Fault = Fault::new(FaultCode::Malformed, NO_NODE);

/// An object or array whose entries are being read.
#[derive(Clone, Copy)]
struct Open {
    /// The node of the object or array; [`NO_NODE`] for the root.
    node: u16,
    /// The first node that may come next.
    next: u16,
    /// One past the last node that belongs to it.
    end: u16,
    /// Items still to come; [`NO_ITEMS`] for objects.
    items: u16,
}

impl Open {
    const NONE: Self = Self { node: 0, next: 0, end: 0, items: 0 };
}

/// Beside every count of items: no message has room for as many.
const NO_ITEMS: u16 = u16::MAX;

/// What is asked of a node while bytes are judged; the rest of a [`Field`] is for people.
#[derive(Clone, Copy)]
struct Rule<'t> {
    kind: Kind<'t>,
    required: bool,
    required_if: Option<&'t Condition>,
}

impl<'t> Rule<'t> {
    const fn of(field: &Field<'t>) -> Self {
        Self { kind: field.kind, required: field.required, required_if: field.required_if }
    }
}

struct Walk<'t, 'b, T: ToolTable + ?Sized> {
    table: &'t T,
    tool: u16,
    side: Side,
    bytes: &'b [u8],
    open: [Open; DEPTH_MAX],
    depth: usize,
}

impl<'t, 'b, T: ToolTable + ?Sized> Walk<'t, 'b, T> {
    fn new(table: &'t T, tool: u16, side: Side, bytes: &'b [u8]) -> Self {
        let end = table.node_count(tool, side);
        let mut walk = Self { table, tool, side, bytes, open: [Open::NONE; DEPTH_MAX], depth: 1 };
        walk.open[0] = Open { node: NO_NODE, next: 0, end, items: NO_ITEMS };
        walk
    }

    // Out of line, as all of the walk's parts: what is plain has gone the short way, so that small
    // counts for more than fast here.
    #[inline(never)]
    fn rule(&self, node: u16) -> Result<Rule<'t>, Fault> {
        self.table.node(self.tool, self.side, node).as_ref().map(Rule::of).ok_or(MALFORMED)
    }

    fn entry(&mut self, entry: Entry<'_>) -> Result<(), Fault> {
        loop {
            let at = self.depth - 1;
            let Some(&top) = self.open.get(at) else { return Err(MALFORMED) };
            let past = match top.items {
                0 => true,
                // A node at or before the object itself is the next item of an array around it.
                NO_ITEMS => entry.node >= top.end || (self.depth > 1 && entry.node <= top.node),
                left => {
                    // Fewer items than the count says: no value, whatever the bounds are.
                    if entry.node != top.next {
                        return Err(MALFORMED);
                    }
                    self.open[at].items = left - 1;
                    return self.accept(entry, self.rule(entry.node)?.kind);
                }
            };
            if past {
                if self.depth == 1 {
                    return Err(Fault::new(FaultCode::Unknown, entry.node));
                }
                self.close(top)?;
                self.depth -= 1;
                continue;
            }
            if entry.node < top.next {
                return Err(Fault::new(FaultCode::Repeated, entry.node));
            }
            if entry.node > top.next {
                self.skip(top.next, entry.node)?;
            }
            let kind = self.rule(entry.node)?.kind;
            self.open[at].next = entry.node + 1 + kind.nodes() as u16;
            return self.accept(entry, kind);
        }
    }

    /// Steps over siblings that were not given, from `next` to `until`.
    fn skip(&self, mut next: u16, until: u16) -> Result<(), Fault> {
        while next < until {
            let field = self.rule(next)?;
            if field.required {
                return Err(Fault::new(FaultCode::Missing, next));
            }
            if let Some(condition) = field.required_if
                && given(self.bytes, condition.node) == Some(Scalar::Label(condition.label))
            {
                let other = i64::from(condition.node);
                return Err(Fault::bound(FaultCode::MissingBecause, next, other));
            }
            next += 1 + field.kind.nodes() as u16;
        }
        // A node inside a container that was not opened is no sibling.
        if next == until { Ok(()) } else { Err(MALFORMED) }
    }

    fn close(&self, open: Open) -> Result<(), Fault> {
        match open.items {
            0 => Ok(()),
            NO_ITEMS => self.skip(open.next, open.end),
            _ => Err(MALFORMED),
        }
    }

    fn finish(mut self) -> Result<(), Fault> {
        while self.depth > 0 {
            self.depth -= 1;
            if let Some(&open) = self.open.get(self.depth) {
                self.close(open)?;
            }
        }
        Ok(())
    }

    /// Checks one value against its node's kind and opens what it opens.
    fn accept(&mut self, entry: Entry<'_>, kind: Kind<'_>) -> Result<(), Fault> {
        let node = entry.node;
        let inside = match (kind, entry.value) {
            (Kind::Bool, Scalar::Bool(_)) => None,
            (Kind::Int(range), Scalar::Int(value)) => {
                between(node, value, range.min, range.max)?;
                None
            }
            (Kind::Decimal(range), Scalar::Decimal(value)) => {
                between(node, value, range.min, range.max)?;
                // On magnitudes, since one kind of 64-bit division is enough for a microcontroller.
                let step = range.step.unsigned_abs();
                if step != 0 && value.unsigned_abs() % step != 0 {
                    return Err(Fault::bound(FaultCode::NotAMultiple, node, range.step));
                }
                None
            }
            (Kind::Text { min, max }, Scalar::Text(text)) => {
                length(node, text, min, max)?;
                None
            }
            (Kind::Choice(_), Scalar::Label(label)) => {
                if !kind.has_label(usize::from(label)) {
                    return Err(Fault::new(FaultCode::NotAChoice, node));
                }
                None
            }
            (Kind::Object { nodes }, Scalar::Object) => Some((nodes, NO_ITEMS)),
            (Kind::Array { nodes, min, max }, Scalar::Array(count)) => {
                if count < u16::from(min) {
                    return Err(Fault::bound(FaultCode::TooFew, node, i64::from(min)));
                }
                if max != u8::MAX && count > u16::from(max) {
                    return Err(Fault::bound(FaultCode::TooMany, node, i64::from(max)));
                }
                if count == NO_ITEMS {
                    return Err(MALFORMED);
                }
                Some((nodes, count))
            }
            _ => return Err(Fault::new(FaultCode::WrongType, node)),
        };
        if let Some((nodes, items)) = inside {
            let open = Open { node, next: node + 1, end: node + 1 + u16::from(nodes), items };
            *self.open.get_mut(self.depth).ok_or(MALFORMED)? = open;
            self.depth += 1;
        }
        Ok(())
    }
}

const fn between(node: u16, value: i64, min: i64, max: i64) -> Result<(), Fault> {
    if value < min {
        return Err(Fault::bound(FaultCode::TooSmall, node, min));
    }
    if value > max {
        return Err(Fault::bound(FaultCode::TooLarge, node, max));
    }
    Ok(())
}

/// Bounds on text count code points, not bytes: 32 times `é` fits 32.
fn length(node: u16, text: &str, min: u16, max: u16) -> Result<(), Fault> {
    let (min, max) = (usize::from(min), usize::from(max));
    if text.len() <= max && min == 0 {
        return Ok(());
    }
    let points = text.chars().count();
    if points < min {
        return Err(Fault::bound(FaultCode::TooShort, node, min as i64));
    }
    if points > max && max != usize::from(u16::MAX) {
        return Err(Fault::bound(FaultCode::TooLong, node, max as i64));
    }
    Ok(())
}
