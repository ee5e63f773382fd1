//! A hundred megabytes from a stream through real sockets to a stream, in both directions at once.

use std::io;

use bytes::Bytes;
use futures::future::try_join3;
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use io_shim::Shim;

use crate::mock::pattern;

/// The length of the data. It repeats after `PERIOD` bytes, a length that no chunk has.
const TOTAL: usize = 100_000_000;
const PERIOD: usize = 1_000_003;

/// Returns the data, in chunks of odd sizes.
fn source(data: &Bytes, total: usize) -> impl Stream<Item = io::Result<Bytes>> + use<> {
    let data = data.clone();
    stream::iter([1, 64, 1460, 100_000, 4096, 300_000, 17].into_iter().cycle()).scan(0, move |sent, len| {
        let start = *sent % PERIOD;
        let len = len.min(PERIOD - start).min(total - *sent);
        *sent += len;
        std::future::ready((len > 0).then(|| Ok(data.slice(start..start + len))))
    })
}

/// Compares the chunks with the data, and returns their length.
async fn check(data: &Bytes, chunks: impl Stream<Item = io::Result<Bytes>>) -> io::Result<usize> {
    chunks
        .try_fold(0, |received, chunk| {
            let (mut at, mut rest) = (received, &chunk[..]);
            while !rest.is_empty() {
                let expected = &data[at % PERIOD..];
                let n = rest.len().min(expected.len());
                assert!(rest[..n] == expected[..n], "the data differs between {at} and {}", at + n);
                (at, rest) = (at + n, &rest[n..]);
            }
            std::future::ready(Ok(at))
        })
        .await
}

fn total() -> usize {
    // Under a checker, each megabyte takes seconds.
    if std::env::var_os("LD_PRELOAD").is_some_and(|preload| preload.to_string_lossy().contains("valgrind")) {
        TOTAL / 20
    } else {
        TOTAL
    }
}

#[test]
fn real_tokio_sockets_carry_streams_both_ways() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        let (client_reads, client_writes) = client.into_split();
        let (server_reads, server_writes) = server.into_split();
        let (data, total) = (Bytes::from(pattern(PERIOD)), total());
        let send = source(&data, total).forward(Shim::from_tokio(client_writes).into_byte_sink());
        let echo = Shim::from_tokio(server_reads)
            .into_byte_stream()
            .with_capacity(64 << 10)
            .forward(Shim::from_tokio(server_writes).into_byte_sink());
        let receive = check(&data, Shim::from_tokio(client_reads).into_byte_stream());
        let ((), (), received) = try_join3(send, echo, receive).await.unwrap();
        assert_eq!(received, total);
    });
}

#[test]
fn real_smol_sockets_carry_streams_through_readers_and_writers_made_of_them() {
    smol::block_on(async {
        let listener = smol::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = smol::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        let (data, total) = (Bytes::from(pattern(PERIOD)), total() / 10);
        // tokio's `copy_buf` copies a stream to a smol socket. futures' `copy` copies from its peer
        // to a sink.
        let send = async {
            let mut reader = Shim::from_stream(source(&data, total)).for_tokio();
            let mut writer = Shim::from_smol(client).for_tokio();
            tokio::io::copy_buf(&mut reader, &mut writer).await?;
            tokio::io::AsyncWriteExt::shutdown(&mut writer).await
        };
        let (sender, receiver) = futures::channel::mpsc::channel::<Bytes>(4);
        let copy = async {
            let sink = futures::SinkExt::sink_map_err(sender, io::Error::other);
            let mut writer = Shim::from_sink(sink).for_futures();
            futures::io::copy(Shim::from_futures(server).for_futures(), &mut writer).await?;
            futures::io::AsyncWriteExt::close(&mut writer).await
        };
        let receive = check(&data, receiver.map(Ok));
        let ((), (), received) = try_join3(send, copy, receive).await.unwrap();
        assert_eq!(received, total);
    });
}
