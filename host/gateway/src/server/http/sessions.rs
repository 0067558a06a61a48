//! Sessions of clients that call `initialize`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::{Duration, Instant};

use data_encoding::HEXLOWER;
use trine_mcp::McpSession;

use super::exchange::Exchange;
use super::guard::Principal;
use crate::server::ask::Interviews;
use crate::server::interest::Interest;
use crate::sync::lock;

/// Sessions at a time. Where there are more, the one that was silent longest ends.
pub(super) const SESSIONS_MAX: usize = 4096;
/// A session that is silent for so long ends.
const IDLE_MAX: Duration = Duration::from_secs(3600);

/// A call by the id of its request.
type UnderWay = (Box<[u8]>, Weak<Exchange>);

/// The session of one client.
pub(super) struct Session {
    principal: Principal,
    mcp: Mutex<McpSession>,
    /// What its streams are told of.
    interest: Arc<Mutex<Interest>>,
    used: Mutex<Instant>,
    /// Calls that may be cancelled, by the ids of their requests.
    under_way: Mutex<Vec<UnderWay>>,
    /// What its client was asked.
    interviews: Mutex<Interviews<Weak<Exchange>>>,
}

/// All sessions, by their ids.
#[derive(Default)]
pub(super) struct Sessions(Mutex<HashMap<String, Arc<Session>>>);

impl Sessions {
    /// Keeps a session that was agreed on; answers its id, which no one can guess.
    pub(super) fn open(&self, mcp: McpSession, principal: Principal) -> Option<String> {
        self.open_at(mcp, principal, Instant::now())
    }

    fn open_at(&self, mcp: McpSession, principal: Principal, now: Instant) -> Option<String> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).ok()?;
        let id = HEXLOWER.encode(&bytes);
        let session = Session {
            principal,
            mcp: Mutex::new(mcp),
            interest: Arc::new(Mutex::new(Interest::of_session(&mcp))),
            used: Mutex::new(now),
            under_way: Mutex::default(),
            interviews: Mutex::default(),
        };
        let mut all = lock(&self.0);
        if all.len() >= SESSIONS_MAX {
            all.retain(|_, session| now.duration_since(session.used()) < IDLE_MAX);
        }
        if all.len() >= SESSIONS_MAX {
            let oldest = all.iter().min_by_key(|(_, session)| session.used());
            if let Some(oldest) = oldest.map(|(id, _)| id.clone()) {
                all.remove(&oldest);
            }
        }
        all.insert(id.clone(), Arc::new(session));
        Some(id)
    }

    /// The session of this id, if it is the principal's and has not ended.
    pub(super) fn find(&self, id: &str, principal: &Principal) -> Option<Arc<Session>> {
        self.find_at(id, principal, Instant::now())
    }

    fn find_at(&self, id: &str, principal: &Principal, now: Instant) -> Option<Arc<Session>> {
        let mut all = lock(&self.0);
        let session = all.get(id).filter(|session| session.principal == *principal)?;
        if now.duration_since(session.used()) >= IDLE_MAX {
            all.remove(id);
            return None;
        }
        *lock(&session.used) = now;
        Some(Arc::clone(session))
    }

    /// Ends a session; `false` where there is none.
    pub(super) fn close(&self, id: &str, principal: &Principal) -> bool {
        if self.find(id, principal).is_none() {
            return false;
        }
        let mut all = lock(&self.0);
        let is_closed = all.remove(id).is_some();
        if all.is_empty() {
            // The places of thousands of sessions are given back too.
            *all = HashMap::new();
        }
        is_closed
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        lock(&self.0).len()
    }
}

impl Session {
    fn used(&self) -> Instant {
        *lock(&self.used)
    }

    /// What its streams are told of.
    pub(super) const fn interest(&self) -> &Arc<Mutex<Interest>> {
        &self.interest
    }

    /// What its client was asked. Those of calls that no one waits for any more are over, and so
    /// are those that no one has answered in time.
    pub(super) fn interviews(&self) -> MutexGuard<'_, Interviews<Weak<Exchange>>> {
        let mut interviews = lock(&self.interviews);
        let late = interviews.sweep(|exchange| exchange.strong_count() == 0);
        late.iter().filter_map(Weak::upgrade).for_each(|exchange| exchange.unanswered());
        interviews
    }

    /// Takes a message of the client's, if it is the answer to what it was asked.
    pub(super) fn answered(&self, message: &[u8]) {
        let ended = self.interviews().answered(message);
        if let Some(ended) = ended
            && let Some(exchange) = ended.of.upgrade()
        {
            exchange.go_on(&ended.args, ended.given);
        }
    }

    /// What the engine keeps of it.
    pub(super) fn mcp(&self) -> McpSession {
        *lock(&self.mcp)
    }

    /// Takes what a message has changed.
    pub(super) fn set_mcp(&self, mcp: McpSession) {
        lock(&self.interest).set_level(mcp.level());
        *lock(&self.mcp) = mcp;
    }

    /// Keeps a call in case that its client cancels it.
    pub(super) fn started(&self, id: &[u8], exchange: &Arc<Exchange>) {
        let mut under_way = lock(&self.under_way);
        under_way.retain(|(_, exchange)| exchange.strong_count() > 0);
        under_way.push((id.into(), Arc::downgrade(exchange)));
    }

    /// The call of this request, if it is under way.
    pub(super) fn take(&self, id: &[u8]) -> Option<Arc<Exchange>> {
        let mut under_way = lock(&self.under_way);
        let at = under_way.iter().position(|(known, _)| **known == *id)?;
        under_way.swap_remove(at).1.upgrade()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_its_principals_alone_until_it_is_closed() {
        let (sessions, a) = (Sessions::default(), Some("a".into()));
        let id = sessions.open(McpSession::over_http(), a.clone()).unwrap();
        assert!(sessions.find(&id, &a).is_some());
        assert!(sessions.find(&id, &None).is_none());
        assert!(sessions.find(&id, &Some("b".into())).is_none());
        assert!(sessions.find(&id[1..], &a).is_none());
        assert!(!sessions.close(&id, &None) && sessions.close(&id, &a));
        assert!(!sessions.close(&id, &a) && sessions.find(&id, &a).is_none());
    }

    #[test]
    fn silent_sessions_end_and_their_number_has_a_bound() {
        let (sessions, start) = (Sessions::default(), Instant::now());
        let open = |now| sessions.open_at(McpSession::over_http(), None, now).unwrap();
        let all: Vec<_> = (0..SESSIONS_MAX)
            .map(|number| open(start + Duration::from_millis(number as u64)))
            .collect();
        let later = start + Duration::from_secs(10);
        assert!(sessions.find_at(&all[0], &None, later).is_some());
        open(later);
        assert_eq!(sessions.len(), SESSIONS_MAX);
        assert!(sessions.find_at(&all[1], &None, later).is_none(), "the one silent longest");
        assert!(sessions.find_at(&all[0], &None, later).is_some());
        let end = later + IDLE_MAX;
        assert!(sessions.find_at(&all[0], &None, end).is_none());
        assert_eq!(sessions.len(), SESSIONS_MAX - 1);
        open(end);
        open(end);
        assert!(sessions.len() <= 2, "all others were silent too long");
    }
}
