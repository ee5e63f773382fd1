//! A buffer of 16 MiB, of which little is used: the cost of touching a byte of each page, which a
//! freeze would have to do, and of zeroing it.

use std::hint::black_box;
use std::io;
use std::mem::MaybeUninit;

use crate::EFFORT;
use crate::measure::{compare, cpu, resident};

const CAPACITY: usize = 16 << 20;
const PAGE: usize = 4096;

/// What happens to the buffer before the read.
#[derive(Clone, Copy, Debug)]
enum Before {
    Nothing,
    Freeze,
    Zero,
}

pub(crate) fn run() -> io::Result<()> {
    straight_from_the_system();
    let all = [Before::Nothing, Before::Freeze, Before::Zero];
    let source = [7u8; 1460];
    let outcome = compare(&all, EFFORT, 1, |before, _| {
        let start = cpu();
        drop(black_box(provide(before, &source)));
        Ok(cpu() - start)
    })?;
    crate::line("a first read of 1460 bytes into 16 MiB", &outcome, &["a byte per page", "zeroed"]);
    for before in all {
        let before_it = resident()?;
        let buffer = black_box(provide(before, &source));
        println!("{before:?}: resident memory + {} KiB", resident()?.saturating_sub(before_it));
        drop(buffer);
    }
    Ok(())
}

/// Makes the allocator request large memory from the system each time, not only the first time.
#[allow(unsafe_code, reason = "the allocator has no safe setting")]
fn straight_from_the_system() {
    // SAFETY: it sets a number, and no other thread allocates at the same time.
    let set = unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, 1 << 20) };
    assert_eq!(set, 1, "the allocator refuses the setting");
}

/// Returns a fresh buffer, after a read of `source`.
fn provide(before: Before, source: &[u8]) -> Vec<u8> {
    let mut buffer: Vec<u8> = Vec::with_capacity(CAPACITY);
    let spare = black_box(buffer.spare_capacity_mut());
    match before {
        Before::Nothing => {}
        Before::Freeze => spare.iter_mut().step_by(PAGE).for_each(|byte| *byte = MaybeUninit::new(0)),
        Before::Zero => spare.fill(MaybeUninit::new(0)),
    }
    black_box(spare);
    io_shim::spare(&mut buffer).unfilled().append(source);
    buffer
}
