//! [`NonBlocking`]: asynchronous readers and writers in synchronous state machines that must not
//! block.

use std::cell::Cell;
use std::io::{self, BufRead};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::traits::{AsyncBufRead, AsyncReadBuf, AsyncWrite};

/// Makes an asynchronous reader or writer synchronous, without blocking.
///
/// If the inner type returns `Pending`, a call returns an error of kind
/// [`WouldBlock`](io::ErrorKind::WouldBlock). Many synchronous libraries are state machines that
/// handle this error: tungstenite, native-tls, openssl, rustls. Put the `NonBlocking` into the
/// machine, and call the machine inside [`poll_nonblocking`], which converts `WouldBlock` back to
/// `Pending`. `NonBlocking` itself buffers and zeroes nothing.
///
/// `T` implements io-shim's asynchronous traits, as every asynchronous [`Shim`](crate::Shim) does.
/// `NonBlocking<T>` implements `std::io::{Read, Write, BufRead, Seek}`,
/// [`ReadBuf`](crate::ReadBuf) and [`WriteVectored`](crate::WriteVectored).
///
/// # Which task is woken
///
/// | call | who is woken |
/// |---|---|
/// | in [`poll_nonblocking`] | the task of the innermost `poll_nonblocking` on the thread |
/// | in the inner type, while it is polled | needs a `poll_nonblocking` of its own, with the context that the inner type got |
/// | elsewhere, for example on another thread | nobody: the call returns an error that says so |
///
/// A call passes the waker to the inner type and keeps nothing. Most types keep the waker of the
/// last read and the waker of the last write, and no others. Therefore:
///
/// * One task may read and another one may write. Both are woken.
/// * If two tasks read, only the task that read last is woken. The same is true of two writers.
/// * A TLS or WebSocket machine also writes when it is asked to read, and the reverse. Do not share
///   such a machine between a reading and a writing task. Use it in one task.
///
/// # Methods that loop
///
/// Some methods of std's traits call `read` or `write` several times. After `WouldBlock`,
/// `read_exact`, `write_all`, `read_to_string` and `read_line` may have lost data or count. Do not
/// use them here. `read_to_end` and `read_until` can be called again: what they have read is in the
/// vector.
///
/// # Errors
///
/// Each call returns
///
/// * an error of kind `WouldBlock` if the inner type returns `Pending`. A shim that yields does so,
///   too.
/// * an error of kind [`Other`](io::ErrorKind::Other) outside [`poll_nonblocking`]. The inner type
///   is not called.
/// * an error of kind [`InvalidData`](io::ErrorKind::InvalidData) if the inner type itself returns
///   the error `WouldBlock`. No waker waits for that, so the task would never be woken.
/// * any other error of the inner type.
///
/// # Examples
///
/// std's `BufReader`, in a task:
///
/// ```
/// use io_shim::{Shim, rt::{NonBlocking, poll_nonblocking}};
/// use std::{future::poll_fn, io::{BufRead, BufReader}};
/// use tokio::io::AsyncWriteExt;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let (mut one, two) = tokio::io::duplex(4);
/// tokio::spawn(async move { one.write_all(b"first line\nsecond line\n").await });
/// let mut reader = BufReader::new(NonBlocking::new(Shim::from_tokio(two)));
/// let mut line = Vec::new();
/// poll_fn(|cx| poll_nonblocking(cx, || reader.read_until(b'\n', &mut line))).await?;
/// assert_eq!(line, b"first line\n");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct NonBlocking<T> {
    pub(super) io: T,
}

/// Calls a synchronous state machine in the task of `cx`, and returns `Pending` if it would block.
///
/// While `operate` runs, calls of any [`NonBlocking`] on this thread use the waker of `cx`. After
/// that, or after a panic, the `poll_nonblocking` around this one applies again.
///
/// If a machine has its own type of error, return the `io::Error` in it as the error, and any other
/// outcome as `Ok`: see the example.
///
/// # Errors
///
/// Returns an error if `operate` does. `WouldBlock` becomes `Pending` if a call of a `NonBlocking`
/// inside `operate` returned it. Otherwise no waker was registered, and the result is an error of
/// kind [`Other`](io::ErrorKind::Other) that says so. This finds machines that return `WouldBlock`
/// although they have not read until the `NonBlocking` returned it.
///
/// # Cancel safety
///
/// Nothing is kept between calls, except in the machine.
///
/// # Examples
///
/// tungstenite wraps the `io::Error` in an error of its own:
///
/// ```
/// use async_tungstenite::tungstenite::{Error, Message, WebSocket};
/// use io_shim::rt::poll_nonblocking;
/// use std::{future::poll_fn, io::{Read, Write}};
///
/// async fn receive(socket: &mut WebSocket<impl Read + Write>) -> Result<Message, Error> {
///     poll_fn(|cx| poll_nonblocking(cx, || match socket.read() {
///         Err(Error::Io(error)) => Err(error),
///         result => Ok(result),
///     }))
///     .await?
/// }
/// # use async_tungstenite::tungstenite::protocol::Role;
/// # use io_shim::{Shim, rt::NonBlocking};
/// # let frame = &b"\x81\x05hello"[..];
/// # let stream = NonBlocking::new(Shim::from_tokio(tokio::io::join(frame, tokio::io::sink())));
/// # let mut socket = WebSocket::from_raw_socket(stream, Role::Client, None);
/// # assert_eq!(pollster::block_on(receive(&mut socket)).unwrap().to_text().unwrap(), "hello");
/// ```
pub fn poll_nonblocking<R>(cx: &mut Context<'_>, operate: impl FnOnce() -> io::Result<R>) -> Poll<io::Result<R>> {
    let _outer = Restore(replace(Some(Scope { waker: cx.waker().clone(), would_block: false })));
    let result = operate();
    let registered = replace(None).is_some_and(|scope| scope.would_block);
    match result {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock && registered => Poll::Pending,
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Ready(Err(io::Error::other(
            "the state machine returned `WouldBlock`, but none of its calls of a `NonBlocking` did, so nothing would wake the \
             task: let it read or write until a call returns `WouldBlock`",
        ))),
        result => Poll::Ready(result),
    }
}

/// What a call of `poll_nonblocking` shares with the calls inside it.
struct Scope {
    waker: Waker,
    /// Whether a call inside it returned `WouldBlock`.
    would_block: bool,
}

thread_local! {
    /// The innermost scope. While an inner type is polled there is none, because the inner type may
    /// have been given a context of its own.
    static SCOPE: Cell<Option<Scope>> = const { Cell::new(None) };
}

/// Replaces the innermost scope. There is none after the thread-local was destroyed.
fn replace(scope: Option<Scope>) -> Option<Scope> {
    SCOPE.try_with(|current| current.replace(scope)).ok().flatten()
}

/// When it is dropped, its scope is the innermost one again.
struct Restore(Option<Scope>);

impl Drop for Restore {
    fn drop(&mut self) {
        replace(self.0.take());
    }
}

impl<T> NonBlocking<T> {
    /// Wraps `io`.
    pub fn new(io: T) -> Self {
        NonBlocking { io }
    }
}

impl<T: AsyncWrite + Unpin> NonBlocking<T> {
    /// Flushes and ends the stream. No std trait has such a method.
    ///
    /// This closes the inner type. With a few types, the peer does not see the end of the stream
    /// after that: see [CLOSING](https://docs.rs/crate/io-shim/latest/source/docs/CLOSING.md).
    ///
    /// # Errors
    ///
    /// Returns the errors that are listed [above](NonBlocking#errors).
    ///
    /// # Examples
    ///
    /// ```
    /// use io_shim::{Shim, rt::{NonBlocking, poll_nonblocking}};
    /// use std::future::poll_fn;
    /// use tokio::io::AsyncReadExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, mut two) = tokio::io::duplex(64);
    /// let mut one = NonBlocking::new(Shim::from_tokio(one));
    /// poll_fn(|cx| poll_nonblocking(cx, || one.shutdown())).await?;
    /// assert_eq!(two.read(&mut [0]).await?, 0); // the other end reads the end of the stream
    /// # Ok(())
    /// # }
    /// ```
    pub fn shutdown(&mut self) -> io::Result<()> {
        self.wait(|io, cx| io.poll_shutdown(cx))
    }
}

impl<T: Unpin> NonBlocking<T> {
    /// Polls once, with the waker of the innermost scope.
    pub(super) fn wait<'a, R>(
        &'a mut self,
        poll: impl FnOnce(Pin<&'a mut T>, &mut Context<'_>) -> Poll<io::Result<R>>,
    ) -> io::Result<R> {
        let mut current = Restore(replace(None));
        let Some(scope) = &mut current.0 else {
            return Err(io::Error::other(
                "a `NonBlocking` was used outside `poll_nonblocking`, where no task can be woken: call the state machine in \
                 `io_shim::rt::poll_nonblocking`, on the thread that polls the task",
            ));
        };
        match poll(Pin::new(&mut self.io), &mut Context::from_waker(&scope.waker)) {
            Poll::Pending => {
                scope.would_block = true;
                Err(io::ErrorKind::WouldBlock.into())
            }
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                let message = format!(
                    "the type inside a `NonBlocking` returned the error `WouldBlock` ({error}): it must return `Pending` and wake \
                     the task later"
                );
                Err(io::Error::new(io::ErrorKind::InvalidData, message))
            }
            Poll::Ready(result) => result,
        }
    }
}

impl<T: AsyncBufRead + AsyncReadBuf + Unpin> BufRead for NonBlocking<T> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.wait(|io, cx| io.poll_fill_buf(cx))
    }

    fn consume(&mut self, n: usize) {
        Pin::new(&mut self.io).consume(n);
    }
}
