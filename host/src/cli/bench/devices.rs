//! `trine bench --backend`: our engine on the processor and on devices, on the same tokens.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trine::{Error, Result};
use trine_ggml::{Activations, Device, GgmlEngine, memory_speed};
use trine_infer::sample::likeliest;
use trine_infer::{DecodeSession, Options, Step, arena_bytes};
use trine_models::model::{Buffers, Loaded, Mapped, Plan, Pool, stretch, threads, tokens};

use super::Bench;
use super::llama::LlamaFigures;
use super::table::{median, ratio};
use crate::cli::offload::{Backend, choose};
use crate::cli::paint::{STRONG, count, say};
use crate::cli::tools::pretty;

/// After so long no other round begins of what is measured alone: a long prompt takes the processor
/// half a minute.
const PATIENCE: Duration = Duration::from_secs(20);

/// What computes.
enum Side<'s> {
    Processor(DecodeSession<'s, 's>),
    Device(GgmlEngine<'s>),
}

/// What was measured of one.
#[derive(Debug, Default)]
struct Measured {
    name: String,
    /// The print of our own kernels, on their device.
    kernels: Option<String>,
    vocab: usize,
    load: f64,
    prefill: Vec<f64>,
    decode: Vec<f64>,
    /// Bytes of the device's memory: weights, keys and values, work.
    memory: Option<[usize; 3]>,
    /// Bytes a second that the device reads, where that can be measured.
    speed: Option<f64>,
    /// The greatest difference of a logit from the processor's.
    apart: f32,
    /// Steps at which the likeliest token was another.
    others: usize,
    /// llama.cpp on the same device: with its head on the processor, where it puts it, and on the
    /// device.
    peers: Option<[LlamaFigures; 2]>,
    /// The same device with activations as they are, which is how llama.cpp computes there.
    floats: Option<Box<Measured>>,
}

/// A device, and what it multiplies with.
type Place = (Device, Activations);

fn engine(error: trine_infer::Error) -> Error {
    trine_models::Error::from(error).into()
}

impl Side<'_> {
    fn read(&mut self, tokens: &[u32], pool: &Pool) -> Result<()> {
        match self {
            Self::Processor(session) => session.read(tokens, pool).map_err(engine),
            Self::Device(device) => device.read(tokens).map_err(Error::device),
        }
    }

    /// Reads a prompt, which the first blocks of some models see whole.
    fn read_prompt(&mut self, tokens: &[u32], pool: &Pool) -> Result<()> {
        match self {
            Self::Processor(session) => {
                session.begin_prompt(tokens.iter().copied()).map_err(engine)?;
                while session.step(usize::MAX, pool) == Step::More {}
                Ok(())
            }
            Self::Device(device) => device.read_prompt(tokens).map_err(Error::device),
        }
    }

    fn forget(&mut self) -> Result<()> {
        match self {
            Self::Processor(session) => session.truncate(0).map_err(engine),
            Self::Device(device) => device.truncate(0).map_err(Error::device),
        }
    }

    fn logits(&self) -> Result<&[f32]> {
        let logits = match self {
            Self::Processor(session) => session.logits(),
            Self::Device(engine) => engine.logits(),
        };
        logits.ok_or(Error::NoLogits)
    }
}

/// What the others are compared with.
#[derive(Debug, Default)]
struct Reference {
    tokens: Vec<u32>,
    logits: Vec<Vec<f32>>,
}

/// What all of them have in common.
struct Task<'t> {
    bench: &'t Bench,
    bytes: &'t Mapped,
    pool: &'t Pool,
    plan: Plan,
}

impl Task<'_> {
    /// Opens the model on a device, or on the processor, for `then`.
    fn opened<R>(
        &self,
        place: Option<Place>,
        then: impl FnOnce(&mut Side<'_>, Measured) -> Result<R>,
    ) -> Result<R> {
        let (bench, plan, begun) = (self.bench, self.plan, Instant::now());
        let mut buffers = Buffers::default();
        let packing = bench.packing.packing().filter(|_| place.is_none());
        let loaded = Loaded::open(self.bytes, &mut buffers, packing, self.pool)?;
        let config = *loaded.model.config();
        let context = plan.prompt.saturating_add(plan.tokens);
        let own = Options { context, batch: plan.prompt, ..Options::new(&config) };
        let own = own.with_tables(loaded.model.weights());
        let size = arena_bytes(&config, &own).map_err(engine)?;
        let mut memory = if place.is_none() { vec![0; size + 3] } else { Vec::new() };
        let (name, mut side) = if let Some((device, activations)) = place {
            let options = trine_ggml::Options {
                batch: plan.prompt,
                threads: threads(bench.threads),
                activations,
                ..trine_ggml::Options::new(context)
            };
            let tell = |plan: &_| eprintln!("{plan}");
            let opened = GgmlEngine::open(&loaded.model, device, &options, self.pool, tell);
            let how = if activations == Activations::Floats { ", floats" } else { "" };
            (format!("{device:?}{how}"), Side::Device(opened.map_err(Error::device)?))
        } else {
            let session = DecodeSession::new(&loaded.model, &own, &mut memory).map_err(engine)?;
            let name = format!("cpu ({})", loaded.model.kernels().isa().name());
            (name, Side::Processor(session))
        };
        let load = begun.elapsed().as_secs_f64();
        let kernels = place.and_then(|(device, _)| device.kernels());
        let vocab = config.vocab;
        then(&mut side, Measured { name, kernels, load, vocab, ..Measured::default() })
    }

    /// Measures one alone.
    fn alone(&self, place: Option<Place>, reference: &mut Reference) -> Result<Measured> {
        self.opened(place, |side, mut measured| {
            let begun = Instant::now();
            for round in 0..=self.bench.rounds.max(1) {
                self.round(side, &mut measured, round)?;
                if round > 0 && begun.elapsed() > PATIENCE {
                    break;
                }
            }
            self.compare(side, reference, &mut measured)?;
            Ok(measured)
        })
    }

    /// Measures a device, once with codes and once with floats where it has those, and llama.cpp
    /// there, all in turns: a machine whose speed drifts is then as fast for each of them.
    fn in_turns(&self, device: Device, reference: &mut Reference) -> Result<Measured> {
        self.opened(Some((device, Activations::Int8)), |side, mut codes| {
            if device.is_ternary() {
                let mut own = |round| self.round(side, &mut codes, round);
                let peers = self.turns(device, &mut [&mut own])?;
                codes.peers = Some(peers);
                self.compare(side, reference, &mut codes)?;
                return Ok(codes);
            }
            self.opened(Some((device, Activations::Floats)), |other, mut floats| {
                let mut own = |round| self.round(side, &mut codes, round);
                let mut as_they_are = |round| self.round(other, &mut floats, round);
                let peers = self.turns(device, &mut [&mut own, &mut as_they_are])?;
                self.compare(side, reference, &mut codes)?;
                self.compare(other, reference, &mut floats)?;
                codes.peers = Some(peers);
                codes.floats = Some(Box::new(floats));
                Ok(codes)
            })
        })
    }

    /// Rounds of our own and of llama.cpp on a device, and what llama.cpp did.
    fn turns(
        &self,
        device: Device,
        own: &mut [&mut dyn FnMut(usize) -> Result<()>],
    ) -> Result<[LlamaFigures; 2]> {
        let mut peers = self.bench.llama_on_both(llama_device(device)?)?;
        let count = own.len();
        for round in 0..=self.bench.rounds.max(1) {
            let mut turns: Vec<usize> = (0..count + peers.len()).collect();
            if round % 2 == 1 {
                turns.reverse();
            }
            for turn in turns {
                match own.get_mut(turn) {
                    Some(own) => own(round)?,
                    None => peers[turn - count].round(self.bench, round)?,
                }
            }
        }
        Ok(peers.map(|peer| peer.found))
    }

    /// A round; the first one, in which devices compile, does not count.
    fn round(&self, side: &mut Side<'_>, measured: &mut Measured, round: usize) -> Result<()> {
        let tokens = tokens(&self.plan, measured.vocab);
        let (prompt, rest) = tokens.split_at(self.plan.prompt);
        let rest = rest.get(..self.bench.tokens).unwrap_or(rest);
        eprintln!("{}: round {round} of {}", measured.name, self.bench.rounds.max(1));
        side.forget()?;
        let prefill = stretch(prompt.len(), || side.read_prompt(prompt, self.pool))?.rate();
        let one_by_one = || rest.iter().try_for_each(|token| side.read(&[*token], self.pool));
        let decode = stretch(rest.len(), one_by_one)?.rate();
        if round > 0 {
            measured.prefill.push(prefill);
            measured.decode.push(decode);
        }
        Ok(())
    }

    /// Goes on with the likeliest tokens, which are those of the first one, and compares logits.
    fn compare(
        &self,
        side: &mut Side<'_>,
        reference: &mut Reference,
        measured: &mut Measured,
    ) -> Result<()> {
        let tokens = tokens(&self.plan, measured.vocab);
        let is_first = reference.tokens.is_empty();
        side.forget()?;
        side.read_prompt(tokens.get(..self.plan.prompt).unwrap_or_default(), self.pool)?;
        for step in 0..self.bench.greedy {
            let logits = side.logits()?;
            let token = likeliest(logits);
            if is_first {
                reference.tokens.push(token);
                reference.logits.push(logits.to_vec());
            } else if let Some(own) = reference.logits.get(step) {
                let is_other = reference.tokens.get(step) != Some(&token);
                measured.others += usize::from(is_other);
                // What is no number is as far away as can be.
                let far = |apart: f32| if apart.is_nan() { f32::INFINITY } else { apart };
                let apart = own.iter().zip(logits).map(|(a, b)| far((a - b).abs()));
                measured.apart = apart.fold(measured.apart, f32::max);
            }
            let next = reference.tokens.get(step).copied().unwrap_or(token);
            if step + 1 < self.bench.greedy {
                side.read(&[next], self.pool)?;
            }
        }
        if let Side::Device(engine) = side {
            let place = engine.layout().places.first();
            measured.memory = place.map(|at| [at.weights, at.cache, engine.work_bytes()]);
        }
        Ok(())
    }
}

impl Bench {
    /// Measures each backend in turn, the processor first: the others are compared with it.
    pub(super) fn on_backends(&self, wanted: &[Backend]) -> Result<ExitCode> {
        let named = |error: Error| error.at(self.file.display());
        let bytes = Mapped::open(&self.file).map_err(|error| Error::read(&self.file, error))?;
        let pool = Pool::new(threads(self.threads));
        let pool = pool.map_err(trine_models::Error::Thread)?;
        let plan = Plan { tokens: self.tokens.max(self.greedy), ..self.plan() };
        let task = Task { bench: self, bytes: &bytes, pool: &pool, plan };
        let mut reference = Reference::default();
        // Those that are not there are told of before anything is measured.
        let others = wanted.iter().filter(|backend| **backend != Backend::Cpu);
        let devices = others.map(|backend| choose(*backend)).collect::<Result<Vec<_>>>()?;
        let mut all = vec![task.alone(None, &mut reference).map_err(named)?];
        for device in devices.into_iter().flatten() {
            let one = if self.peer {
                task.in_turns(device, &mut reference)
            } else {
                task.alone(Some((device, Activations::Int8)), &mut reference)
            };
            let mut one = one.map_err(named)?;
            // A device may have room for the model, and none for what is read to measure it.
            one.speed = memory_speed(device, threads(self.threads)).ok();
            all.push(one);
        }
        self.show_backends(&all);
        Ok(ExitCode::SUCCESS)
    }

    fn show_backends(&self, all: &[Measured]) {
        if self.json {
            let each = all.iter().map(|one| one.json(self)).collect();
            return say!("{}", pretty(&Value::Array(each)));
        }
        for (at, one) in all.iter().enumerate() {
            let (prefill, decode) = (median(&one.prefill), median(&one.decode));
            say!("{STRONG}{}{STRONG:#}", one.name);
            say!("  prefill  {prefill:>9.1} tokens/s ({} at once)", self.prompt);
            say!("  decode   {decode:>9.1} tokens/s ({} one by one)", self.tokens);
            say!("  load     {:>9.2} s, first token after {:.2} s", one.load, one.first(self));
            if let Some([weights, cache, work]) = one.memory {
                say!(
                    "  memory   {:>9} bytes: weights {}, keys and values {}, work {}",
                    count((weights + cache + work) as u64),
                    count(weights as u64),
                    count(cache as u64),
                    count(work as u64)
                );
            }
            if let (Some([weights, ..]), Some((speed, share))) = (one.memory, one.share()) {
                say!(
                    "  reads    {:>9.1} GB/s of weights, {weights} bytes a token: {:.0} % of the \
                     {:.1} GB/s that the device reads at best",
                    speed * share / 1e9,
                    share * 100.0,
                    speed / 1e9
                );
            }
            if at > 0 {
                let same = self.greedy - one.others;
                say!("  greedy   {same:>9} of {} tokens are the processor's", self.greedy);
                say!("  logits   {:>9.1e} apart at most", one.apart);
            }
            let Some(peers) = &one.peers else { continue };
            say!("  beside   llama.cpp in {} on the same device", peers[0].trits);
            for (peer, head) in peers.iter().zip(HEADS) {
                let [theirs, after] = peer.speeds();
                say!("           its head on the {head}: loaded in {:.2} s", peer.load);
                say!("           prefill {theirs:.1} tokens/s, decode {after:.1}");
            }
            one.show_ratios("codes ", peers);
            if let Some(floats) = &one.floats {
                floats.show_ratios("floats", peers);
                let same = self.greedy - floats.others;
                say!("           {same} of {} tokens are the processor's", self.greedy);
            }
        }
    }
}

/// The device on which llama.cpp is measured beside this one: it has nothing for our own backend,
/// and ggml's for the same card in its place.
fn llama_device(device: Device) -> Result<Device> {
    if !device.is_ternary() {
        return Ok(device);
    }
    let name = device.name().replace("Ternary", "CUDA");
    let found = Device::all().into_iter().find(|other| other.name() == name);
    found.ok_or(Error::NoPeerDevice { name })
}

/// Where llama.cpp's head is, in the order of [`Measured::peers`].
const HEADS: [&str; 2] = ["processor", "device"];

impl LlamaFigures {
    /// Tokens a second of a prompt, and one by one.
    fn speeds(&self) -> [f64; 2] {
        [median(&self.prefill), median(&self.decode)]
    }

    fn json(&self) -> Value {
        let [prefill, decode] = self.speeds();
        json!({ "load_s": self.load, "prefill_tokens_per_s": prefill,
                "decode_tokens_per_s": decode })
    }
}

impl Measured {
    /// Speeds beside llama.cpp's.
    fn show_ratios(&self, what: &str, peers: &[LlamaFigures; 2]) {
        let (prefill, decode) = (median(&self.prefill), median(&self.decode));
        say!("  {what}   prefill {prefill:.1} tokens/s, decode {decode:.1}");
        for (peer, head) in peers.iter().zip(HEADS) {
            let [prefill, decode] = self.ratios(peer);
            say!("           {prefill:.2} and {decode:.2} times as fast as its head on the {head}");
        }
    }

    /// How many times as fast as llama.cpp: a prompt, and one by one.
    fn ratios(&self, peer: &LlamaFigures) -> [f64; 2] {
        [ratio(&self.prefill, &peer.prefill), ratio(&self.decode, &peer.decode)]
    }

    fn ratios_json(&self, peers: &[LlamaFigures; 2]) -> Value {
        let of = |peer| {
            let [prefill, decode] = self.ratios(peer);
            json!({ "prefill": prefill, "decode": decode })
        };
        json!(peers.each_ref().map(of))
    }

    /// Seconds until the first token of a prompt.
    fn first(&self, bench: &Bench) -> f64 {
        self.load + bench.prompt as f64 / median(&self.prefill)
    }

    /// Bytes a second that the device reads, and which share of it decoding does, of weights
    /// alone: each token needs all of them once.
    fn share(&self) -> Option<(f64, f64)> {
        let (speed, [weights, ..]) = (self.speed?, self.memory?);
        Some((speed, weights as f64 * median(&self.decode) / speed))
    }

    fn json(&self, bench: &Bench) -> Value {
        let memory = self.memory.map(|[weights, cache, work]| {
            json!({ "weights_bytes": weights, "cache_bytes": cache, "work_bytes": work })
        });
        let floats = self.floats.as_ref().map(|floats| floats.json(bench));
        let beside = self.peers.as_ref().map(|peers| {
            json!({ "trits": peers[0].trits, "peers": peers.each_ref().map(LlamaFigures::json),
                    "codes": self.ratios_json(peers),
                    "floats": self.floats.as_ref().map(|floats| floats.ratios_json(peers)) })
        });
        json!({
            "name": self.name, "kernels": self.kernels, "beside": beside, "floats": floats,
            "load_s": self.load, "first_token_s": self.first(bench),
            "prefill_tokens_per_s": median(&self.prefill),
            "decode_tokens_per_s": median(&self.decode), "memory": memory,
            "memory_bytes_per_s": self.speed, "memory_share": self.share().map(|(_, share)| share),
            "greedy": bench.greedy, "greedy_others": self.others, "logits_apart": self.apart,
        })
    }
}
