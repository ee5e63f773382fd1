//! A counting allocator, and what a shim allocates: nothing, until a conversion needs memory.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use io_shim::Shim;

use crate::mock::{Script, Sink, Step, context};

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static PROCESS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static HEAP: Cell<usize> = const { Cell::new(0) };
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    static LARGEST: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// Returns the bytes that this thread holds. Only differences mean anything: memory may pass
/// between threads.
pub fn heap() -> usize {
    HEAP.get()
}

/// Returns the bytes that all threads hold.
pub fn process_heap() -> usize {
    PROCESS.load(Relaxed)
}

/// Returns how often this thread has allocated.
pub fn allocations() -> usize {
    ALLOCATIONS.get()
}

/// Runs `f` with no memory for allocations of more than `largest` bytes on this thread.
pub fn with_no_more_than<R>(largest: usize, f: impl FnOnce() -> R) -> R {
    LARGEST.set(largest);
    let result = f();
    LARGEST.set(usize::MAX);
    result
}

// SAFETY: the system's allocator does the work; counting neither allocates nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if LARGEST.try_with(Cell::get).is_ok_and(|largest| layout.size() > largest) {
            return std::ptr::null_mut();
        }
        PROCESS.fetch_add(layout.size(), Relaxed);
        let _ = HEAP.try_with(|heap| heap.set(heap.get().wrapping_add(layout.size())));
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller upholds the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        PROCESS.fetch_sub(layout.size(), Relaxed);
        let _ = HEAP.try_with(|heap| heap.set(heap.get().wrapping_sub(layout.size())));
        // SAFETY: the caller upholds the contract, which is the same.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[test]
fn constructing_polling_to_pending_and_dropping_allocate_nothing() {
    fn check<R: tokio::io::AsyncRead + futures::io::AsyncRead + Unpin>(make: impl FnOnce() -> R) {
        let mut cx = context();
        let mut memory = [std::mem::MaybeUninit::uninit(); 4096];
        let mut buf = tokio::io::ReadBuf::uninit(&mut memory);
        let before = allocations();
        let mut shim = make();
        assert!(tokio::io::AsyncRead::poll_read(Pin::new(&mut shim), &mut cx, &mut buf).is_pending());
        assert!(futures::io::AsyncRead::poll_read(Pin::new(&mut shim), &mut cx, &mut [0; 9]).is_pending());
        drop(shim);
        assert_eq!(allocations() - before, 0);
    }
    /// Never ready, and allocates nothing itself.
    struct Never;
    impl tokio::io::AsyncRead for Never {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            _: &mut tokio::io::ReadBuf<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            std::task::Poll::Pending
        }
    }
    impl futures::io::AsyncRead for Never {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            _: &mut [u8],
        ) -> std::task::Poll<std::io::Result<usize>> {
            std::task::Poll::Pending
        }
    }
    impl io_shim::AsyncReadBuf for Never {
        fn poll_read_into(
            self: Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            _: io_shim::BorrowedCursor<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            std::task::Poll::Pending
        }
    }
    check(|| Shim::from_tokio(Never));
    check(|| Shim::from_futures(Never));
    check(|| Shim::new(Never));
}

/// What a shim adds to its inner type, in bytes.
#[test]
fn a_shim_is_small() {
    use io_shim::{AllowStd, Futures, FuturesBuf, Hyper, Native, Std, StdBuf, Tokio};

    let sizes = [
        size_of::<Shim<(), Native>>(),
        size_of::<Shim<(), Tokio>>(),
        size_of::<Shim<(), Hyper>>(),
        size_of::<Shim<(), Futures>>(),
        size_of::<Shim<(), FuturesBuf>>(),
        size_of::<Shim<(), AllowStd>>(),
        size_of::<Shim<(), Std>>(),
        size_of::<Shim<(), StdBuf>>(),
    ];
    if cfg!(target_pointer_width = "64") {
        assert_eq!(sizes, [24, 24, 24, 112, 112, 112, 112, 112]);
    } else {
        assert!(sizes[..3].iter().all(|&size| size <= 24) && sizes[3..].iter().all(|&size| size <= 88), "{sizes:?}");
    }
    #[cfg(all(unix, target_pointer_width = "64"))]
    assert_eq!([size_of::<Shim<(), io_shim::Fd>>(), size_of::<Shim<(), io_shim::Smol>>()], [24, 136]);
}

#[test]
fn a_slice_only_reader_costs_at_most_two_kibibytes() {
    let mut shim = Shim::from_futures(Script::new((0..100).map(|_| Step::Data(vec![1]))));
    shim.get_mut().offers.reserve(100);
    let before = heap();
    let mut memory = vec![std::mem::MaybeUninit::uninit(); 65536];
    for _ in 0..100 {
        let mut buf = tokio::io::ReadBuf::uninit(&mut memory);
        let _ = tokio::io::AsyncRead::poll_read(Pin::new(&mut shim), &mut context(), &mut buf);
    }
    drop(memory);
    assert!(heap().wrapping_sub(before) as isize <= 2048);
}

#[test]
fn gathering_allocates_only_when_there_is_something_to_gather() {
    use futures::io::AsyncWrite as _;
    let mut sink = Sink::new(false);
    sink.data.reserve(4096);
    sink.writes.reserve(64);
    sink.vectored_writes.reserve(64);
    let mut shim = Shim::from_futures(sink);
    let before = allocations();
    for _ in 0..16 {
        let _ = Pin::new(&mut shim).poll_write(&mut context(), b"abc");
        let _ = Pin::new(&mut shim).poll_write_vectored(&mut context(), &[std::io::IoSlice::new(b"abc")]);
    }
    assert_eq!(allocations() - before, 0);
}
