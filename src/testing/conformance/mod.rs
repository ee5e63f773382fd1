//! What the contracts of io-shim's traits promise, as checks of a given reader or writer.

mod buf_read;
mod read;
mod seek;
mod write;

pub use buf_read::buf_read;
pub use read::read;
pub use seek::seek;
pub use write::write;

use std::io;
use std::vec::Vec;

/// Data without a zero and without a short period, so that a byte lost, doubled or made up shows.
fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i as u32).wrapping_mul(2_654_435_761).rotate_left(9) as u8 | 1).collect()
}

/// Panics unless all of `data` arrived; `who` is what had to see to it.
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

/// Panics unless something arrived, and is what `data` begins with.
#[track_caller]
fn some_arrived(who: &str, received: &[u8], data: &[u8]) {
    all_arrived(who, received, &data[..received.len().clamp(1, data.len())]);
}

/// What to do with the error of an operation for which there is no reason to fail.
fn failed<T>(operation: &str) -> impl FnOnce(io::Error) -> T {
    move |error| panic!("a {operation} failed, though nothing fails in this check; it must succeed: {error}")
}

/// Runs checks one after the other; a panic in one is preceded by its name.
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
        std::eprintln!("conformance: failed in {}", self.0);
    }
}
