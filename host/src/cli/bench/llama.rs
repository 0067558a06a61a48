//! `trine bench --peer`: our engine and llama.cpp on the same model, in turns.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};

use serde_json::Value;
use trine::{Error, Result};
use trine_infer::gguf::Type;
use trine_models::model::{Mapped, Packed, Pool, pack, write_for_llama};

use super::Bench;
use super::side::{BenchEngine, Memory};
use super::table::{Case, Opened, Table, median};

const ENGINES: [BenchEngine; 2] = [BenchEngine::Trine, BenchEngine::Llama];
/// Starts of a process for the time that opening a model takes.
const STARTS: usize = 3;
/// What makes the C library ask for huge pages, which llama.cpp has no option for.
const HUGE: (&str, &str) = ("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1");

/// That this program was built without llama.cpp, and what to do.
pub(super) fn not_built() -> Error {
    Error::NoPeerBuild
}

impl Bench {
    pub(super) fn against_llama(&self) -> Result<ExitCode> {
        if cfg!(not(feature = "peer")) {
            return Err(not_built());
        }
        let scratch = self.scratch.clone().unwrap_or_else(std::env::temp_dir);
        let files = Files::write(self, Type::Tq2_0, &scratch)?;
        let counts = self.threads.map_or(vec![1, 2], |count| vec![count]);
        let mut table = Table { prompt: self.prompt, tokens: self.tokens, ..Table::default() };
        table.loads = vec![
            ("trine, converted", self.opened(BenchEngine::Trine, &files.ours, Memory::Mapped)?),
            ("trine, the file", self.opened(BenchEngine::Trine, &self.file, Memory::Mapped)?),
            ("llama.cpp", self.opened(BenchEngine::Llama, &files.theirs, Memory::Mapped)?),
        ];
        let memories = [Memory::Mapped, Memory::Huge];
        for memory in memories.into_iter().take(if self.mapped { 1 } else { 2 }) {
            let [ours, theirs] = ENGINES.map(|engine| {
                let file = if engine == BenchEngine::Trine { &files.ours } else { &files.theirs };
                self.start(engine, file, memory)
            });
            let mut sides = [ours?, theirs?];
            table.engines = sides.each_ref().map(|side| side.engine.clone());
            warn(&table.engines);
            for threads in &counts {
                let case = self.rounds(&mut sides, memory, *threads)?;
                table.cases.push(case);
            }
        }
        table.show(self.json);
        Ok(ExitCode::SUCCESS)
    }

    /// One warm-up each, then rounds, one side first and then the other.
    fn rounds(&self, sides: &mut [SideProcess; 2], memory: Memory, threads: usize) -> Result<Case> {
        let mut case = Case::new(memory.word(), threads);
        for round in 0..=self.rounds.max(1) {
            match round {
                0 => eprintln!("{}, {threads} threads: warming up", memory.word()),
                _ => eprintln!(
                    "{}, {threads} threads: round {round} of {}",
                    memory.word(),
                    self.rounds.max(1)
                ),
            }
            let order = if round % 2 == 0 { [0, 1] } else { [1, 0] };
            for at in order {
                let Some(side) = sides.get_mut(at) else { continue };
                let answer = side.round(threads)?;
                case.add(at, &answer, round > 0);
            }
        }
        Ok(case)
    }

    /// How long it takes to open a model, and what one round holds at most.
    fn opened(&self, engine: BenchEngine, file: &Path, memory: Memory) -> Result<Opened> {
        eprintln!("{}: opening {}", engine.word(), file.display());
        let mut times = Vec::new();
        let mut peak = 0.0;
        for start in 0..STARTS {
            let mut side = self.start(engine, file, memory)?;
            times.push(side.load);
            if start == 0 {
                let answer = side.round(trine_models::model::threads(None))?;
                peak = answer.get("memory_peak_bytes").and_then(Value::as_f64).unwrap_or(f64::NAN);
            }
        }
        Ok(Opened { seconds: median(&times), peak })
    }

    /// llama.cpp on a device, with its head on the processor and on the device. Trits are in the
    /// type that it multiplies there.
    #[cfg(feature = "gpu")]
    pub(super) fn llama_on_both(&self, device: trine_ggml::Device) -> Result<[LlamaCpp; 2]> {
        if cfg!(not(feature = "peer")) {
            return Err(not_built());
        }
        let scratch = self.scratch.clone().unwrap_or_else(std::env::temp_dir);
        let trits = trine_ggml::llama_type(device);
        let trits = trits.map_err(Error::device)?;
        let (files, name) = (Files::write(self, trits, &scratch)?, device.name());
        let on = |has_head| {
            let mut peer = self.llama_on(&files.theirs, &name, has_head)?;
            peer.found.trits = trits.name();
            Result::Ok(peer)
        };
        Ok([on(false)?, on(true)?])
    }

    #[cfg(feature = "gpu")]
    fn llama_on(&self, file: &Path, device: &str, has_head: bool) -> Result<LlamaCpp> {
        let (engine, place) = (BenchEngine::Llama, Some((device, has_head)));
        let side = self.start_on(engine, file, Memory::Mapped, place)?;
        // It is llama.cpp that puts it somewhere, so where it was put is looked at.
        if (side.head == device) != has_head {
            let expected = if has_head { "device" } else { "CPU" };
            return Err(Error::PeerHead { found: side.head.clone(), expected });
        }
        let head = if has_head { ", and its head" } else { "" };
        let found = LlamaFigures { load: side.load, ..LlamaFigures::default() };
        Ok(LlamaCpp { name: format!("llama.cpp on {device}{head}"), side, found })
    }

    fn start(&self, engine: BenchEngine, file: &Path, memory: Memory) -> Result<SideProcess> {
        self.start_on(engine, file, memory, None)
    }

    fn start_on(
        &self,
        engine: BenchEngine,
        file: &Path,
        memory: Memory,
        device: Option<(&str, bool)>,
    ) -> Result<SideProcess> {
        let mut command = Command::new(std::env::current_exe().map_err(Error::Program)?);
        command.args(["bench-side", engine.word()]).arg(file).arg(memory.word());
        command.args([self.prompt.to_string(), self.tokens.to_string()]);
        command.args(["--kv", self.kv.word()]);
        if let Some(kernels) = self.isa {
            command.args(["--isa", kernels.isa().name()]);
        }
        if let Some((device, has_head)) = device {
            command.args(["--device", device]).args(has_head.then_some("--head"));
        }
        if memory == Memory::Huge {
            command.env(HUGE.0, HUGE.1);
        }
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(Error::Process)?;
        let (Some(orders), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Error::ProcessEnded);
        };
        let answers = BufReader::new(answers);
        let mut side = SideProcess {
            child,
            orders: Some(orders),
            answers,
            engine: String::new(),
            head: String::new(),
            load: 0.0,
        };
        let ready = side.answer()?;
        let word = |name| ready.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        (side.engine, side.head) = (word("engine"), word("head"));
        side.load = ready.get("load_s").and_then(Value::as_f64).unwrap_or(f64::NAN);
        Ok(side)
    }
}

/// llama.cpp on a device.
#[cfg(feature = "gpu")]
pub(super) struct LlamaCpp {
    name: String,
    side: SideProcess,
    pub(super) found: LlamaFigures,
}

#[cfg(feature = "gpu")]
impl LlamaCpp {
    /// A round, which gives tokens a second of a prompt and one by one; the first one warms up and
    /// does not count.
    pub(super) fn round(&mut self, bench: &Bench, round: usize) -> Result<()> {
        eprintln!("{}: round {round} of {}", self.name, bench.rounds.max(1));
        let answer = self.side.round(trine_models::model::threads(bench.threads))?;
        let rate = |name| answer.get(name).and_then(Value::as_f64).unwrap_or(f64::NAN);
        if round > 0 {
            self.found.prefill.push(rate("prefill"));
            self.found.decode.push(rate("decode"));
        }
        Ok(())
    }
}

/// What llama.cpp did on a device: seconds to open the model, and tokens a second.
#[cfg(feature = "gpu")]
#[derive(Debug, Default)]
pub(super) struct LlamaFigures {
    /// The type of its ternary matrices.
    pub(super) trits: &'static str,
    pub(super) load: f64,
    pub(super) prefill: Vec<f64>,
    pub(super) decode: Vec<f64>,
}

/// Says so when the comparison is not a fair one.
fn warn([ours, theirs]: &[String; 2]) {
    if ours.starts_with("avx") && !theirs.contains("AVX2 = 1") {
        eprintln!(
            "warning: llama.cpp was built without the vector instructions of this processor; \
             `trine bench --help` says how to build it with them"
        );
    }
}

/// A process that computes.
struct SideProcess {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    engine: String,
    /// The memory that llama.cpp's logits are in, where it computes on a device.
    head: String,
    load: f64,
}

impl SideProcess {
    fn round(&mut self, threads: usize) -> Result<Value> {
        if let Some(orders) = &mut self.orders {
            writeln!(orders, "{threads}").and_then(|()| orders.flush()).map_err(Error::Process)?;
        }
        self.answer()
    }

    fn answer(&mut self) -> Result<Value> {
        let mut line = String::new();
        let read = self.answers.read_line(&mut line);
        read.map_err(Error::Process)?;
        // Why it ended stands on standard error already.
        serde_json::from_str(&line).map_err(|_| Error::ProcessEnded)
    }
}

impl Drop for SideProcess {
    fn drop(&mut self) {
        // It ends with its input.
        self.orders = None;
        let _ = self.child.wait();
    }
}

/// The model as each of both takes it, for as long as the measurement lasts.
struct Files {
    ours: PathBuf,
    theirs: PathBuf,
}

impl Files {
    fn write(bench: &Bench, trits: Type, folder: &Path) -> Result<Self> {
        let id = std::process::id();
        let name = |end: &str| folder.join(format!("trine-bench-{id}.{end}"));
        let files = Self { ours: name("trnm"), theirs: name("gguf") };
        let path = bench.file.display();
        let fail = |error: trine_models::Error| Error::from(error).at(&path);
        let bytes = Mapped::open(&bench.file).map_err(|error| Error::read(&bench.file, error))?;
        let pool = Pool::new(trine_models::model::threads(None));
        let pool = pool.map_err(trine_models::Error::Thread)?;
        eprintln!("writing the model for ours: {}", files.ours.display());
        let how = Packed { packing: bench.packing.packing(), ..Packed::default() };
        let image = pack(&bytes, &how, &pool).map_err(fail)?;
        let lost = |file: &Path, source| Error::Scratch { path: file.to_owned(), source };
        fs::write(&files.ours, image).map_err(|error| lost(&files.ours, error))?;
        let (name, theirs) = (trits.name(), files.theirs.display());
        eprintln!("writing the model for llama.cpp, in {name}: {theirs}");
        let out = File::create(&files.theirs).map_err(|error| lost(&files.theirs, error))?;
        let mut out = BufWriter::with_capacity(1 << 20, out);
        let written = write_for_llama(&bytes, trits, &mut out, &pool, |_, _| {});
        written.map_err(fail)?;
        Ok(files)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        // Where one of them was not written there is nothing to remove.
        let _ = fs::remove_file(&self.ours);
        let _ = fs::remove_file(&self.theirs);
    }
}
