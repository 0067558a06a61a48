//! What is computed of ranges of rows.

use super::{Op, Segments, Tape, Var, add, add_times, dot, softmax, softmax_back};

impl Tape<'_> {
    /// The mean of the rows of each range; zeros of one without rows.
    pub fn mean(&mut self, x: Var, segments: &Segments) -> Var {
        let (_, columns) = self.shape(x);
        let mut out = vec![0.0; segments.len() * columns];
        for (to, rows) in out.chunks_exact_mut(columns).zip(segments.iter()) {
            for row in self.value(x)[rows.start * columns..rows.end * columns].chunks_exact(columns)
            {
                add_times(to, row, 1.0 / rows.len() as f32);
            }
        }
        self.push(segments.len(), columns, out, Op::Mean { x, segments: segments.clone() })
    }

    pub(super) fn mean_back(&mut self, x: Var, segments: &Segments, gradient: &[f32]) {
        let (_, columns) = self.shape(x);
        let own = self.gradient(x);
        for (gradient, rows) in gradient.chunks_exact(columns).zip(segments.iter()) {
            let part = own[rows.start * columns..rows.end * columns].chunks_exact_mut(columns);
            part.for_each(|row| add_times(row, gradient, 1.0 / rows.len() as f32));
        }
    }

    /// The greatest number of each column in each range; zeros of one without rows.
    pub fn most(&mut self, x: Var, segments: &Segments) -> Var {
        let (_, columns) = self.shape(x);
        let mut out = vec![0.0; segments.len() * columns];
        let mut which = vec![u32::MAX; segments.len() * columns];
        let parts = out.chunks_exact_mut(columns).zip(which.chunks_exact_mut(columns));
        for ((to, which), rows) in parts.zip(segments.iter()) {
            for row in rows.clone() {
                let values = &self.nodes[x.0].value[row * columns..(row + 1) * columns];
                for ((to, which), value) in to.iter_mut().zip(which.iter_mut()).zip(values) {
                    if *which == u32::MAX || *value > *to {
                        (*to, *which) = (*value, row as u32);
                    }
                }
            }
        }
        self.push(segments.len(), columns, out, Op::Most { x, segments: segments.clone(), which })
    }

    pub(super) fn most_back(
        &mut self,
        x: Var,
        segments: &Segments,
        which: &[u32],
        gradient: &[f32],
    ) {
        let (_, columns) = self.shape(x);
        debug_assert_eq!(which.len(), segments.len() * columns);
        let own = self.gradient(x);
        for (at, (row, gradient)) in which.iter().zip(gradient).enumerate() {
            if *row != u32::MAX {
                own[*row as usize * columns + at % columns] += gradient;
            }
        }
    }

    /// The rows of each range, each as much as its score's share (softmax) of the range.
    pub fn pool(&mut self, x: Var, scores: Var, segments: &Segments) -> Var {
        let (_, columns) = self.shape(x);
        let mut shares = self.value(scores).to_vec();
        let mut out = vec![0.0; segments.len() * columns];
        for (to, rows) in out.chunks_exact_mut(columns).zip(segments.iter()) {
            softmax(&mut shares[rows.clone()]);
            for row in rows.clone() {
                let value = &self.nodes[x.0].value[row * columns..(row + 1) * columns];
                add_times(to, value, shares[row]);
            }
        }
        let op = Op::Pool { x, scores, segments: segments.clone(), shares };
        self.push(segments.len(), columns, out, op)
    }

    pub(super) fn pool_back(
        &mut self,
        (x, scores): (Var, Var),
        (segments, shares): (&Segments, &[f32]),
        _: Var,
        gradient: &[f32],
    ) {
        let (_, columns) = self.shape(x);
        let mut of_scores = vec![0.0; shares.len()];
        let mut of_rows = vec![0.0; shares.len() * columns];
        for (gradient, rows) in gradient.chunks_exact(columns).zip(segments.iter()) {
            for row in rows.clone() {
                let at = row * columns..(row + 1) * columns;
                of_scores[row] = dot(gradient, &self.value(x)[at.clone()]);
                add_times(&mut of_rows[at], gradient, shares[row]);
            }
            softmax_back(&shares[rows.clone()], &mut of_scores[rows.clone()]);
        }
        add(self.gradient(x), &of_rows);
        add(self.gradient(scores), &of_scores);
    }
}
