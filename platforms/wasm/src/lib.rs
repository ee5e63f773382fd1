//! Decodes a `Stream` of chunks, which a `fetch` returns, with a gzip decoder that needs a tokio
//! reader.
//!
//! `fetch.mjs` passes each chunk to [`chunk`] and compares the [`text`]. It runs in Node. A browser
//! can do the same.

use std::cell::{OnceCell, RefCell};
use std::io;
use std::rc::Rc;

use async_compression::tokio::bufread::GzipDecoder;
use bytes::Bytes;
use futures::channel::mpsc::{UnboundedSender, unbounded};
use futures::executor::LocalPool;
use futures::task::LocalSpawnExt as _;
use io_shim::Shim;
use tokio::io::AsyncReadExt as _;

/// A download that is being decoded.
struct Download {
    chunks: UnboundedSender<io::Result<Bytes>>,
    executor: LocalPool,
    text: Rc<OnceCell<String>>,
}

thread_local!(static DOWNLOAD: RefCell<Download> = RefCell::new(Download::new()));

impl Download {
    fn new() -> Self {
        let (chunks, stream) = unbounded();
        let (executor, text) = (LocalPool::new(), Rc::new(OnceCell::<String>::new()));
        let done = Rc::clone(&text);
        let task = async move {
            let mut text = String::new();
            let result = GzipDecoder::new(Shim::from_stream(stream)).read_to_string(&mut text).await;
            done.set(result.map_or_else(|error| format!("error: {error}"), |_| text)).expect("set once");
        };
        executor.spawner().spawn_local(task).expect("the executor is there");
        Download { chunks, executor, text }
    }
}

/// Returns memory for a chunk. [`chunk`] frees it.
#[unsafe(no_mangle)]
pub extern "C" fn allocate(len: usize) -> *mut u8 {
    Box::into_raw(vec![0u8; len].into_boxed_slice()).cast()
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
        // The decoder ignores what follows the end of the compressed data.
        let _ = download.chunks.unbounded_send(Ok(chunk.into()));
        download.executor.run_until_stalled();
    });
}

/// Ends the response. Returns the length of the text, which is at [`text`].
#[unsafe(no_mangle)]
pub extern "C" fn end() -> usize {
    DOWNLOAD.with_borrow_mut(|download| {
        download.chunks.close_channel();
        download.executor.run_until_stalled();
        download.text.get().expect("the decoder has ended").len()
    })
}

/// Returns the address of the text.
#[unsafe(no_mangle)]
pub extern "C" fn text() -> *const u8 {
    DOWNLOAD.with_borrow(|download| download.text.get().map_or(std::ptr::null(), |text| text.as_ptr()))
}
