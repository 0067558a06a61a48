//! Files, where systems differ.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Options for a file that the user alone may read. On Windows its access list is that of its
/// folder.
pub(crate) fn own() -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "a file has no mode there"))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Fills a buffer with what stands at a place of a file that is only ever appended to.
#[cfg(unix)]
pub(crate) fn read_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, at)
}

/// Fills a buffer with what stands at a place of a file that is only ever appended to: reading
/// moves the file's position, which an append does not look at.
#[cfg(windows)]
pub(crate) fn read_at(file: &File, mut bytes: &mut [u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, bytes, at) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(len) => {
                bytes = bytes.get_mut(len..).unwrap_or_default();
                at += len as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Drops what stands behind the first `len` bytes of an open file.
#[cfg(unix)]
pub(crate) fn cut(file: &File, _: &Path, len: u64) -> io::Result<()> {
    file.set_len(len)
}

/// Drops what stands behind the first `len` bytes of an open file. On Windows one that is opened
/// for appending may do nothing else.
#[cfg(windows)]
pub(crate) fn cut(_: &File, path: &Path, len: u64) -> io::Result<()> {
    OpenOptions::new().write(true).open(path)?.set_len(len)
}

/// Makes a file's name durable.
#[cfg(unix)]
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path.parent().unwrap_or(Path::new("/")))?.sync_all()
}

/// Makes a file's name durable: a folder cannot be flushed on Windows, and its file system has a
/// journal.
#[cfg(windows)]
pub(crate) const fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
