//! Seeks in one phase (futures-io, io-shim) over seeks in two (tokio), and back: cancelled,
//! interleaved, immediate, on real files.

use std::io::{self, Cursor, SeekFrom};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll};

use io_shim::{AsyncBufRead, AsyncReadBuf, AsyncSeek, AsyncWrite, Shim};
#[cfg(not(target_family = "wasm"))]
use tokio::io::AsyncWriteExt as _;
use tokio::io::{AsyncReadExt as _, AsyncSeek as _, AsyncSeekExt as _};

use crate::mock::{Wakes, context, ready};

/// A tokio type whose seeks take a second poll. A seek that is not completed has no effect.
#[derive(Default)]
pub struct Slow {
    position: u64,
    started: Option<SeekFrom>,
    waited: bool,
}

impl tokio::io::AsyncSeek for Slow {
    fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        self.started = Some(position);
        self.waited = false;
        Ok(())
    }

    fn poll_complete(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let Some(seek) = self.started else { return Poll::Ready(Ok(self.position)) };
        if !std::mem::replace(&mut self.waited, true) {
            return Poll::Pending;
        }
        self.started = None;
        match seek {
            SeekFrom::Start(position) => self.position = position,
            SeekFrom::Current(n) => {
                self.position = self.position.checked_add_signed(n).ok_or(io::ErrorKind::InvalidInput)?
            }
            SeekFrom::End(_) => return Poll::Ready(Err(io::ErrorKind::Unsupported.into())),
        }
        Poll::Ready(Ok(self.position))
    }
}

impl tokio::io::AsyncRead for Slow {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.started = None;
        self.position += buf.remaining() as u64;
        buf.initialize_unfilled();
        buf.set_filled(buf.capacity());
        Poll::Ready(Ok(()))
    }
}

impl tokio::io::AsyncWrite for Slow {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(data.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A futures-io type whose seeks take a second poll.
impl futures::io::AsyncSeek for Slow {
    fn poll_seek(mut self: Pin<&mut Self>, cx: &mut Context<'_>, position: SeekFrom) -> Poll<io::Result<u64>> {
        if self.started != Some(position) {
            self.as_mut().start_seek(position)?;
        }
        self.poll_complete(cx)
    }
}

#[test]
fn a_seek_that_was_given_up_is_not_taken_for_a_later_one() {
    let mut shim = Shim::from_tokio(Slow::default()).for_futures();
    let mut cx = context();
    let five = SeekFrom::Current(5);
    assert!(futures::io::AsyncSeek::poll_seek(Pin::new(&mut shim), &mut cx, five).is_pending());
    assert_eq!(ready(futures::io::AsyncRead::poll_read(Pin::new(&mut shim), &mut cx, &mut [0; 6])).unwrap(), 6);
    let mut polls = 0;
    let position = loop {
        polls += 1;
        if let Poll::Ready(position) = futures::io::AsyncSeek::poll_seek(Pin::new(&mut shim), &mut cx, five) {
            break position.unwrap();
        }
    };
    assert_eq!((position, polls), (11, 2));
}

#[test]
fn the_same_seek_with_nothing_between_continues() {
    let mut shim = Shim::from_tokio(Slow::default());
    let mut cx = context();
    assert!(AsyncSeek::poll_seek(Pin::new(&mut shim), &mut cx, SeekFrom::Current(5)).is_pending());
    let position = AsyncSeek::poll_seek(Pin::new(&mut shim), &mut cx, SeekFrom::Current(5));
    assert!(matches!(position, Poll::Ready(Ok(5))));
}

#[test]
fn another_seek_starts_anew() {
    let mut shim = Shim::from_tokio(Slow::default());
    let mut cx = context();
    assert!(AsyncSeek::poll_seek(Pin::new(&mut shim), &mut cx, SeekFrom::Current(5)).is_pending());
    // tokio requires that the first seek is completed; the second starts after it.
    let mut polls = 0;
    let position = loop {
        polls += 1;
        if let Poll::Ready(position) = AsyncSeek::poll_seek(Pin::new(&mut shim), &mut cx, SeekFrom::Start(9)) {
            break position.unwrap();
        }
    };
    assert_eq!((position, polls), (9, 2));
}

#[test]
fn every_access_that_may_move_the_position_forgets_a_pending_seek() {
    type Access = fn(&mut Shim<tokio::io::BufReader<Slow>, io_shim::Tokio>);
    let accesses: [Access; 8] = [
        |shim| _ = Pin::new(shim).poll_read_into_slice(&mut context(), &mut [0; 1]),
        |shim| _ = Pin::new(shim).poll_fill_buf(&mut context()).is_ready(),
        |shim| AsyncBufRead::consume(Pin::new(shim), 0),
        |shim| _ = AsyncWrite::poll_flush(Pin::new(shim), &mut context()),
        |shim| _ = AsyncWrite::poll_shutdown(Pin::new(shim), &mut context()),
        |shim| _ = shim.get_mut(),
        |shim| _ = Pin::new(shim).get_pin_mut(),
        |shim| _ = AsMut::<tokio::io::BufReader<Slow>>::as_mut(shim),
    ];
    for access in accesses {
        let mut shim = Shim::from_tokio(tokio::io::BufReader::with_capacity(4, Slow::default()));
        let mut cx = context();
        let five = SeekFrom::Start(5);
        assert!(AsyncSeek::poll_seek(Pin::new(&mut shim), &mut cx, five).is_pending());
        access(&mut shim);
        shim.get_ref();
        // Continuing would take one more poll. Completing the seek and starting it anew takes two.
        let first = AsyncSeek::poll_seek(Pin::new(&mut shim), &mut cx, five);
        assert!(first.is_pending());
        assert!(matches!(AsyncSeek::poll_seek(Pin::new(&mut shim), &mut cx, five), Poll::Ready(Ok(5))));
    }
}

#[test]
fn in_two_phases_a_seek_that_needs_no_wait_is_done_at_once() {
    let mut shim = Shim::from_futures(futures::io::Cursor::new(b"abcdef")).for_tokio();
    Pin::new(&mut shim).start_seek(SeekFrom::Start(2)).unwrap();
    // A read before `poll_complete` reads at the new position, as with tokio's own types.
    let mut byte = [0];
    futures::executor::block_on(shim.read_exact(&mut byte)).unwrap();
    assert_eq!(&byte, b"c");
    Pin::new(&mut shim).start_seek(SeekFrom::End(-1)).unwrap();
    assert!(matches!(Pin::new(&mut shim).poll_complete(&mut context()), Poll::Ready(Ok(5))));
    assert!(Pin::new(&mut shim).start_seek(SeekFrom::Current(-9)).is_err());
    assert!(Pin::new(&mut shim).poll_complete(&mut context()).is_ready());
}

#[test]
fn in_two_phases_a_seek_that_waits_completes() {
    let mut shim = Shim::from_futures(Slow::default()).for_tokio();
    let mut cx = context();
    Pin::new(&mut shim).start_seek(SeekFrom::Start(7)).unwrap();
    assert!(matches!(Pin::new(&mut shim).poll_complete(&mut cx), Poll::Ready(Ok(7))));
    Pin::new(&mut shim).start_seek(SeekFrom::End(0)).unwrap();
    assert!(matches!(Pin::new(&mut shim).poll_complete(&mut cx), Poll::Ready(Err(_))));
    let mut nested = Shim::from_futures(Shim::from_tokio(Shim::from_futures(Slow::default()))).for_tokio();
    assert_eq!(futures::executor::block_on(nested.seek(SeekFrom::Start(3))).unwrap(), 3);
    assert_eq!(futures::executor::block_on(nested.seek(SeekFrom::Current(3))).unwrap(), 6);
}

#[test]
fn a_seek_in_two_phases_that_is_read_past_is_given_up() {
    let mut shim = Shim::from_tokio(Slow::default()).for_tokio();
    let mut cx = context();
    Pin::new(&mut shim).start_seek(SeekFrom::Start(100)).unwrap();
    futures::executor::block_on(shim.read_exact(&mut [0; 6])).unwrap();
    assert!(Pin::new(&mut shim).poll_complete(&mut cx).is_ready());
    assert_eq!(shim.get_ref().position, 6);
}

#[cfg(not(target_family = "wasm"))]
#[test]
fn a_real_file_is_written_sought_and_read_in_both_ecosystems() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    runtime.block_on(async {
        let file = tokio::fs::File::from_std(tempfile::tempfile().unwrap());
        let mut shim = Shim::from_tokio(file).for_futures();
        // In futures-io, a seek may follow a write directly.
        futures::io::AsyncWriteExt::write_all(&mut shim, b"hello world").await.unwrap();
        assert_eq!(futures::io::AsyncSeekExt::seek(&mut shim, SeekFrom::Start(6)).await.unwrap(), 6);
        let mut text = String::new();
        futures::io::AsyncReadExt::read_to_string(&mut shim, &mut text).await.unwrap();
        assert_eq!(text, "world");
        // The same in tokio, through one more shim.
        let mut shim = Shim::from_futures(shim).for_tokio();
        shim.seek(SeekFrom::End(-5)).await.unwrap();
        shim.write_all(b"there").await.unwrap();
        assert_eq!(shim.stream_position().await.unwrap(), 11);
        shim.rewind().await.unwrap();
        let mut text = String::new();
        shim.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "hello there");
    });
}

#[test]
fn the_error_of_a_seek_that_was_given_up_is_told_late_and_once() {
    let mut shim = Shim::from_tokio(Slow::default());
    let mut cx = context();
    assert!(AsyncSeek::poll_seek(Pin::new(&mut shim), &mut cx, SeekFrom::Current(-9)).is_pending());
    let seven = SeekFrom::Start(7);
    let error = ready(AsyncSeek::poll_seek(Pin::new(&mut shim), &mut cx, seven)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert!(AsyncSeek::poll_seek(Pin::new(&mut shim), &mut cx, seven).is_pending());
    assert_eq!(ready(AsyncSeek::poll_seek(Pin::new(&mut shim), &mut cx, seven)).unwrap(), 7);
}

/// Accepts a write, fails to perform it, and returns the error once, from the next call: as tokio's
/// file and `BufWriter` do.
#[derive(Default)]
struct Deferring {
    seeks: Slow,
    failed: bool,
}

impl Deferring {
    fn tell(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.failed) { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

impl tokio::io::AsyncWrite for Deferring {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.seeks.started = None;
        self.failed = true;
        Poll::Ready(Ok(data.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.tell())
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.tell())
    }
}

impl tokio::io::AsyncSeek for Deferring {
    fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        Pin::new(&mut self.seeks).start_seek(position)
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        self.tell()?;
        Pin::new(&mut self.seeks).poll_complete(cx)
    }
}

#[test]
fn a_write_that_fails_late_is_told_by_the_next_seek_whether_or_not_one_was_given_up() {
    type Seek = fn(Pin<&mut Shim<Deferring, io_shim::Tokio>>) -> Poll<io::Result<u64>>;
    let seeks: [Seek; 3] = [
        |shim| AsyncSeek::poll_seek(shim, &mut context(), SeekFrom::Start(2)),
        |shim| futures::io::AsyncSeek::poll_seek(shim, &mut context(), SeekFrom::Start(2)),
        |mut shim| match shim.as_mut().start_seek(SeekFrom::Start(2)) {
            Ok(()) => shim.poll_complete(&mut context()),
            Err(error) => Poll::Ready(Err(error)),
        },
    ];
    for (seek, gives_up) in seeks.into_iter().flat_map(|seek| [(seek, false), (seek, true)]) {
        let mut shim = Shim::from_tokio(Deferring::default());
        let mut shim = Pin::new(&mut shim);
        if gives_up {
            assert!(AsyncSeek::poll_seek(shim.as_mut(), &mut context(), SeekFrom::Start(1)).is_pending());
        }
        assert_eq!(ready(AsyncWrite::poll_write(shim.as_mut(), &mut context(), b"data")).unwrap(), 4);
        let mut errors = Vec::new();
        loop {
            match seek(shim.as_mut()) {
                Poll::Ready(Ok(position)) => break assert_eq!(position, 2),
                Poll::Ready(Err(error)) => errors.push(error.kind()),
                Poll::Pending => {}
            }
        }
        assert_eq!(errors, [io::ErrorKind::StorageFull], "given up before: {gives_up}");
    }
}

/// A futures-io type whose seek completes when it is told to.
#[derive(Default)]
struct Told {
    done: std::rc::Rc<std::cell::Cell<bool>>,
    waker: Option<std::task::Waker>,
}

impl futures::io::AsyncSeek for Told {
    fn poll_seek(mut self: Pin<&mut Self>, cx: &mut Context<'_>, _: SeekFrom) -> Poll<io::Result<u64>> {
        if self.done.get() {
            return Poll::Ready(Ok(5));
        }
        self.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

#[test]
fn a_seek_that_completes_between_its_start_and_its_first_poll_is_not_missed() {
    // The seek starts with a waker that does nothing, so the wake-up of its completion is lost.
    let told = Told::default();
    let done = told.done.clone();
    let mut shim = Shim::from_futures(told).for_tokio();
    Pin::new(&mut shim).start_seek(SeekFrom::Start(5)).unwrap();
    done.set(true);
    shim.get_ref().waker.as_ref().unwrap().wake_by_ref();
    // So `poll_complete` must poll instead of waiting for a wake-up.
    assert_eq!(ready(Pin::new(&mut shim).poll_complete(&mut context())).unwrap(), 5);
}

#[test]
fn a_seek_that_completes_after_its_first_poll_wakes_the_task_that_polls() {
    let told = Told::default();
    let done = told.done.clone();
    let mut shim = Shim::from_futures(told).for_tokio();
    Pin::new(&mut shim).start_seek(SeekFrom::Start(5)).unwrap();
    let wakes = Arc::new(Wakes::default());
    let waker = wakes.clone().into();
    let mut cx = Context::from_waker(&waker);
    assert!(Pin::new(&mut shim).poll_complete(&mut cx).is_pending());
    assert_eq!(wakes.0.load(Relaxed), 0);
    done.set(true);
    shim.get_ref().waker.as_ref().unwrap().wake_by_ref();
    assert_eq!(wakes.0.load(Relaxed), 1);
    assert_eq!(ready(Pin::new(&mut shim).poll_complete(&mut cx)).unwrap(), 5);
}

#[cfg(not(target_family = "wasm"))]
#[test]
fn a_real_file_flushed_after_a_seek_was_given_up_seeks_anew() {
    use futures::io::{AsyncSeekExt as _, AsyncWriteExt as _};
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let mut file = tempfile::tempfile().unwrap();
    let before_the_start = std::io::Seek::seek(&mut file, SeekFrom::Current(-900)).unwrap_err().kind();
    runtime.block_on(async {
        let file = tokio::fs::File::from_std(file);
        let mut shim = Shim::from_tokio(file).for_futures();
        // Cancelled after one poll. Whether it was complete by then depends on the thread pool.
        let _ = AsyncSeek::poll_seek(Pin::new(&mut shim), &mut context(), SeekFrom::Start(100));
        shim.flush().await.unwrap();
        assert_eq!(shim.seek(SeekFrom::Start(100)).await.unwrap(), 100);
        // The error of a cancelled seek is returned by the next seek, unless it was returned at
        // once.
        let early = AsyncSeek::poll_seek(Pin::new(&mut shim), &mut context(), SeekFrom::Current(-900));
        if early.is_pending() {
            assert_eq!(shim.seek(SeekFrom::Start(7)).await.unwrap_err().kind(), before_the_start);
        }
        assert_eq!(shim.seek(SeekFrom::Start(7)).await.unwrap(), 7);
    });
}

#[test]
fn a_cursor_seeks_in_every_ecosystem() {
    let mut shim = Shim::new(Cursor::new([0; 10]));
    let mut cx = context();
    assert!(matches!(AsyncSeek::poll_seek(Pin::new(&mut shim), &mut cx, SeekFrom::End(0)), Poll::Ready(Ok(10))));
    let mut shim = shim.for_futures();
    assert!(matches!(
        futures::io::AsyncSeek::poll_seek(Pin::new(&mut shim), &mut cx, SeekFrom::Current(-4)),
        Poll::Ready(Ok(6))
    ));
    let mut shim = shim.for_tokio();
    assert_eq!(futures::executor::block_on(shim.seek(SeekFrom::Start(1))).unwrap(), 1);
}
