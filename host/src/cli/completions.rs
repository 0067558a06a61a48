//! `trine completions`.

use std::process::ExitCode;

use clap::CommandFactory as _;
use clap_complete::Shell;

const AFTER_HELP: &str = "\
Example: trine completions bash > ~/.local/share/bash-completion/completions/trine";

/// Arguments of `trine completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Completions {
    /// Shell that the script is for.
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(super) fn run(&self) -> ExitCode {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::Cli::command(), "trine", &mut script);
        super::paint::say!("{}", String::from_utf8_lossy(&script).trim_end());
        ExitCode::SUCCESS
    }
}
