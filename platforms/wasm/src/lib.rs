//! A gzip decoder of tokio's over a `Stream` of chunks, as a browser's `fetch` gives them.
//!
//! `fetch.mjs` passes each chunk to [`chunk`] and prints the [`text`]. It runs in Node; a browser
//! can do the same.

use std::cell::RefCell;
use std::io;
use std::task::{Context, Poll, Waker};

use async_compression::tokio::bufread::GzipDecoder;
use bytes::Bytes;
use futures::channel::mpsc::{UnboundedSender, unbounded};
use futures::future::{FutureExt as _, LocalBoxFuture};
use io_shim::Shim;
use tokio::io::AsyncReadExt as _;

/// A download that is being decoded.
struct Download {
    chunks: UnboundedSender<io::Result<Bytes>>,
    task: LocalBoxFuture<'static, io::Result<String>>,
    text: Option<String>,
}

thread_local!(static DOWNLOAD: RefCell<Download> = RefCell::new(Download::new()));

impl Download {
    fn new() -> Self {
        let (chunks, stream) = unbounded();
        let task = async {
            let mut text = String::new();
            GzipDecoder::new(Shim::from_stream(stream)).read_to_string(&mut text).await?;
            Ok(text)
        };
        Download { chunks, task: task.boxed_local(), text: None }
    }

    /// Decodes what there is. JavaScript calls this after each chunk, so nothing has to be woken.
    fn poll(&mut self) {
        if let Poll::Ready(text) = self.task.poll_unpin(&mut Context::from_waker(Waker::noop())) {
            self.text = Some(text.unwrap_or_else(|error| format!("error: {error}")));
        }
    }
}

/// Returns memory for a chunk, which [`chunk`] takes back.
#[unsafe(no_mangle)]
pub extern "C" fn allocate(len: usize) -> *mut u8 {
    Box::into_raw(vec![0; len].into_boxed_slice()).cast()
}

/// Takes a chunk of the response.
///
/// # Safety
///
/// `at` is the result of `allocate(len)`, and is passed once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn chunk(at: *mut u8, len: usize) {
    // SAFETY: `allocate` made the box, with this length.
    let chunk = unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(at, len)) };
    DOWNLOAD.with_borrow_mut(|download| {
        download.chunks.unbounded_send(Ok(chunk.into())).expect("the decoder has not ended");
        download.poll();
    });
}

/// Ends the response. Returns the length of the text, which is at [`text`].
#[unsafe(no_mangle)]
pub extern "C" fn end() -> usize {
    DOWNLOAD.with_borrow_mut(|download| {
        download.chunks.close_channel();
        if download.text.is_none() {
            download.poll();
        }
        download.text.as_ref().expect("the decoder has ended").len()
    })
}

/// Returns the address of the text.
#[unsafe(no_mangle)]
pub extern "C" fn text() -> *const u8 {
    DOWNLOAD.with_borrow(|download| download.text.as_ref().map_or(std::ptr::null(), |text| text.as_ptr()))
}
