//! Requests that wait because as many are under way as may be.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::super::guard::Principal;
use crate::sync::lock;

/// Most requests of one key that wait; without keys, of all clients.
const WAITING_MAX: usize = 32;
/// Longest wait.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many requests of each key wait. A key of which none does is not listed.
#[derive(Debug, Default)]
pub(in super::super) struct Waiting(Mutex<HashMap<Principal, usize>>);

/// The place of a request that waits, until it is dropped.
struct Place<'a>(&'a Waiting, &'a Principal);

impl Waiting {
    /// Waits until a request may be under way; `None` where that takes too long, or where too many
    /// of this key wait already.
    pub(super) async fn permit(
        &self,
        calls: &Arc<Semaphore>,
        principal: &Principal,
    ) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(calls).try_acquire_owned() {
            return Some(permit);
        }
        let _place = self.place(principal)?;
        let permit = Arc::clone(calls).acquire_owned();
        tokio::time::timeout(PATIENCE, permit).await.ok()?.ok()
    }

    fn place<'a>(&'a self, principal: &'a Principal) -> Option<Place<'a>> {
        let mut all = lock(&self.0);
        let count = all.entry(principal.clone()).or_default();
        if *count >= WAITING_MAX {
            return None;
        }
        *count += 1;
        Some(Place(self, principal))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut all = lock(&self.0.0);
        let count = all.get(self.1).map_or(0, |count| count.saturating_sub(1));
        if count == 0 {
            all.remove(self.1);
        } else {
            all.insert(self.1.clone(), count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_places_of_its_own_which_are_free_again() {
        let waiting = Waiting::default();
        let [none, kitchen]: [Principal; 2] = [None, Some("kitchen".into())];
        let mut places: Vec<_> = (0..WAITING_MAX).filter_map(|_| waiting.place(&none)).collect();
        assert_eq!(places.len(), WAITING_MAX);
        assert!(waiting.place(&none).is_none());
        let other = waiting.place(&kitchen);
        assert!(other.is_some());
        places.pop();
        assert!(waiting.place(&none).is_some());
        drop((places, other));
        assert!(lock(&waiting.0).is_empty());
    }
}
