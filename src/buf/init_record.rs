//! [`InitRecord`]: how much memory behind a cursor of hyper's or std's is initialized.

use std::cell::Cell;
use std::mem::MaybeUninit;

use super::{BorrowedBuf, BorrowedCursor};

thread_local! {
    /// The memory that was passed to a foreign reader by the innermost call on this thread.
    static INNERMOST: Cell<Record> = const { Cell::new(Record::NONE) };
    /// The identity of the last record that was made.
    static LAST: Cell<u64> = const { Cell::new(0) };
}

/// The addresses of memory that was passed to a foreign reader, and of its initialized parts.
#[derive(Clone, Copy)]
struct Record {
    /// Unique on its thread. Only `NONE` has 0.
    id: u64,
    start: usize,
    end: usize,
    /// The address up to which all bytes from `start` are initialized.
    init: usize,
    /// An initialized part at higher addresses, after a gap. It counts only when the gap is known
    /// to be initialized, too.
    part: (usize, usize),
}

impl Record {
    const NONE: Record = Record { id: 0, start: 0, end: 0, init: 0, part: (0, 0) };

    /// Returns whether `memory` is within the range of this record. Returns `false` if `memory` is
    /// empty.
    #[inline]
    fn covers(&self, memory: &[MaybeUninit<u8>]) -> bool {
        let start = memory.as_ptr().addr();
        // Usually the record is `NONE`. Then the first condition is false.
        start + memory.len() <= self.end && self.start <= start && !memory.is_empty()
    }
}

/// Records, during a call of a foreign reader, how much of the memory passed to it is initialized.
///
/// hyper's buffer does not tell how much of it is initialized, and std's tells only whether all of
/// it is. When a shim is called through their traits, it checks this record to learn whether an
/// outer shim passed the memory.
///
/// The memory is exclusively borrowed until the call returns. So until then, nothing else can be at
/// its addresses, and no code may make its bytes uninitialized. (For std's cursor, this is
/// invariant 8 in `std_cursor.rs`.) Code between the outer and the inner shim may pass on only a
/// part of the memory. The record is valid for this part, too, because it holds addresses.
///
/// With stackful coroutines, an outer call may end before an inner one. Then nothing is recorded
/// any more, not even for the inner call. (A coroutine that moves to another thread during a poll
/// breaks every thread-local, including this one.)
pub(crate) struct InitRecord {
    id: u64,
    start: usize,
    init: usize,
    outer: Record,
}

impl InitRecord {
    /// Records, until this is dropped, that the first `init` of the `len` bytes at `start` are
    /// initialized.
    ///
    /// # Safety
    ///
    /// The first `init` bytes must be initialized. Until this is dropped, the memory must be live
    /// and exclusively borrowed, and no code may de-initialize it.
    #[inline]
    pub(crate) unsafe fn new(start: usize, len: usize, init: usize) -> Self {
        let id = LAST.get() + 1;
        LAST.set(id);
        let (end, init) = (start + len, start + init);
        InitRecord { id, start, init, outer: INNERMOST.replace(Record { id, start, end, init, part: (0, 0) }) }
    }

    /// Returns how many bytes from the start are initialized now.
    ///
    /// # Safety
    ///
    /// The first `filled` bytes must be initialized.
    #[inline]
    pub(crate) unsafe fn init_len(&self, filled: usize) -> usize {
        let record = INNERMOST.get();
        let mut init = self.init.max(self.start + filled);
        if record.id == self.id {
            init = init.max(record.init);
            if record.part.0 <= init {
                init = init.max(record.part.1);
            }
        }
        init - self.start
    }
}

impl Drop for InitRecord {
    #[inline]
    fn drop(&mut self) {
        let in_order = INNERMOST.get().id == self.id;
        INNERMOST.set(if in_order { self.outer } else { Record::NONE });
    }
}

/// Calls `read` with a cursor over `memory`, the unfilled part of a foreign buffer.
///
/// Returns the result of `read`, how many bytes it filled, and whether the buffer should be told
/// that all of `memory` is initialized. It should not if a shim passed the memory: the record tells
/// it.
///
/// # Safety
///
/// The first `init` bytes of `memory` must be initialized, and no code may de-initialize bytes of
/// it.
#[inline(always)]
pub(crate) unsafe fn with_recorded<R>(
    memory: &mut [MaybeUninit<u8>],
    init: usize,
    read: impl FnOnce(BorrowedCursor<'_>) -> R,
) -> (R, usize, bool) {
    let known = init_len(memory);
    let mut borrowed = BorrowedBuf::from(&mut *memory);
    // SAFETY: the caller ensures that `init` bytes are initialized. Of the others, a shim has
    // recorded it. Live memory within the range of a record is part of the memory that this shim
    // passed, since that is exclusively borrowed.
    unsafe { borrowed.set_init(known.unwrap_or(0).max(init)) };
    let result = read(borrowed.unfilled());
    let (filled, init) = (borrowed.len(), borrowed.init_len());
    if known.is_some() {
        // SAFETY: the cursor has initialized these bytes (invariant 2).
        unsafe { set_init(memory, init) };
    }
    (result, filled, known.is_none() && init == memory.len())
}

/// Returns how many bytes at the front of `memory` are known to be initialized.
///
/// `memory` is the unfilled part of a foreign buffer. Returns `None` if `memory` is empty, or not
/// part of the memory of the innermost call that is recorded on this thread.
#[inline]
fn init_len(memory: &[MaybeUninit<u8>]) -> Option<usize> {
    INNERMOST.with(|innermost| {
        let record = innermost.get();
        record.covers(memory).then(|| record.init.saturating_sub(memory.as_ptr().addr()).min(memory.len()))
    })
}

/// Records that the first `init` bytes of `memory` are initialized. Does nothing if [`init_len`]
/// returns `None` for `memory`.
///
/// # Safety
///
/// The first `init` bytes must be initialized. No code may de-initialize them while `memory` is
/// borrowed.
unsafe fn set_init(memory: &[MaybeUninit<u8>], init: usize) {
    let mut record = INNERMOST.get();
    if record.covers(memory) {
        let part = (memory.as_ptr().addr(), memory.as_ptr().addr() + init);
        if part.0 <= record.init {
            record.init = record.init.max(part.1);
        } else {
            record.part = part;
        }
        INNERMOST.set(record);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct At(InitRecord);

    fn at(memory: &[MaybeUninit<u8>], init: usize) -> At {
        // SAFETY: no test reads the memory, here and below.
        At(unsafe { InitRecord::new(memory.as_ptr().addr(), memory.len(), init) })
    }

    impl At {
        fn init_len(&self, filled: usize) -> usize {
            // SAFETY: see `at`.
            unsafe { self.0.init_len(filled) }
        }
    }

    fn set_init(memory: &[MaybeUninit<u8>], init: usize) {
        // SAFETY: see `at`.
        unsafe { super::set_init(memory, init) }
    }

    #[test]
    fn a_later_part_counts_once_what_is_before_it_is_filled() {
        let memory = [MaybeUninit::uninit(); 100];
        let lent = at(&memory, 10);
        set_init(&memory[50..], 20);
        assert_eq!((lent.init_len(0), lent.init_len(49), lent.init_len(50)), (10, 49, 70));
        set_init(&memory[5..], 20);
        assert_eq!((lent.init_len(0), init_len(&memory[20..40]), init_len(&memory[30..])), (25, Some(5), Some(0)));
    }

    #[test]
    fn a_part_after_a_gap_of_any_length_does_not_count() {
        let memory = [MaybeUninit::uninit(); 100];
        let lent = at(&memory, 10);
        set_init(&memory[11..], 20);
        assert_eq!((lent.init_len(10), lent.init_len(11)), (10, 31));
        // A second part does not cover the gap between the two.
        set_init(&memory[50..], 20);
        assert_eq!((lent.init_len(11), lent.init_len(50)), (11, 70));
    }

    #[test]
    fn memory_that_is_not_all_within_the_record_is_unknown() {
        // One array, so that the memory on both sides is next to the recorded memory.
        let memory = [MaybeUninit::uninit(); 100];
        let lent = at(&memory[30..60], 10);
        for other in [&memory[..30], &memory[..31], &memory[59..], &memory[60..], &memory] {
            assert_eq!(init_len(other), None);
            set_init(other, other.len());
            assert_eq!((lent.init_len(0), lent.init_len(30)), (10, 30));
        }
        assert_eq!((init_len(&memory[30..33]), init_len(&memory[30..60])), (Some(3), Some(10)));
    }

    #[test]
    fn an_outer_call_that_ends_first_gets_nothing_from_the_inner_record() {
        let memory = [MaybeUninit::uninit(); 100];
        let (outer, _inner) = (at(&memory[..50], 10), at(&memory[50..], 40));
        assert_eq!((outer.init_len(0), outer.init_len(50)), (10, 50));
    }

    #[test]
    fn nothing_is_known_of_other_memory_and_after_the_call() {
        let (memory, other) = ([MaybeUninit::uninit(); 100], [MaybeUninit::uninit(); 100]);
        let lent = at(&memory, 100);
        assert_eq!((init_len(&memory), init_len(&other), init_len(&memory[100..])), (Some(100), None, None));
        let inner = at(&other, 3);
        assert_eq!((init_len(&memory), init_len(&other)), (None, Some(3)));
        drop(inner);
        assert_eq!(init_len(&memory), Some(100));
        drop(lent);
        assert_eq!(init_len(&memory), None);
    }

    #[test]
    fn calls_that_end_out_of_order_leave_nothing_known() {
        let (memory, other) = ([MaybeUninit::uninit(); 100], [MaybeUninit::uninit(); 100]);
        let one = at(&memory, 100);
        let two = at(&other, 3);
        drop(one);
        set_init(&other, 50);
        assert_eq!((two.init_len(1), init_len(&other)), (3, None));
        drop(two);
        assert_eq!((init_len(&memory), init_len(&other)), (None, None));
    }

    #[test]
    fn empty_memory_is_not_taken_for_other_empty_memory() {
        let memory = [MaybeUninit::uninit(); 100];
        let (lent, empty) = (at(&memory, 100), at(&[], 0));
        drop(lent);
        let other = at(&[], 0);
        drop(empty);
        assert_eq!(init_len(&memory), None);
        drop(other);
        assert_eq!(init_len(&memory), None);
    }

    #[test]
    fn a_call_with_empty_memory_leaves_what_was_known() {
        let memory = [MaybeUninit::uninit(); 100];
        let lent = at(&memory, 60);
        drop(at(&[], 0));
        assert_eq!(init_len(&memory), Some(60));
        set_init(&memory, 80);
        assert_eq!(lent.init_len(0), 80);
    }

    #[test]
    fn a_record_is_not_taken_for_an_earlier_one_of_the_same_memory() {
        let memory = [MaybeUninit::uninit(); 100];
        let (earlier, later) = (at(&memory, 100), at(&memory, 3));
        drop(earlier);
        let newest = at(&memory, 5);
        // `earlier` and `later` end out of order. What was recorded for them must not count for
        // `newest`.
        drop(later);
        assert_eq!((newest.init_len(0), init_len(&memory)), (5, None));
    }
}
