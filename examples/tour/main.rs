//! Uses sockets of one ecosystem with libraries of the other, over real connections.
//!
//! ```text
//! cargo run --example tour
//! ```
//!
//! There are six directions, each over a loopback TCP connection:
//!
//! * tokio sockets with libraries for futures-io;
//! * smol sockets with libraries for tokio;
//! * a custom reader with both.
//!
//! Every byte that arrives is compared with the byte that was sent. The exit status is 1 if one
//! differs or is missing. The first table shows the data and the socket calls, the second how many
//! bytes of a new buffer the shim zeroes.
//!
//! Start reading below. Each direction is one function: ordinary code of its ecosystem, except for
//! the `Shim` around the socket.

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
    println!("Data sent over loopback TCP, every byte verified");
    println!();
    direction::print_head();
    tokio_socket_in_futures_copy(Direction::new("tokio socket -> futures copy")).await?;
    tokio_socket_in_futures_gzip(Direction::new("tokio socket -> futures gzip")).await?;
    smol_socket_in_tokio_gzip(Direction::new("smol socket -> tokio gzip")).await?;
    smol_socket_in_tokio_frames(Direction::new("smol socket -> tokio-util frames")).await?;
    own_reader_in_futures_copy(Direction::new("custom reader -> futures copy")).await?;
    own_reader_in_tokio_copy(Direction::new("custom reader -> tokio copy")).await?;
    println!();
    zeroed::print_table()
}

/// The simplest case: `futures::io::copy` to one tokio socket and from another.
async fn tokio_socket_in_futures_copy(direction: Direction) -> io::Result<()> {
    use futures::AsyncWriteExt as _;

    let (near, far) = direction.tokio_sockets().await?;
    let mut verify = direction.verify();
    let send = async move {
        let mut socket = Shim::from_tokio(near);
        futures::io::copy(data(), &mut socket).await?;
        // `close` of futures-io is `shutdown` in tokio: it ends the stream for the peer.
        socket.close().await
    };
    let receive = async move {
        futures::io::copy(Shim::from_tokio(far), &mut verify).await?;
        verify.into_inner().finish()
    };
    direction.run(send, receive).await
}

/// Compresses into one tokio socket, and decompresses from another, with gzip for futures-io.
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

/// The same with gzip for tokio and smol's sockets, which implement the traits of futures-io.
///
/// smol's sockets have their own reactor, so they work in tokio tasks too.
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

/// Writes length-delimited frames with vectored writes and reads them with tokio-util's
/// `FramedRead`.
///
/// `FramedRead` reads into the uninitialized capacity of a `BytesMut`, but futures-io's traits need
/// initialized slices. So the shim must zero memory; the second table shows how much.
async fn smol_socket_in_tokio_frames(direction: Direction) -> io::Result<()> {
    use tokio::io::AsyncWriteExt as _;

    const FRAME: usize = 20_000;

    let (near, far) = direction.smol_sockets().await?;
    let mut verify = direction.verify();
    let send = async move {
        let mut socket = Shim::from_futures(near);
        for body in data().chunks(FRAME) {
            let header = (body.len() as u32).to_be_bytes();
            // Two slices in one call: smol's sockets support vectored writes, so the shim does too.
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

/// A reader written once for io-shim's traits. tokio sends what it masks, and futures-io receives
/// what it unmasks.
async fn own_reader_in_futures_copy(direction: Direction) -> io::Result<()> {
    use tokio::io::AsyncWriteExt as _;

    let (mut near, far) = direction.tokio_sockets().await?;
    let mut verify = direction.verify();
    let send = async move {
        tokio::io::copy(&mut Shim::new(Masked(data())), &mut near).await?;
        near.shutdown().await
    };
    let receive = async move {
        // `Shim::from_tokio` gives the socket io-shim's traits, which `Masked` reads from.
        // `Shim::new` gives `Masked` the traits of every ecosystem.
        let unmasked = Shim::new(Masked(Shim::from_tokio(far)));
        futures::io::copy(unmasked, &mut verify).await?;
        verify.into_inner().finish()
    };
    direction.run(send, receive).await
}

/// The same reader, but futures-io sends what it masks, and tokio receives what it unmasks.
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
