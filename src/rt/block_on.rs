//! [`BlockOn`]: asynchronous readers and writers in synchronous code.

use std::fmt;
use std::format;
use std::io::{self, BufRead, IoSlice, IoSliceMut, Read, Seek, SeekFrom, Write};
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

#[cfg(feature = "tokio")]
use super::enter;
use crate::access::{descriptors, references};
use crate::buf::{BorrowedCursor, ContractViolation, Room};
use crate::traits::{self, AsyncBufRead, AsyncReadBuf, AsyncSeek, AsyncWrite, ReadBuf, WriteVectored};

#[cfg(feature = "tokio")]
use tokio::runtime::Handle;

/// An asynchronous reader or writer as a synchronous one: each call blocks the calling thread until it is done.
///
/// `T` has the crate's own asynchronous traits, as every asynchronous [`Shim`](crate::Shim) has: `BlockOn` goes around the shim, where
/// [`TokioContext`](crate::rt::TokioContext) goes inside it. `BlockOn<T>` has the synchronous ones: `std::io::{Read, Write,
/// BufRead, Seek}`, [`ReadBuf`] and [`WriteVectored`]. Nothing is buffered and nothing zeroed on the way.
///
/// # Where it may be used
///
/// | called | what happens |
/// |---|---|
/// | on a thread of one's own, `main` included | waits |
/// | in tokio's `spawn_blocking` | waits |
/// | in tokio's `block_in_place` | waits |
/// | in smol's `unblock` | waits |
/// | in a task of tokio's, or in its `Runtime::block_on` | panics |
/// | in a task of smol's, or in its `block_on` | waits, and nothing else runs on that thread |
/// | in the `block_on` of `futures::executor` or of pollster | waits, and nothing else runs on that thread |
/// | with the handle of a `current_thread` runtime that nobody drives | waits until somebody drives it |
///
/// Other executors than tokio cannot be asked whether blocking is allowed. There, a call that waits for something which a task
/// of the same thread has to do **never returns**: use a thread of its own (smol's `unblock`, `std::thread::spawn`).
///
/// The sockets, files and timers of a `current_thread` runtime of tokio's make progress while a thread is in that runtime's
/// `block_on`, and no [`Handle`] can be that thread (tokio#7441). Give `BlockOn` a type of a runtime that has threads of its
/// own, or see to it that another thread drives it.
///
/// A destructor of a thread-local may run after tokio's own thread-local was destroyed. Calls wait
/// without a runtime there, even with a handle. Sockets and pipes work. tokio's files panic, which
/// ends the process.
///
/// # Flushing files
///
/// A file of tokio's or smol's writes on another thread. Unlike a file of std's, it needs a `flush`
/// or a [`shutdown`](BlockOn::shutdown) before it is dropped. Otherwise the last write may be lost.
///
/// # Panics
///
/// Within a tokio context where blocking is not allowed, every call panics with tokio's own message: "Cannot start a runtime
/// from within a runtime. [...]".
///
/// # Examples
///
/// A synchronous parser over an asynchronous stream, moved to where blocking is allowed:
///
/// ```
/// use io_shim::{Shim, rt::BlockOn};
/// use std::io::{BufRead, BufReader};
/// use tokio::io::AsyncWriteExt;
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() -> std::io::Result<()> {
///     let (mut one, two) = tokio::io::duplex(64);
///     let parsing = tokio::task::spawn_blocking(move || {
///         let mut lines = BufReader::new(BlockOn::new(Shim::from_tokio(two))).lines();
///         lines.next().unwrap()
///     });
///     one.write_all(b"first line\nsecond line\n").await?;
///     assert_eq!(parsing.await??, "first line");
///     Ok(())
/// }
/// ```
pub struct BlockOn<T> {
    io: T,
    #[cfg(feature = "tokio")]
    handle: Option<Handle>,
    /// Made when a call first has to wait outside any runtime.
    signal: Option<Arc<Signal>>,
}

/// Wakes whoever waits for it. It is nobody else's: the thread's own token (`thread::park`) belongs to the executor around.
#[derive(Default)]
struct Signal {
    woken: Mutex<bool>,
    changed: Condvar,
}

impl<T> BlockOn<T> {
    /// Wraps `io`. Calls wait in the tokio runtime in whose context they are made, or, where there is none, without one.
    pub fn new(io: T) -> Self {
        BlockOn {
            io,
            #[cfg(feature = "tokio")]
            handle: None,
            signal: None,
        }
    }

    /// Wraps `io`, which needs a context of tokio's: calls wait in that of `handle`, from whatever thread they are made.
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::{Shim, rt::{BlockOn, Embedded}};
    ///
    /// // A file of tokio's, on a thread that knows nothing of tokio.
    /// let handle = Embedded::global()?.handle().clone();
    /// let file = tokio::fs::File::from_std(std::fs::File::open("README.md")?);
    /// let text = std::io::read_to_string(BlockOn::with_handle(Shim::from_tokio(file), handle))?;
    /// assert!(text.starts_with("# io-shim"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(feature = "tokio")]
    #[cfg_attr(docsrs, doc(cfg(feature = "tokio")))]
    pub fn with_handle(io: T, handle: Handle) -> Self {
        BlockOn { io, handle: Some(handle), signal: None }
    }

    /// The type inside.
    pub fn get_ref(&self) -> &T {
        &self.io
    }

    /// The type inside.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.io
    }

    /// Gives back the type inside. No data is lost: none is held.
    pub fn into_inner(self) -> T {
        self.io
    }
}

impl<T: AsyncWrite + Unpin> BlockOn<T> {
    /// Flushes and ends the stream, which no trait of std's does.
    ///
    /// This closes the type inside. A few types do not end the stream then: see
    /// `Shim::from_futures`.
    ///
    /// # Errors
    ///
    /// Those of the type inside.
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::{Shim, rt::BlockOn};
    /// use std::io::{Read as _, Write as _};
    ///
    /// let (one, two) = tokio::io::duplex(64);
    /// let mut one = BlockOn::new(Shim::from_tokio(one));
    /// one.write_all(b"hello")?;
    /// one.shutdown()?; // the other end reads the end of the stream
    /// let mut text = String::new();
    /// BlockOn::new(Shim::from_tokio(two)).read_to_string(&mut text)?;
    /// assert_eq!(text, "hello");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn shutdown(&mut self) -> io::Result<()> {
        self.wait(|io, cx| io.poll_shutdown(cx))
    }
}

impl<T: Unpin> BlockOn<T> {
    /// Polls until ready, blocking the thread in between.
    fn wait<R>(&mut self, mut poll: impl FnMut(Pin<&mut T>, &mut Context<'_>) -> Poll<R>) -> R {
        #[cfg(feature = "tokio")]
        {
            let current;
            let handle = match &self.handle {
                // Without a context, the thread waits for the signal below.
                Some(_) if !enter::has_context() => None,
                Some(handle) => Some(handle),
                None => {
                    current = Handle::try_current().ok();
                    current.as_ref()
                }
            };
            if let Some(handle) = handle {
                let io = &mut self.io;
                return handle.block_on(std::future::poll_fn(|cx| poll(Pin::new(io), cx)));
            }
        }
        let signal = self.signal.get_or_insert_default();
        let waker = Waker::from(Arc::clone(signal));
        let mut cx = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(result) = poll(Pin::new(&mut self.io), &mut cx) {
                return result;
            }
            signal.wait();
        }
    }
}

impl Signal {
    fn woken(&self) -> MutexGuard<'_, bool> {
        self.woken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it was woken, since it last waited.
    fn wait(&self) {
        let woken = self.changed.wait_while(self.woken(), |woken| !*woken);
        *woken.unwrap_or_else(PoisonError::into_inner) = false;
    }
}

/// The error for a buffered reader that is not ready to give again what it gave just before.
#[cold]
fn taken_back(filled: usize) -> io::Error {
    let message = format!(
        "the inner reader gave {filled} bytes of its buffer and was then not ready to give them again: `poll_fill_buf` must, until \
         `consume` takes them"
    );
    io::Error::new(io::ErrorKind::InvalidData, message)
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        *self.woken() = true;
        self.changed.notify_one();
    }
}

#[deny(clippy::missing_trait_methods)]
impl<T: AsyncReadBuf + Unpin> ReadBuf for BlockOn<T> {
    fn read_into(&mut self, mut cursor: BorrowedCursor<'_>) -> io::Result<()> {
        let before = cursor.written().len();
        self.wait(|io, cx| match io.poll_read_into(cx, cursor.reborrow()) {
            // Against its contract, a reader filled before `Pending`. It may never wake for this.
            Poll::Pending if cursor.written().len() > before => Poll::Ready(Ok(())),
            poll => poll,
        })
    }

    fn read_into_slice(&mut self, slice: &mut [u8]) -> io::Result<usize> {
        let n = self.wait(|io, cx| io.poll_read_into_slice(cx, slice))?;
        ContractViolation::check_read(n, slice.len())
    }

    fn read_into_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let room = Room::of(bufs);
        room.check(self.wait(|io, cx| io.poll_read_into_vectored(cx, bufs))?)
    }

    fn supports_vectored_reads(&self) -> bool {
        self.io.supports_vectored_reads()
    }

    fn init_hint(&self, capacity: usize) -> usize {
        self.io.init_hint(capacity)
    }
}

impl<T: AsyncReadBuf + Unpin> Read for BlockOn<T> {
    traits::std_read!();
}

impl<T: AsyncBufRead + AsyncReadBuf + Unpin> BufRead for BlockOn<T> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let filled = self.wait(|io, cx| io.poll_fill_buf(cx).map_ok(<[u8]>::len))?;
        if filled == 0 {
            return Ok(&[]);
        }
        // A slice cannot be returned from within the wait. What is in the buffer by now is given again without reading.
        #[cfg(feature = "tokio")]
        let _context = self.handle.as_ref().and_then(enter::enter);
        match Pin::new(&mut self.io).poll_fill_buf(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(chunk) => chunk,
            Poll::Pending => Err(taken_back(filled)),
        }
    }

    fn consume(&mut self, n: usize) {
        Pin::new(&mut self.io).consume(n);
    }
}

/// [`flush`](Write::flush) flushes; [`BlockOn::shutdown`] ends the stream.
impl<T: AsyncWrite + Unpin> Write for BlockOn<T> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let n = self.wait(|io, cx| io.poll_write(cx, data))?;
        ContractViolation::check_write(n, data.len())
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.wait(|io, cx| io.poll_write_vectored(cx, bufs))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.wait(|io, cx| io.poll_flush(cx))
    }
}

impl<T: AsyncWrite + Unpin> WriteVectored for BlockOn<T> {
    fn supports_vectored_writes(&self) -> bool {
        self.io.supports_vectored_writes()
    }
}

impl<T: AsyncSeek + Unpin> Seek for BlockOn<T> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.wait(|io, cx| io.poll_seek(cx, position))
    }
}

references!([] BlockOn<T>);
descriptors!([] BlockOn<T>);

/// Waits in the same runtime, for itself.
impl<T: Clone> Clone for BlockOn<T> {
    fn clone(&self) -> Self {
        BlockOn {
            io: self.io.clone(),
            #[cfg(feature = "tokio")]
            handle: self.handle.clone(),
            signal: None,
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for BlockOn<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockOn").field("io", &self.io).finish_non_exhaustive()
    }
}
