//! Instead: use a cursor only within the call that it was passed to, and make the second one after
//! the first is done.
use io_shim::{BorrowedBuf, BorrowedCursor};

fn keep<'a>(slot: &mut Option<BorrowedCursor<'a>>, cursor: BorrowedCursor<'_>) {
    *slot = Some(cursor);
}

fn twice() {
    let mut memory = [0; 8];
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    let mut first = buf.unfilled();
    let mut second = buf.unfilled();
    first.append(b"a");
    second.append(b"b");
}

fn main() {}
