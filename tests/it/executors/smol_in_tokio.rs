//! smol's sockets, files and timers, and blocking code, within tokio. None of them needs a context.

use std::io::{Read as _, Write as _};
use std::thread;
use std::time::{Duration, Instant};

use futures::future::{join, try_join};
use io_shim::Shim;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::runtime::{Builder, Runtime};

use super::in_time;
use crate::mock::pattern;

/// Runtimes of both kinds, without tokio's drivers for sockets and timers, which are not used here.
fn runtimes() -> [Runtime; 2] {
    let multi = Builder::new_multi_thread().worker_threads(2).build().unwrap();
    [Builder::new_current_thread().build().unwrap(), multi]
}

#[test]
fn smols_sockets_within_tokio() {
    in_time(|| {
        for runtime in runtimes() {
            runtime.block_on(async {
                let listener = smol::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                let address = listener.local_addr().unwrap();
                let connect = smol::net::TcpStream::connect(address);
                let (client, (server, _)) = try_join(connect, listener.accept()).await.unwrap();
                let mut client = Shim::from_smol(client).for_tokio();
                // As a tokio task.
                let echo = tokio::spawn(async {
                    let (mut reader, mut writer) = tokio::io::split(Shim::from_smol(server).for_tokio());
                    let echoed = tokio::io::copy(&mut reader, &mut writer).await.unwrap();
                    writer.shutdown().await.unwrap();
                    echoed
                });
                let data = pattern(200_000);
                let mut back = vec![0; data.len()];
                for (out, back) in data.chunks(20_000).zip(back.chunks_mut(20_000)) {
                    client.write_all(out).await.unwrap();
                    client.read_exact(back).await.unwrap();
                }
                client.shutdown().await.unwrap();
                assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
                assert_eq!(echo.await.unwrap(), data.len() as u64);
                assert!(back == data);
            });
        }
    });
}

#[test]
fn timers_of_async_io_within_tokio_and_of_tokio_within_a_context() {
    const SLEEP: Duration = Duration::from_millis(20);
    in_time(|| {
        for runtime in runtimes() {
            let start = Instant::now();
            runtime.block_on(async {
                smol::Timer::after(SLEEP).await;
                tokio::spawn(async { smol::Timer::after(SLEEP).await }).await.unwrap();
            });
            assert!(start.elapsed() >= 2 * SLEEP);
        }
        // Both at once, and tokio's timer within smol.
        let embedded = io_shim::rt::Embedded::new().unwrap();
        let sleep =
            || io_shim::rt::TokioContext::new(async { tokio::time::sleep(SLEEP).await }, embedded.handle().clone());
        let start = Instant::now();
        smol::block_on(async { join(sleep(), smol::Timer::after(SLEEP)).await });
        runtimes()[0].block_on(async { join(sleep(), smol::Timer::after(SLEEP)).await });
        assert!(start.elapsed() >= 2 * SLEEP);
        // A time limit of tokio over a smol socket.
        let limited = async {
            let listener = smol::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            tokio::time::timeout(SLEEP, listener.accept()).await.is_err()
        };
        assert!(smol::block_on(io_shim::rt::TokioContext::new(limited, embedded.handle().clone())));
    });
}

#[test]
fn smols_files_and_blocking_pieces_within_tokio() {
    in_time(|| {
        let mut named = tempfile::NamedTempFile::new().unwrap();
        let data = pattern(100_000);
        named.write_all(&data).unwrap();
        for runtime in runtimes() {
            runtime.block_on(async {
                let mut text = Vec::new();
                let mut file = Shim::from_futures(smol::fs::File::open(named.path()).await.unwrap()).for_tokio();
                file.read_to_end(&mut text).await.unwrap();
                assert!(text == data);

                // A std reader on a thread of smol's pool.
                text.clear();
                let file = smol::Unblock::new(named.reopen().unwrap());
                Shim::from_futures(file).for_tokio().read_to_end(&mut text).await.unwrap();
                assert!(text == data);

                // And on one of tokio's pool.
                let mut file = named.reopen().unwrap();
                let read = tokio::task::spawn_blocking(move || {
                    let mut text = Vec::new();
                    file.read_to_end(&mut text).map(|_| text)
                });
                assert!(read.await.unwrap().unwrap() == data);

                let name = smol::unblock(|| thread::current().name().map(str::to_owned)).await;
                assert!(name.unwrap().starts_with("blocking"));
            });
        }
    });
}
