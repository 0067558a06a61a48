//! What a base model makes of a list's sentences.

use std::cell::RefCell;

use trine_models::tools::{self, ToolText};
use trine_ternary::Kernels;
use trine_unseen::{Answer, Asker, Base, Compiler, Table, table_bytes};

use crate::lists::score::{Prediction, Predictor};
use crate::lists::{Call, List};

/// A base model that predicts.
#[derive(Debug)]
pub struct Unseen<'m> {
    base: Base<'m>,
    ready: RefCell<Option<Ready>>,
}

/// A list's tools with their table.
#[derive(Debug)]
struct Ready {
    name: String,
    texts: Vec<ToolText>,
    table: Vec<u8>,
}

impl Ready {
    fn new(base: &Base<'_>, list: &List) -> Option<Self> {
        let texts = super::data::texts(list).ok()?;
        let labels = tools::joined(&texts);
        let fields = tools::fields(&texts, &labels);
        let tools = tools::table(&texts, &fields);
        let mut table = vec![0; table_bytes(&tools[..]).ok()?];
        Compiler::new().compile(base, &tools[..], &mut table).ok()?;
        Some(Self { name: list.name.clone(), texts, table })
    }
}

impl<'m> Unseen<'m> {
    /// Of a base model.
    #[must_use]
    pub const fn new(base: Base<'m>) -> Self {
        Self { base, ready: RefCell::new(None) }
    }
}

impl Predictor for Unseen<'_> {
    fn name(&self) -> String {
        format!("unseen {:016x}", self.base.hash())
    }

    fn predict(&self, list: &List, text: &str) -> Prediction {
        let mut ready = self.ready.borrow_mut();
        if ready.as_ref().is_none_or(|ready| ready.name != list.name) {
            *ready = Ready::new(&self.base, list);
        }
        let Some(ready) = ready.as_ref() else { return Prediction::default() };
        let Ok(table) = Table::parse(&ready.table, &self.base, None) else {
            return Prediction::default();
        };
        let mut asker = Box::new(Asker::new());
        asker.workspace().with_kernels(Kernels::best());
        let answer = asker.ask(&self.base, &table, text.as_bytes());
        answer.map_or_else(|_| Prediction::default(), |answer| prediction(&answer, &ready.texts))
    }
}

fn prediction(answer: &Answer<'_>, texts: &[ToolText]) -> Prediction {
    let labels = tools::joined(texts);
    let fields = tools::fields(texts, &labels);
    let calls = answer.calls.iter().flatten().filter_map(|call| {
        let tool = usize::from(call.tool);
        let own = fields.get(tool)?;
        let field = |node| own.get(usize::from(node)).copied();
        let arguments = tools::arguments(field, call.arguments());
        Some(Call { tool: texts[tool].name.clone(), arguments })
    });
    Prediction {
        calls: calls.collect(),
        confidence: f64::from(answer.confidence),
        why: answer.reason.map(|reason| reason.name().to_owned()),
    }
}
