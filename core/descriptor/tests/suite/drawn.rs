//! Tables of tools drawn at random, values for them, and whether a packed table says the same.
//!
//! The packer's own tests use them too.

use trine_bits::Random;
use trine_descriptor::{
    Annotations, Condition, Consent, DecimalRange, FailSafe, Field, IntRange, Kind, Limits,
    Literal, Packed, Rules, Side, Tool, ToolInfo, ToolTable, ValueWriter,
};

/// What tables are made of.
pub(crate) trait Draw {
    fn is_one_of(&mut self, count: usize) -> bool;
    fn text(&mut self, words: usize) -> String;
}

impl Draw for Random {
    fn is_one_of(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn text(&mut self, words: usize) -> String {
        const WORDS: [&str; 12] = [
            "Set",
            "the",
            "fan",
            "of",
            "the greenhouse",
            "21 °C",
            "漢字",
            "percent.",
            "é",
            "|'\"\\",
            "water",
            "a",
        ];
        let words: Vec<_> = (0..self.below(words + 1)).map(|_| WORDS[self.below(12)]).collect();
        words.join(" ")
    }
}

pub(crate) fn list<T: Rules + ?Sized>(table: &T) -> Vec<u8> {
    let mut bytes = vec![0; table.page(0, &mut [])];
    table.page(0, &mut bytes);
    bytes
}

/// Values near every bound, few of which are right.
pub(crate) fn value(random: &mut Random, out: &mut ValueWriter<'_>) {
    let mut node = 0;
    for _ in 0..random.below(6) {
        let near = [0, 1, 50, 100, 350, 1800, 86_400, 1 << 33][random.below(8)];
        let number = near + random.below(5) as i64 - 2;
        match random.below(9) {
            0 | 1 => out.bool(node, random.is_one_of(2)),
            2 | 3 => out.int(node, number),
            4 => out.decimal(node, number),
            5 => out.text(node, &random.text(5)),
            6 => out.object(node),
            7 => out.array(node, random.below(4) as u16),
            _ => out.label(node, random.below(6) as u16),
        }
        node += u16::from(!random.is_one_of(8));
    }
}

/// Compares all that a device asks of a table.
pub(crate) fn same<T: ToolTable + ?Sized>(
    table: &T,
    packed: &Packed<'_>,
    random: &mut Random,
) -> usize {
    let whole = list(table);
    assert!(list(packed) == whole, "the list");
    for at in (0..whole.len() + 2).step_by(61) {
        let mut page = [0xee; 48];
        assert_eq!(packed.page(at, &mut page), whole.len());
        let rest = whole.get(at..).unwrap_or_default();
        let len = rest.len().min(page.len());
        assert!(page[..len] == rest[..len], "at {at}");
        assert!(page[len..].iter().all(|&byte| byte == 0xee), "written past the end");
    }
    assert_eq!((packed.tools(), packed.list_hash()), (table.count(), table.list_hash()));
    let mut accepted = 0;
    for tool in 0..=table.count() {
        assert_eq!(packed.head(tool), table.head(tool));
        if tool < table.count() {
            assert_eq!(Rules::check(packed, tool), Rules::check(table, tool));
        }
        assert_eq!(u16::from(packed.params(tool)), table.node_count(tool, Side::Params));
        for node in 0..=table.node_count(tool, Side::Params) {
            assert_eq!(packed.absent(tool, node), table.absent(tool, node));
        }
        if tool == table.count() {
            break;
        }
        for side in [Side::Params, Side::Output] {
            for _ in 0..300 {
                let mut bytes = [0; 256];
                let mut out = ValueWriter::new(&mut bytes);
                value(random, &mut out);
                let wanted = table.judge(tool, side, out.bytes());
                assert_eq!(packed.judge(tool, side, out.bytes()), wanted, "{tool} {side:?}");
                accepted += usize::from(wanted.is_ok());
                // Nor does a byte that is no value's make a difference, wherever it stands.
                let len = out.len().saturating_sub(random.below(2));
                let bytes = &mut bytes[..len];
                if let Some(place) = bytes.get_mut(random.below(12)) {
                    *place = [0, 1, 2, 3, 5, 18, 0x7f, 0x80, 0x81, 0xff][random.below(10)];
                }
                let wanted = table.judge(tool, side, bytes);
                assert_eq!(packed.judge(tool, side, bytes), wanted, "{tool} {side:?} {bytes:x?}");
            }
        }
    }
    accepted
}

fn kind(random: &mut Random, is_param: bool) -> Kind<'static> {
    let low = random.below(4) as i64 * 7 - 9;
    let open = |random: &mut Random| !is_param && random.is_one_of(3);
    let min = if open(random) { i64::MIN } else { low };
    let high = [100, 350, 86_400, 1 << 40][random.below(4)];
    let max = if open(random) { i64::MAX } else { high };
    match random.below(6) {
        0 => Kind::Bool,
        1 | 2 => Kind::Int(IntRange { min, max }),
        3 => {
            let step = [1, 5, 1 << 20][random.below(3)];
            Kind::Decimal(DecimalRange { min, max, step, places: random.below(10) as u8 })
        }
        4 if open(random) => Kind::Text { min: 1, max: u16::MAX },
        4 => Kind::Text { min: 0, max: 5 + random.below(300) as u16 },
        _ => Kind::Choice(["a|b", "grow|door|all", "é|漢字|x y|4|5"][random.below(3)]),
    }
}

fn default(random: &mut Random, kind: Kind<'static>) -> Option<Literal<'static>> {
    Some(match kind {
        Kind::Bool => Literal::Bool(random.is_one_of(2)),
        Kind::Int(range) => Literal::Number(range.min + 3),
        Kind::Decimal(range) if range.step == 1 => Literal::Number(range.max),
        Kind::Text { .. } => Literal::Text(["", "é", "nobo"][random.below(3)]),
        Kind::Choice(_) => Literal::Label(random.below(2) as u16),
        _ => return None,
    })
}

/// A node and, if it is a container, what lies in it.
fn node(random: &mut Random, out: &mut Vec<Field<'static>>, is_param: bool, depth: u8, name: bool) {
    let leak = |text: String| -> &'static str { text.leak() };
    let at = out.len();
    let name = if name { leak(format!("n{at}")) } else { "" };
    let mut field = Field::new(name, kind(random, is_param));
    if is_param || random.is_one_of(3) {
        field = field.describe(leak(format!("About {}", random.text(6))));
    }
    if matches!(field.kind, Kind::Int(_)) && random.is_one_of(2) {
        field = field.unit("degC");
    }
    let is_item = name.is_empty();
    if !is_item && random.is_one_of(3) {
        field = field.optional();
        let value = default(random, field.kind).filter(|_| is_param);
        if let Some(value) = value.filter(|_| random.is_one_of(2)) {
            field = field.default_to(value);
        }
    }
    out.push(field);
    if depth > 0 && random.is_one_of(4) {
        let is_list = random.is_one_of(2);
        for _ in 0..if is_list { 1 } else { random.below(4) } {
            node(random, out, is_param, depth - 1, !is_list);
        }
        let nodes = (out.len() - at - 1) as u8;
        let max = if is_param { 3 } else { u8::MAX };
        let list = Kind::Array { nodes, min: random.below(3) as u8, max };
        let kind = if is_list { list } else { Kind::Object { nodes } };
        out[at] = Field { kind, default: None, unit: "", ..out[at] };
    }
}

pub(crate) fn tool(random: &mut Random, number: usize) -> Tool<'static> {
    let [mut params, mut output] = [vec![], vec![]];
    for (side, is_param) in [(&mut params, true), (&mut output, false)] {
        for _ in 0..random.below(6) {
            node(random, side, is_param, 3, true);
        }
    }
    if random.is_one_of(3) {
        params.push(Field::new("what", Kind::Choice("x|y")).describe("Which."));
        let condition = Condition { node: params.len() as u16 - 1, label: 1 };
        let when = Field::new("when", Kind::Bool).describe("Whether.").required_when(condition);
        let value = Literal::Bool(true);
        params.push(if random.is_one_of(2) {
            when
        } else {
            Field { default: Some(value), ..when }
        });
    }
    let name = format!("tool_{number}").leak();
    let info = ToolInfo {
        title: random.text(3).leak(),
        version: if random.is_one_of(4) { "1.2.3" } else { "" },
        annotations: Annotations(random.below(16) as u8),
        consent: Consent::from_u8(random.below(4) as u8),
        fail_safe: FailSafe(random.below(4) as u8),
        limits: Limits {
            deadline_ms: random.below(3) as u32 * 70_000,
            pending_bytes: random.below(3) as u16 * 300,
        },
        content: random.is_one_of(5),
        ..ToolInfo::new(name, format!("It does {}.", random.text(20)).leak())
    };
    Tool::new(info, params.leak(), output.leak())
}

/// The tools of the table in `golden/packed.bin`, whose list takes several pieces.
pub(crate) fn tools() -> Vec<Tool<'static>> {
    let random = &mut Random::new(24);
    (0..36).map(|at| tool(random, at)).collect()
}
