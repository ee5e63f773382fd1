//! Five readers of well-known crates, ported to io-shim's traits.
//!
//! The program checks that each port reads the same data as the original. It counts lines of code
//! and `unsafe` blocks of both.
//!
//! ```text
//! cargo run --example ported --features full
//! ```

use std::io::{self, Write as _};
use std::pin::pin;

use io_shim::{AsyncReadBuf, Shim, spare};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

mod count;
mod from_futures;
mod inflate;
mod leaf;
mod take;
mod to_hyper;

/// Returns the data that all readers read: 300,000 bytes.
fn data() -> Vec<u8> {
    (0..300_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 21) as u8).collect()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let data = data();
    let limit = 123_456;

    let mut original = Vec::new();
    (&data[..]).take(limit).read_to_end(&mut original).await?;
    let ported = read_all(take::Take::new(Shim::from_tokio(&data[..]), limit)).await?;
    assert!(original == ported && ported == data[..123_456]);

    let original = read_hyper(hyper_util::rt::TokioIo::new(&data[..])).await?;
    let ported = read_hyper(to_hyper::ToHyper(&data[..])).await?;
    assert!(original == ported && ported == data);

    let original = read_hyper(smol_hyper::rt::FuturesIo::new(&data[..])).await?;
    let ported = read_all(from_futures::FromFutures::new(&data[..])).await?;
    assert!(original == ported && ported == data);

    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    zlib.write_all(&data)?;
    let zlib = zlib.finish()?;
    let mut original = Vec::new();
    async_compression::tokio::bufread::ZlibDecoder::new(&zlib[..]).read_to_end(&mut original).await?;
    let ported = read_all(inflate::Inflate::new(Shim::from_tokio(&zlib[..]))).await?;
    assert!(original == ported && ported == data);
    let cut = read_all(inflate::Inflate::new(Shim::from_tokio(&zlib[..zlib.len() / 2]))).await;
    assert_eq!(cut.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);

    let original = over_tcp(&data, async |socket| {
        let mut received = Vec::new();
        let mut socket = socket;
        socket.read_to_end(&mut received).await?;
        Ok(received)
    })
    .await?;
    let ported = over_tcp(&data, async |socket| read_all(leaf::Leaf(socket)).await).await?;
    assert!(original == ported && ported == data);

    print!("{}", count::table()?);
    println!("Every port read the same data as its original.");
    Ok(())
}

/// Reads to the end of file, into 8 KiB of new memory at a time.
async fn read_all(reader: impl AsyncReadBuf) -> io::Result<Vec<u8>> {
    let mut reader = pin!(reader);
    let mut received = Vec::new();
    loop {
        let before = received.len();
        received.reserve(8192);
        std::future::poll_fn(|cx| {
            let mut guard = spare(&mut received);
            reader.as_mut().poll_read_into(cx, guard.unfilled().limit(8192))
        })
        .await?;
        if received.len() == before {
            return Ok(received);
        }
    }
}

/// Does the same for a reader with hyper's trait.
async fn read_hyper(reader: impl hyper::rt::Read + Unpin) -> io::Result<Vec<u8>> {
    read_all(Shim::from_hyper(reader)).await
}

/// Sends `data` over a socket and returns what `read` received.
async fn over_tcp(
    data: &[u8],
    read: impl AsyncFnOnce(tokio::net::TcpStream) -> io::Result<Vec<u8>>,
) -> io::Result<Vec<u8>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let mut sender = tokio::net::TcpStream::connect(listener.local_addr()?).await?;
    let (receiver, _) = listener.accept().await?;
    let send = async {
        sender.write_all(data).await?;
        sender.shutdown().await
    };
    let (received, sent) = tokio::join!(read(receiver), send);
    sent?;
    received
}
