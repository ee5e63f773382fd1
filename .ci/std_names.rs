//! Calls each method of io-shim's synchronous traits on shims, with std's four I/O traits imported.
//!
//! `.ci/run std_names` compiles it. If a method has the name of a method of std, the compiler
//! reports an error: the lint `unstable_name_collisions` if std's method is unstable, and E0034 otherwise.
//! `--cfg nightly` enables std's unstable methods, as if they were stable.
#![deny(warnings)]
#![cfg_attr(nightly, allow(stable_features, unused_features, reason = "only their names are needed"))]
#![cfg_attr(
    nightly,
    feature(
        buf_read_has_data_left,
        can_vector,
        core_io_borrowed_buf,
        read_array,
        read_buf,
        seek_stream_len,
        write_all_vectored
    )
)]

use io_shim::rt::BlockOn;
use io_shim::{BorrowedBuf, ReadBuf, Shim, WriteVectored};
use std::io::{self, BufRead, Cursor, IoSliceMut, Read, Seek, Write};

macro_rules! read {
    ($reader:expr) => {{
        let mut reader = $reader;
        let mut byte = [0];
        reader.read_into(BorrowedBuf::from(&mut byte[..]).unfilled())?;
        reader.read_into_slice(&mut byte)?;
        reader.read_into_vectored(&mut [IoSliceMut::new(&mut byte)])?;
        let _: bool = reader.supports_vectored_reads();
        let _: usize = reader.init_hint(1);
        // std's methods, for comparison.
        reader.read(&mut byte)?;
        reader
    }};
}

macro_rules! write {
    ($writer:expr) => {{
        let mut writer = $writer;
        let _: bool = writer.supports_vectored_writes();
        writer.write(&[0])?;
    }};
}

fn main() -> io::Result<()> {
    let memory = || Cursor::new(vec![0; 16]);
    read!(Shim::from_std(memory())).rewind()?;
    read!(Shim::from_std_buf(memory())).fill_buf()?;
    read!(Shim::new(&[0; 16][..]));
    read!(BlockOn::new(Shim::allow_std(memory())));
    write!(Shim::from_std(memory()));
    write!(Shim::new(Vec::new()));
    write!(BlockOn::new(Shim::allow_std(memory())));
    Ok(())
}
