//! What a device asks of its tools: less than a whole [`ToolTable`], so that less is linked.

#[cfg(all(target_pointer_width = "64", not(trine_small)))]
use crate::quick;
use crate::validate::walk;
use crate::value::{Item, tag};
use crate::{
    Annotations, Condition, Consent, FailSafe, Fault, Field, Kind, Limits, Literal, Side,
    ToolTable, record,
};

/// What a dispatcher has to know of a tool before it runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Hints for clients.
    pub annotations: Annotations,
    /// Who must agree.
    pub consent: Consent,
    /// What it does by itself.
    pub fail_safe: FailSafe,
    /// Whether it answers content blocks.
    pub content: bool,
    /// What a call may use.
    pub limits: Limits,
}

/// What one node demands of its values: a tag, and bounds on one number. For Booleans and
/// labels the number is the value, for text the count of code points, for arrays that of items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The tag of its values, of [`tag`].
    pub tag: u8,
    /// Whether it must be present.
    pub required: bool,
    /// How many of the following nodes belong to it, at every depth.
    pub nodes: u8,
    /// Least number allowed; `i64::MIN` leaves the side open.
    pub min: i64,
    /// Greatest number allowed; `i64::MAX` leaves the side open.
    pub max: i64,
    /// The number must be a multiple of this; 0 sets no such rule.
    pub step: u64,
    /// When it must be present although not `required`.
    pub required_if: Option<Condition>,
}

impl Rule {
    /// What no value keeps.
    pub(crate) const NONE: Self =
        Self { tag: 0, required: false, nodes: 0, min: 0, max: 0, step: 0, required_if: None };

    /// What is asked of a field.
    #[must_use]
    pub const fn of(field: &Field<'_>) -> Self {
        let (tag, min, max, step) = match field.kind {
            Kind::Bool => (tag::BOOL, 0, 1, 0),
            Kind::Int(range) => (tag::INT, range.min, range.max, 0),
            Kind::Decimal(range) => (tag::DECIMAL, range.min, range.max, range.step.unsigned_abs()),
            // The greatest number stands for no bound.
            Kind::Text { min, max: u16::MAX } => (tag::TEXT, min as i64, i64::MAX, 0),
            Kind::Text { min, max } => (tag::TEXT, min as i64, max as i64, 0),
            Kind::Choice(labels) => (tag::LABEL, 0, last_label(labels.as_bytes()), 0),
            Kind::Object { .. } => (tag::OBJECT, 0, 0, 0),
            Kind::Array { min, max: u8::MAX, .. } => (tag::ARRAY, min as i64, i64::MAX, 0),
            Kind::Array { min, max, .. } => (tag::ARRAY, min as i64, max as i64, 0),
        };
        let (required, required_if) = (field.required, field.required_if);
        let nodes = field.kind.nodes() as u8;
        Self { tag, required, nodes, min, max, step, required_if }
    }
}

/// The number of the last label: as many as there are bars.
const fn last_label(labels: &[u8]) -> i64 {
    let (mut bars, mut at) = (0, 0);
    while at < labels.len() {
        bars += (labels[at] == b'|') as i32;
        at += 1;
    }
    bars as i64
}

/// A rule in eight bytes, as most are: small bounds, no step, no condition.
#[derive(Clone, Copy)]
pub(crate) struct Small(pub(crate) [u8; Self::BYTES]);

impl Small {
    pub(crate) const BYTES: usize = 8;
    /// Bits of the first byte, beside the tag in the lower three.
    const REQUIRED: u8 = 8;
    const WIDE: u8 = 16;

    /// The rule, and whether it fits. Where it does not, its bounds, step and condition are at
    /// `wide`.
    pub(crate) const fn new(rule: &Rule, wide: u16) -> (Self, bool) {
        let (min, max) = (rule.min as i16, rule.max as i32);
        let open_min = rule.min == i64::MIN;
        let open_max = rule.max == i64::MAX;
        let fits = (open_min || (min as i64 == rule.min && min != i16::MIN))
            && (open_max || (max as i64 == rule.max && max != i32::MAX))
            && rule.step <= 1
            && rule.required_if.is_none();
        let min = if open_min { i16::MIN } else { min }.to_le_bytes();
        let max = if open_max { i32::MAX } else { max }.to_le_bytes();
        let required = if rule.required { Self::REQUIRED } else { 0 };
        let mark = rule.tag | required | if fits { 0 } else { Self::WIDE };
        let [low, high] = wide.to_le_bytes();
        let bytes = if fits {
            [mark, rule.nodes, min[0], min[1], max[0], max[1], max[2], max[3]]
        } else {
            [mark, rule.nodes, low, high, 0, 0, 0, 0]
        };
        (Self(bytes), fits)
    }

    pub(crate) fn rule(self) -> Rule {
        let [mark, nodes, min0, min1, max @ ..] = self.0;
        let min = i16::from_le_bytes([min0, min1]);
        let max = i32::from_le_bytes(max);
        Rule {
            tag: mark & 7,
            required: mark & Self::REQUIRED != 0,
            nodes,
            min: if min == i16::MIN { i64::MIN } else { min.into() },
            max: if max == i32::MAX { i64::MAX } else { max.into() },
            step: 0,
            required_if: None,
        }
    }

    /// Whether a member of this rule may be missing whatever the others hold. An object that is
    /// missing would take its members with it, which is for the walk to say.
    pub(crate) const fn may_be_missing(self) -> bool {
        let [mark, nodes, ..] = self.0;
        mark & (Self::REQUIRED | Self::WIDE) == 0 && nodes == 0 && mark & 7 < tag::OBJECT
    }

    /// Whether it takes that value, encoded in one byte or two: a Boolean, a label or a number
    /// still in zigzag. `false` also where that is not known.
    pub(crate) const fn accepts(self, tag: u8, mut number: i32) -> bool {
        let [mark, _, min0, min1, max @ ..] = self.0;
        if mark & (Self::WIDE | 7) != tag {
            return false;
        }
        match tag {
            tag::INT | tag::DECIMAL => number = number >> 1 ^ -(number & 1),
            tag::BOOL | tag::LABEL => {}
            _ => return false,
        }
        // What stands for no bound is beyond any number of two bytes.
        i16::from_le_bytes([min0, min1]) as i32 <= number && number <= i32::from_le_bytes(max)
    }

    /// Where the rest of the rule is, if it is not small.
    pub(crate) fn wide(self) -> Option<u16> {
        let [mark, _, low, high, ..] = self.0;
        (mark & Self::WIDE != 0).then(|| u16::from_le_bytes([low, high]))
    }
}

/// A table of tools as a device uses it: to judge values, to run tools and to send its list.
///
/// Every [`ToolTable`] is one. [`crate::Pack`] is one without being a whole table, which is what
/// a small device links. A number beyond the end answers `None`, or 0.
pub trait Rules: Sync {
    /// How many tools there are.
    fn tools(&self) -> u16;

    /// What is to be known of a tool before it runs.
    fn head(&self, tool: u16) -> Option<Head>;

    /// The lower half of the hash of a tool's record, which a call must carry.
    fn check(&self, tool: u16) -> u32;

    /// Checks a value against one side of a tool: see [`crate::validate()`].
    ///
    /// # Errors
    /// The first [`Fault`] in the order of the bytes.
    fn judge(&self, tool: u16, side: Side, bytes: &[u8]) -> Result<(), Fault>;

    /// `true` only where [`Self::judge`] accepts the value; `false` says nothing. 64-bit hosts ask
    /// this first, since it takes a fraction of the time and nearly every value is plain and right.
    #[cfg(all(target_pointer_width = "64", not(trine_small)))]
    fn accepts(&self, tool: u16, side: Side, bytes: &[u8]) -> bool {
        _ = (tool, side, bytes);
        false
    }

    /// What a parameter counts as when it is absent, if it has a default.
    fn absent(&self, tool: u16, node: u16) -> Option<Item<'_>>;

    /// The part of the list of records that starts at byte `offset` goes into `out`; answers the
    /// length of the whole list. See [`record::page`].
    fn page(&self, offset: usize, out: &mut [u8]) -> usize;

    /// The hash of the list, as [`record::table_hash`] makes it.
    fn list_hash(&self) -> u64;
}

impl<T: ToolTable + ?Sized> Rules for T {
    fn tools(&self) -> u16 {
        self.count()
    }

    fn head(&self, tool: u16) -> Option<Head> {
        let info = self.info(tool)?;
        Some(Head {
            annotations: info.annotations,
            consent: info.consent,
            fail_safe: info.fail_safe,
            content: info.content,
            limits: info.limits,
        })
    }

    fn check(&self, tool: u16) -> u32 {
        self.hash(tool) as u32
    }

    fn judge(&self, tool: u16, side: Side, bytes: &[u8]) -> Result<(), Fault> {
        match self.nodes(tool, side) {
            Some(nodes) => {
                #[cfg(all(target_pointer_width = "64", not(trine_small)))]
                if quick::accepts(|node| nodes.get(usize::from(node)), bytes) {
                    return Ok(());
                }
                let rule = |node| nodes.get(usize::from(node)).map(Rule::of);
                walk(nodes.len() as u16, rule, bytes)
            }
            None => {
                #[cfg(all(target_pointer_width = "64", not(trine_small)))]
                if quick::accepts(|node| self.bare_node(tool, side, node), bytes) {
                    return Ok(());
                }
                let rule = |node| self.bare_node(tool, side, node).as_ref().map(Rule::of);
                walk(self.node_count(tool, side), rule, bytes)
            }
        }
    }

    #[cfg(all(target_pointer_width = "64", not(trine_small)))]
    fn accepts(&self, tool: u16, side: Side, bytes: &[u8]) -> bool {
        self.nodes(tool, side).is_some_and(|nodes| {
            let integer = |node| nodes.get(usize::from(node))?.integer();
            quick::accepts_integers(nodes.len(), integer, bytes)
        })
    }

    fn absent(&self, tool: u16, node: u16) -> Option<Item<'_>> {
        self.default_of(tool, node)
    }

    fn page(&self, offset: usize, out: &mut [u8]) -> usize {
        self.records(offset, out)
    }

    fn list_hash(&self) -> u64 {
        record::table_hash(self)
    }
}

/// What a parameter counts as by the default of its field.
pub(crate) fn default_of<'t>(field: Field<'t>, node: u16) -> Option<Item<'t>> {
    let (number, text) = match field.default? {
        Literal::Bool(value) => (i64::from(value), ""),
        Literal::Number(value) => (value, ""),
        Literal::Text(text) => (0, text),
        Literal::Label(label) => (i64::from(label), ""),
    };
    Some(Item { node, tag: Rule::of(&field).tag, number, text: text.as_bytes() })
}
