//! Files: where the last write is after a flush, a close or a drop, and which position a file has.
//!
//! `docs/CLOSING.md` has the tables. `cargo test --all-features --test it -- files --nocapture`
//! prints them.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::mpsc;

use futures::executor::block_on;
use io_shim::Shim;
use io_shim::rt::BlockOn;
use tempfile::NamedTempFile;
use tokio::runtime::Handle;

use crate::closing::{Way, Writer, runtime};
use crate::mock::pattern;

const PAGE: &str = include_str!("../../docs/CLOSING.md");

/// The data: more than one buffer of tokio's, whose size is 2 MiB.
fn data() -> Vec<u8> {
    pattern(3_000_000)
}

fn content(file: &NamedTempFile) -> Vec<u8> {
    std::fs::read(file.path()).unwrap()
}

/// Returns a row of the table of last writes, after checking that every way of flushing and closing
/// leaves all data in the file.
///
/// `dropped` says what happens to a file that is neither flushed nor closed. Other tests check
/// that.
fn last_write<S: Writer>(code: &str, make: impl Fn(File) -> S, dropped: &str) -> String {
    let data = data();
    for way in Way::ALL {
        for finish in [Way::flush, Way::close] {
            let named = NamedTempFile::new().unwrap();
            let mut file = make(named.reopen().unwrap());
            way.write_all(&mut file, &data).unwrap();
            finish(way, &mut file).unwrap();
            assert!(content(&named) == data, "{code}, {way:?}");
            drop(file);
            assert!(content(&named) == data, "{code}, {way:?}, dropped");
        }
    }
    format!("| `{code}` | all is written | all is written | {dropped} |\n")
}

/// The same for synchronous shims, which have no close and hold nothing back.
fn last_write_at_once<S: Write>(code: &str, make: impl Fn(File) -> S) -> String {
    let data = data();
    let named = NamedTempFile::new().unwrap();
    let mut file = make(named.reopen().unwrap());
    file.write_all(&data).unwrap();
    assert!(content(&named) == data, "{code}");
    drop(file);
    assert!(content(&named) == data, "{code}, dropped");
    format!("| `{code}` | all is written | - | all is written |\n")
}

/// The code of a row, and the type that it makes from a file of std.
macro_rules! made_by {
    (|$t:ident| $code:expr) => {
        (stringify!($code), |$t: File| $code)
    };
}

/// The table: where the last write is, by what was done with the file after it.
fn last_write_table() -> String {
    const LATER: &str = "written later, and lost if the process ends first";
    const LOST: &str = "**lost**, unless a thread has written it by chance";
    let tokio = made_by!(|t| Shim::from_tokio(tokio::fs::File::from_std(t)));
    let smol = made_by!(|t| Shim::from_futures(smol::fs::File::from(t)));
    let unblock = made_by!(|t| Shim::from_futures(smol::Unblock::new(t)));
    #[cfg(unix)]
    let fd = made_by!(|t| Shim::from_fd(t));
    let std = made_by!(|t| Shim::from_std(t));
    let rows = [
        last_write(tokio.0, tokio.1, LATER),
        last_write(smol.0, smol.1, LOST),
        last_write(unblock.0, unblock.1, LOST),
        #[cfg(unix)]
        last_write_at_once(fd.0, fd.1),
        last_write_at_once(std.0, std.1),
    ];
    let head = "| a `std::fs::File` in | flushed | closed | dropped without either |\n|---|---|---|---|\n";
    format!("{head}{}", rows.concat())
}

#[test]
#[cfg_attr(miri, ignore = "needs files and threads")]
fn what_was_flushed_or_closed_is_in_the_file() {
    let runtime = runtime();
    let _entered = runtime.enter();
    let table = last_write_table();
    println!("{table}");
    assert!(crate::support::has_table(PAGE, &table), "the page should have the table:\n{table}");
}

/// Writes to a file and drops it while no thread can write, by every way.
fn dropped_unflushed<S: Writer>(make: impl Fn(File) -> S) -> Vec<NamedTempFile> {
    let dropped = Way::ALL.map(|way| {
        let named = NamedTempFile::new().unwrap();
        let mut file = make(named.reopen().unwrap());
        way.write_all(&mut file, b"the last write").unwrap();
        drop(file);
        assert_eq!(content(&named), b"", "{way:?}: no thread could write yet");
        named
    });
    dropped.into()
}

/// A thread of tokio's pool performs the write. Here its only thread is busy until the file is
/// dropped.
#[test]
#[cfg_attr(miri, ignore = "needs files and threads")]
fn a_tokio_file_dropped_unflushed_is_written_later() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).max_blocking_threads(1).build().unwrap();
    let _entered = runtime.enter();
    let (release, wait) = mpsc::channel::<()>();
    runtime.spawn_blocking(move || wait.recv());
    let dropped = dropped_unflushed(|file| Shim::from_tokio(tokio::fs::File::from_std(file)));
    drop(release);
    Handle::current().block_on(runtime.spawn_blocking(|| ())).unwrap();
    for file in dropped {
        assert_eq!(content(&file), b"the last write");
    }
}

/// A thread of the `blocking` crate writes. Dropping the file cancels that, and the write never
/// happens.
#[test]
#[cfg_attr(miri, ignore = "starts a process")]
fn a_smol_file_dropped_unflushed_loses_the_write() {
    let one_thread = [("BLOCKING_MAX_THREADS", "1")];
    crate::support::process::in_its_own_process_with("files::child_whose_pool_is_busy", &one_thread);
}

#[test]
#[ignore = "run by a test, in a process of its own"]
fn child_whose_pool_is_busy() {
    let (release, wait) = mpsc::channel::<()>();
    let busy = smol::unblock(move || wait.recv());
    let mut dropped = dropped_unflushed(|file| Shim::from_futures(smol::fs::File::from(file)));
    dropped.extend(dropped_unflushed(|file| Shim::from_futures(smol::Unblock::new(file))));
    drop(release);
    block_on(busy).unwrap_err();
    // A task that is queued after all writes runs after them.
    block_on(smol::unblock(|| ()));
    for file in dropped {
        assert_eq!(content(&file), b"");
    }
}

/// What was found for a file of 100 bytes: the position that a file at 50 reports, the position
/// after reading 4 bytes from the start, and where a write after that read went.
#[derive(Debug, PartialEq)]
struct Positions {
    moved: u64,
    read: u64,
    written: Option<usize>,
}

/// Returns a file of 100 bytes.
fn hundred() -> NamedTempFile {
    let mut named = NamedTempFile::new().unwrap();
    named.write_all(&[b'.'; 100]).unwrap();
    named
}

fn open(path: &Path) -> File {
    File::options().read(true).write(true).open(path).unwrap()
}

/// Finds the positions through `at`, and by reading and writing with `read` and `write`.
fn positions<S>(
    make: impl Fn(File) -> S,
    at: impl Fn(&mut S) -> io::Result<u64>,
    read: impl Fn(&mut S, &mut [u8]) -> io::Result<()>,
    write: impl Fn(&mut S, &[u8]) -> io::Result<()>,
) -> Positions {
    let named = hundred();
    let mut file = open(named.path());
    file.seek(SeekFrom::Start(50)).unwrap();
    let moved = at(&mut make(file)).unwrap();

    let mut file = make(open(named.path()));
    read(&mut file, &mut [0; 4]).unwrap();
    let after_reading = at(&mut file).unwrap();

    let mut file = make(open(named.path()));
    read(&mut file, &mut [0; 4]).unwrap();
    write(&mut file, b"XX").unwrap();
    let written = content(&named).windows(2).position(|pair| pair == b"XX");
    Positions { moved, read: after_reading, written }
}

/// The positions of a synchronous type.
fn std_positions<S: Read + Write + Seek>(make: impl Fn(File) -> S) -> Positions {
    positions(
        make,
        |file| file.stream_position(),
        |file, buf| file.read_exact(buf),
        |file, data| file.write_all(data).and_then(|()| file.flush()),
    )
}

/// The positions of an asynchronous type. They must be the same through the functions of tokio,
/// futures and std.
fn async_positions<S>(make: impl Fn(File) -> S) -> Positions
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + tokio::io::AsyncSeek + Unpin,
    S: futures::io::AsyncRead + futures::io::AsyncWrite + futures::io::AsyncSeek,
    S: io_shim::AsyncReadBuf + io_shim::AsyncWrite + io_shim::AsyncSeek,
{
    let tokio = {
        use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
        positions(
            &make,
            |file| block_on(AsyncSeekExt::stream_position(file)),
            |file, buf| block_on(AsyncReadExt::read_exact(file, buf)).map(drop),
            |file, data| {
                block_on(async {
                    AsyncWriteExt::write_all(file, data).await?;
                    AsyncWriteExt::flush(file).await
                })
            },
        )
    };
    let futures = {
        use futures::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
        positions(
            &make,
            |file| block_on(AsyncSeekExt::stream_position(file)),
            |file, buf| block_on(AsyncReadExt::read_exact(file, buf)),
            |file, data| {
                block_on(async {
                    AsyncWriteExt::write_all(file, data).await?;
                    AsyncWriteExt::flush(file).await
                })
            },
        )
    };
    let std = std_positions(|file| BlockOn::new(make(file)));
    assert_eq!((&futures, &std), (&tokio, &tokio));
    tokio
}

/// The positions of a bare std file.
const RIGHT: Positions = Positions { moved: 50, read: 4, written: Some(4) };

/// The table: the positions of one file, by wrapper.
fn positions_table() -> String {
    let tokio = made_by!(|t| Shim::from_tokio(tokio::fs::File::from_std(t)));
    let smol = made_by!(|t| Shim::from_futures(smol::fs::File::from(t)));
    let unblock = made_by!(|t| Shim::from_futures(smol::Unblock::new(t)));
    let allow = made_by!(|t| Shim::allow_std(t));
    #[cfg(unix)]
    let fd = made_by!(|t| Shim::from_fd(t));
    let std = made_by!(|t| Shim::from_std(t));
    let rows = [
        (tokio.0, async_positions(tokio.1), RIGHT),
        (smol.0, async_positions(smol.1), RIGHT),
        // Its thread has read ahead to the end of the file.
        (unblock.0, async_positions(unblock.1), Positions { moved: 50, read: 100, written: Some(100) }),
        (allow.0, async_positions(allow.1), RIGHT),
        #[cfg(unix)]
        (fd.0, std_positions(fd.1), RIGHT),
        (std.0, std_positions(std.1), RIGHT),
    ];
    let rows = rows.map(|(code, found, expected)| {
        assert_eq!(found, expected, "{code}");
        let bold = |at, right| if at == right { format!("{at}") } else { format!("**{at}**") };
        let Positions { moved, read, written } = found;
        let written = bold(written.unwrap() as u64, 4);
        format!("| `{code}` | {} | {} | {written} |\n", bold(moved, 50), bold(read, 4))
    });
    let head = "| a `std::fs::File` of 100 bytes in | the position that the shim reports | after reading 4 bytes from the \
                start | where a write goes then |\n|---|---|---|---|\n";
    format!("{head}{}", rows.concat())
}

#[test]
#[cfg_attr(miri, ignore = "needs files and threads")]
fn positions_are_those_that_the_table_says() {
    let runtime = runtime();
    let _entered = runtime.enter();
    let table = positions_table();
    println!("{table}");
    assert!(crate::support::has_table(PAGE, &table), "the page should have the table:\n{table}");
}
