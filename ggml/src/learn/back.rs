//! A block's derivatives as a part of a graph. Rounding is passed over (straight-through).

use super::forward::{Attended, Block, Made, Normed};
use super::sizes::{Group, Norm};
use crate::backend::{Result, Tensor};

impl Block<'_> {
    /// From the derivative of the stream after the block to that before it: (dim, rows). Those of
    /// the block's numbers go to their places.
    pub(super) fn back(&self, made: &Made, gradient: &Tensor) -> Result<Tensor> {
        let graph = self.graph;
        let product = self.product_back(Group::Down, &made.down, &self.dropped(1, gradient)?)?;
        let product = self.norm_back(Norm::FfnSub, &made.down, &product)?;
        let gate = graph.mul(&graph.mul(&product, &made.up)?, &made.gate)?;
        let gate = graph.scale(&gate, 2.0, 0.0)?;
        let both = graph.concat(&gate, &graph.mul(&product, &made.squares)?)?;
        let inner = self.product_back(Group::GateUp, &made.ffn, &both)?;
        let gradient = graph.add(gradient, &self.norm_back(Norm::Ffn, &made.ffn, &inner)?)?;

        let mixed = self.product_back(Group::Output, &made.output, &self.dropped(0, &gradient)?)?;
        let mixed = self.norm_back(Norm::AttnSub, &made.output, &mixed)?;
        let heads = self.attend_back(&made.attended, &mixed)?;
        let inner = self.product_back(Group::Qkv, &made.attn, &heads)?;
        graph.add(&gradient, &self.norm_back(Norm::Attn, &made.attn, &inner)?)
    }

    /// From the derivative of a group's products to that of what they multiply: (columns, rows)
    fn product_back(&self, group: Group, normed: &Normed, gradient: &Tensor) -> Result<Tensor> {
        let (graph, input) = (self.graph, &normed.input);
        let (own, scaled) = match &input.scales {
            Some(steepness) => {
                let scales = self.numbers.scales(graph, self.layer, group)?;
                (graph.div(gradient, steepness)?, graph.mul(gradient, &scales)?)
            }
            None => (gradient.clone(), gradient.clone()),
        };
        let own = graph.mul_mat(&self.across(&input.numbers)?, &self.across(&own)?)?;
        let place = self.numbers.matrix_gradient(graph, self.layer, group)?;
        self.into.add(&graph.cpy(&own, &place)?)?;
        let matrix = self.numbers.matrix(graph, self.layer, group)?;
        graph.mul_mat(&self.across(&matrix)?, &scaled)
    }

    /// From the derivative of what a norm gives to that of what it takes.
    fn norm_back(&self, norm: Norm, normed: &Normed, gradient: &Tensor) -> Result<Tensor> {
        let (graph, Normed { x, divided, .. }) = (self.graph, normed);
        let [columns, ..] = x.shape();
        let own = graph.sum_rows(&self.across(&graph.mul(gradient, divided)?)?)?;
        let place = self.numbers.norm_gradient(graph, self.layer, norm)?;
        self.into.add(&graph.cpy(&own, &place)?)?;
        let gradient = graph.mul(gradient, &self.numbers.norm(graph, self.layer, norm)?)?;
        let share = 1.0 / columns as f32;
        let mean = graph.sum_rows(&graph.mul(&gradient, divided)?)?;
        let along = graph.mul(divided, &graph.scale(&mean, share, 0.0)?)?;
        let squares = graph.scale(&graph.sum_rows(&graph.sqr(x)?)?, share, self.sizes.epsilon)?;
        graph.div(&graph.sub(&gradient, &along)?, &graph.sqrt(&squares)?)
    }

    /// From the derivative of what attention gives to that of queries, keys and values before they
    /// are turned: (dim + 2 kv dim, rows)
    fn attend_back(&self, attended: &Attended, mixed: &Tensor) -> Result<Tensor> {
        let (graph, sizes) = (self.graph, self.sizes);
        let Attended { queries, keys, values, weights } = attended;
        let mixed = self.by_heads(mixed, 0, sizes.dim)?;
        let of_values = graph.mul_mat(&self.across(&mixed)?, &self.across(weights)?)?;
        let of_weights = graph.mul_mat(values, &mixed)?;
        let mean = graph.sum_rows(&graph.mul(&of_weights, weights)?)?;
        let scores = graph.mul(&graph.sub(&of_weights, &mean)?, weights)?;
        let scores = graph.scale(&scores, 1.0 / (sizes.width() as f32).sqrt(), 0.0)?;
        let of_queries = graph.mul_mat(&self.across(keys)?, &scores)?;
        let of_keys = graph.mul_mat(&self.across(queries)?, &self.across(&scores)?)?;
        let rotated = graph.concat(&self.by_rows(&of_queries)?, &self.by_rows(&of_keys)?)?;
        let (rows, width, columns) = (self.size.rows(), sizes.width(), sizes.dim + sizes.kv_dim());
        let rotated = graph.reshape(&rotated, [width, columns / width, rows])?;
        let rotated = graph.reshape(&self.rotate(&rotated, true)?, [columns, rows, 1])?;
        graph.concat(&rotated, &self.by_rows(&of_values)?)
    }
}
