//! What of a model lies where, and how much memory that takes.

use std::fmt;

use trine_infer::{Config, Model};

use super::options::Options;
use super::trits::Layout;
use super::weights::head_type;
use crate::backend::{Backend, Context, Device, Error, Kind, Result, Type};
use crate::bytes::Bytes;

/// A device, and how trits lie there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Home {
    pub(super) device: Device,
    pub(super) layout: Layout,
    pub(super) is_used: bool,
}

/// Where each block lies: those of the processor come first, the device's and the head follow.
#[derive(Clone, Debug)]
pub(super) struct Homes {
    /// The device; then the processor, where it is another.
    pub(super) places: Vec<Home>,
    /// Blocks on the processor.
    pub(super) on_processor: usize,
}

impl Homes {
    /// Asks devices how they hold trits, and plans for the memory that is free.
    ///
    /// # Errors
    /// When a device does not open or computes no exact products, or has too little memory for
    /// what was asked.
    pub(super) fn new(model: &Model<'_>, device: Device, options: &Options) -> Result<Self> {
        let threads = options.threads;
        let layout =
            |device| Layout::of(Backend::open(device, threads)?, threads, options.activations);
        let first = Home { device, layout: layout(device)?, is_used: true };
        if device.kind() == Kind::Cpu {
            return Ok(Self { places: vec![first], on_processor: 0 });
        }
        let config = model.config();
        let room = options.memory.unwrap_or_else(|| match device.memory() {
            (0, 0) => usize::MAX,
            (free, _) => free,
        });
        let need = Need::new(model, first.layout, options);
        let fitting = need.fitting(config.layers, room);
        let wanted = options.layers.map_or(config.layers, |layers| layers.min(config.layers));
        if options.layers.is_some_and(|_| fitting.is_none_or(|fits| fits < wanted)) {
            return Err(need.short(device, room, wanted));
        }
        let Some(fits) = fitting else { return Err(need.short(device, room, 0)) };
        let on_processor = config.layers - wanted.min(fits);
        if on_processor > 0 && device.is_ternary() {
            return Err(if fits < config.layers {
                need.short(device, room, config.layers)
            } else {
                Error::unsupported(device, "takes whole models alone: leave out --layers")
            });
        }
        let cpu = Device::cpu()?;
        let mut places = vec![first];
        if on_processor > 0 {
            places.push(Home { device: cpu, layout: layout(cpu)?, is_used: true });
        } else {
            places.push(Home { device: cpu, layout: first.layout, is_used: false });
        }
        Ok(Self { places, on_processor })
    }

    /// Which of the places has a block.
    pub(super) fn place_of(&self, layer: usize) -> usize {
        usize::from(layer < self.on_processor)
    }

    /// The context of a block's place, and how trits lie there.
    pub(super) fn of<'c>(
        &self,
        contexts: &'c [Context],
        layer: usize,
    ) -> Result<(&'c Context, Layout)> {
        let place = self.place_of(layer);
        let found = contexts.get(place).zip(self.places.get(place));
        found.map(|(context, home)| (context, home.layout)).ok_or_else(missing)
    }

    /// The context and the device of the head.
    pub(super) fn head<'c>(&self, contexts: &'c [Context]) -> Result<(&'c Context, Device)> {
        let found = contexts.first().zip(self.places.first());
        found.map(|(context, home)| (context, home.device)).ok_or_else(missing)
    }
}

fn missing() -> Error {
    Error::Graph("a block without a device")
}

/// Bytes that parts of a model take on a device.
#[derive(Clone, Copy, Debug)]
struct Need {
    /// One block's weights.
    block: usize,
    /// Keys and values of one block.
    cache: usize,
    head: usize,
    /// What is computed in, about.
    work: usize,
}

impl Need {
    fn new(model: &Model<'_>, layout: Layout, options: &Options) -> Self {
        let config = model.config();
        let Config { dim, ffn, .. } = *config;
        let kv = config.kv_dim();
        let matrices = [(dim, dim + 2 * kv), (dim, dim), (dim, 2 * ffn), (ffn, dim)];
        let block = matrices.map(|(columns, rows)| layout.bytes(rows, columns) + 4 * rows);
        let norms = 4 * (3 * dim + ffn);
        let wide = layout.columns(dim.max(ffn)).max(2 * ffn).max(dim + 2 * kv);
        let scores = config.heads * options.context;
        let cache = options.context * kv * 2 * options.kv.bytes();
        Self {
            block: block.iter().sum::<usize>() + norms,
            cache,
            head: model.weights().head.bytes().len() + 4 * dim,
            work: 4 * (options.batch * (4 * wide + 3 * scores) + config.vocab) + 2 * cache,
        }
    }

    fn all(&self, layers: usize) -> usize {
        layers.saturating_mul(self.block + self.cache).saturating_add(self.head + self.work)
    }

    /// The most blocks that fit beside the head; `None` when not even one does.
    fn fitting(&self, layers: usize, room: usize) -> Option<usize> {
        (1..=layers).rev().find(|layers| self.all(*layers) <= room)
    }

    fn short(&self, device: Device, room: usize, layers: usize) -> Error {
        Error::Memory { device: device.name(), free: room, needed: self.all(layers.max(1)), layers }
    }
}

/// What lies on one device.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Place {
    /// The device.
    pub device: Device,
    /// The type in which it holds trits.
    pub trits: &'static str,
    /// Blocks of the model.
    pub blocks: usize,
    /// Whether it has the head.
    pub head: bool,
    /// Bytes of weights.
    pub weights: usize,
    /// Bytes of keys and values.
    pub cache: usize,
    /// Bytes to compute in, about.
    pub work: usize,
    /// Bytes that are free.
    pub free: usize,
}

/// What of a model lies where.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// The device first; the processor after it where it has blocks too.
    pub places: Vec<Place>,
    /// The type of the head.
    pub head: &'static str,
}

impl Plan {
    pub(super) fn new(model: &Model<'_>, homes: &Homes, options: &Options) -> Self {
        let layers = model.config().layers;
        let used = homes.places.iter().enumerate().filter(|(_, home)| home.is_used);
        let place = |(at, home): (usize, &Home)| {
            let need = Need::new(model, home.layout, options);
            let blocks = if at == 0 { layers - homes.on_processor } else { homes.on_processor };
            let head = if at == 0 { need.head } else { 0 };
            Place {
                device: home.device,
                trits: home.layout.name(),
                blocks,
                head: at == 0,
                weights: blocks * need.block + head,
                cache: blocks * need.cache,
                work: need.work,
                free: home.device.memory().0,
            }
        };
        let head = match head_type(model.weights().head.format()) {
            Type::F16 => "F16",
            Type::Q8_0 => "Q8_0",
            Type::Q6K => "Q6_K",
            _ => "F32",
        };
        Self { places: used.map(place).collect(), head }
    }
}

impl fmt::Display for Plan {
    /// A line for each device.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, place) in self.places.iter().enumerate() {
            let end = if at == 0 { "" } else { "\n" };
            let head =
                if place.head { format!(" and the head ({})", self.head) } else { String::new() };
            write!(
                f,
                "{end}{:?}: {} blocks ({}){head}; {} of weights, {} of keys and values, about {} \
                 to compute in, {} free",
                place.device,
                place.blocks,
                place.trits,
                Bytes(place.weights),
                Bytes(place.cache),
                Bytes(place.work),
                Bytes(place.free),
            )?;
        }
        Ok(())
    }
}
