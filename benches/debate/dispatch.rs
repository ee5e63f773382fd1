//! A struct or `&mut dyn BufMut`: a reader whose method takes one or the other.
//!
//! Both are called through a trait object, since both proposals need that.

use std::hint::black_box;
use std::io;

use bytes::BufMut;
use io_shim::{BorrowedCursor, ReadBuf, spare};

use crate::EFFORT;
use crate::measure::{compare, cpu};

/// The proposal of tokio#1744.
trait ReadBufMut {
    fn read_buf_mut(&mut self, buf: &mut dyn BufMut) -> io::Result<()>;
}

/// Writes `count` pieces per read, as a decoder does.
struct Pieces {
    piece: Vec<u8>,
    count: usize,
}

impl ReadBufMut for Pieces {
    #[inline(never)]
    fn read_buf_mut(&mut self, buf: &mut dyn BufMut) -> io::Result<()> {
        for _ in 0..self.count {
            buf.put_slice(&self.piece);
        }
        Ok(())
    }
}

impl ReadBuf for Pieces {
    #[inline(never)]
    fn read_into(&mut self, mut cursor: BorrowedCursor<'_>) -> io::Result<()> {
        for _ in 0..self.count {
            cursor.append(&self.piece);
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Buffer {
    Struct,
    Trait,
}

pub(crate) fn run() -> io::Result<()> {
    for (count, len) in [(1, 1), (1, 64), (1, 1460), (1, 16 << 10), (64, 1), (1024, 8)] {
        let mut vec: Vec<u8> = Vec::with_capacity(count * len);
        let mut pieces = Pieces { piece: vec![7; len], count };
        let units = 20_000 / count.max(len / 256).max(1);
        let outcome = compare(&[Buffer::Struct, Buffer::Trait], EFFORT, units, |buffer, units| {
            let start = cpu();
            for _ in 0..units {
                vec.clear();
                match buffer {
                    Buffer::Struct => {
                        let reader: &mut dyn ReadBuf = black_box(&mut pieces);
                        reader.read_into(spare(&mut vec).unfilled())?;
                    }
                    Buffer::Trait => {
                        let reader: &mut dyn ReadBufMut = black_box(&mut pieces);
                        reader.read_buf_mut(&mut vec)?;
                    }
                }
                black_box(&vec);
            }
            Ok(cpu() - start)
        })?;
        crate::line(&format!("{count} piece(s) of {len} bytes"), &outcome, &["`&mut dyn BufMut`"]);
    }
    Ok(())
}
