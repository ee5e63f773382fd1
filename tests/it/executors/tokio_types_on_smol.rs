//! tokio's own types outside of tokio: used, dropped, and dropped after their runtime.

use std::io::{Read as _, SeekFrom, Write as _};
use std::task::Poll;

use futures::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use io_shim::Shim;
use io_shim::rt::{Embedded, TokioContext};

use super::{in_time, socket};
use crate::mock::pattern;

#[test]
fn a_tokio_file_is_read_written_and_dropped_on_smol() {
    in_time(|| {
        let runtime = Embedded::new().unwrap();
        let handle = runtime.handle().clone();
        let named = tempfile::NamedTempFile::new().unwrap();
        let data = pattern(3_000_000);
        smol::block_on(async {
            let options = tokio::fs::File::options().read(true).write(true).clone();
            let file = TokioContext::new(options.open(named.path().to_owned()), handle.clone()).await.unwrap();
            let mut file = Shim::from_tokio(TokioContext::new(file, handle.clone())).for_futures();
            file.write_all(&data).await.unwrap();
            file.flush().await.unwrap();
            assert_eq!(file.seek(SeekFrom::Start(1_000)).await.unwrap(), 1_000);
            let mut back = Vec::new();
            file.read_to_end(&mut back).await.unwrap();
            assert!(back == data[1_000..]);
            // Drops the file during a read, unless the read is already complete.
            file.seek(SeekFrom::Start(0)).await.unwrap();
            let mut memory = vec![0; 100_000];
            let _ = futures::future::poll_fn(|cx| {
                let poll = futures::AsyncRead::poll_read(std::pin::Pin::new(&mut file), cx, &mut memory);
                Poll::Ready(poll.map(Result::unwrap))
            })
            .await;
            drop(file);
        });
        assert!(std::fs::read(named.path()).unwrap() == data);
    });
}

#[test]
fn a_tokio_socket_is_dropped_outside_of_any_runtime() {
    in_time(|| {
        let runtime = Embedded::new().unwrap();
        let closed = |mut peer: std::net::TcpStream| {
            let mut rest = Vec::new();
            peer.read_to_end(&mut rest).unwrap();
            assert!(rest.is_empty());
        };
        let (stream, peer) = socket(&runtime);
        assert!(tokio::runtime::Handle::try_current().is_err());
        drop(Shim::from_tokio(stream));
        closed(peer);
        // Without its context, on another executor, and on a thread that does nothing else.
        let (stream, peer) = socket(&runtime);
        smol::block_on(async { drop(stream.into_inner()) });
        closed(peer);
        let (stream, peer) = socket(&runtime);
        std::thread::spawn(|| drop(stream)).join().unwrap();
        closed(peer);
        // After its runtime.
        let (stream, peer) = socket(&runtime);
        let (other, other_peer) = socket(&runtime);
        drop(runtime);
        drop(stream);
        closed(peer);
        drop(other.into_inner());
        closed(other_peer);
    });
}

#[test]
fn both_halves_of_a_tokio_socket_on_smol() {
    in_time(|| {
        let runtime = Embedded::new().unwrap();
        let (stream, mut peer) = socket(&runtime);
        let (reader, writer) = stream.into_inner().into_split();
        let within = |half| TokioContext::new(half, runtime.handle().clone());
        let mut reader = Shim::from_tokio(TokioContext::new(reader, runtime.handle().clone())).for_futures();
        let mut writer = Shim::from_tokio(within(writer)).for_futures();
        let echo = smol::spawn(async move {
            let copied = futures::io::copy(&mut reader, &mut writer).await.unwrap();
            writer.close().await.unwrap();
            copied
        });
        peer.write_all(b"to and fro").unwrap();
        peer.shutdown(std::net::Shutdown::Write).unwrap();
        let mut text = String::new();
        peer.read_to_string(&mut text).unwrap();
        assert_eq!(text, "to and fro");
        assert_eq!(smol::block_on(echo), 10);
    });
}
