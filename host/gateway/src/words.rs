//! Sentences that are put together.

use trine_descriptor::TextSink;

/// A sentence that grows.
#[derive(Debug, Default)]
pub(crate) struct Words(pub(crate) String);

impl TextSink for Words {
    fn text(&mut self, text: &str) {
        self.0.push_str(text);
    }
}
