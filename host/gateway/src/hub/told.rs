//! What the log is told of a journal that was opened.

use std::path::Path;

use trine_journal::Report;

/// Logs what was found in a journal.
pub(super) fn found(path: &Path, report: &Report) {
    let path = path.display();
    let Report { calls, unknown, cut, damaged, kept, .. } = report;
    if *cut > 0 {
        tracing::warn!(
            "the journal {path}: {cut} bytes at its end are no record and were cut off; a call \
             that was being recorded had not begun"
        );
    }
    for range in damaged {
        tracing::error!(
            "the journal {path}: bytes {} to {} are damaged; calls that were recorded there may \
             run again when they are repeated",
            range.start,
            range.end
        );
    }
    if let Some(kept) = kept {
        tracing::error!("the journal {path}: what it was is in {}", kept.display());
    }
    tracing::info!("the journal {path} has {calls} calls, {unknown} of them of unknown outcome");
}
