//! Operations that a factory tests a device with. They change nothing.

use trine_bits::{Fnv64, varint};
use trine_wire::message::{DeviceMessage, factory};

use super::Device;
use crate::call::{Tested, Tools};

/// Most bytes that an operation answers.
const ANSWER_MAX: usize = 128;
/// Bytes of the list that are hashed at a time.
const PIECE: usize = 64;

impl Device<'_> {
    #[inline(never)]
    pub(super) fn factory<T: Tools + ?Sized>(
        &mut self,
        (op, arg): (u8, &[u8]),
        now: u64,
        tools: &mut T,
    ) {
        let mut found = [0; ANSWER_MAX];
        let most = usize::from(self.config.result_max).min(found.len());
        let out = found.get_mut(..self.outbox.fits(most)).unwrap_or_default();
        let tested = match op {
            factory::ECHO => match out.get_mut(..arg.len()) {
                Some(place) => {
                    place.copy_from_slice(arg);
                    Tested::Fine(arg.len())
                }
                None => Tested::Failed(0),
            },
            factory::LIST => self.list_is_whole(),
            factory::CLOCK => numbers(&[self.uptime(now)], out),
            factory::MEMORY => numbers(&self.high_waters(), out),
            factory::OWN.. => tools.factory(op, arg, out),
            _ => Tested::Unknown,
        };
        let (code, len) = match tested {
            Tested::Fine(len) => (factory::FINE, len),
            Tested::Failed(len) => (factory::FAILED, len),
            Tested::Unknown => (factory::UNKNOWN, 0),
        };
        let bytes = found.get(..len).unwrap_or_default();
        self.outbox.send(&DeviceMessage::Factory { op, code, bytes });
    }

    /// Hashes the records as they are now, from flash.
    fn list_is_whole(&self) -> Tested {
        let same = match self.recomputed() {
            Some(hash) => hash == self.list_hash(),
            None => false,
        };
        if same { Tested::Fine(0) } else { Tested::Failed(0) }
    }

    /// FNV-1a over the hashes of all records as the list has them now.
    #[inline(never)]
    fn recomputed(&self) -> Option<u64> {
        let mut at = 0;
        let mut all = Fnv64::new();
        for _ in 0..self.table.tools() {
            let len = self.list_length(&mut at)?;
            let mut hash = Fnv64::new();
            let end = at.checked_add(len)?;
            while at < end {
                let mut piece = [0; PIECE];
                let count = (end - at).min(piece.len());
                let piece = piece.get_mut(..count)?;
                self.table.page(at, piece);
                hash = hash.bytes(piece);
                at += count;
            }
            all = all.bytes(&hash.hash().to_le_bytes());
        }
        Some(all.hash())
    }

    /// The length of the record that starts at `at`, which moves behind it.
    fn list_length(&self, at: &mut usize) -> Option<usize> {
        let mut len = 0;
        for shift in [0, 7, 14] {
            let mut byte = [0];
            self.table.page(*at, &mut byte);
            *at = at.checked_add(1)?;
            len |= usize::from(byte[0] & 0x7f) << shift;
            if byte[0] < 0x80 {
                return Some(len);
            }
        }
        None
    }

    /// Bytes of memory given, carved, most in the receive ring, most waiting to be sent; most calls
    /// under way.
    fn high_waters(&self) -> [u64; 5] {
        let counters = self.counters(0);
        [
            counters.memory.into(),
            counters.memory_used.into(),
            counters.rx_high_water.into(),
            counters.tx_high_water.into(),
            counters.calls_high_water.into(),
        ]
    }
}

/// Writes numbers one after another.
fn numbers(numbers: &[u64], out: &mut [u8]) -> Tested {
    let mut at = 0;
    for &number in numbers {
        let Some(len) = out.get_mut(at..).and_then(|rest| varint::write(number, rest)) else {
            return Tested::Failed(0);
        };
        at += len;
    }
    Tested::Fine(at)
}
