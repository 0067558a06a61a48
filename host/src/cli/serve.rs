//! `trine serve`.

use std::path::PathBuf;
use std::process::ExitCode;

use trine::Result;

use super::gateway::ServerArgs;
use super::plugin::PluginArgs;
use super::served_models::ModelArgs;

const AFTER_HELP: &str = "\
The tools are bitnet-inference, which generates text, and bitnet-health. A model is loaded at first
use; when memory is short, the least recently used one is unloaded. A client that gives a progress
token gets the text in progress messages while it is generated. Devices are served in the same list,
as by `trine gateway`, which takes --models too.

Example: trine serve --models ~/models";

/// Arguments of `trine serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP, args_override_self = true)]
pub(super) struct Serve {
    /// Folder of GGUF files and images; clients reach nothing outside.
    #[arg(long, value_name = "FOLDER")]
    models: PathBuf,
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    plugins: PluginArgs,
    #[command(flatten)]
    server: ServerArgs,
}

impl Serve {
    pub(super) fn run(self) -> Result<ExitCode> {
        let Self { models, model, plugins, server } = self;
        server.run(Some(model.open(models)?), &plugins)
    }
}
