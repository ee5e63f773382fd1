//! The cliff of `read_to_end`: the cost per byte of tiny reads, as the vector grows.

use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use io_shim::{ReadBuf, Shim, spare};

use crate::measure::{cpu, drive};

/// Returns a byte at a time.
struct Tiny(usize);

impl Read for Tiny {
    fn read(&mut self, slice: &mut [u8]) -> io::Result<usize> {
        if self.0 == 0 || slice.is_empty() {
            return Ok(0);
        }
        self.0 -= 1;
        slice[0] = 7;
        Ok(1)
    }
}

/// An asynchronous `Tiny` that is pending before each byte.
struct Pending(Tiny, bool);

impl futures::io::AsyncRead for Pending {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        self.1 = !self.1;
        if self.1 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(self.0.read(slice))
    }
}

/// The simple loop that std had until 2015: zeroes all spare capacity, and reads.
fn obvious(reader: &mut impl Read, vec: &mut Vec<u8>) -> io::Result<()> {
    loop {
        if vec.len() == vec.capacity() {
            vec.reserve(32);
        }
        let len = vec.len();
        vec.resize(vec.capacity(), 0);
        let n = reader.read(&mut vec[len..])?;
        vec.truncate(len + n);
        if n == 0 {
            return Ok(());
        }
    }
}

/// The same loop over a cursor, which remembers what is initialized.
fn remembering(reader: &mut impl ReadBuf, vec: &mut Vec<u8>) -> io::Result<()> {
    loop {
        if vec.len() == vec.capacity() {
            vec.reserve(32);
        }
        let mut guard = spare(vec);
        loop {
            let mut cursor = guard.unfilled();
            if cursor.capacity() == 0 {
                break;
            }
            reader.read_into(cursor.reborrow())?;
            if cursor.written().is_empty() {
                return Ok(());
            }
        }
    }
}

pub(crate) fn run() -> io::Result<()> {
    println!("CPU time per byte, in nanoseconds, of a reader of one byte at a time, by how many there are:");
    let sizes = [16 << 10, 64 << 10, 256 << 10, 1 << 20];
    let per_byte = |size: usize, read: &mut dyn FnMut(&mut Vec<u8>) -> io::Result<()>| -> io::Result<f64> {
        let mut best = f64::INFINITY;
        for _ in 0..3 {
            let mut vec = Vec::new();
            let start = cpu();
            read(&mut vec)?;
            best = best.min((cpu() - start) / size as f64);
            assert_eq!(vec.len(), size);
        }
        Ok(best)
    };
    let row = |name: &str, most: usize, read: &dyn Fn(usize, &mut Vec<u8>) -> io::Result<()>| -> io::Result<()> {
        print!("{name}:");
        for size in sizes.into_iter().filter(|&size| size <= most) {
            print!(" {} KiB {:.1}", size >> 10, per_byte(size, &mut |vec| read(size, vec))?);
        }
        println!();
        Ok(())
    };
    row("zeroing all spare capacity each time", usize::MAX, &|size, vec| obvious(&mut Tiny(size), vec))?;
    row("the same lines over a cursor, `Offer::Whole`", usize::MAX, &|size, vec| {
        remembering(&mut Shim::from_std(Tiny(size)).with_offer(io_shim::Offer::Whole), vec)
    })?;
    row("the same, `Offer::Predicted`", usize::MAX, &|size, vec| remembering(&mut Shim::from_std(Tiny(size)), vec))?;
    row("std's `read_to_end`", usize::MAX, &|size, vec| Tiny(size).read_to_end(vec).map(drop))?;
    row("std's `read_to_end` on a shim", usize::MAX, &|size, vec| {
        Shim::from_std(Tiny(size)).read_to_end(vec).map(drop)
    })?;
    // futures still has the cliff.
    row("futures' `read_to_end`, `Pending` in between", 256 << 10, &|size, vec| {
        drive(futures::AsyncReadExt::read_to_end(&mut Pending(Tiny(size), false), vec)).map(drop)
    })?;
    row("tokio's `read_to_end` on a shim of the same", usize::MAX, &|size, vec| {
        let mut shim = Shim::from_futures(Pending(Tiny(size), false));
        drive(tokio::io::AsyncReadExt::read_to_end(&mut shim, vec)).map(drop)
    })
}
