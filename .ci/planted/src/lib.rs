//! One sound test and one with each kind of bug. Built plainly they all pass, which is why the checkers are needed.

use std::cell::UnsafeCell;
use std::hint::black_box;
use std::sync::Barrier;
use std::thread;

/// Nothing is wrong here: a checker that complains about it proves nothing by complaining about the others.
#[test]
fn sound() {
    let bytes = vec![1_u8; 64];
    assert_eq!(black_box(&bytes).iter().map(|b| u32::from(*b)).sum::<u32>(), 64);
}

/// Decides by a byte that nobody has written.
#[test]
fn uninit_branch() {
    let bytes = black_box(Vec::<u8>::with_capacity(64));
    // SAFETY: none; this is the bug.
    let byte = unsafe { *bytes.as_ptr().add(7) };
    if byte == 42 {
        println!("by chance");
    }
}

/// Reads one byte after the end of an allocation.
#[test]
fn out_of_bounds() {
    let bytes = black_box(vec![1_u8; 64]);
    // SAFETY: none; this is the bug.
    black_box(unsafe { *bytes.as_ptr().add(black_box(64)) });
}

/// Reads an allocation after it was freed.
#[test]
fn use_after_free() {
    let bytes = black_box(vec![1_u8; 64]);
    let pointer = bytes.as_ptr();
    drop(bytes);
    // SAFETY: none; this is the bug.
    black_box(unsafe { *pointer.add(black_box(32)) });
}

/// Loses an allocation.
#[test]
fn leak() {
    std::mem::forget(black_box(vec![1_u8; 64]));
}

/// Two threads write one place in memory, and nothing orders them once they have started.
#[test]
fn race() {
    struct Shared(UnsafeCell<u32>);
    // SAFETY: none; this is the bug.
    unsafe impl Sync for Shared {}

    let (shared, started) = (Shared(UnsafeCell::new(0)), Barrier::new(2));
    let increment = || {
        // By reference to the whole: a closure that captured the field alone would not be `Send`.
        let shared = &shared;
        started.wait();
        // SAFETY: none, as above.
        unsafe { *shared.0.get() += 1 };
    };
    thread::scope(|scope| {
        scope.spawn(increment);
        scope.spawn(increment);
    });
}
