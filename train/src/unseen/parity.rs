//! The network in training and the engine of base models compute the same.

use serde_json::json;
use trine_models::tools;
use trine_ternary::Packing;
use trine_unseen::ask::TableRules;
use trine_unseen::base::Thresholds;
use trine_unseen::hear::Workspace;
use trine_unseen::option::Kind;
use trine_unseen::said::Said;
use trine_unseen::shape::{COLUMNS, DIM, FFN, HEADS};
use trine_unseen::{Base, Compiler, Table};

use super::batch::{Group, Prepared};
use super::choices::{Choices, Parameter};
use super::data::ListData;
use super::forward::Dropout;
use super::loss::{chance, shares};
use super::model::Model;
use super::net::Shape;
use super::spans::Spans;
use super::tape::{Tape, ternary};
use super::text::{Lexicon, Table as WordTable};
use crate::lists::{List, Record};
use crate::random::Random;

/// How far two shares may be apart: the engine keeps what it knows of tools in 8 bits.
const APART: f32 = 0.08;
/// How far they may be on average: what is left out of the engine shows here.
const MEAN_APART: f32 = 0.0053;

fn list() -> List {
    let tools = json!([
        {"name": "lamp_set", "title": "Lamp", "description": "Switch the desk lamp.",
         "inputSchema": {"type": "object", "properties": {"on": {"type": "boolean"}},
                         "required": ["on"]}},
        {"name": "pump_rate", "description": "Pump so much: FAST = as fast as it can.",
         "inputSchema": {"type": "object", "properties": {
            "ml_min": {"type": "integer", "minimum": -5, "maximum": 100,
                       "description": "Millilitres a minute"},
            "mode": {"type": "string", "enum": ["FAST", "slow_eco"]}},
            "required": ["ml_min"]}},
        {"name": "say", "description": "Show a text on the display.",
         "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}},
                         "required": ["text"]}},
        {"name": "level", "annotations": {"readOnlyHint": true},
         "inputSchema": {"type": "object"}},
    ]);
    let texts = [
        "turn the lamp off",
        "Pump 25 ml a minute, eco please",
        "show \"hello there\" and then light the lamp",
        "how full is it",
        "zwei und vierzig",
    ];
    let record = |text: &str| Record {
        line: 1,
        text: text.into(),
        calls: Vec::new(),
        why: None,
        missing: Vec::new(),
        between: Vec::new(),
        kind: "plain".into(),
        hand: "a".into(),
        list: "odd".into(),
        sure: None,
    };
    List {
        name: "odd".into(),
        tools: tools.as_array().unwrap().clone(),
        records: texts.map(record).into(),
    }
}

/// A network of random numbers, also where training begins with zeros or ones.
fn model(seed: u64) -> Model {
    let base = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("base");
    let table = WordTable::read(&base.join("pieces.txt"), &base.join("rows.i8")).unwrap();
    let shape =
        Shape { table: COLUMNS, dim: DIM, ffn: FFN, heads: HEADS, sentence: 1, tool: 2, both: 2 };
    let mut model = Model::new(shape, seed, table);
    let mut random = Random::named(seed, "parity");
    model.params.data.iter_mut().for_each(|x| *x += 0.6 * (random.unit() - 0.5));
    model
}

#[test]
fn the_engine_computes_what_was_trained() {
    let mut off = Vec::new();
    (0..SEEDS).for_each(|seed| compare(seed, &mut off));
    let mean = off.iter().sum::<f32>() / off.len() as f32;
    assert!(off.len() > 200 && mean < MEAN_APART, "{} shares, {mean} apart", off.len());
}

/// Networks that are compared.
const SEEDS: u64 = 12;

fn compare(seed: u64, off: &mut Vec<f32>) {
    let (list, model) = (list(), model(seed));
    let words = model.table.clone();
    let mut lexicon = Lexicon::new(&words);
    let data = ListData::new(&list, &mut lexicon).unwrap();
    let prepared = Prepared::new(data, &lexicon);
    let groups = [Group::whole(&prepared, (0..list.records.len()).collect())];
    let weights = ternary(&model.params);
    let mut tape = Tape::new(&model.params, &weights, false);
    let out = model.net.forward(&mut tape, &lexicon, &groups, &mut Dropout::none());

    let bytes = model.base(Packing::Table5Trit, Thresholds { acting: 0.0, reading: 0.0 }).unwrap();
    let base = Base::parse(&bytes).unwrap();
    let texts = super::data::texts(&list).unwrap();
    let labels = tools::joined(&texts);
    let fields = tools::fields(&texts, &labels);
    let own = tools::table(&texts, &fields);
    let mut memory = vec![0; 1 << 20];
    let length = Compiler::new().compile(&base, &own[..], &mut memory).unwrap();
    let table = Table::parse(&memory[..length], &base, None).unwrap();
    let mut workspace = Box::new(Workspace::new());
    let (mut places, mut filled) = (Vec::new(), Vec::new());
    for (at, record) in list.records.iter().enumerate() {
        let mut said = Said::empty();
        said.fill(record.text.as_bytes(), &TableRules(&table)).unwrap();
        let guess = workspace.guess(&base, &table, &said).unwrap();
        let rows = out.of[at].clone();
        let mut scores = tape.value(out.score)[rows].to_vec();
        scores.push(tape.value(out.none)[at]);
        let shares = shares(&scores);
        let place = usize::from(guess.tool);
        let wanted = [shares[place], *shares.last().unwrap(), chance(tape.value(out.two)[at])];
        for (found, wanted) in [guess.share, guess.none, guess.two].into_iter().zip(wanted) {
            off.push((found - wanted).abs());
            assert!((found - wanted).abs() < APART, "{}: {found} {wanted}", record.text);
        }
        let most = shares[..shares.len() - 1].iter().copied().fold(0.0, f32::max);
        assert!(most - shares[place] < APART, "{}: the best tool", record.text);
        places.push(out.of[at].start + place);
        filled.push(workspace.fill(&base, &table, &said, &guess).sure);
    }
    let choices = model.net.choices(&mut tape, &groups, &out, &places);
    for ((params, sure), record) in choices.of.iter().zip(&filled).zip(&list.records) {
        let wanted: f32 = params.iter().map(|param| surest(&tape, &choices, param)).product();
        off.push((sure - wanted).abs());
        assert!((sure - wanted).abs() < APART, "{}: {sure} {wanted}", record.text);
    }
}

/// How sure the likeliest value of a parameter is.
fn surest(tape: &Tape<'_>, choices: &Choices, param: &Parameter) -> f32 {
    let is_required = param.options[0].features()[0];
    if let (Some(text), Some(scores)) = (&param.text, &choices.texts) {
        let spans = Spans::new(tape, tape.value(choices.scores)[param.rows.start], (scores, text));
        let absent = if is_required { 0.0 } else { spans.absent };
        return spans.all.iter().map(|span| span.2).fold(absent, f32::max);
    }
    let shares = shares(&tape.value(choices.scores)[param.rows.clone()]);
    let is_open =
        |at: &usize| !(param.options[*at].features()[0] && param.options[*at].kind == Kind::Absent);
    (0..shares.len()).filter(is_open).map(|at| shares[at]).fold(0.0, f32::max)
}
