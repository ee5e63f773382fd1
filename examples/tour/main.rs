//! The crate's main job on real input: sockets of one ecosystem in the hands of libraries of the other.
//!
//! ```text
//! cargo run --release --example tour
//! ```
//!
//! Six directions, each over a TCP connection on this machine. A tokio socket is handed to libraries that know only
//! futures-io, a smol socket to libraries that know only tokio, and a reader of our own to both. Every byte that arrives
//! is compared with what was sent. Two tables are printed: what was moved, in how many calls of the sockets, and how many
//! bytes of a fresh buffer the shim zeroes. The exit status is 1 if a byte differs or is missing.
//!
//! The place to start reading is below: each direction is one function, and each is ordinary code of its ecosystem but
//! for the `Shim` around the socket.

mod counted;
mod direction;
mod masked;
mod verify;
mod zeroed;

use std::io;
use std::process::ExitCode;

use async_compression::futures as futures_compression;
use async_compression::tokio as tokio_compression;
use bytes::Buf as _;
use futures::StreamExt as _;
use io_shim::Shim;
use tokio_util::codec::{FramedRead, LengthDelimitedCodec};

use direction::Direction;
use masked::Masked;
use verify::data;

#[tokio::main]
async fn main() -> ExitCode {
    match tour().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tour: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn tour() -> io::Result<()> {
    println!("Moved over loopback TCP, every byte verified");
    println!();
    direction::print_head();
    tokio_socket_in_futures_copy(Direction::new("tokio socket -> futures copy")).await?;
    tokio_socket_in_futures_gzip(Direction::new("tokio socket -> futures gzip")).await?;
    smol_socket_in_tokio_gzip(Direction::new("smol socket -> tokio gzip")).await?;
    smol_socket_in_tokio_frames(Direction::new("smol socket -> tokio-util frames")).await?;
    own_reader_in_futures_copy(Direction::new("own reader -> futures copy")).await?;
    own_reader_in_tokio_copy(Direction::new("own reader -> tokio copy")).await?;
    println!();
    zeroed::print_table()
}

/// The simplest case: `futures::io::copy` writes to one tokio socket and reads from another.
async fn tokio_socket_in_futures_copy(direction: Direction) -> io::Result<()> {
    use futures::AsyncWriteExt as _;

    let (near, far) = direction.tokio_sockets().await?;
    let mut verify = direction.verify();
    let send = async move {
        let mut socket = Shim::from_tokio(near);
        futures::io::copy(data(), &mut socket).await?;
        // futures-io's `close` is tokio's `shutdown`: it ends the stream for the other side.
        socket.close().await
    };
    let receive = async move {
        futures::io::copy(Shim::from_tokio(far), &mut verify).await?;
        verify.into_inner().finish()
    };
    direction.run(send, receive).await
}

/// The gzip of futures-io compresses into one tokio socket and decompresses what comes out of another.
async fn tokio_socket_in_futures_gzip(direction: Direction) -> io::Result<()> {
    use futures::AsyncWriteExt as _;

    let (near, far) = direction.tokio_sockets().await?;
    let mut verify = direction.verify();
    let send = async move {
        let mut gzip = futures_compression::write::GzipEncoder::new(Shim::from_tokio(near));
        futures::io::copy(data(), &mut gzip).await?;
        gzip.close().await
    };
    let receive = async move {
        let source = futures::io::BufReader::new(Shim::from_tokio(far));
        let gunzip = futures_compression::bufread::GzipDecoder::new(source);
        futures::io::copy(gunzip, &mut verify).await?;
        verify.into_inner().finish()
    };
    direction.run(send, receive).await
}

/// The other way around: tokio's gzip, and smol's sockets, whose traits are those of futures-io.
///
/// smol's sockets bring their own reactor, so that they work in a task of tokio's as they do anywhere.
async fn smol_socket_in_tokio_gzip(direction: Direction) -> io::Result<()> {
    use tokio::io::AsyncWriteExt as _;

    let (near, far) = direction.smol_sockets().await?;
    let mut verify = direction.verify();
    let send = async move {
        let mut gzip = tokio_compression::write::GzipEncoder::new(Shim::from_futures(near));
        tokio::io::copy(&mut data(), &mut gzip).await?;
        gzip.shutdown().await
    };
    let receive = async move {
        let source = tokio::io::BufReader::new(Shim::from_futures(far));
        let mut gunzip = tokio_compression::bufread::GzipDecoder::new(source);
        tokio::io::copy(&mut gunzip, &mut verify).await?;
        verify.into_inner().finish()
    };
    direction.run(send, receive).await
}

/// Length-delimited frames, written by vectored writes and read by tokio-util's `FramedRead`.
///
/// `FramedRead` reads into the uninitialised capacity of a `BytesMut`, but a smol socket takes initialised slices only:
/// here the shim has to zero memory, and the second table says how much of it.
async fn smol_socket_in_tokio_frames(direction: Direction) -> io::Result<()> {
    use tokio::io::AsyncWriteExt as _;

    const FRAME: usize = 20_000;

    let (near, far) = direction.smol_sockets().await?;
    let mut verify = direction.verify();
    let send = async move {
        let mut socket = Shim::from_futures(near);
        for body in data().chunks(FRAME) {
            let header = (body.len() as u32).to_be_bytes();
            // Two slices. The shim says that it is vectored, as smol's sockets are, so both go out in one call.
            socket.write_all_buf(&mut header.chain(body)).await?;
        }
        socket.shutdown().await
    };
    let receive = async move {
        let mut frames = FramedRead::new(Shim::from_futures(far), LengthDelimitedCodec::new());
        while let Some(frame) = frames.next().await {
            verify.write_all(&frame?).await?;
        }
        verify.into_inner().finish()
    };
    direction.run(send, receive).await
}

/// A reader written once, against io-shim's traits: as tokio's it masks what is sent, as futures-io's it unmasks what arrives.
async fn own_reader_in_futures_copy(direction: Direction) -> io::Result<()> {
    use tokio::io::AsyncWriteExt as _;

    let (mut near, far) = direction.tokio_sockets().await?;
    let mut verify = direction.verify();
    let send = async move {
        tokio::io::copy(&mut Shim::new(Masked(data())), &mut near).await?;
        near.shutdown().await
    };
    let receive = async move {
        // `Shim::from_tokio` makes the socket a reader of io-shim's traits, over which ours reads; `Shim::new` makes ours a
        // reader of every ecosystem.
        let unmasked = Shim::new(Masked(Shim::from_tokio(far)));
        futures::io::copy(unmasked, &mut verify).await?;
        verify.into_inner().finish()
    };
    direction.run(send, receive).await
}

/// The same reader, mirrored: futures-io sends what it masks, tokio receives what it unmasks.
async fn own_reader_in_tokio_copy(direction: Direction) -> io::Result<()> {
    use futures::AsyncWriteExt as _;

    let (mut near, far) = direction.smol_sockets().await?;
    let mut verify = direction.verify();
    let send = async move {
        futures::io::copy(Shim::new(Masked(data())), &mut near).await?;
        near.close().await
    };
    let receive = async move {
        let mut unmasked = Shim::new(Masked(Shim::from_futures(far)));
        tokio::io::copy(&mut unmasked, &mut verify).await?;
        verify.into_inner().finish()
    };
    direction.run(send, receive).await
}
