//! std's own `read_buf`: what its default costs, and what a shim costs beside a reader's own.

use std::hint::black_box;
use std::io::{self, BorrowedBuf as StdBuf, Read, Seek, Write};
use std::mem::MaybeUninit;

use io_shim::{BorrowedBuf, ReadBuf, Shim};

use crate::measure::{Loopback, clock_cost, compare, cpu};
use crate::zeroing::uninit;
use crate::{EFFORT, line};

const LEN: usize = 1460;
const FULL: usize = 64 << 10;

/// A reader of 1460 bytes a call that takes slices only.
struct Pieces([u8; LEN]);

impl Read for Pieces {
    fn read(&mut self, slice: &mut [u8]) -> io::Result<usize> {
        let n = LEN.min(slice.len());
        slice[..n].copy_from_slice(&self.0[..n]);
        Ok(n)
    }
}

/// The same with its own `read_buf`.
struct Real([u8; LEN]);

impl Read for Real {
    fn read(&mut self, slice: &mut [u8]) -> io::Result<usize> {
        Pieces(self.0).read(slice)
    }

    fn read_buf(&mut self, mut cursor: io::BorrowedCursor<'_>) -> io::Result<()> {
        cursor.append(&self.0[..LEN.min(cursor.capacity())]);
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Peer {
    Native,
    Default,
    Shim,
}

pub(crate) fn run() -> io::Result<()> {
    let data = [7; LEN];
    let (mut real, mut default, mut shim) = (Real(data), Pieces(data), Shim::from_std(Pieces(data)));
    for capacity in [8 << 10, 64 << 10, 1 << 20] {
        let outcome = compare(&[Peer::Native, Peer::Default, Peer::Shim], EFFORT, 100, |peer, units| {
            let start = cpu();
            for _ in 0..units {
                let reader: &mut dyn Read = match peer {
                    Peer::Native => &mut real,
                    Peer::Default => &mut default,
                    Peer::Shim => &mut shim,
                };
                uninit(capacity, |memory| read_buf(black_box(reader), memory))?;
            }
            Ok(cpu() - start)
        })?;
        line(&format!("{LEN} bytes into {capacity} through std's cursor"), &outcome, &["std's default", "a shim"]);
    }

    let mut file = tempfile::tempfile()?;
    file.write_all(&vec![7; 64 * FULL])?;
    beside_std("a file", file, |file| file.rewind())?;
    let memory = vec![7; 64 * FULL];
    beside_std("a slice", &memory[..], |slice| {
        *slice = &memory;
        Ok(())
    })?;

    let (mut sender, mut socket) = Loopback::new()?.connect()?;
    let mut shim = Shim::from_std(socket.try_clone()?);
    let outcome = compare(&[Peer::Native, Peer::Shim], EFFORT, 100, |peer, units| {
        let mut time = 0.0;
        for _ in 0..units {
            sender.write_all(&data)?;
            while rustix::io::ioctl_fionread(&socket)? < LEN as u64 {}
            let start = cpu();
            let n = uninit(FULL, |memory| match peer {
                Peer::Native => read_buf(&mut socket, memory),
                _ => read_into(&mut shim, memory),
            })?;
            time += cpu() - start - clock_cost();
            assert_eq!(n, LEN, "a message arrives whole");
        }
        Ok(time)
    })?;
    line(&format!("{LEN} bytes from TCP into {FULL}"), &outcome, &["from_std"]);
    Ok(())
}

/// Compares a reader's own `read_buf` with `from_std`, in reads that fill the buffer. `rewind` goes
/// back to the start of the data.
fn beside_std<T: Read>(name: &str, reader: T, mut rewind: impl FnMut(&mut T) -> io::Result<()>) -> io::Result<()> {
    let mut shim = Shim::from_std(reader);
    let outcome = compare(&[Peer::Native, Peer::Shim], EFFORT, 64, |peer, units| {
        rewind(shim.get_mut())?;
        let start = cpu();
        for _ in 0..units {
            uninit(FULL, |memory| match peer {
                Peer::Native => read_buf(shim.get_mut(), memory),
                _ => read_into(&mut shim, memory),
            })?;
        }
        Ok(cpu() - start)
    })?;
    line(&format!("{FULL} bytes from {name} into {FULL}"), &outcome, &["from_std"]);
    Ok(())
}

fn read_buf<R: Read + ?Sized>(reader: &mut R, memory: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
    let mut buf = StdBuf::from(memory);
    reader.read_buf(buf.unfilled())?;
    Ok(black_box(buf.filled()).len())
}

fn read_into(reader: &mut impl ReadBuf, memory: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
    let mut buf = BorrowedBuf::from(memory);
    reader.read_into(buf.unfilled())?;
    Ok(black_box(buf.filled()).len())
}
