//! Connections: how many, how slow, and how they end.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tower_service::Service as _;

use super::{Server, endpoint};
use crate::error::{Error, Result};
use crate::sys;

/// How long a client may take to send the head of a request, also of its next one.
const HEAD_PATIENCE: Duration = Duration::from_secs(30);
/// Bytes that a connection reads at once, and the longest head of a request.
const HEAD_MAX: usize = 64 * 1024;
/// How long requests under way may take to end after a signal.
const END_PATIENCE: Duration = Duration::from_secs(3);
/// When the program ends, whatever still blocks.
const END_MAX: Duration = Duration::from_secs(5);
/// How long no connection is accepted when the system has no more descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How often it is looked whether someone trusts by now what has changed.
const LOOK: Duration = Duration::from_millis(500);
/// Connections that the system keeps until they are accepted.
const WAITING_MAX: u32 = 1024;
const FULL: &str = "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\n\
    retry-after: 1\r\nconnection: close\r\ncontent-length: ";

/// Listens on the address of the options; answers the address that it has become, too.
pub(super) fn bind(address: SocketAddr) -> Result<(StdListener, SocketAddr)> {
    let refused = |source| Error::Listen { address, source };
    // A listener of the standard library keeps 128 connections waiting. This one needs a runtime to
    // be made, but not to be kept.
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_io().build().map_err(Error::Thread)?;
    let listen = || {
        let _entered = runtime.enter();
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        }?;
        // Or the port stays taken for a minute after the program before this one.
        #[cfg(unix)]
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(WAITING_MAX)?.into_std()
    };
    let listener = listen();
    // A runtime must not be dropped by a thread of another one.
    runtime.shutdown_background();
    let listener = listener.map_err(refused)?;
    let bound = listener.local_addr().map_err(refused)?;
    Ok((listener, bound))
}

/// Serves until the server is ended, on a thread of its own: the caller's may be of a runtime,
/// which must not wait.
pub(super) fn run(server: &Arc<Server>, listener: StdListener) -> Result<()> {
    let serve = || -> Result<()> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.enable_io().enable_time().thread_name("http").build();
        let runtime = runtime.map_err(Error::Thread)?;
        watch(server)?;
        let served = runtime.block_on(accept(server, listener));
        server.ending.send_replace(true);
        runtime.shutdown_timeout(Duration::from_millis(100));
        served
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("accept".to_owned());
        let thread = thread.spawn_scoped(scope, serve).map_err(Error::Thread)?;
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Ends the program in good order at a signal, and in any case after [`END_MAX`].
pub(super) fn end_on_signal(server: &Arc<Server>) -> Result<()> {
    let mut signals = sys::EndSignals::new().map_err(Error::Signals)?;
    let on_signal = Arc::clone(server);
    spawn("signals", move || {
        if signals.wait() {
            on_signal.hub.end_own();
            on_signal.ending.send_replace(true);
            std::thread::sleep(END_MAX);
            std::process::exit(0);
        }
    })
}

/// Watches what the user does about devices.
fn watch(server: &Arc<Server>) -> Result<()> {
    let server = Arc::clone(server);
    spawn("watch", move || {
        let mut given_back = 0;
        while !*server.ending.borrow() {
            std::thread::sleep(LOOK);
            server.hub.look_again();
            let accepted = server.accepted.load(Ordering::Acquire);
            if accepted != given_back && server.has_no_client() {
                server.hub.forget_observers();
                server.helpers.tasks.forget_observers();
                // This takes some milliseconds, and no client waits.
                sys::give_memory_back();
                given_back = accepted;
            }
            if let Some(tls) = &server.options.tls {
                tls.look_again();
            }
        }
    })
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<()> {
    let thread = std::thread::Builder::new().name(name.to_owned()).stack_size(128 * 1024);
    thread.spawn(run).map(drop).map_err(Error::Thread)
}

/// Accepts connections until the program ends, and waits for those that are left.
async fn accept(server: &Arc<Server>, listener: StdListener) -> Result<()> {
    let refused = |source| Error::Listen { address: server.options.address, source };
    let listener = TcpListener::from_std(listener).map_err(refused)?;
    let bound = listener.local_addr().map_err(refused)?;
    let scheme = if server.options.tls.is_some() { "https" } else { "http" };
    tracing::info!("MCP over HTTP: {scheme}://{bound}/mcp");
    let router = endpoint::router(server);
    let mut ending = server.ending.subscribe();
    loop {
        tokio::select! {
            // Whatever it is, no more is accepted.
            _ = ending.wait_for(|is_ending| *is_ending) => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => connected(server, &router, stream, peer),
                Err(error) => {
                    tracing::warn!("cannot accept a connection: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    server.listeners.end(&server.hub.snapshot());
    let since = tokio::time::Instant::now();
    while !server.has_no_client() && since.elapsed() < END_PATIENCE {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// Counts a connection while it lasts.
struct Counted(Arc<Server>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::AcqRel);
    }
}

fn connected(server: &Arc<Server>, router: &Router, stream: TcpStream, peer: SocketAddr) {
    let before = server.connections.fetch_add(1, Ordering::AcqRel);
    server.accepted.fetch_add(1, Ordering::AcqRel);
    let counted = Counted(Arc::clone(server));
    if before >= server.options.connections_max {
        tracing::warn!("{peer}: refused, {before} clients are connected");
        if counted.0.options.tls.is_some() {
            // What can be read only after a handshake is not worth one.
            return;
        }
        tokio::spawn(async move {
            let refusal = refuse(stream, counted.0.options.connections_max);
            // A client that does not read it is not waited for.
            drop(tokio::time::timeout(Duration::from_secs(1), refusal).await);
        });
        return;
    }
    let router = router.clone();
    tokio::spawn(async move {
        if let Err(error) = begin(&counted.0, router, stream).await {
            tracing::debug!("{peer}: {error}");
        }
    });
}

/// Says that there are too many.
async fn refuse(mut stream: TcpStream, most: usize) -> io::Result<()> {
    let body = format!(
        "{{\"jsonrpc\":\"2.0\",\"error\":{{\"code\":-32603,\"message\":\
         \"max_connections: {most} clients are connected\"}}}}"
    );
    let response = format!("{FULL}{}\r\n\r\n{body}", body.len());
    stream.write_all(response.as_bytes()).await?;
    stream.shutdown().await
}

/// Begins TLS, if the server has it, and serves the connection.
async fn begin(
    server: &Arc<Server>,
    router: Router,
    stream: TcpStream,
) -> std::result::Result<(), Box<dyn StdError + Send + Sync>> {
    // Or each answer waits for the acknowledgement of the one before, up to 44 ms.
    let delayed = stream.set_nodelay(true);
    if let Err(error) = delayed {
        tracing::debug!("TCP_NODELAY: {error}");
    }
    let Some(tls) = &server.options.tls else { return Ok(serve(server, router, stream).await?) };
    let mut ending = server.ending.subscribe();
    let stream = tokio::select! {
        accepted = tls.accept(stream) => accepted?,
        _ = ending.wait_for(|is_ending| *is_ending) => return Ok(()),
    };
    Ok(serve(server, router, stream).await?)
}

/// Serves one connection to its end.
async fn serve<S>(server: &Arc<Server>, router: Router, stream: S) -> hyper::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let mut router = router.clone();
        async move {
            let response = router.call(request).await;
            Ok::<_, Infallible>(response.unwrap_or_else(|it| match it {}))
        }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_PATIENCE).max_buf_size(HEAD_MAX);
    let connection = builder.serve_connection(TokioIo::new(stream), service).with_upgrades();
    tokio::pin!(connection);
    let mut ending = server.ending.subscribe();
    tokio::select! {
        result = connection.as_mut() => return result,
        _ = ending.wait_for(|is_ending| *is_ending) => connection.as_mut().graceful_shutdown(),
    }
    connection.await
}
