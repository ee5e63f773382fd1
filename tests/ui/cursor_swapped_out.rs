//! Instead: read into the cursor that was lent; one that is made elsewhere has another lifetime and cannot take its
//! place.
use io_shim::BorrowedCursor;

fn steal<'a>(mine: &mut BorrowedCursor<'a>, mut lent: BorrowedCursor<'_>) {
    std::mem::swap(mine, &mut lent);
}

fn main() {}
