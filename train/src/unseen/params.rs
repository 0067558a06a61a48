//! What is trained: matrices in one vector, with their gradients and the means of `AdamW`.

use super::tape::scale_of;
use crate::random::{Random, bell};

/// A matrix of what is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param(usize);

/// How a matrix is used and begun.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Rows of -1, 0 and 1 with one scale, in products with rows in 8 bits.
    Ternary,
    /// As it is; begun as random numbers of this deviation.
    Real(f32),
    /// As it is, without weight decay; begun as this.
    Fixed(f32),
}

#[derive(Clone, Debug)]
struct Entry {
    name: &'static str,
    index: usize,
    rows: usize,
    columns: usize,
    start: usize,
    kind: Kind,
    /// The scale of a ternary matrix, where it is not the mean magnitude.
    scale: Option<f32>,
}

/// All matrices.
#[derive(Clone, Debug, Default)]
pub struct Params {
    entries: Vec<Entry>,
    /// Their numbers, one matrix after the other, row by row.
    pub data: Vec<f32>,
}

impl Params {
    /// A matrix of (rows, columns); `index` tells those of one name apart.
    pub fn add(
        &mut self,
        (name, index): (&'static str, usize),
        (rows, columns): (usize, usize),
        kind: Kind,
        random: &mut Random,
    ) -> Param {
        let start = self.data.len();
        let deviation = match kind {
            Kind::Ternary => 1.0 / (columns as f32).sqrt(),
            Kind::Real(deviation) => deviation,
            Kind::Fixed(value) => {
                self.data.resize(start + rows * columns, value);
                0.0
            }
        };
        while self.data.len() < start + rows * columns {
            self.data.push(bell(random) * deviation);
        }
        self.entries.push(Entry { name, index, rows, columns, start, kind, scale: None });
        Param(self.entries.len() - 1)
    }

    /// The numbers of a matrix.
    #[must_use]
    pub fn of(&self, param: Param) -> &[f32] {
        &self.data[self.at(param)]
    }

    /// Where they are.
    #[must_use]
    pub fn at(&self, param: Param) -> std::ops::Range<usize> {
        let entry = &self.entries[param.0];
        entry.start..entry.start + entry.rows * entry.columns
    }

    /// (rows, columns)
    #[must_use]
    pub fn shape(&self, param: Param) -> (usize, usize) {
        let entry = &self.entries[param.0];
        (entry.rows, entry.columns)
    }

    /// How it is used.
    #[must_use]
    pub fn kind(&self, param: Param) -> Kind {
        self.entries[param.0].kind
    }

    /// What a ternary matrix is multiplied by: the mean magnitude of its numbers, or what was set.
    #[must_use]
    pub fn scale(&self, param: Param) -> f32 {
        self.entries[param.0].scale.unwrap_or_else(|| scale_of(self.of(param)))
    }

    /// Sets the scale of a ternary matrix for good, whatever its numbers become.
    pub fn set_scale(&mut self, param: Param, scale: f32) {
        self.entries[param.0].scale = Some(scale);
    }

    /// Names with their numbers, in order.
    pub fn named(&self) -> impl Iterator<Item = (String, Param)> + '_ {
        let name = |entry: &Entry| format!("{}.{}", entry.name, entry.index);
        self.entries.iter().enumerate().map(move |(at, entry)| (name(entry), Param(at)))
    }
}

/// Numbers of `AdamW` (Loshchilov and Hutter, arXiv 1711.05101).
#[derive(Clone, Debug)]
pub struct AdamW {
    means: [Vec<f32>; 2],
    step: i32,
}

const BETAS: [f32; 2] = [0.9, 0.98];
const EPSILON: f32 = 1e-8;

impl AdamW {
    /// For so many numbers.
    #[must_use]
    pub fn new(numbers: usize) -> Self {
        Self { means: [vec![0.0; numbers], vec![0.0; numbers]], step: 0 }
    }

    /// One step along gradients, which are cut to a length of 1. Decay is towards zero, or towards
    /// `origin`, of all numbers.
    pub fn step(
        &mut self,
        params: &mut Params,
        gradients: &[f32],
        rate: f32,
        (decay, origin): (f32, Option<&[f32]>),
    ) {
        self.step += 1;
        let length = gradients.iter().map(|x| f64::from(x * x)).sum::<f64>().sqrt() as f32;
        let cut = if length > 1.0 { 1.0 / length } else { 1.0 };
        let grown = BETAS.map(|beta| 1.0 - beta.powi(self.step));
        let [first, second] = &mut self.means;
        for entry in &params.entries {
            let at = entry.start..entry.start + entry.rows * entry.columns;
            let is_free = origin.is_some() || matches!(entry.kind, Kind::Fixed(_));
            let (decay, own_decay) = (if is_free { 0.0 } else { decay }, decay);
            if let Some(origin) = origin {
                let numbers = params.data[at.clone()].iter_mut().zip(&origin[at.clone()]);
                numbers.for_each(|(x, origin)| *x -= rate * own_decay * (*x - origin));
            }
            let numbers = params.data[at.clone()].iter_mut().zip(&gradients[at.clone()]);
            for (((x, gradient), m), v) in
                numbers.zip(&mut first[at.clone()]).zip(&mut second[at.clone()])
            {
                let gradient = gradient * cut;
                *m += (1.0 - BETAS[0]) * (gradient - *m);
                *v += (1.0 - BETAS[1]) * (gradient * gradient - *v);
                let along = *m / grown[0] / ((*v / grown[1]).sqrt() + EPSILON);
                *x -= rate * (along + decay * *x);
            }
        }
    }
}
