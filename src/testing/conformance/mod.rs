//! Suites that check a given reader or writer against the contracts of io-shim's traits.

mod buf_read;
mod read;
mod seek;
mod write;

pub use buf_read::buf_read;
pub use read::read;
pub use seek::seek;
pub use write::write;

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::drive::until_ready;
use crate::traits::AsyncReadBuf;

/// Makes a new reader over the given data.
type Make<'a, R> = &'a mut dyn FnMut(&[u8]) -> Pin<Box<R>>;

/// Returns data without zeroes and without a short period, so that a lost, doubled or invented byte
/// shows.
fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i as u32).wrapping_mul(2_654_435_761).rotate_left(9) as u8 | 1).collect()
}

/// Panics unless all of `data` arrived. `who` had to deliver it.
#[track_caller]
fn all_arrived(who: &str, received: &[u8], data: &[u8]) {
    let same = received.iter().zip(data).take_while(|(received, sent)| received == sent).count();
    assert!(
        received == data,
        "{who} passed on {} bytes of {}, and the data differs after the first {same}: every byte must arrive, once and in order",
        received.len(),
        data.len(),
    );
}

/// Panics unless at least one byte arrived and `data` begins with all that did.
#[track_caller]
fn some_arrived(who: &str, received: &[u8], data: &[u8]) {
    all_arrived(who, received, &data[..received.len().clamp(1, data.len())]);
}

/// Polls until ready. Panics on an error: nothing fails in the check, so the operation must
/// succeed.
#[track_caller]
fn succeed<S, T>(
    operation: &str,
    subject: &mut Pin<Box<S>>,
    poll: impl FnMut(Pin<&mut S>, &mut Context<'_>) -> Poll<io::Result<T>>,
) -> T {
    until_ready(subject, poll).unwrap_or_else(|error| {
        panic!("a {operation} failed, though nothing fails in this check; it must succeed: {error}")
    })
}

/// Calls `read` until it returns no bytes and checks that all of `data` arrived.
#[track_caller]
fn reads_all<R>(make: Make<'_, R>, data: &[u8], mut read: impl FnMut(&mut Pin<Box<R>>) -> Vec<u8>) {
    let mut reader = make(data);
    let mut received = Vec::new();
    loop {
        let part = read(&mut reader);
        if part.is_empty() {
            return all_arrived("the reader", &received, data);
        }
        received.extend(part);
    }
}

/// Reads once into a slice of `len` bytes.
#[track_caller]
fn read_slice<R: AsyncReadBuf>(reader: &mut Pin<Box<R>>, len: usize) -> Vec<u8> {
    let mut slice = vec![0; len];
    let n = succeed("read", reader, |reader, cx| reader.poll_read_into_slice(cx, &mut slice));
    assert!(n <= len, "the reader returned {n} for a slice of {len}: it must count what it wrote");
    slice.truncate(n);
    slice
}

/// Runs checks one after the other. If one panics, its name is printed.
macro_rules! checks {
    ($($check:ident($($argument:expr),*);)*) => {$(
        let name = $crate::testing::conformance::Name(stringify!($check));
        $check($($argument),*);
        std::mem::forget(name);
    )*};
}
use checks;

/// Prints the name of a check that panics.
struct Name(&'static str);

impl Drop for Name {
    fn drop(&mut self) {
        eprintln!("conformance: failed in {}", self.0);
    }
}
