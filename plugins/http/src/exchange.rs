//! One request and its answer.

use std::pin::pin;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, CONNECTION, HOST, USER_AGENT};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::error::{Error, Result};
use crate::text::clean;
use crate::tls::Stream;
use crate::url::Target;
use crate::{Reply, Service};

/// How often the call is asked whether it is still wanted.
const LOOK: Duration = Duration::from_millis(50);
/// Bytes that are read at once, and so the longest head of an answer. With hyper's own, which grow,
/// a service that answers nothing but `100 Continue` would keep the thread for seconds at a time.
const READ: usize = 16 * 1024;
const AGENT: &str = concat!("trine-plugin/", env!("CARGO_PKG_VERSION"));

pub(crate) fn run(service: &Service, path: &str, is_cancelled: &dyn Fn() -> bool) -> Result<Reply> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let done = runtime.block_on(watched(service, path, is_cancelled));
    // A name that is being looked up is not waited for.
    runtime.shutdown_background();
    done
}

/// The exchange, looked after on the thread of the call.
async fn watched(service: &Service, path: &str, is_cancelled: &dyn Fn() -> bool) -> Result<Reply> {
    let (start, mut exchange) = (Instant::now(), pin!(exchange(service, path)));
    loop {
        if let Ok(done) = timeout(LOOK, exchange.as_mut()).await {
            return done;
        }
        if is_cancelled() {
            return Err(Error::Cancelled);
        }
        let limit = service.time_max;
        if start.elapsed() >= limit {
            return Err(Error::Late { name: service.name, place: service.place(), limit });
        }
    }
}

async fn exchange(service: &Service, path: &str) -> Result<Reply> {
    let broken = |error: hyper::Error| Error::Broken {
        name: service.name,
        place: service.place(),
        error: all_of(&error),
        setting: service.setting,
    };
    let request = request(service, path)?;
    let stream = TokioIo::new(connect(service).await?);
    let (mut sender, connection) = http1::Builder::new()
        .read_buf_exact_size(Some(READ))
        .handshake(stream)
        .await
        .map_err(broken)?;
    // Its end is that of the answer, which tells of its errors.
    drop(tokio::spawn(connection));
    let (head, mut body): (_, Incoming) =
        sender.send_request(request).await.map(Response::into_parts).map_err(broken)?;
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame.map_err(broken)?.into_data() else { continue };
        if bytes.len() + piece.len() > service.bytes_max {
            return Err(Error::Long { name: service.name, limit: service.bytes_max });
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(Reply { status: head.status.as_u16(), headers: head.headers, body: bytes })
}

fn request(service: &Service, path: &str) -> Result<Request<Empty<Bytes>>> {
    let host = match &service.target {
        Target::Unix(_) => "localhost".to_owned(),
        Target::Tcp { host, port, .. } if host.contains(':') => format!("[{host}]:{port}"),
        Target::Tcp { host, port, .. } => format!("{host}:{port}"),
    };
    let request = Request::get(format!("{}{path}", service.prefix));
    let request = request.header(HOST, host).header(USER_AGENT, AGENT);
    let request = request.header(ACCEPT, "application/json, */*").header(CONNECTION, "close");
    let with = service
        .headers
        .iter()
        .fold(request, |request, (name, value)| request.header(name.clone(), value.clone()));
    let path = clean(path, 200);
    with.body(Empty::new()).map_err(|_| Error::Path { name: service.name, path })
}

async fn connect(service: &Service) -> Result<Box<dyn Stream>> {
    let failed = |error: std::io::Error| Error::Connect {
        name: service.name,
        place: service.place(),
        error: error.to_string(),
        setting: service.setting,
    };
    Ok(match &service.target {
        Target::Unix(path) => Box::new(UnixStream::connect(path).await.map_err(failed)?),
        Target::Tcp { host, port, tls } => {
            let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(failed)?;
            match tls {
                Some(tls) => tls.connect(host, stream).await.map_err(|why| service.tls(why))?,
                None => Box::new(stream),
            }
        }
    })
}

/// An error with those that caused it.
fn all_of(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
