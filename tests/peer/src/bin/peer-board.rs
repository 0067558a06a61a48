//! The eleven tools of the board on standard input and output.
//!
//! `peer-board [--instant]`: with `--instant` the slow tools answer at once.

use std::error::Error;

use rmcp::ServiceExt;
use rmcp::transport::stdio_pipes;
use trine_peer::{Pace, PeerBoard};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let pace = match std::env::args().nth(1).as_deref() {
        None => Pace::Real,
        Some("--instant") => Pace::Instant,
        Some(other) => return Err(format!("unknown option {other}; try --instant").into()),
    };
    let running = PeerBoard::new(pace)?.serve(stdio_pipes()).await?;
    running.waiting().await?;
    Ok(())
}
