//! A response of server-sent events: messages before an answer, the answer, or what a listener is
//! told.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::Response;
use hyper::body::{Body as HttpBody, Frame};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::exchange::Pending;
use super::listeners::Listening;
use super::resume::Reader;

/// How often a response without events says that it is there, so that no proxy ends it.
const BEAT: Duration = Duration::from_secs(15);
const COMMENT: &[u8] = b":\n\n";

/// A message as an event.
pub(super) fn event(message: &[u8]) -> Bytes {
    [b"event: message\ndata: ", message, b"\n\n"].concat().into()
}

/// What events come from.
enum Source {
    Call(Pending),
    /// A call of a session, which can be taken up again.
    Stream(Reader),
    Listener(Listening),
    Ended,
}

/// The body of the response.
struct Events {
    first: Option<Bytes>,
    source: Source,
    beat: Interval,
}

/// The news and the answer of a call, `first` before all.
pub(super) fn of_call(first: Option<Bytes>, pending: Pending) -> Response {
    match pending.resumable() {
        Some((streams, session, primes)) => {
            let (streams, session) = (Arc::clone(streams), Arc::clone(session));
            of_stream(Reader::open(&streams, &session, (primes, first), pending))
        }
        None => response(first, Source::Call(pending)),
    }
}

/// What a reader of a call's stream gets.
pub(super) fn of_stream(reader: Reader) -> Response {
    response(None, Source::Stream(reader))
}

/// What a listener is told, `first` before all.
pub(super) fn of_listener(first: Option<Bytes>, listening: Listening) -> Response {
    response(first, Source::Listener(listening))
}

fn response(first: Option<Bytes>, source: Source) -> Response {
    let mut beat = interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beat.reset();
    let mut response = Response::new(Body::new(Events { first, source, beat }));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

impl Source {
    /// The next event; `None` when there are no more.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let (next, is_last) = match self {
            Self::Call(pending) => ready!(pending.poll_next(cx)),
            Self::Stream(reader) => (ready!(reader.poll_next(cx)), false),
            Self::Listener(listening) => (ready!(listening.events.poll_recv(cx)), false),
            Self::Ended => return Poll::Ready(None),
        };
        if is_last || next.is_none() {
            *self = Self::Ended;
        }
        Poll::Ready(next)
    }
}

impl HttpBody for Events {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        if let Poll::Ready(next) = self.source.poll_next(cx) {
            self.beat.reset();
            return Poll::Ready(next.map(|bytes| Ok(Frame::data(bytes))));
        }
        ready!(self.beat.poll_tick(cx));
        match &self.source {
            Source::Call(pending) => pending.look_at_time(),
            Source::Stream(reader) => reader.look_at_time(),
            Source::Listener(_) | Source::Ended => {}
        }
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(COMMENT)))))
    }
}
