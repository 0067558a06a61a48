//! The greenhouse of the firmware, behind the same dispatcher and the same frames as on a chip.

use trine_arena::{Producer, Ring};
use trine_board::tools::{self, BoardTools, TOOLS};
use trine_board::{Greenhouse, SimHardware};
use trine_descriptor::Tool;
use trine_dispatch::{Config, Device, Identity, InitError};

/// Tools of the board.
pub const TOOL_COUNT: usize = TOOLS.len();
/// Bytes of a description that is set in place of the board's own.
pub const DESCRIPTION_MAX: usize = 400;
/// Bytes of a host that may wait for the board.
const RX_BYTES: usize = 4 << 10;
/// Steps of the dispatcher for each poll.
const STEPS: u32 = 64;
/// The board is driven at least so often by its own clock, in milliseconds.
const TICK_MS: u64 = trine_board::greenhouse::TICK_MS_MAX;
/// Most ticks to make up for time that has passed; the rest is passed in longer ones.
const TICKS_MAX: u64 = 400;

const CONFIG: Config<'static> = tools::config(Identity {
    vendor: "trine",
    product: "greenhouse",
    serial: "page",
    firmware: env!("CARGO_PKG_VERSION"),
    build: "browser",
});

/// What a board works in, for one board at a time.
#[derive(Debug)]
pub struct Memory {
    device: [u8; CONFIG.memory()],
    ring: [u8; RX_BYTES],
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl Memory {
    /// Memory for a board.
    #[must_use]
    pub const fn new() -> Self {
        Self { device: [0; CONFIG.memory()], ring: [0; RX_BYTES] }
    }

    /// The part for [`Board::new`], and a ring over the rest.
    pub const fn split(&mut self) -> (&mut [u8], Ring<'_>) {
        let Self { device, ring } = self;
        (device, Ring::new(ring))
    }
}

/// The tools of the board, with other descriptions where a text is not empty.
#[must_use]
pub fn described<'t>(texts: &[&'t str; TOOL_COUNT]) -> [Tool<'t>; TOOL_COUNT] {
    let mut all = TOOLS;
    for (tool, text) in all.iter_mut().zip(texts).filter(|(_, text)| !text.is_empty()) {
        let mut info = tool.info;
        info.description = text;
        *tool = Tool::new(info, tool.params, tool.output).with_extras(tool.extras);
    }
    all
}

/// A simulated board.
pub struct Board<'m> {
    device: Device<'m>,
    line: Producer<'m>,
    tools: BoardTools<SimHardware>,
    now: u64,
}

impl core::fmt::Debug for Board<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Board").field("now", &self.now).finish_non_exhaustive()
    }
}

impl<'m> Board<'m> {
    /// A board at boot. `random` tells its boots apart.
    ///
    /// # Errors
    /// When there is too little memory.
    pub fn new(
        memory: &'m mut [u8],
        ring: &'m mut Ring<'m>,
        tools: &'m [Tool<'m>; TOOL_COUNT],
        (random, now): (u32, u64),
    ) -> Result<Self, InitError> {
        let (line, received) = ring.split();
        let config = Config { epoch: random.max(1), ..CONFIG };
        let device = Device::new(config, memory, received, tools)?;
        let greenhouse = Greenhouse::new(SimHardware::new());
        Ok(Self { device, line, tools: BoardTools::new(greenhouse), now })
    }

    /// Bytes of the host.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.line.push(bytes);
    }

    /// Lets time pass up to `now`, and the dispatcher work.
    pub fn run(&mut self, now: u64) {
        let tick = TICK_MS.max(now.saturating_sub(self.now) / TICKS_MAX);
        while self.now + tick < now {
            self.now += tick;
            self.step();
        }
        self.now = self.now.max(now);
        self.step();
    }

    fn step(&mut self) {
        self.device.poll(self.now, STEPS, &mut self.tools);
        if self.tools.board.take_press() {
            self.device.agree(self.now);
        }
    }

    /// Moves what the board has said to `out`; answers how many bytes.
    pub fn say(&mut self, out: &mut [u8]) -> usize {
        let said = self.device.tx_peek();
        let len = said.len().min(out.len());
        let (Some(from), Some(to)) = (said.get(..len), out.get_mut(..len)) else { return 0 };
        to.copy_from_slice(from);
        self.device.tx_consume(len);
        len
    }

    /// A person presses the button.
    pub const fn press(&mut self) {
        self.tools.board.hardware_mut().press_button();
    }

    /// What the board does.
    #[must_use]
    pub const fn greenhouse(&self) -> &Greenhouse<SimHardware> {
        &self.tools.board
    }

    /// Whether it waits for a person to agree to a call.
    #[must_use]
    pub const fn is_asking(&self) -> bool {
        self.tools.board.is_prompting()
    }
}
