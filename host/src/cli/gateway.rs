//! `trine gateway`.

use std::ffi::OsString;
use std::process::ExitCode;

use trine::{Error, Result};
use trine_ask::SENTENCE_MAX;
use trine_gateway::ask_tool::{KnownTools, Reply};
use trine_gateway::server::{SentenceModel, SentenceQueue};
use trine_gateway::{DeviceArgs, Hub, Prefix};
use trine_models::ask::{Asker, Known, Memory, Opened, Reading, Source};
use trine_models::model::Buffers;

/// Arguments of `trine gateway`.
#[derive(Debug, clap::Args)]
pub(super) struct Gateway {
    /// When tool names begin with the name of their device.
    #[arg(long, value_enum, default_value_t)]
    prefix: Prefix,
    /// Maximum number of concurrent calls; further input waits.
    #[arg(long, value_name = "COUNT", default_value_t = 64,
          value_parser = clap::value_parser!(u16).range(1..=256))]
    in_flight: u16,
    /// Add a tool `ask`, which turns a sentence into a call.
    ///
    /// The model is `board` or `snips` of this program, or a file that was trained for your tools.
    /// Only devices with the tools of the model get the tool `ask`.
    #[arg(long, value_name = "board|snips|FILE", num_args = 0..=1, require_equals = true,
          default_missing_value = "board")]
    ask: Option<OsString>,
    /// Hide tools that changed since first use, until `trine trust`.
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    devices: DeviceArgs,
}

impl Gateway {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let hub = Hub::open(&self.devices, self.prefix)?;
        if self.strict {
            hub.set_strict();
        }
        let model = self.ask.as_deref().map(|name| {
            let source = Source::named(name);
            let answer = move |queue| {
                let named = |error: Error| error.at(format_args!("--ask={source}")).into();
                answer(&source, queue).map_err(named)
            };
            Box::new(answer) as SentenceModel
        });
        trine_gateway::server::serve(&hub, usize::from(self.in_flight), model)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Opens the model and answers sentences until there are no more.
fn answer(source: &Source, mut queue: SentenceQueue) -> Result<()> {
    let bytes = source.bytes()?;
    let mut buffers = Buffers::default();
    let model = Opened::open(&bytes, &mut buffers)?;
    let Reading::Own(vocabulary) = &model.reading else {
        return Err(trine_models::Error::NoTools.into());
    };
    let known = Known::of(vocabulary);
    queue.open(KnownTools {
        count: known.count(),
        sentence_max: SENTENCE_MAX as u16,
        are_first_of: Box::new(move |table| known.is_of(table)),
    });
    // All devices that are asked about have the same tools, or no sentence would be here.
    let Some(first) = queue.next() else { return Ok(()) };
    let Some(tools) = first.tools() else { return Ok(()) };
    let mut memory = Memory::default();
    let mut asker = match Asker::new(&*tools, &model, &mut memory) {
        Ok(asker) => asker,
        Err(error) => {
            let why = error.chain();
            std::iter::once(first).chain(queue).for_each(|sentence| sentence.fail(&why));
            return Ok(());
        }
    };
    for sentence in std::iter::once(first).chain(queue) {
        sentence.answer(|text| asker.ask(text).map(reply));
    }
    Ok(())
}

/// An answer of the model, as the gateway takes it.
fn reply(reply: trine_models::ask::Reply) -> Reply {
    let trine_models::ask::Reply { call, is_sure, confidence, reason, .. } = reply;
    Reply { call, is_sure, confidence, reason }
}
