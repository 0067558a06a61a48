//! One run: calls on a hurt line until all have ended.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex};

use trine_bits::Random;
use trine_dispatch::Link;
use trine_gateway::device::{Cost, Waiter};
use trine_gateway::middleware::{Direction, FaultPlan, Faults, Layer};
use trine_gateway::{BusMaster, BusTiming, Driven, Framing, Settings, State};
use trine_mcp::{Block, Failure, Outcome};

use crate::bench::{self, Board, Counting, TOOLS};
use crate::line::HalfDuplex;

/// How messages stand on the line.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Stream,
    Packet(u16),
    /// Two devices on one line.
    Bus,
}

/// What is run.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) kind: Kind,
    pub(crate) faults: &'static str,
    pub(crate) calls: usize,
    pub(crate) seed: u64,
    pub(crate) keyed: bool,
    /// Milliseconds between restarts of the device; 0 for none.
    pub(crate) restart_ms: u64,
}

impl Case {
    pub(crate) const fn new(kind: Kind, faults: &'static str) -> Self {
        Self { kind, faults, calls: 2_000, seed: 1, keyed: false, restart_ms: 0 }
    }
}

/// Most calls under way on a device at a time.
const UNDER_WAY: usize = 10;
/// Bits each second of the half-duplex line.
const BAUD: u32 = 115_200;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    /// With its own result.
    Right,
    /// With another's result, or a result that is none.
    Wrong,
    /// The device has restarted meanwhile.
    Unknown,
    /// Its content was lost on the way, several times.
    Lost,
    /// In a way that none should.
    Failed(Failure),
}

/// How often each call has ended, and how the last time.
struct Ends(Mutex<(Vec<(u32, End)>, usize)>);

impl Ends {
    fn count(&self) -> usize {
        self.0.lock().unwrap().1
    }
}

impl Waiter for Ends {
    fn done(&self, tag: u64, outcome: Outcome<'_>, _: Cost) {
        let own = |right| if right { End::Right } else { End::Wrong };
        let end = match outcome {
            Outcome::Value(bytes) => own(number_in(bytes) == Some(tag as i64)),
            Outcome::Content(blocks) => own(is_content_of(tag, blocks)),
            Outcome::Failed(Failure::OutcomeUnknown) => End::Unknown,
            Outcome::Failed(Failure::Forgotten) => End::Lost,
            Outcome::Error(text) if text.contains("lost on the way") => End::Lost,
            Outcome::Failed(failure) => End::Failed(failure),
            _ => End::Wrong,
        };
        let mut ends = self.0.lock().unwrap();
        let (count, last) = &mut ends.0[tag as usize];
        *count += 1;
        *last = end;
        ends.1 += 1;
    }
}

/// The number in an encoded result.
fn number_in(bytes: &[u8]) -> Option<i64> {
    trine_descriptor::Args::new(&TOOLS, bench::ONCE, bytes).int(0)
}

/// Whether every byte of a content is that of this number.
fn is_content_of(number: u64, blocks: &[Block<'_>]) -> bool {
    let [Block::Image { data, .. }] = blocks else { return false };
    let mut bytes = Vec::new();
    data.pieces(&mut |piece| bytes.extend_from_slice(piece));
    let wanted = (0..bench::CONTENT_LEN).map(|at| bench::content_byte(number as i64, at));
    bytes.iter().copied().eq(wanted)
}

/// One device, its host, and the calls between them.
struct Pair {
    case: Case,
    link: Link,
    host: Driven,
    board: Board,
    boots: u32,
    ends: Arc<Ends>,
    waiter: Arc<dyn Waiter>,
    tools: Vec<u16>,
    made: usize,
}

impl Pair {
    fn new(case: &Case, link: Link, framing: Framing) -> Self {
        let mut random = Random::new(case.seed);
        let settings = if case.keyed { keyed_settings() } else { Settings::none() };
        let mut host = Driven::new(framing, settings);
        host.link(0);
        let ends = Arc::new(Ends(Mutex::new((vec![(0, End::Wrong); case.calls], 0))));
        Self {
            link,
            host,
            board: Board::new(link, case.keyed, 1, Counting::new(case.calls)),
            boots: 1,
            waiter: Arc::clone(&ends) as _,
            ends,
            tools: (0..case.calls).map(|_| random.below(TOOLS.len()) as u16).collect(),
            made: 0,
            case: case.clone(),
        }
    }

    fn is_done(&self) -> bool {
        self.ends.count() == self.case.calls
    }

    /// What the host does in a millisecond.
    fn host_works(&mut self, now: u64) {
        if let (State::Online, Some(table)) = (self.host.state(), self.host.table()) {
            while self.made < self.case.calls && self.made - self.ends.count() < UNDER_WAY {
                let args = bench::arguments(self.made as i64);
                let tag = self.made as u64;
                self.host.call(&table, self.tools[self.made], &args, (&self.waiter, tag), now);
                self.made += 1;
            }
        }
        self.host.tick(now);
        for note in self.host.take_notes() {
            println!("{now} ms: {note}");
        }
    }

    fn restart(&mut self) {
        self.boots += 1;
        let tools = std::mem::take(&mut self.board.tools).restart();
        self.board = Board::new(self.link, self.case.keyed, self.boots, tools);
    }

    /// Each call has ended once, with its own result, and was entered once.
    fn check(&self) {
        let ends = &self.ends.0.lock().unwrap().0;
        let mut wrong = Vec::new();
        let (mut unknown, mut lost, mut again, mut offline) = (0, 0, 0, 0);
        for (number, (tool, (count, end))) in self.tools.iter().zip(ends).enumerate() {
            let entered = self.board.tools.entered[number];
            let once = matches!(*tool, bench::ONCE | bench::ONCE_LATER);
            unknown += usize::from(*end == End::Unknown);
            lost += usize::from(*end == End::Lost);
            again += usize::from(entered > 1);
            offline += usize::from(*end == End::Failed(Failure::Offline));
            let right = match end {
                End::Right => entered > 0,
                // Of a harmless one only so many new calls are made.
                End::Unknown | End::Failed(Failure::Stale) => self.boots > 1,
                // The device was not heard for so long that the call was never sent.
                End::Failed(Failure::Offline) => entered == 0,
                End::Lost => *tool == bench::CONTENT && entered > 1,
                End::Wrong | End::Failed(_) => false,
            };
            let harmless = !once || entered <= 1;
            // Without restarts nothing but content is ever made a new call of.
            let kept = self.boots > 1 || entered <= 1 || *tool == bench::CONTENT;
            if *count != 1 || !right || !harmless || !kept {
                wrong.push(format!("{number} of tool {tool}: entered {entered}, {count}x {end:?}"));
            }
        }
        println!(
            "unknown {unknown}, content lost {lost}, entered again {again}, offline {offline}"
        );
        assert!(self.boots > 1 || offline * 50 <= ends.len(), "offline for {offline} calls");
        let first = wrong.iter().take(10).cloned().collect::<Vec<_>>().join("\n");
        assert!(wrong.is_empty(), "{} calls went wrong:\n{first}", wrong.len());
    }
}

/// Runs a case and checks what has to hold.
pub(crate) fn run(case: &Case) {
    let most_ms = 60_000 + case.calls as u64 * 1_000;
    let packets = matches!(case.kind, Kind::Packet(_));
    let plan = FaultPlan { seed: case.seed, packets, ..case.faults.parse().unwrap() };
    let mut faults = Faults::new(plan);
    let mut pairs: Vec<Pair> = match case.kind {
        Kind::Stream => vec![Pair::new(case, Link::Stream, Framing::Stream)],
        Kind::Packet(mtu) => {
            vec![Pair::new(case, Link::Packet { mtu }, Framing::Packet { mtu })]
        }
        Kind::Bus => {
            [1, 2].map(|address| Pair::new(case, Link::Bus { address }, Framing::Whole)).into()
        }
    };
    let mut bus = Bus::new(pairs.len());
    let mut memory = None;
    let mut now = 0;
    while !pairs.iter().all(Pair::is_done) {
        now += 1;
        let ended: usize = pairs.iter().map(|pair| pair.ends.count()).sum();
        assert!(now < most_ms, "{ended} calls ended in {most_ms} ms: {case:?}");
        if memory.is_none() && ended > case.calls / 4 {
            memory = Some(resident_kib());
        }
        pairs.iter_mut().for_each(|pair| pair.host_works(now));
        match case.kind {
            Kind::Bus => bus.step(&mut pairs, &mut faults, now),
            _ => step(&mut pairs[0], &mut faults, now),
        }
        if case.restart_ms > 0 && now % case.restart_ms == 0 {
            pairs.iter_mut().for_each(Pair::restart);
        }
    }
    println!("{case:?}: {now} ms, {:?}", faults.tally);
    pairs.iter().for_each(Pair::check);
    if let Some(before) = memory.filter(|_| case.restart_ms == 0) {
        let grown = resident_kib().saturating_sub(before);
        assert!(grown < 1_024, "memory has grown by {grown} KiB");
    }
}

/// A millisecond of a line that is there for one device.
fn step(pair: &mut Pair, faults: &mut Faults, now: u64) {
    let now_us = now * 1000;
    let Pair { host, board, .. } = pair;
    while let Some(piece) = host.take_sent() {
        faults.pass(Direction::ToDevice, now_us, &piece, &mut |piece| board.receive(piece));
    }
    faults.due(Direction::ToDevice, now_us, &mut |piece| board.receive(piece));
    let mut came = |piece: &[u8]| host.receive(piece, now);
    board.poll(now, &mut |said| faults.pass(Direction::ToHost, now_us, said, &mut came));
    faults.due(Direction::ToHost, now_us, &mut came);
}

/// A half-duplex line with its master.
struct Bus {
    master: BusMaster,
    line: HalfDuplex,
}

impl Bus {
    fn new(devices: usize) -> Self {
        // A stall on the line adds to what a device takes to answer.
        let timing = BusTiming { answer_us: 70_000, ..BusTiming::of_baud(BAUD) };
        let mut master = BusMaster::new(timing);
        (1..=devices).for_each(|address| master.join(address as u8));
        Self { master, line: HalfDuplex::new(BAUD) }
    }

    /// A millisecond of the line. All hear all that is said.
    fn step(&mut self, pairs: &mut [Pair], faults: &mut Faults, now: u64) {
        let now_us = now * 1000;
        let Self { master, line } = self;
        for (at, pair) in pairs.iter_mut().enumerate() {
            while let Some(message) = pair.host.take_sent() {
                master.send(at as u8 + 1, &message);
            }
        }
        let mut hear = |piece: &[u8]| {
            pairs.iter_mut().for_each(|pair| pair.board.receive(piece));
        };
        if let Some(frame) = master.next_frame(now_us) {
            line.speak(0, now_us, frame.len());
            faults.pass(Direction::ToDevice, now_us, frame, &mut hear);
        }
        faults.due(Direction::ToDevice, now_us, &mut hear);
        let mut came = Vec::new();
        for at in 0..pairs.len() {
            let mut said = Vec::new();
            pairs[at].board.poll(now, &mut |piece| said.extend_from_slice(piece));
            if said.is_empty() {
                continue;
            }
            line.speak(at + 1, now_us, said.len());
            for (other, pair) in pairs.iter_mut().enumerate() {
                if other != at {
                    pair.board.receive(&said);
                }
            }
            let mut hear = |piece: &[u8]| came.extend_from_slice(piece);
            faults.pass(Direction::ToHost, now_us, &said, &mut hear);
        }
        faults.due(Direction::ToHost, now_us, &mut |piece| came.extend_from_slice(piece));
        master.receive(&came, now_us, &mut |address, message| {
            pairs[usize::from(address) - 1].host.receive(message, now);
        });
    }
}

/// Settings that hold the key of the boards.
fn keyed_settings() -> Settings {
    let folder = std::env::temp_dir().join(format!("trine-faults-{}", std::process::id()));
    let settings = Settings::in_folder(&folder);
    let id = trine_gateway::settings::DeviceId {
        vendor: "trine".into(),
        product: "bench".into(),
        serial: bench::SERIAL.into(),
    };
    let path = settings.key_path(&id).unwrap();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, bench::KEY.map(|byte| format!("{byte:02x}")).concat()).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    settings
}

/// Memory of this process that is in use, in KiB.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
