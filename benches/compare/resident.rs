//! Resident memory of 200 connections, each read into a buffer of 1 MiB.
//!
//! Each peer runs in a separate process.

use std::io::{self, Write as _};
use std::process::Command;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::net::TcpStream;

use crate::measure::{Loopback, resident};
use crate::peers::{self, Job, Peer};
use crate::socket::Socket;
use crate::source::DATA;

const CONNECTIONS: usize = 200;
const CAPACITY: usize = 1 << 20;
const MESSAGES: usize = 8;

/// Boxes the reader, whose type depends on the peer.
struct Boxed;

impl Job for Boxed {
    type Output = Box<dyn AsyncRead + Unpin>;

    fn run<R: AsyncRead + Unpin + 'static>(self, reader: R) -> Self::Output {
        Box::new(reader)
    }
}

/// Returns how much the connections add to resident memory, in KiB.
///
/// Each connection reads a few messages of `size` bytes.
///
/// # Errors
///
/// Returns an error if a socket fails.
pub(crate) fn measure_here(peer: Peer, size: usize) -> io::Result<usize> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let loopback = Loopback::new()?;
    let _entered = runtime.enter();
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        let (writer, reader) = loopback.connect()?;
        reader.set_nonblocking(true)?;
        let reader = peers::run(peer, Socket::new(TcpStream::from_std(reader)?), Boxed);
        connections.push((writer, reader, BytesMut::new()));
    }
    let before = resident()?;
    for _ in 0..MESSAGES {
        for (writer, reader, memory) in &mut connections {
            writer.write_all(&DATA[..size])?;
            memory.clear();
            memory.reserve(CAPACITY);
            while memory.len() < size {
                runtime.block_on(reader.read_buf(memory))?;
            }
        }
    }
    Ok(resident()?.saturating_sub(before))
}

/// Calls [`measure_here`] in a new process.
///
/// # Errors
///
/// Returns an error if the process does not start, or if it fails.
pub(crate) fn measure(peer: Peer, size: usize) -> io::Result<usize> {
    let name = peer.name();
    let program = std::env::current_exe()?;
    let output = Command::new(program).args(["--resident", name, &size.to_string()]).env_clear().output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.trim().parse().map_err(|_| io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))
}
