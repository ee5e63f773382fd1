//! What zeroing costs: reads from memory, from a file in the page cache, and from a socket.
//!
//! The buffer is either zeroed completely before each read, or not at all.

use std::hint::black_box;
use std::io::{self, Read, Seek, Write};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;

use crate::measure::{Loopback, Outcome, clock_cost, compare, cpu};
use crate::{EFFORT, line};

/// Whether the buffer is zeroed before each read.
#[derive(Clone, Copy, PartialEq)]
enum Buffer {
    Uninit,
    Zeroed,
}

pub(crate) fn run() -> io::Result<()> {
    let cases = [(8 << 10, 1460), (8 << 10, 8 << 10), (64 << 10, 1460), (64 << 10, 64 << 10)];
    for (capacity, len) in cases {
        let source = vec![MaybeUninit::new(7u8); len];
        let outcome = reads(2000, capacity, |memory| {
            memory[..len].copy_from_slice(&source);
            Ok(len)
        })?;
        line(&format!("memory, {len} bytes into {capacity}"), &outcome, &["zeroed"]);
    }
    for capacity in [8 << 10, 64 << 10] {
        let mut file = tempfile::tempfile()?;
        file.write_all(&vec![7; capacity * 64])?;
        let mut left = 0;
        let outcome = reads(256, capacity, |memory| {
            if left == 0 {
                (&file).rewind()?;
                left = 64;
            }
            left -= 1;
            receive(&file, memory)
        })?;
        line(&format!("file, {capacity} bytes into {capacity}"), &outcome, &["zeroed"]);
    }
    for (capacity, len) in cases {
        let (mut sender, receiver) = Loopback::new()?.connect()?;
        let data = vec![7u8; len];
        let mut rest = vec![0; len];
        // Only the first read of a message is timed.
        let outcome = compare(&[Buffer::Uninit, Buffer::Zeroed], EFFORT, 100, |buffer, units| {
            let mut time = 0.0;
            for _ in 0..units {
                sender.write_all(&data)?;
                while rustix::io::ioctl_fionread(&receiver)? < len as u64 {}
                let start = cpu();
                let n = with(buffer, capacity, |memory| receive(&receiver, memory))?;
                time += cpu() - start - clock_cost();
                (&receiver).read_exact(&mut rest[n..])?;
            }
            Ok(time)
        })?;
        line(&format!("TCP, {len} bytes into {capacity}"), &outcome, &["zeroed"]);
    }
    Ok(())
}

/// Compares reads into the two kinds of buffers.
fn reads(
    units: usize,
    capacity: usize,
    mut read: impl FnMut(&mut [MaybeUninit<u8>]) -> io::Result<usize>,
) -> io::Result<Outcome<Buffer>> {
    compare(&[Buffer::Uninit, Buffer::Zeroed], EFFORT, units, |buffer, units| {
        let start = cpu();
        for _ in 0..units {
            black_box(with(buffer, capacity, &mut read)?);
        }
        Ok(cpu() - start)
    })
}

/// Reads into a buffer that is reused and counts as uninitialized.
#[cfg(io_shim_std_read_buf)]
pub(crate) fn uninit<R>(capacity: usize, read: impl FnOnce(&mut [MaybeUninit<u8>]) -> R) -> R {
    with(Buffer::Uninit, capacity, read)
}

/// Reads into a buffer that is reused and counts as uninitialized. Both kinds share its memory.
fn with<R>(buffer: Buffer, capacity: usize, read: impl FnOnce(&mut [MaybeUninit<u8>]) -> R) -> R {
    thread_local!(static MEMORY: std::cell::RefCell<Vec<MaybeUninit<u8>>> = const { std::cell::RefCell::new(Vec::new()) });
    MEMORY.with_borrow_mut(|memory| {
        memory.resize(capacity.max(memory.len()), MaybeUninit::new(0));
        let memory = &mut memory[..capacity];
        if buffer == Buffer::Zeroed {
            memory.fill(MaybeUninit::new(0));
        }
        read(black_box(memory))
    })
}

fn receive(from: impl AsFd, memory: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
    Ok(rustix::io::read(from, memory)?.0.len())
}
