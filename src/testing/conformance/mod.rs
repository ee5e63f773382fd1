//! What the contracts of the hub's traits promise, as checks of a given reader or writer.

mod fill;
mod read;
mod seek;
mod write;

pub use fill::fill;
pub use read::read;
pub use seek::seek;
pub use write::write;

use std::vec::Vec;

/// Data without a zero and without a short period, so that a byte lost, doubled or made up shows.
fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i as u32).wrapping_mul(2_654_435_761).rotate_left(9) as u8 | 1).collect()
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
