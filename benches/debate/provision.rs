//! A buffer of 16 MiB, of which little is used: what it costs to touch a byte of each page, as freezing it would, and to zero it.

use std::hint::black_box;
use std::io;
use std::mem::MaybeUninit;

use crate::clock::cpu;
use crate::measure::{Effort, compare};

const CAPACITY: usize = 16 << 20;
const PAGE: usize = 4096;

/// What is done to the buffer before it is read into.
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
    let outcome = compare(&all, Effort::READS, 1, |before, _| {
        let start = cpu();
        drop(black_box(provide(before, &source)));
        Ok(cpu() - start)
    })?;
    crate::line("a first read of 1460 bytes into 16 MiB", &outcome, &["a byte per page", "zeroed"]);
    for before in all {
        let resident = resident()?;
        let buffer = black_box(provide(before, &source));
        println!("{before:?}: resident memory + {} KiB", self::resident()?.saturating_sub(resident));
        drop(buffer);
    }
    Ok(())
}

/// Has the allocator ask the system for large memory each time, and not for the first time only.
#[allow(unsafe_code, reason = "the allocator has no safe setting")]
fn straight_from_the_system() {
    // SAFETY: sets a number; no other thread allocates meanwhile.
    let set = unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, 1 << 20) };
    assert_eq!(set, 1, "the allocator refuses the setting");
}

/// A fresh buffer that 1460 bytes are read into.
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

/// The resident memory of this process, in KiB.
fn resident() -> io::Result<usize> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok());
    Ok(pages.ok_or_else(|| io::Error::other("no resident memory in /proc/self/statm"))? * PAGE / 1024)
}
