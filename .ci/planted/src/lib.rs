//! One sound test, and one test for each kind of bug. Without a checker, all of them pass.

use std::cell::UnsafeCell;
use std::hint::black_box;
use std::sync::Barrier;
use std::thread;

/// Has no bug. If a checker reports this test, its other reports prove nothing.
#[test]
fn sound() {
    let bytes = vec![1_u8; 64];
    assert_eq!(black_box(&bytes).iter().map(|b| u32::from(*b)).sum::<u32>(), 64);
}

/// Branches on an uninitialized byte.
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

/// Leaks an allocation.
#[test]
fn leak() {
    std::mem::forget(black_box(vec![1_u8; 64]));
}

/// Two threads write to the same memory without synchronization.
#[test]
fn race() {
    struct Shared(UnsafeCell<u32>);
    // SAFETY: none; this is the bug.
    unsafe impl Sync for Shared {}

    let (shared, started) = (Shared(UnsafeCell::new(0)), Barrier::new(2));
    let increment = || {
        // Captures the whole struct: a closure that captures only the field is not `Send`.
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
