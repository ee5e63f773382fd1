//! A socket below three random shims, with layers of faults in between.

use std::fmt::Write as _;
use std::sync::Arc;
use std::{io, net};

use io_shim::Shim;

use super::MOST;
use super::fault::{Fault, Faults};
use super::rng::Rng;

/// A reader and writer with the traits of every ecosystem.
pub trait Io:
    tokio::io::AsyncRead
    + tokio::io::AsyncWrite
    + futures::io::AsyncRead
    + futures::io::AsyncWrite
    + io_shim::AsyncReadBuf
    + io_shim::AsyncWrite
    + Send
    + Unpin
{
}

impl<T> Io for T where
    T: tokio::io::AsyncRead
        + tokio::io::AsyncWrite
        + futures::io::AsyncRead
        + futures::io::AsyncWrite
        + io_shim::AsyncReadBuf
        + io_shim::AsyncWrite
        + Send
        + Unpin
{
}

pub type Stack = Box<dyn Io>;

/// Returns a socket below three shims, with one to three fault layers in between, and the names of
/// all layers.
pub fn stack(rng: &mut Rng, socket: net::TcpStream, faults: &Arc<Faults>) -> io::Result<(String, Stack)> {
    // Each bit is a place for a fault layer: at the socket, above the first shim, above the second.
    let places = 1 + rng.below(7);
    let mut name = String::new();
    let mut io: Stack = if rng.one_in(2) {
        socket.set_nonblocking(true)?;
        let socket = tokio::net::TcpStream::from_std(socket)?;
        name.push_str("tokio");
        if places & 1 != 0 {
            let faulty = Fault::new(rng, faults, &mut name, socket);
            from_tokio(faulty, &mut name)
        } else {
            from_tokio(socket, &mut name)
        }
    } else {
        let socket = smol::net::TcpStream::try_from(socket)?;
        name.push_str("smol");
        if places & 1 != 0 {
            let faulty = Fault::new(rng, faults, &mut name, socket);
            from_futures(rng, faulty, &mut name)
        } else {
            from_futures(rng, socket, &mut name)
        }
    };
    for place in [2, 4] {
        if places & place != 0 {
            io = Box::new(Fault::new(rng, faults, &mut name, io));
        }
        io = shim(rng, io, &mut name);
    }
    Ok((name, io))
}

fn from_tokio<T>(io: T, name: &mut String) -> Stack
where
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    name.push_str(" | from_tokio");
    Box::new(Shim::from_tokio(io))
}

fn from_futures<T>(rng: &mut Rng, io: T, name: &mut String) -> Stack
where
    T: futures::io::AsyncRead + futures::io::AsyncWrite + Send + Unpin + 'static,
{
    let (offer, vectored) = (rng.offer(), !rng.one_in(4));
    let _ = write!(name, " | from_futures, {offer:?}, {vectored}");
    Box::new(Shim::from_futures(io).with_offer(offer).with_write_vectored(vectored))
}

/// Adds a random shim.
fn shim(rng: &mut Rng, io: Stack, name: &mut String) -> Stack {
    let capacity = 1 + rng.size(MOST);
    match rng.below(7) {
        0 | 1 => from_tokio(io, name),
        2 | 3 => from_futures(rng, io, name),
        4 => {
            name.push_str(" | new");
            Box::new(Shim::new(io))
        }
        5 => {
            let _ = write!(name, " | from_tokio over a `BufReader` of {capacity}");
            Box::new(Shim::from_tokio(tokio::io::BufReader::with_capacity(capacity, io)))
        }
        _ => {
            let _ = write!(name, " | from_futures_buf, {capacity}");
            Box::new(Shim::from_futures_buf(futures::io::BufReader::with_capacity(capacity, io)))
        }
    }
}
