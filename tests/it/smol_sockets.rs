//! smol's sockets, read straight into uninitialized memory: conformance and readiness.

use std::io::{self, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::net::{Shutdown, TcpListener, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use io_shim::testing::conformance;
use io_shim::{AsyncReadBuf, AsyncWrite, BorrowedBuf, Shim, Smol, SmolSocket, spare};
use smol::Async;

type Socket<S = TcpStream> = Shim<Arc<Async<S>>, Smol<S>>;

/// Returns a smol socket and its blocking peer.
fn tcp() -> (Socket, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    peer.set_nodelay(true).unwrap();
    (Shim::from_smol(Async::new(listener.accept().unwrap().0).unwrap()), peer)
}

#[cfg(unix)]
fn unix() -> (Socket<UnixStream>, UnixStream) {
    let (one, peer) = UnixStream::pair().unwrap();
    (Shim::from_smol(Async::new(one).unwrap()), peer)
}

/// Where there is no Unix socket, the tests use TCP.
#[cfg(not(unix))]
use tcp as unix;

/// Counts how often a task is woken, and wakes a thread.
struct Bell {
    thread: Thread,
    rings: AtomicUsize,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.rings.fetch_add(1, Ordering::SeqCst);
        self.thread.unpark();
    }
}

impl Bell {
    fn new() -> (Arc<Self>, Waker) {
        let bell = Arc::new(Bell { thread: thread::current(), rings: AtomicUsize::new(0) });
        let waker = Waker::from(Arc::clone(&bell));
        (bell, waker)
    }

    fn rings(&self) -> usize {
        self.rings.load(Ordering::SeqCst)
    }

    #[track_caller]
    fn wait(&self) {
        let end = Instant::now() + Duration::from_secs(120);
        while self.rings() == 0 {
            assert!(Instant::now() < end, "the task was not woken");
            thread::park_timeout(Duration::from_millis(100));
        }
    }
}

/// Polls once for at most 100 bytes.
fn poll_read<S: SmolSocket>(shim: &mut Socket<S>, waker: &Waker) -> Poll<io::Result<Vec<u8>>> {
    let mut received = Vec::with_capacity(100);
    let poll = Pin::new(shim).poll_read_into(&mut Context::from_waker(waker), spare(&mut received).unfilled());
    poll.map_ok(|()| received)
}

#[track_caller]
fn read_waiting<S: SmolSocket>(shim: &mut Socket<S>) -> Vec<u8> {
    loop {
        let (bell, waker) = Bell::new();
        match poll_read(shim, &waker) {
            Poll::Ready(received) => return received.unwrap(),
            Poll::Pending => bell.wait(),
        }
    }
}

/// Sends `data` in pieces, with pauses that make the reader wait, then ends the stream.
fn send_in_pieces(mut peer: impl io::Write + Send + 'static, data: &[u8]) {
    let data = data.to_vec();
    thread::spawn(move || {
        for (i, piece) in data.chunks(1 + data.len() / 7).enumerate() {
            if i % 3 == 1 {
                thread::sleep(Duration::from_millis(1));
            }
            if peer.write_all(piece).is_err() {
                return;
            }
        }
    });
}

#[test]
fn sockets_conform_in_reading() {
    let tcp_with = |data: &[u8]| {
        let (shim, peer) = tcp();
        send_in_pieces(peer, data);
        shim
    };
    let unix_with = |data: &[u8]| {
        let (shim, peer) = unix();
        send_in_pieces(peer, data);
        shim
    };
    conformance::read(tcp_with);
    conformance::read(unix_with);
    conformance::read(|data| Shim::from_tokio(tcp_with(data)).for_tokio());
    conformance::read(|data| Shim::from_futures(unix_with(data)).for_futures());
    conformance::read(|data| Shim::from_hyper(unix_with(data)).for_hyper());
}

#[test]
fn sockets_conform_in_writing() {
    // By then all data is in the socket's buffer or being read.
    fn check<S: SmolSocket, P: io::Read + Send + 'static>(pair: impl Fn() -> (Socket<S>, P)) {
        let peers = std::cell::RefCell::new(Vec::new());
        conformance::write(
            || {
                let (shim, mut peer) = pair();
                let reading = thread::spawn(move || {
                    let mut received = Vec::new();
                    peer.read_to_end(&mut received).unwrap();
                    received
                });
                peers.borrow_mut().push(reading);
                shim
            },
            |shim| {
                drop(shim);
                peers.borrow_mut().pop().unwrap().join().unwrap()
            },
        );
    }
    check(tcp);
    check(unix);
}

#[cfg(unix)]
#[test]
fn nothing_is_initialised_but_what_is_filled() {
    let (mut shim, mut peer) = tcp();
    peer.write_all(&[5; 1234]).unwrap();
    let mut memory = [MaybeUninit::new(7); 5000];
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    while buf.filled().len() < 1234 {
        let (bell, waker) = Bell::new();
        let poll = Pin::new(&mut shim).poll_read_into(&mut Context::from_waker(&waker), buf.unfilled());
        assert_eq!(buf.init_len(), buf.filled().len());
        match poll {
            Poll::Ready(result) => result.unwrap(),
            Poll::Pending => bell.wait(),
        }
    }
    assert_eq!(shim.init_hint(5000), 0);
    // SAFETY: the memory was made of initialized bytes.
    assert!(memory[1234..].iter().all(|byte| unsafe { byte.assume_init() } == 7), "zeroed");
}

#[test]
fn reading_allocates_nothing_while_there_is_data() {
    let (mut shim, mut peer) = unix();
    peer.write_all(&[5; 3000]).unwrap();
    let mut received = Vec::with_capacity(3000);
    let before = crate::alloc::allocations();
    for _ in 0..10 {
        let mut guard = spare(&mut received);
        let poll =
            Pin::new(&mut shim).poll_read_into(&mut Context::from_waker(Waker::noop()), guard.unfilled().limit(300));
        assert!(matches!(poll, Poll::Ready(Ok(()))));
    }
    assert_eq!((received.len(), crate::alloc::allocations() - before), (3000, 0));
}

#[test]
fn what_would_block_is_pending_until_there_is_data() {
    let (mut shim, mut peer) = tcp();
    let (bell, waker) = Bell::new();
    assert!(poll_read(&mut shim, &waker).is_pending());
    peer.write_all(b"hello").unwrap();
    bell.wait();
    assert_eq!(read_waiting(&mut shim), b"hello");
    // Readiness was consumed: the next read waits again, and is woken again.
    let (bell, waker) = Bell::new();
    assert!(poll_read(&mut shim, &waker).is_pending());
    drop(peer);
    bell.wait();
    assert_eq!(read_waiting(&mut shim), b"");
}

#[test]
fn spurious_readiness_is_pending_again() {
    let (mut one, mut peer) = tcp();
    let mut other = one.clone();
    let ((bell_one, waker_one), (bell_other, waker_other)) = (Bell::new(), Bell::new());
    assert!(poll_read(&mut one, &waker_one).is_pending());
    assert!(poll_read(&mut other, &waker_other).is_pending());
    peer.write_all(b"first").unwrap();
    bell_one.wait();
    bell_other.wait();
    // Both tasks are woken and one gets the data. The other waits again, and is woken again.
    assert_eq!(read_waiting(&mut one), b"first");
    let (bell_other, waker_other) = Bell::new();
    assert!(poll_read(&mut other, &waker_other).is_pending());
    peer.write_all(b"second").unwrap();
    bell_other.wait();
    assert_eq!(read_waiting(&mut other), b"second");
}

#[test]
fn idle_clones_in_two_tasks_do_not_wake_each_other() {
    let (shim, mut peer) = tcp();
    let polls = AtomicUsize::new(0);
    thread::scope(|scope| {
        let tasks: Vec<_> = (0..2)
            .map(|_| {
                let (mut shim, polls) = (shim.clone(), &polls);
                scope.spawn(move || {
                    smol::block_on(std::future::poll_fn(|cx| {
                        polls.fetch_add(1, Ordering::SeqCst);
                        poll_read(&mut shim, cx.waker())
                    }))
                    .unwrap()
                })
            })
            .collect();
        // Once both have been polled, no task is woken.
        let end = Instant::now() + Duration::from_secs(120);
        while polls.load(Ordering::SeqCst) < 2 {
            assert!(Instant::now() < end, "a task was not polled");
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(Duration::from_millis(400));
        let idle = polls.load(Ordering::SeqCst);
        peer.write_all(b"x").unwrap();
        peer.shutdown(Shutdown::Write).unwrap();
        let received: Vec<u8> = tasks.into_iter().flat_map(|task| task.join().unwrap()).collect();
        assert_eq!(received, b"x");
        assert!((2..=4).contains(&idle), "{idle} polls");
    });
}

#[test]
fn a_full_socket_is_pending_until_there_is_room() {
    let (mut shim, mut peer) = unix();
    let (bell, waker) = Bell::new();
    let mut cx = Context::from_waker(&waker);
    let mut sent = 0;
    while let Poll::Ready(n) = Pin::new(&mut shim).poll_write(&mut cx, &[3; 5000]) {
        sent += n.unwrap();
    }
    let mut received = vec![0; sent];
    peer.read_exact(&mut received).unwrap();
    bell.wait();
    assert!(matches!(Pin::new(&mut shim).poll_write(&mut cx, b"more"), Poll::Ready(Ok(4))));
    peer.read_exact(&mut received[..4]).unwrap();
    assert_eq!(&received[..4], b"more");
}

#[test]
fn a_shim_dropped_while_it_waits_leaves_nothing_behind() {
    let (mut shim, mut peer) = tcp();
    let mut other = shim.clone();
    let (bell, waker) = Bell::new();
    assert!(poll_read(&mut shim, &waker).is_pending());
    drop(shim);
    peer.write_all(b"hello").unwrap();
    assert_eq!(read_waiting(&mut other), b"hello");
    assert_eq!((bell.rings(), Arc::strong_count(&bell)), (0, 2), "a waker is left in the reactor");
    assert!(poll_read(&mut other, &waker).is_pending());
    let socket = Arc::try_unwrap(other.into_inner()).expect("the last handle");
    drop(socket);
    assert_eq!(peer.read(&mut [0]).unwrap(), 0, "the socket is still open");
}

#[test]
fn a_socket_that_is_exchanged_for_another_is_waited_for() {
    let ((mut shim, peer), (other, mut other_peer)) = (tcp(), tcp());
    assert!(poll_read(&mut shim, Waker::noop()).is_pending());
    let old = std::mem::replace(shim.get_mut(), other.into_inner());
    drop(Arc::try_unwrap(old).expect("the last handle"));
    let (bell, waker) = Bell::new();
    assert!(poll_read(&mut shim, &waker).is_pending());
    other_peer.write_all(b"hello").unwrap();
    bell.wait();
    assert_eq!(read_waiting(&mut shim), b"hello");
    drop(peer);
}

#[test]
fn a_shutdown_ends_one_half() {
    let (mut shim, mut peer) = tcp();
    let mut cx = Context::from_waker(Waker::noop());
    assert!(matches!(Pin::new(&mut shim).poll_write(&mut cx, b"ping"), Poll::Ready(Ok(4))));
    assert!(matches!(Pin::new(&mut shim).poll_shutdown(&mut cx), Poll::Ready(Ok(()))));
    let mut received = Vec::new();
    peer.read_to_end(&mut received).unwrap();
    assert_eq!(received, b"ping");
    peer.write_all(b"pong").unwrap();
    assert_eq!(read_waiting(&mut shim), b"pong");
    // Again, also after the peer was dropped.
    drop(peer);
    assert_eq!(read_waiting(&mut shim), b"");
    assert!(matches!(Pin::new(&mut shim).poll_shutdown(&mut cx), Poll::Ready(Ok(()))));
}

#[test]
fn slices_are_written_and_read_in_one_call() {
    let (mut shim, mut peer) = unix();
    let mut cx = Context::from_waker(Waker::noop());
    assert!(shim.supports_vectored_writes() && shim.supports_vectored_reads());
    let bufs = [b"one".as_slice(), b"", b"two", b"three"].map(io::IoSlice::new);
    assert!(matches!(Pin::new(&mut shim).poll_write_vectored(&mut cx, &bufs), Poll::Ready(Ok(11))));
    let mut received = [0; 11];
    peer.read_exact(&mut received).unwrap();
    assert_eq!(&received, b"onetwothree");
    peer.write_all(b"abcdef").unwrap();
    let (mut first, mut second) = ([0; 4], [0; 4]);
    let mut bufs = [io::IoSliceMut::new(&mut first), io::IoSliceMut::new(&mut second)];
    assert!(matches!(Pin::new(&mut shim).poll_read_into_vectored(&mut cx, &mut bufs), Poll::Ready(Ok(6))));
    assert_eq!((&first, &second[..2]), (b"abcd", &b"ef"[..]));
}

#[test]
fn the_error_of_a_reset_connection_passes_unchanged() {
    let (mut shim, peer) = tcp();
    smol::block_on(async {
        Pin::new(&mut shim).poll_write(&mut Context::from_waker(Waker::noop()), b"unread").is_ready();
        // A socket that is closed with unread data resets the connection.
        drop(peer);
        let error = std::future::poll_fn(|cx| poll_read(&mut shim, cx.waker())).await.unwrap_err();
        assert_eq!((error.kind(), error.raw_os_error().is_some()), (io::ErrorKind::ConnectionReset, true));
    });
}

#[test]
fn streams_of_smol_async_net_and_async_io_are_taken() {
    smol::block_on(async {
        let listener = smol::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let net: Socket = Shim::from_smol(smol::net::TcpStream::connect(address).await.unwrap());
        let io = Shim::from_smol(Async::<TcpStream>::connect(address).await.unwrap());
        let shared = Shim::from_smol(Arc::clone(io.get_ref()));
        assert!(Arc::ptr_eq(io.get_ref(), shared.get_ref()));
        assert!(format!("{net:?}").contains("readable: None"));
        let _ = rustix::net::getsockname(&net).unwrap();
        #[cfg(unix)]
        {
            let (one, _other) = smol::net::unix::UnixStream::pair().unwrap();
            let unix: Socket<UnixStream> = Shim::from_smol(one);
            assert!(format!("{unix:?}").contains("readable: None"));
        }
    });
}

/// A loop of `recv` written by hand, and the same reads through the shim, for strace to compare.
mod traced {
    use super::*;
    use crate::support::strace::{hexadecimal, trace};

    const MESSAGES: usize = 20;

    /// Reads messages of 1000 bytes into 4096 bytes of fresh memory. Waits for each, reads it, then
    /// reads until `Pending`.
    fn run(mut peer: TcpStream, mut read: impl FnMut(&mut [MaybeUninit<u8>], &Waker) -> Poll<io::Result<usize>>) {
        let mut memory = Box::new([MaybeUninit::uninit(); 4096]);
        eprintln!("buffer {:p}", memory.as_ptr());
        for _ in 0..MESSAGES {
            let (bell, waker) = Bell::new();
            assert!(read(&mut memory[..], &waker).is_pending());
            peer.write_all(&[1; 1000]).unwrap();
            bell.wait();
            assert!(matches!(read(&mut memory[..], &waker), Poll::Ready(Ok(1000))));
        }
    }

    #[test]
    #[ignore = "is run under strace"]
    fn by_hand() {
        let (shim, peer) = tcp();
        let socket = Arc::clone(shim.get_ref());
        let mut waiting = None;
        run(peer, |memory, waker| {
            loop {
                match rustix::net::recv(&*socket, &mut *memory, rustix::net::RecvFlags::empty()) {
                    Ok((_, n)) => return Poll::Ready(Ok(n)),
                    Err(rustix::io::Errno::AGAIN) => {}
                    Err(error) => return Poll::Ready(Err(error.into())),
                }
                // An event from before the read means nothing: only a new one counts.
                let waiting = waiting.insert(Arc::clone(&socket).readable_owned());
                if Pin::new(waiting).poll(&mut Context::from_waker(waker)).is_pending() {
                    return Poll::Pending;
                }
            }
        });
    }

    #[test]
    #[ignore = "is run under strace"]
    fn by_the_shim() {
        let (mut shim, peer) = tcp();
        run(peer, |memory, waker| {
            let mut buf = BorrowedBuf::from(memory);
            let poll = Pin::new(&mut shim).poll_read_into(&mut Context::from_waker(waker), buf.unfilled());
            poll.map_ok(|()| buf.filled().len())
        });
    }

    /// Returns the receiving calls of a test in this binary: the offset into the buffer, the length
    /// and the result of each.
    fn calls(test: &str) -> Vec<(usize, usize, String)> {
        let (said, calls) = trace(&format!("smol_sockets::traced::{test}"), "recvfrom,recvmsg,read,readv");
        let buffer = said.lines().find_map(|line| line.split_once("buffer ")).map(|(_, at)| hexadecimal(at)).unwrap();
        let calls = calls.into_iter().filter(|call| call.name == "recvfrom");
        calls.map(|call| (call.arguments[1].wrapping_sub(buffer), call.arguments[2], call.result)).collect()
    }

    #[test]
    #[ignore = "needs strace"]
    fn the_system_calls_are_those_of_a_loop_written_by_hand() {
        let (shim, hand) = (calls("by_the_shim"), calls("by_hand"));
        assert_eq!(shim, hand);
        // Each reads straight into the caller's whole buffer: nothing is copied.
        assert_eq!(shim.len(), 2 * MESSAGES);
        assert!(shim.iter().all(|&(offset, len, _)| (offset, len) == (0, 4096)), "{shim:?}");
    }
}
