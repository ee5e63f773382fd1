//! A tokio library over compio's sockets, reads that are given up, and what a read initializes.
//!
//! `cargo test -- --nocapture` prints which of compio's drivers were used.

use std::future::poll_fn;
use std::io::{Read as _, Write as _};
use std::mem::MaybeUninit;
use std::net::{TcpListener, TcpStream};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use compio::driver::{DriverType, ProactorBuilder};
use compio::io::compat::AsyncStream;
use compio::runtime::Runtime;
use futures_util::{SinkExt, StreamExt as _};
use hyper::body::Bytes;
use io_shim::{AsyncReadBuf as _, BorrowedBuf, FuturesBuf, Shim};
use tokio::io::AsyncReadExt as _;
use tokio_util::codec::{Framed, LengthDelimitedCodec};

type Socket = Shim<Pin<Box<AsyncStream<compio::net::TcpStream>>>, FuturesBuf>;

/// Runs `test` with a socket of compio and its blocking peer. Runs it with the driver that compio
/// chooses, and with the driver that polls.
fn with_sockets(test: impl AsyncFn(Socket, TcpStream)) {
    let mut polling = ProactorBuilder::new();
    polling.driver_type(DriverType::Poll);
    for driver in [ProactorBuilder::new(), polling] {
        let runtime = Runtime::builder().with_proactor(driver).build().unwrap();
        println!("compio's driver is {:?}", runtime.driver_type());
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let socket = compio::net::TcpStream::from_std(listener.accept().unwrap().0).unwrap();
            test(Shim::from_futures_buf(Box::pin(AsyncStream::new(socket))), peer).await;
        });
    }
}

fn pattern(len: usize) -> Vec<u8> {
    (0..len as u32).map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect()
}

#[test]
fn a_codec_of_tokio_util_gets_every_frame_back() {
    with_sockets(async |socket, mut peer| {
        let echo = std::thread::spawn(move || {
            let mut chunk = [0; 5000];
            while let n @ 1.. = peer.read(&mut chunk).unwrap() {
                peer.write_all(&chunk[..n]).unwrap();
            }
        });
        let mut framed = Framed::new(socket.for_tokio(), LengthDelimitedCodec::new());
        for len in [0, 1, 1000, 100_000] {
            let data = pattern(len);
            framed.send(Bytes::from(data.clone())).await.unwrap();
            assert!(framed.next().await.unwrap().unwrap() == data);
        }
        SinkExt::<Bytes>::close(&mut framed).await.unwrap();
        assert!(framed.next().await.is_none());
        echo.join().unwrap();
    });
}

#[test]
fn a_read_that_is_given_up_loses_nothing() {
    with_sockets(async |socket, mut peer| {
        let mut socket = socket.for_tokio();
        let data = pattern(100_000);
        let sent = data.clone();
        let sending = std::thread::spawn(move || {
            for piece in sent.chunks(997) {
                peer.write_all(piece).unwrap();
                std::thread::sleep(Duration::from_micros(100));
            }
        });
        let (mut received, mut given_up, mut chunk) = (Vec::new(), 0, [0; 700]);
        while received.len() < data.len() {
            let mut read = Box::pin(socket.read(&mut chunk));
            let poll = poll_fn(|cx| Poll::Ready(read.as_mut().poll(cx))).await;
            // If the read was pending, the system has a buffer for it by now.
            drop(read);
            match poll {
                Poll::Ready(n) => received.extend_from_slice(&chunk[..n.unwrap()]),
                Poll::Pending => {
                    given_up += 1;
                    assert!(given_up < 100_000, "{} bytes were lost", data.len() - received.len());
                    compio::time::sleep(Duration::from_micros(50)).await;
                }
            }
        }
        assert!(received == data);
        assert!(given_up > 0, "no read was given up");
        sending.join().unwrap();
    });
}

#[test]
fn nothing_is_initialized_but_what_is_filled() {
    with_sockets(async |mut socket, mut peer| {
        peer.write_all(&[5; 1234]).unwrap();
        let mut memory = [MaybeUninit::new(7); 5000];
        let mut buf = BorrowedBuf::from(&mut memory[..]);
        while buf.filled().len() < 1234 {
            poll_fn(|cx| Pin::new(&mut socket).poll_read_into(cx, buf.unfilled())).await.unwrap();
            assert_eq!(buf.init_len(), buf.filled().len());
        }
        assert_eq!(socket.init_hint(5000), 0);
        // SAFETY: the memory was made of initialized bytes.
        assert!(memory[1234..].iter().all(|byte| unsafe { byte.assume_init() } == 7), "zeroed");
    });
}
