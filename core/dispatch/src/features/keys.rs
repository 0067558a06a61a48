//! The device's keys, in a build with the feature `secure`; `no_keys.rs` has the same names for
//! the others.

use trine_wire::secure::{DIGEST_LEN, HelloAnswer};
pub(crate) use trine_wire::secure::{DeviceKeys, OFFERS, TAIL_LEN};

use crate::Config;

/// Those of a device that has a key.
pub(crate) fn of(config: &Config<'_>) -> Option<DeviceKeys> {
    config.key.map(|key| DeviceKeys::new(key.0))
}

/// Those of a key that was just set.
pub(crate) fn new(key: &[u8; 16]) -> Option<DeviceKeys> {
    Some(DeviceKeys::new(*key))
}

/// Whether there is a key.
pub(crate) const fn is_keyed(config: &Config<'_>) -> bool {
    config.key.is_some()
}

/// The number that no other boot had; 0 without one.
pub(crate) const fn nonce(config: &Config<'_>) -> u64 {
    config.nonce
}

/// The challenge that a hello is answered with, its digest, and the number of the offer.
pub(crate) fn answer_hello(
    keys: &mut DeviceKeys,
    host_nonce: [u8; 8],
    hello: &[u8],
    fresh: [u8; 12],
) -> ([u8; 12], [u8; DIGEST_LEN], usize) {
    let HelloAnswer { challenge, digest, offer } = keys.answer_hello(host_nonce, hello, fresh);
    (challenge, digest, offer)
}
