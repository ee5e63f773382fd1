//! Resident memory: 200 connections, each read into a buffer of 1 MiB, in a process of its own for each peer.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::net::TcpStream;

use crate::peers::{self, Job, Peer};
use crate::socket::Socket;
use crate::source::DATA;

const CONNECTIONS: usize = 200;
const CAPACITY: usize = 1 << 20;
const MESSAGES: usize = 8;

/// Forgets which peer it was.
struct Boxed;

impl Job for Boxed {
    type Output = Box<dyn AsyncRead + Unpin>;

    fn run<R: AsyncRead + Unpin + 'static>(self, reader: R) -> Self::Output {
        Box::new(reader)
    }
}

/// Resident memory of this process, in KiB.
fn resident() -> io::Result<usize> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
    number.ok_or_else(|| io::Error::other("no resident memory is stated"))
}

/// What the connections add to resident memory, in KiB, when each has read a few messages of `size` bytes.
///
/// # Errors
///
/// Those of the sockets.
pub(crate) fn measure_here(peer: Peer, size: usize) -> io::Result<usize> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let _entered = runtime.enter();
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        let reader = std::net::TcpStream::connect(listener.local_addr()?)?;
        let (writer, _) = listener.accept()?;
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

/// [`measure_here`] in a new process.
///
/// # Errors
///
/// That of starting it, or its own.
pub(crate) fn measure(peer: Peer, size: usize) -> io::Result<usize> {
    let name = peer.name();
    let program = std::env::current_exe()?;
    let output = Command::new(program).args(["--resident", name, &size.to_string()]).env_clear().output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.trim().parse().map_err(|_| io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))
}
