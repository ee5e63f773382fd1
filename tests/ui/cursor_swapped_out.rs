//! Instead: read into the cursor that was passed. A cursor over other memory has another lifetime
//! and cannot replace it.
use io_shim::BorrowedCursor;

fn swap<'a>(mine: &mut BorrowedCursor<'a>, mut passed: BorrowedCursor<'_>) {
    std::mem::swap(mine, &mut passed);
}

fn main() {}
