//! The board's tools on a clock of their own: the dispatcher and its link live in real time, the
//! board may live faster.

use trine_bsp::led::Led;
use trine_descriptor::{Args, ValueWriter};
use trine_dispatch::{Answer, Call, CallId, Calls, Tools};
use trine_firmware::pace::Pace;

use crate::tools::{self, Hands};

/// The tools, and the time that they live in.
#[derive(Debug)]
pub(crate) struct Paced {
    pub(crate) tools: Hands,
    pub(crate) pace: Pace,
    /// Whether something goes on that must not without the loop, as of the last tick.
    pub(crate) flows: bool,
    /// The sentence that waits to be read, or is being read.
    #[cfg(feature = "sentences")]
    pub(crate) sentence: crate::ask::Waiting,
}

impl Paced {
    /// The board at rest, with an LED for what it lights.
    pub(crate) const fn new(led: Led) -> Self {
        Self {
            tools: tools::at_rest(led),
            pace: Pace::new(),
            flows: false,
            #[cfg(feature = "sentences")]
            sentence: crate::ask::Waiting::new(),
        }
    }
}

impl Tools for Paced {
    // Functions of their own, so that a profile tells the tools from the dispatcher.
    #[inline(never)]
    fn call(&mut self, mut call: Call<'_>, out: &mut ValueWriter<'_>) -> Answer {
        call.now = self.pace.board_ms(call.now);
        crate::log::called(call.tool, call.args.bytes());
        self.tools.call(call, out)
    }

    #[inline(never)]
    fn tick(&mut self, now: u64, calls: &mut Calls<'_, '_>) -> u64 {
        let due = self.tools.tick(self.pace.board_ms(now), calls);
        self.flows = tools::flows(&self.tools);
        self.pace.due(now, due)
    }

    fn read(&mut self, tool: u16, id: CallId, offset: u32, out: &mut [u8]) -> usize {
        self.tools.read(tool, id, offset, out)
    }

    fn stop(&mut self, tool: u16, id: CallId) {
        #[cfg(feature = "sentences")]
        self.sentence.stop(id);
        self.tools.stop(tool, id);
    }

    #[cfg(feature = "sentences")]
    fn sentence(&mut self, asked: &trine_dispatch::Asked<'_>, _: &mut ValueWriter<'_>) -> Answer {
        self.sentence.keep(asked)
    }

    fn asks(&mut self, tool: u16, args: Args<'_>) {
        self.tools.asks(tool, args);
    }

    fn reset(&mut self, now: u64) {
        self.tools.reset(self.pace.board_ms(now));
    }

    fn link_lost(&mut self, now: u64) {
        self.tools.link_lost(self.pace.board_ms(now));
    }
}
