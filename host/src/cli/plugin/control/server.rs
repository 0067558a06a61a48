//! The server's end.

use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tracing::{info, warn};
use trine::{Error, Result};
use trine_descriptor::ToolTable as _;
use trine_gateway::Hub;
use trine_gateway::host_tools::{Leaving, ToolsId};
use trine_plugins::{Canary, Loaded, Plugins};

use super::super::args::load;
use super::super::defined::{Defined, is_defined};
use super::joined::Joined;
use super::{Answer, LINE_MAX, Order, Row, Tool, Trial};

/// How long an order may take to come.
const ORDER_PATIENCE: Duration = Duration::from_secs(5);
/// How long calls of a version that was taken out are waited for.
pub(super) const LEAVING_PATIENCE: Duration = Duration::from_secs(10);
/// How long it waits after a connection that the system could not give, such as one too many.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// The longest trial.
const TRIAL_SECONDS_MAX: u64 = 3600;

/// Takes orders until it is dropped.
pub(in crate::cli) struct Control {
    path: PathBuf,
    /// Which file the socket is.
    file: FileId,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Control {
    /// Takes orders at a socket, which is made.
    pub(in crate::cli::plugin) fn open(
        path: &Path,
        hub: Arc<Hub>,
        tools: (Plugins, Defined),
    ) -> Result<Self> {
        let failed = |source| Error::Control { path: path.to_owned(), source };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(failed)?;
        let (listener, owner, file) = {
            let _entered = runtime.enter();
            listen(path).map_err(failed)?
        };
        info!("orders about plug-ins: {}", path.display());
        let (end, ended) = oneshot::channel();
        let joined = Joined::default();
        let serve = async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                };
                let (plugins, defined) = tools.clone();
                let (hub, joined) = (Arc::clone(&hub), joined.clone());
                let served = Served { hub, plugins, defined, joined };
                tokio::spawn(async move {
                    if let Err(error) = order(stream, owner, served).await {
                        warn!("an order about plug-ins: {error}");
                    }
                });
            }
        };
        let run = move || {
            runtime.block_on(async {
                tokio::select! { () = serve => {}, _ = ended => {} }
            });
            // An order under way is not waited for: its plug-ins are taken out next.
            runtime.shutdown_background();
        };
        let thread = std::thread::Builder::new().name("plug-in orders".to_owned());
        let thread = Some(thread.spawn(run).map_err(failed)?);
        Ok(Self { path: path.to_owned(), file, end: Some(end), thread })
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
        // Another server may have made a socket of its own there.
        if std::fs::symlink_metadata(&self.path).is_ok_and(|there| id(&there) == self.file) {
            drop(std::fs::remove_file(&self.path));
        }
    }
}

/// A file's device, and its number there.
type FileId = (u64, u64);

fn id(file: &std::fs::Metadata) -> FileId {
    (file.dev(), file.ino())
}

/// Listens at a path, where the socket of a server that has ended may be in the way. Answers who
/// owns the socket and which file it is, too.
fn listen(path: &Path) -> io::Result<(UnixListener, u32, FileId)> {
    if let Ok(there) = std::fs::symlink_metadata(path) {
        if !there.file_type().is_socket() {
            return Err(io::Error::other("something else than a socket has this name"));
        }
        match std::os::unix::net::UnixStream::connect(path) {
            Ok(_) => return Err(io::Error::other("another server takes orders there")),
            // No one has it open any more.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                std::fs::remove_file(path)?;
            }
            Err(error) => {
                let why = format!("a socket of another kind or user has this name: {error}");
                return Err(io::Error::other(why));
            }
        }
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    let made = std::fs::symlink_metadata(path)?;
    Ok((listener, made.uid(), id(&made)))
}

/// What orders are about.
struct Served {
    hub: Arc<Hub>,
    plugins: Plugins,
    defined: Defined,
    joined: Joined,
}

/// Reads an order, does it and answers.
async fn order(mut stream: UnixStream, owner: u32, served: Served) -> io::Result<()> {
    // Whoever connected before the mode of the socket was set, and whoever may do everything.
    let who = stream.peer_cred()?;
    let user = who.uid();
    if user != owner && user != 0 {
        return Err(io::Error::other(format!("refused: it is of user {user}")));
    }
    let (read, mut write) = stream.split();
    let mut line = String::new();
    let mut read = BufReader::new(read.take(LINE_MAX));
    let came = tokio::time::timeout(ORDER_PATIENCE, read.read_line(&mut line)).await;
    came.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    let answer = match serde_json::from_str(&line) {
        _ if line.len() as u64 >= LINE_MAX && !line.ends_with('\n') => {
            Answer::Refused(format!("this is no order: it has more than {LINE_MAX} bytes"))
        }
        Ok(Order::Join { name, tools }) => {
            let from = who.pid().map_or("a program".to_owned(), |pid| format!("process {pid}"));
            let runtime = Handle::current();
            let entered = tokio::task::spawn_blocking(move || {
                served.joined.enter(&served.hub, (&name, from), &tools, &runtime)
            });
            match entered.await.unwrap_or_else(|_| Err(FAILED.to_owned())) {
                Ok(place) => {
                    write.write_all(&written(&Answer::Said("joined".to_owned()))?).await?;
                    place.serve(stream).await;
                    return Ok(());
                }
                Err(why) => Answer::Refused(why),
            }
        }
        Ok(order) => {
            let done = tokio::task::spawn_blocking(move || done(order, &served)).await;
            done.unwrap_or_else(|_| Answer::Refused(FAILED.to_owned()))
        }
        Err(error) => Answer::Refused(format!("this is no order: {error}")),
    };
    write.write_all(&written(&answer)?).await
}

const FAILED: &str = "it failed: see the log";

fn written(answer: &Answer) -> io::Result<Vec<u8>> {
    let mut text = serde_json::to_vec(answer)?;
    text.push(b'\n');
    Ok(text)
}

fn done(order: Order, served: &Served) -> Answer {
    let Served { hub, plugins, defined, joined } = served;
    let all = |loaded: Vec<Loaded>| {
        let loaded = loaded.iter().map(|one| row(hub, one));
        loaded.chain(joined.list().into_iter().map(|one| joined_row(hub, one))).collect()
    };
    let is_plugin = |name: &str| plugins.list().iter().any(|it| it.about.name == name);
    let ended: Result<Option<Leaving>> = match order {
        Order::List => Ok(None),
        // Tools that JSON defines, too.
        Order::Load { files } => {
            load(plugins, (hub, defined), &files, plugins.policy()).map(|_| None)
        }
        Order::Update { file, trial: None, .. } if is_defined(&file) => {
            defined.update(hub, &file, plugins.policy()).map(Some)
        }
        Order::Update { file, is_compatible, trial: None } => {
            plugins.update(&file, is_compatible).map(Some).map_err(Error::from)
        }
        Order::Update { file, .. } if is_defined(&file) => Err(Error::NoTrial(file)),
        Order::Update { file, trial: Some(trial), .. } => {
            plugins.try_out(&file, &canary(trial)).map(Some).map_err(Error::from)
        }
        Order::RollBack { name } => plugins.roll_back(&name).map(Some).map_err(Error::from),
        Order::Unload { name } => {
            // A tool that JSON defines may have the name of a plug-in.
            let tool = if is_plugin(&name) { None } else { defined.take(&name) };
            match tool {
                Some(id) => hub.remove_tools(id).map(Some).map_err(Error::from),
                None if is_plugin(&name) => plugins.unload(&name).map(Some).map_err(Error::from),
                None => match joined.leave(hub, &name) {
                    Some(leaving) => Ok(Some(leaving)),
                    None => plugins.unload(&name).map(Some).map_err(Error::from),
                },
            }
        }
        // It is done where the connection is.
        Order::Join { .. } => return Answer::Refused(FAILED.to_owned()),
        Order::Health { name } => {
            return match plugins.health(&name) {
                Ok(()) => Answer::Said(format!("{name} is well")),
                Err(error) => Answer::Refused(Error::from(error).chain()),
            };
        }
    };
    match ended {
        Ok(Some(leaving)) if !leaving.wait(LEAVING_PATIENCE) => {
            Answer::Said("done; calls of the version before are still under way".to_owned())
        }
        Ok(_) => Answer::Done(all(plugins.list())),
        Err(error) => Answer::Refused(error.chain()),
    }
}

fn canary(trial: Trial) -> Canary {
    let Trial { percent, calls, errors_max, seconds } = trial;
    let patience = Duration::from_secs(seconds.min(TRIAL_SECONDS_MAX));
    Canary { percent, calls, errors_max, patience }
}

fn tools(hub: &Hub, id: ToolsId) -> Vec<Tool> {
    let table = hub.own_table(id).ok();
    let names = table.iter().flat_map(|table| {
        (0..table.count()).filter_map(|row| table.info(row).map(|info| info.name.to_owned()))
    });
    let tool = |name: String| {
        let stats = hub.tool_stats(id, &name).unwrap_or_default();
        Tool { name, calls: stats.calls, errors: stats.errors }
    };
    names.map(tool).collect()
}

/// A program that has joined.
fn joined_row(hub: &Hub, (name, id, from): (String, ToolsId, String)) -> Row {
    let (version, tools) = ("joined".to_owned(), tools(hub, id));
    Row { name, version, file: from, previous: None, is_listed: true, tools }
}

fn row(hub: &Hub, loaded: &Loaded) -> Row {
    let about = &loaded.about;
    Row {
        name: about.name.clone(),
        version: about.version.to_string(),
        file: loaded.file.display().to_string(),
        previous: loaded.previous.as_ref().map(ToString::to_string),
        is_listed: loaded.is_listed,
        tools: tools(hub, loaded.id),
    }
}
