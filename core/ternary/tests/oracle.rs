//! Every instruction set that this processor has, against plain loops over the unpacked trits:
//! all packings, sizes around every block and tail, every alignment, bytes before and after that
//! must not be touched, extreme and random activations.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod suite;
