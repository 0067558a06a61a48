//! Where messages for people go: standard error, one line each.

use std::io;

use tracing::level_filters::LevelFilter;

/// Starts writing messages of this level and above to standard error.
pub(crate) fn start(level: LevelFilter) {
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(io::stderr)
        .with_target(false)
        .without_time()
        // They go to standard error, too: who has closed it would end the thread that logs.
        .log_internal_errors(false)
        .init();
}
