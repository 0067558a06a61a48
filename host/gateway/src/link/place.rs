//! Where the holder of a port and its guests meet: a socket in a folder that is the user's alone.

use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{LinkError, Opened, halves, holder, reach};
use crate::sys;

/// What both sides say first. The number rises when what follows it changes.
const FIRST_LINE: &[u8] = b"trine-share 1\n";
/// How long the other side may take to say it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where a port is shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place(PathBuf);

impl Place {
    /// The place of a port: the same for every path that leads to it.
    pub(crate) fn of(port: &Path) -> io::Result<Self> {
        Self::in_folder(&folder()?, port)
    }

    /// The place of an interface of a USB device, which has several behind one file.
    pub(crate) fn of_interface(node: &Path, interface: u8) -> io::Result<Self> {
        let Self(place) = Self::of(node)?;
        let mut name = place.into_os_string();
        name.push(format!("-{interface}"));
        Ok(Self(name.into()))
    }

    fn in_folder(folder: &Path, port: &Path) -> io::Result<Self> {
        let port = fs::metadata(port)?;
        let number = match port.rdev() {
            0 => format!("{:x}-{:x}", port.dev(), port.ino()),
            number => format!("{number:x}"),
        };
        Ok(Self(folder.join(format!("port-{number}"))))
    }

    /// Listens there. What an earlier holder has left, which has the port no more, goes away.
    pub(crate) fn listen(&self) -> io::Result<UnixListener> {
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => UnixListener::bind(&self.0),
        }
    }

    /// No one listens there any more.
    pub(crate) fn leave(&self) {
        // It may be gone already.
        drop(fs::remove_file(&self.0));
    }

    /// Connects to who listens there, if that is a program of this user that shares.
    pub(crate) fn join(&self) -> io::Result<UnixStream> {
        let stream = reach::connect_local(&self.0, Instant::now() + PATIENCE)?;
        let (_, process) = sys::peer(&stream)?;
        if process == std::process::id() {
            return Err(io::Error::new(ErrorKind::ResourceBusy, "it is named twice"));
        }
        agree(&stream)?;
        Ok(stream)
    }

    /// The address of the socket, for waking who listens.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

/// Sees that the other end is a program of this user which speaks the same version.
pub(crate) fn agree(mut stream: &UnixStream) -> io::Result<()> {
    if sys::peer(stream)?.0 != sys::user() {
        return Err(io::Error::new(ErrorKind::PermissionDenied, "it is another user's"));
    }
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(FIRST_LINE)?;
    let mut line = [0; FIRST_LINE.len()];
    stream.read_exact(&mut line)?;
    if line != *FIRST_LINE {
        let text = "it speaks another version: run the same trine in both places";
        return Err(io::Error::new(ErrorKind::InvalidData, text));
    }
    Ok(())
}

/// The folder of this user: `$XDG_RUNTIME_DIR/trine`, else one below the folder for temporary
/// files. It is refused where anyone else could put something into it.
fn folder() -> io::Result<PathBuf> {
    let own = std::env::var_os("XDG_RUNTIME_DIR").filter(|folder| !folder.is_empty());
    let folder = match own {
        Some(own) => PathBuf::from(own).join("trine"),
        None => std::env::temp_dir().join(format!("trine-{}", sys::user())),
    };
    is_own(&folder)?;
    Ok(folder)
}

/// Makes a folder for this user alone, or sees that it is one.
fn is_own(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    // A link to a folder of someone else's is no folder.
    let found = fs::symlink_metadata(folder)?;
    let is_own = found.is_dir() && found.uid() == sys::user();
    if is_own && found.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    let text = format!("{} has to be a folder of this user with mode 0700", folder.display());
    Err(io::Error::new(ErrorKind::PermissionDenied, text))
}

/// A port that this program has; other programs may have its device by `place`.
pub(super) fn offered(opened: Opened, place: Option<io::Result<Place>>, path: &Path) -> Opened {
    let warn = |error: &io::Error| tracing::warn!("{}: {error}", path.display());
    let place = place.and_then(|place| place.inspect_err(warn).ok());
    Opened { place, ..opened }
}

/// The device of a port that another program has, by way of that program where it can be.
pub(super) fn joined(path: PathBuf, place: Option<io::Result<Place>>) -> Result<Opened, LinkError> {
    match place.map(|place| place?.join().and_then(halves)).transpose() {
        Ok(Some(opened)) => Ok(Opened { is_holder: true, ..opened }),
        not_shared => {
            let why = not_shared.err().map(|error| format!(" ({error})"));
            let holder = holder::of(&path) + &why.unwrap_or_default();
            Err(LinkError::Busy { path, holder })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let name = format!("trine-place-{name}-{}", std::process::id());
            Self(std::env::temp_dir().join(name))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            drop(fs::remove_dir_all(&self.0));
        }
    }

    #[test]
    fn a_folder_that_others_can_write_to_is_refused() {
        let folder = Folder::new("own");
        is_own(&folder.0).unwrap();
        assert_eq!(fs::metadata(&folder.0).unwrap().mode() & 0o777, 0o700);
        is_own(&folder.0).unwrap();
        for mode in [0o770, 0o707, 0o755, 0o720] {
            fs::set_permissions(&folder.0, fs::Permissions::from_mode(mode)).unwrap();
            assert!(is_own(&folder.0).unwrap_err().to_string().contains("0700"), "{mode:o}");
        }
        let link = Folder::new("link");
        fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o700)).unwrap();
        std::os::unix::fs::symlink(&folder.0, &link.0).unwrap();
        assert!(is_own(&link.0).is_err(), "a link is no folder");
        fs::remove_file(&link.0).unwrap();
        fs::write(&link.0, "").unwrap();
        assert!(is_own(&link.0).is_err(), "a file is no folder");
        fs::remove_file(&link.0).unwrap();
    }

    #[test]
    fn who_speaks_another_version_or_nothing_is_refused() {
        let folder = Folder::new("version");
        is_own(&folder.0).unwrap();
        let place = Place::in_folder(&folder.0, &folder.0).unwrap();
        assert!(place.join().is_err(), "no one listens");
        let listener = place.listen().unwrap();
        let says = |line: &'static [u8]| {
            let listener = listener.try_clone().unwrap();
            let holder = std::thread::spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                stream.write_all(line).unwrap();
                let mut rest = Vec::new();
                drop(stream.shutdown(std::net::Shutdown::Write));
                drop(stream.read_to_end(&mut rest));
            });
            let joined = UnixStream::connect(place.path()).and_then(|stream| agree(&stream));
            let joined = joined.map_err(|error| error.to_string());
            holder.join().unwrap();
            joined
        };
        assert_eq!(says(b"trine-share 1\n"), Ok(()));
        assert!(says(b"trine-share 2\n").unwrap_err().contains("another version"));
        assert!(says(b"HTTP/1.1 200 OK\r\n").is_err());
        assert!(says(b"trine").is_err());
        // What a holder that was killed has left is in no one's way.
        assert!(place.join().unwrap_err().to_string().contains("twice"));
        drop(listener);
        assert!(place.join().is_err());
        drop(place.listen().unwrap());
        place.leave();
        assert!(!place.path().exists());
    }
}
