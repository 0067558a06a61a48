//! A port that no other program uses through this one: this system has no place to meet.

use std::sync::Arc;

use crate::device::Device;
use crate::link::place::Place;

/// A port that is shared, which none is.
#[derive(Debug)]
pub(crate) enum Share {}

impl Share {
    pub(crate) fn offer(place: Place, _: &Arc<Device>) -> Option<Self> {
        match place {}
    }
}
