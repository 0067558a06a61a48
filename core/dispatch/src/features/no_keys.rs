//! In place of `keys.rs` in a build without the feature `secure`: the type of the keys has no
//! value, so code that has one cannot run and is dropped, and an [`Option`] of it is zero-sized.

use crate::Config;

/// Uninhabited.
#[derive(Debug)]
pub(crate) enum DeviceKeys {}

pub(crate) const OFFERS: usize = 0;
pub(crate) const TAIL_LEN: usize = 0;

pub(crate) const fn of(_: &Config<'_>) -> Option<DeviceKeys> {
    None
}

pub(crate) const fn new(_: &[u8; 16]) -> Option<DeviceKeys> {
    None
}

pub(crate) const fn is_keyed(_: &Config<'_>) -> bool {
    false
}

pub(crate) const fn nonce(_: &Config<'_>) -> u64 {
    0
}

pub(crate) fn answer_hello(
    keys: &mut DeviceKeys,
    _: [u8; 8],
    _: &[u8],
    _: [u8; 12],
) -> ([u8; 12], [u8; 8], usize) {
    match *keys {}
}

impl DeviceKeys {
    pub(crate) fn open<'a>(&mut self, _: &'a [u8]) -> Option<(&'a [u8], Option<usize>)> {
        match *self {}
    }

    pub(crate) fn seal(&mut self, _: &mut [u8], _: usize, _: usize) -> Option<usize> {
        match *self {}
    }

    pub(crate) fn seal_hello(&self, _: &mut [u8], _: usize, _: usize) -> Option<usize> {
        match *self {}
    }
}
