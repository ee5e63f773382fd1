//! [`BlockOn`]: asynchronous readers and writers in synchronous code.

use std::fmt;
use std::io::{self, BufRead};
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

#[cfg(feature = "tokio")]
use super::enter;
use crate::traits::{AsyncBufRead, AsyncReadBuf, AsyncWrite};

#[cfg(feature = "tokio")]
use tokio::runtime::Handle;

/// Makes an asynchronous reader or writer synchronous.
///
/// Each call blocks the calling thread until the operation completes. `BlockOn` itself buffers and
/// zeroes nothing.
///
/// `T` implements io-shim's asynchronous traits, as every asynchronous [`Shim`](crate::Shim) does.
/// `BlockOn<T>` implements `std::io::{Read, Write, BufRead, Seek}`, [`ReadBuf`](crate::ReadBuf) and
/// [`WriteVectored`](crate::WriteVectored). Put the shim into the `BlockOn`:
/// `BlockOn::new(Shim::from_tokio(socket))`. But put a [`TokioContext`](crate::rt::TokioContext)
/// into the shim: `Shim::from_tokio(TokioContext::new(file, handle))`.
///
/// # Where it may be used
///
/// | called | what happens |
/// |---|---|
/// | on a separate thread, or in `main` | waits |
/// | in tokio's `spawn_blocking` | waits |
/// | in tokio's `block_in_place` | waits |
/// | in smol's `unblock` | waits |
/// | in a tokio task, or in `Runtime::block_on` | panics |
/// | in a smol task, or in smol's `block_on` | waits; nothing else runs on that thread |
/// | in the `block_on` of `futures::executor` or pollster | waits; nothing else runs on that thread |
/// | with the handle of a `current_thread` runtime that no thread drives | waits until a thread drives it |
///
/// Only tokio reports whether blocking is allowed. On other executors, a call **never returns** if
/// it waits for a task of the same thread. On these executors, use a separate thread (smol's
/// `unblock`, `std::thread::spawn`).
///
/// The sockets and timers of a `current_thread` tokio runtime make progress only while a thread is
/// in that runtime's `block_on`. `BlockOn` cannot drive the runtime through a [`Handle`]
/// (tokio#7441). Use a runtime with its own threads, or drive the runtime on another thread. The
/// files of tokio are an exception: they work even if no thread drives the runtime.
///
/// The destructor of a thread-local may run after tokio's own thread-local was destroyed. In such a
/// destructor, calls do not enter a tokio runtime, even if `BlockOn` has a handle. Sockets and
/// pipes work. tokio's files panic, which aborts the process.
///
/// # Flushing files
///
/// Files of tokio and smol write on another thread. Unlike a std file, they need a `flush` or a
/// [`shutdown`](BlockOn::shutdown) before they are dropped. Otherwise the last write may be lost.
///
/// # Panics
///
/// Panics in a tokio context where blocking is not allowed, with tokio's message: "Cannot start a
/// runtime from within a runtime. [...]".
///
/// # Examples
///
/// Runs a synchronous parser over an asynchronous stream, on a thread where blocking is allowed:
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
    pub(super) io: T,
    #[cfg(feature = "tokio")]
    handle: Option<Handle>,
    /// Created by the first call that runs without a tokio runtime.
    signal: Option<Arc<Signal>>,
}

/// Wakes the thread that waits for it.
///
/// It does not use `thread::park`. The calling code may itself run in an executor that parks this
/// thread. The wait here could then take a wake-up that is meant for that executor.
#[derive(Default)]
struct Signal {
    woken: Mutex<bool>,
    changed: Condvar,
}

impl<T> BlockOn<T> {
    /// Wraps `io`.
    ///
    /// If a later call, such as `read`, is made in the context of a tokio runtime, it waits in that
    /// runtime. Otherwise it waits without a runtime.
    pub fn new(io: T) -> Self {
        BlockOn {
            io,
            #[cfg(feature = "tokio")]
            handle: None,
            signal: None,
        }
    }

    /// Wraps `io`, which needs a tokio context.
    ///
    /// Calls from any thread wait in the runtime of `handle`.
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::{Shim, rt::{BlockOn, Embedded}};
    ///
    /// // A tokio file, on a thread without a tokio runtime.
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
}

impl<T: AsyncWrite + Unpin> BlockOn<T> {
    /// Flushes and ends the stream. No std trait has such a method.
    ///
    /// This closes the inner type. With a few types, the peer does not see the end of the stream
    /// after that: see [CLOSING](https://docs.rs/crate/io-shim/latest/source/docs/CLOSING.md).
    ///
    /// # Errors
    ///
    /// Returns an error if the inner type does.
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
    /// Polls until ready, and blocks the thread between the polls.
    pub(super) fn wait<R>(&mut self, mut poll: impl FnMut(Pin<&mut T>, &mut Context<'_>) -> Poll<R>) -> R {
        #[cfg(feature = "tokio")]
        {
            let current = Handle::try_current().ok();
            let handle = self.handle.as_ref().filter(|_| enter::has_context());
            // If no context can be entered, there is no current one, and the signal below is used.
            if let Some(handle) = handle.or(current.as_ref()) {
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
    /// Blocks until `wake` is called. Returns at once if it was called since the last `wait`.
    fn wait(&self) {
        let woken = self.woken.lock().unwrap_or_else(PoisonError::into_inner);
        let woken = self.changed.wait_while(woken, |woken| !*woken);
        *woken.unwrap_or_else(PoisonError::into_inner) = false;
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        *self.woken.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_one();
    }
}

impl<T: AsyncBufRead + AsyncReadBuf + Unpin> BufRead for BlockOn<T> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let filled = self.wait(|io, cx| io.poll_fill_buf(cx).map_ok(<[u8]>::len))?;
        if filled == 0 {
            return Ok(&[]);
        }
        // The slice cannot leave the closure above, so a second call gets the same data again.
        #[cfg(feature = "tokio")]
        let _context = self.handle.as_ref().and_then(enter::enter);
        match Pin::new(&mut self.io).poll_fill_buf(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(chunk) => chunk,
            // The inner reader withdrew the data that it had just returned.
            Poll::Pending => {
                let message = format!(
                    "the inner reader returned {filled} buffered bytes and then `Pending`: `poll_fill_buf` must return the same \
                     bytes until `consume` takes them"
                );
                Err(io::Error::new(io::ErrorKind::InvalidData, message))
            }
        }
    }

    fn consume(&mut self, n: usize) {
        Pin::new(&mut self.io).consume(n);
    }
}

/// A clone has the same handle.
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
