//! Which bytes of a buffer are initialized, according to valgrind's memcheck: the watermark is
//! exact.
//!
//! These tests ask valgrind, so they are ignored elsewhere; `.ci/run memcheck` runs them.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll};

use io_shim::{AsyncReadBuf, BorrowedBuf, Offer, Shim, TrackedBuf, spare};
use tokio::io::{AsyncRead, ReadBuf};

use crate::mock::{Script, Step, context};

/// Sends a request to valgrind, as its header `valgrind.h` defines it for this architecture.
/// Returns 0 outside valgrind.
#[cfg(target_arch = "x86_64")]
fn request([code, first, second, third]: [usize; 4]) -> usize {
    let request = [code, first, second, third, 0, 0];
    let mut result = 0;
    // SAFETY: four rotations by 128 bits in all, and the exchange of a register with itself, change
    // nothing. Under valgrind the sequence is a request, which reads the array and sets `rdx`.
    unsafe {
        std::arch::asm!(
            "rol rdi, 3", "rol rdi, 13", "rol rdi, 61", "rol rdi, 51", "xchg rbx, rbx",
            in("rax") request.as_ptr(), inout("rdx") result, options(nostack),
        );
    }
    result
}

#[cfg(not(target_arch = "x86_64"))]
fn request(_: [usize; 4]) -> usize {
    0
}

const MEMCHECK: usize = (b'M' as usize) << 24 | (b'C' as usize) << 16;

/// Memory that valgrind treats as uninitialized, whatever it holds.
fn undefined(len: usize) -> Vec<MaybeUninit<u8>> {
    assert!(request([0x1001, 0, 0, 0]) > 0, "not running under valgrind");
    let mut memory = vec![MaybeUninit::new(7); len];
    make_undefined(&mut memory);
    assert_eq!(defined(&memory), 0, "the checker does not see the request");
    memory
}

fn make_undefined(memory: &mut [MaybeUninit<u8>]) {
    request([MEMCHECK + 1, memory.as_mut_ptr().addr(), memory.len(), 0]);
}

/// Returns how many bytes at the front are initialized, and checks that none after them are.
fn defined(memory: &[MaybeUninit<u8>]) -> usize {
    // A set bit means uninitialized. (The request to check memory would report an error instead.)
    let mut bits = vec![0xFFu8; memory.len()];
    assert_eq!(request([MEMCHECK + 8, memory.as_ptr().addr(), bits.as_mut_ptr().addr(), memory.len()]), 1);
    let defined = bits.iter().take_while(|&&bits| bits == 0).count();
    assert!(bits[defined..].iter().all(|&bits| bits == 0xFF), "initialized bytes after {defined}");
    defined
}

/// Reads the script to its end into one buffer. Checks after every poll that exactly the bytes
/// reported as initialized are.
fn is_exact<R: AsyncReadBuf + AsyncRead + Unpin>(make: impl Fn(Script) -> R) {
    let script = || {
        Script::new([
            Step::Pending,
            Step::Data(vec![1; 100]),
            Step::Error(io::ErrorKind::TimedOut),
            Step::Initialized(vec![2; 50]),
            Step::Pending,
            Step::Data(vec![3; 9000]),
        ])
    };
    let mut memory = undefined(70_000);
    let mut reader = make(script());
    let (mut filled, mut init) = (0, 0);
    while filled < 9150 {
        let mut buf = BorrowedBuf::from(&mut memory[..]);
        // SAFETY: that many bytes are initialized, as was checked.
        unsafe { buf.set_init(init) };
        buf.unfilled().advance_checked(filled);
        let _ = Pin::new(&mut reader).poll_read_into(&mut context(), buf.unfilled());
        (filled, init) = (buf.filled().len(), buf.init_len());
        assert_eq!(defined(&memory), init);
    }

    let mut memory = undefined(70_000);
    let mut reader = make(script());
    let (mut filled, mut init) = (0, 0);
    while filled < 9150 {
        let mut buf = ReadBuf::uninit(&mut memory);
        // SAFETY: that many bytes are initialized, as was checked.
        unsafe { buf.assume_init(init) };
        buf.set_filled(filled);
        let _ = Pin::new(&mut reader).poll_read(&mut context(), &mut buf);
        (filled, init) = (buf.filled().len(), buf.initialized().len());
        assert_eq!(defined(&memory), init);
    }
}

#[test]
#[ignore = "asks valgrind"]
fn the_watermark_is_exact_on_every_outcome() {
    is_exact(Shim::from_tokio);
    is_exact(Shim::from_futures);
    is_exact(Shim::new);
    is_exact(|script| Shim::from_tokio(tokio::io::BufReader::new(script)));
    is_exact(|script| Shim::from_futures_buf(futures::io::BufReader::new(script)));
    is_exact(|script| Shim::from_futures(script).with_offer(Offer::Whole));
    is_exact(|script| Shim::from_futures(script).with_offer(Offer::bounce(64)));
    is_exact(|script| Shim::from_tokio(Shim::new(Shim::from_futures(Shim::from_tokio(script)))));
    is_exact(|script| Shim::from_hyper(Shim::from_tokio(script)));
    is_exact(|script| Shim::from_tokio(Shim::from_hyper(Shim::new(Shim::from_hyper(Shim::from_futures(script))))));
    #[cfg(io_shim_std_read_buf)]
    {
        use io_shim::rt::BlockOn;
        is_exact(|script| Shim::allow_std(BlockOn::new(Shim::from_tokio(script))));
        is_exact(|script| Shim::allow_std(BlockOn::new(Shim::from_futures(script))));
        is_exact(|script| Shim::allow_std(std::io::Read::take(BlockOn::new(Shim::from_tokio(script)), 1 << 40)));
    }
}

#[test]
#[ignore = "asks valgrind"]
fn a_bounce_touches_nothing_but_what_it_fills() {
    let mut reader = Shim::from_futures(Script::reads(20, 10)).with_offer(Offer::bounce(500));
    for _ in 0..20 {
        let mut memory = undefined(2000);
        let mut buf = BorrowedBuf::from(&mut memory[..]);
        assert!(Pin::new(&mut reader).poll_read_into(&mut context(), buf.unfilled()).is_ready());
        assert_eq!((buf.init_len(), defined(&memory)), (10, 10));
    }
}

#[test]
#[ignore = "asks valgrind"]
fn a_limited_cursor_initialises_nothing_past_its_end() {
    let mut memory = undefined(1000);
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    buf.unfilled().limit(300).ensure_init();
    assert_eq!((buf.init_len(), defined(&memory)), (300, 300));
}

#[test]
#[ignore = "asks valgrind"]
fn the_spare_capacity_of_a_vec_is_defined_as_far_as_it_was_filled() {
    let mut vec: Vec<u8> = Vec::with_capacity(100);
    make_undefined(vec.spare_capacity_mut());
    let mut guard = spare(&mut vec);
    guard.unfilled().append(&[1; 30]);
    guard.unfilled().ensure_init_to(20);
    drop(guard);
    assert_eq!((vec.len(), defined(vec.spare_capacity_mut())), (30, 20));
}

#[test]
#[ignore = "asks valgrind"]
fn the_mark_of_an_owned_buffer_is_exact_after_reads_consumption_and_growth() {
    fn check(buf: &mut TrackedBuf) {
        let mut cursor = buf.unfilled();
        let init = cursor.init_len();
        // SAFETY: nothing is written.
        assert_eq!(defined(unsafe { cursor.as_mut() }), init);
    }
    let mut reader = Shim::from_futures(Script::reads(40, 900).with_pending()).with_offer(Offer::Whole);
    let mut tokio_reader = Shim::from_tokio(Script::reads(40, 300));
    let mut buf = TrackedBuf::with_capacity(1000);
    assert!(request([0x1001, 0, 0, 0]) > 0, "not running under valgrind");
    let mut partly = 0;
    for round in 0..80 {
        buf.reserve(round * 10);
        partly += usize::from(buf.init_len() < buf.capacity());
        check(&mut buf);
        let _ = match round % 2 {
            0 => Pin::new(&mut reader).poll_read_into(&mut context(), buf.unfilled().limit(round * 11)),
            _ => Pin::new(&mut tokio_reader).poll_read_into(&mut context(), buf.unfilled()),
        };
        check(&mut buf);
        buf.consume(buf.len() * 3 / 4);
        check(&mut buf);
    }
    assert!(partly > 10, "mostly there was nothing uninitialized: {partly}");
}

#[test]
#[ignore = "asks valgrind"]
fn a_real_socket_reads_straight_into_uninitialised_memory() {
    use std::io::Write as _;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    runtime.block_on(async {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut peer, _) = listener.accept().unwrap();
        peer.write_all(&[5; 1234]).unwrap();
        let mut shim = Shim::new(Shim::from_tokio(socket));
        let mut memory = undefined(5000);
        let mut buf = BorrowedBuf::from(&mut memory[..]);
        while buf.filled().len() < 1234 {
            std::future::poll_fn(|cx: &mut Context<'_>| match Pin::new(&mut shim).poll_read_into(cx, buf.unfilled()) {
                Poll::Ready(result) => {
                    result.unwrap();
                    Poll::Ready(())
                }
                Poll::Pending => Poll::Pending,
            })
            .await;
        }
        assert_eq!(buf.init_len(), 1234);
        // valgrind marks the whole buffer passed to `recv` as initialized. What was there before
        // still is.
        // SAFETY: the memory was made of initialized bytes.
        assert!(memory[1234..].iter().all(|byte| unsafe { byte.assume_init() } == 7), "zeroed");
    });
}
