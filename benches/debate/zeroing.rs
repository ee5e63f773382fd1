//! What zeroing costs: a buffer that is zeroed whole before each read or not at all, filled from memory, from a file in the page cache, or
//! from a socket.

use std::hint::black_box;
use std::io::{self, Read, Seek, Write};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;

use crate::clock::{clock_cost, cpu};
use crate::line;
use crate::measure::{Effort, compare};

/// Whether the buffer is zeroed before each read.
#[derive(Clone, Copy, PartialEq)]
enum Buffer {
    Uninit,
    Zeroed,
}

pub(crate) fn run() -> io::Result<()> {
    for (capacity, len) in [(8 << 10, 64), (8 << 10, 1460), (8 << 10, 8 << 10), (64 << 10, 1460), (64 << 10, 64 << 10)]
    {
        let source = vec![MaybeUninit::new(7u8); len];
        let outcome = reads(Effort::READS, 2000, capacity, |memory| {
            memory[..len].copy_from_slice(&source);
            Ok(len)
        })?;
        line(&format!("memory, {len} bytes into {capacity}"), &outcome, &["zeroed"]);
    }
    for capacity in [8 << 10, 64 << 10] {
        let mut file = tempfile::tempfile()?;
        file.write_all(&vec![7; capacity * 64])?;
        let mut left = 0;
        let outcome = reads(Effort::READS, 256, capacity, |memory| {
            if left == 0 {
                (&file).rewind()?;
                left = 64;
            }
            left -= 1;
            receive(&file, memory)
        })?;
        line(&format!("file, {capacity} bytes into {capacity}"), &outcome, &["zeroed"]);
    }
    for (capacity, len) in [(8 << 10, 1460), (8 << 10, 8 << 10), (64 << 10, 1460), (64 << 10, 64 << 10)] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        let mut sender = std::net::TcpStream::connect(listener.local_addr()?)?;
        sender.set_nodelay(true)?;
        let receiver = listener.accept()?.0;
        let data = vec![7u8; len];
        let mut rest = vec![0; len];
        // The sending is not counted, and neither is what is read after the first read of a message.
        let outcome = compare(&[Buffer::Uninit, Buffer::Zeroed], Effort::READS, 100, |buffer, units| {
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

/// Reads into fresh buffers, of both kinds in turn.
fn reads(
    effort: Effort,
    units: usize,
    capacity: usize,
    mut read: impl FnMut(&mut [MaybeUninit<u8>]) -> io::Result<usize>,
) -> io::Result<crate::measure::Outcome> {
    compare(&[Buffer::Uninit, Buffer::Zeroed], effort, units, |buffer, units| {
        let start = cpu();
        for _ in 0..units {
            black_box(with(buffer, capacity, &mut read)?);
        }
        Ok(cpu() - start)
    })
}

/// A buffer as a consumer has it: kept, and not known to be initialised. It is the same memory for both.
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
