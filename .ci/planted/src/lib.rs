//! One sound test and one with each kind of bug. Built plainly they all pass, which is why the checkers are needed.

use std::hint::black_box;

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
