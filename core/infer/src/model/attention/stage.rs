//! Attention of a pass's tokens, shared among threads.

use core::ops::Range;

use trine_ternary::parallel::for_each_chunk;

use super::super::forward::Pass;
#[cfg(not(target_os = "none"))]
use super::super::seats::Seats;
use super::super::stages::{PARTS, one, part};
use super::{Group, attend};

/// Positions from which on two threads share a head rather than one waits for the other.
const FAR: usize = 512;

impl Pass<'_, '_, '_> {
    /// Attention of some (token, key-value head).
    pub(in super::super) fn attend(&mut self, units: Range<usize>) {
        let heads = self.model.config.kv_heads.max(1);
        // Whole tokens come some at a time, what is left before and after them by itself.
        let whole = units.start.next_multiple_of(heads)..units.end / heads * heads;
        if cfg!(target_os = "none") || whole.len() < 2 * heads {
            return self.attend_apart(units);
        }
        let (before, after) = (units.start..whole.start, whole.end..units.end);
        self.attend_apart(before);
        self.attend_whole(whole.start / heads..whole.end / heads);
        self.attend_apart(after);
    }

    /// All heads of some tokens, those of a sequence together where there are several of it.
    fn attend_whole(&mut self, tokens: Range<usize>) {
        let heads = self.model.config.kv_heads;
        let (mut apart, mut at) = (tokens.start, tokens.start);
        while at < tokens.end {
            let end = self.end_of_run(at, tokens.end);
            if end - at > 1 {
                self.attend_apart(apart * heads..at * heads);
                self.attend_tokens(at..end);
                apart = end;
            }
            at = end;
        }
        self.attend_apart(apart * heads..tokens.end * heads);
    }

    /// Where the tokens end that are of the same sequence as one.
    #[cfg_attr(target_os = "none", expect(unused_variables, reason = "there is one sequence"))]
    fn end_of_run(&self, token: usize, end: usize) -> usize {
        #[cfg(not(target_os = "none"))]
        if let Seats::Each(seats) = &self.seats {
            let run = seats.get(token..end).unwrap_or_default();
            let first = run.first().map(|seat| seat.sequence);
            let same = run.iter().take_while(|seat| Some(seat.sequence) == first).count();
            return token + same.max(1);
        }
        end
    }

    /// The heads of a token one by one. Where there is much to read and fewer heads are left over
    /// than there are threads, two threads share a head.
    fn attend_apart(&mut self, units: Range<usize>) {
        if cfg!(target_os = "none") {
            return self.attend_parts::<1>(units);
        }
        let config = &self.model.config;
        let left = units.len() % self.pool.threads().max(1);
        let token = units.start.checked_div(config.kv_heads).unwrap_or(0);
        let seen = self.seats.seen(&self.at, config, token);
        let is_shared = seen >= FAR && config.group().is_multiple_of(2);
        let whole = if is_shared { units.end - left } else { units.end };
        self.attend_parts::<1>(units.start..whole);
        self.attend_parts::<2>(whole..units.end);
    }

    /// Some (token, key-value head), the query heads of each in `N` parts.
    fn attend_parts<const N: usize>(&mut self, units: Range<usize>) {
        let (config, at, cache) = (&self.model.config, self.at, &*self.cache);
        let (group, kv_heads, seats) = (self.group(), config.kv_heads, &self.seats);
        let (each, wide) = (group.heads * group.width, &*self.state.wide);
        let group = Group { heads: group.heads / N, ..group };
        let own = group.heads * group.width;
        let first = units.start;
        let mixed = part(self.state.mixed, &units, each);
        for_each_chunk(self.pool, mixed, own, &|index, out| {
            let unit = first + index / N;
            let token = unit.checked_div(kv_heads).unwrap_or(0);
            let head = unit - token * kv_heads;
            let before = head * each + index % N * own;
            let queries = one(wide, token, group.stride).get(before..).unwrap_or_default();
            let keys = cache.head(at.layer, head, seats.place(&at, token).0);
            attend(&keys, group, (1, &|_| seats.seen(&at, config, token)), queries, out);
        });
    }

    /// All heads of some tokens of a sequence.
    fn attend_tokens(&mut self, tokens: Range<usize>) {
        let (config, at, cache) = (&self.model.config, self.at, &*self.cache);
        let (group, kv_heads, seats) = (self.group(), config.kv_heads, &self.seats);
        let (each, wide) = (group.heads * group.width, &*self.state.wide);
        let first = tokens.start;
        // Each thread takes several, of which the last ones see the most.
        let parts = self.pool.threads().saturating_mul(PARTS).max(1);
        let together = group.tokens().min(tokens.len().div_ceil(parts)).max(1);
        let mixed = part(self.state.mixed, &tokens, config.dim);
        for_each_chunk(self.pool, mixed, config.dim * together, &|index, out| {
            let start = first + index * together;
            let own = (out.len().checked_div(config.dim).unwrap_or(0), &|token| {
                seats.seen(&at, config, start + token)
            });
            let (base, _) = seats.place(&at, start);
            let rows = wide.get(start * group.stride..).unwrap_or_default();
            for head in 0..kv_heads {
                let (queries, out) = (rows.get(head * each..), out.get_mut(head * each..));
                let keys = cache.head(at.layer, head, base);
                let (queries, out) = (queries.unwrap_or_default(), out.unwrap_or_default());
                attend(&keys, group, (own.0, own.1), queries, out);
            }
        });
    }

    fn group(&self) -> Group {
        let config = &self.model.config;
        let (heads, width) = (config.group(), config.head_width());
        Group { heads, width, stride: config.widest(), out_stride: config.dim }
    }
}
