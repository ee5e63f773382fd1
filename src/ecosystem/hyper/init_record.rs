//! [`InitRecord`]: what hyper's buffer does not say about memory that is being lent through it.

use std::cell::Cell;
use std::mem::MaybeUninit;

std::thread_local! {
    /// The memory that the innermost lift at work on this thread lends.
    static LENT: Cell<Record> = const { Cell::new(Record::NONE) };
    /// The identity that the last record was given.
    static LAST: Cell<u64> = const { Cell::new(0) };
}

/// Addresses: where the memory starts and ends, up to where it is initialised, and a later part of it that is.
#[derive(Clone, Copy, Debug)]
struct Record {
    /// No two records of a thread have the same, however short their memory is and in whatever order they end. 0 is none's.
    id: u64,
    start: usize,
    end: usize,
    init: usize,
    /// It counts once all before it is known to be initialised: it need not be the filled part that comes before it.
    part: (usize, usize),
}

impl Record {
    const NONE: Record = Record { id: 0, start: 0, end: 0, init: 0, part: (0, 0) };

    /// Whether `memory` is (a part of) this. Empty memory is nobody's.
    #[inline]
    fn covers(&self, memory: &[MaybeUninit<u8>]) -> bool {
        let start = memory.as_ptr().addr();
        // The first is false of `NONE`, the usual case.
        start + memory.len() <= self.end && self.start <= start && !memory.is_empty()
    }
}

/// Makes known, for the time of a call, how much of the memory that a hyper reader is lent is initialised.
///
/// hyper's buffer keeps that count to itself. So where a shim is called by way of hyper's traits from inside another shim
/// that lends it memory, it looks here whether the memory is that one. It is lent exclusively until the call returns, so
/// that an address within it can only be its own, and nobody may de-initialise it. What is said here is about addresses, and
/// true whoever passes a part of the memory on, by whatever detour.
///
/// Should calls end in another order than that of a stack, as those of stackful coroutines may, then nothing is known. (A
/// coroutine that moves to another thread in the middle of a poll breaks what every thread-local rests on, this one too.)
#[derive(Debug)]
pub(super) struct InitRecord {
    id: u64,
    start: usize,
    init: usize,
    outer: Record,
}

impl InitRecord {
    /// Lends the `len` bytes at the address `start`, of which the first `init` are initialised, until this is dropped.
    #[inline]
    pub(super) fn new(start: usize, len: usize, init: usize) -> Self {
        let id = LAST.get() + 1;
        LAST.set(id);
        let (end, init) = (start + len, start + init);
        InitRecord { id, start, init, outer: LENT.replace(Record { id, start, end, init, part: (0, 0) }) }
    }

    /// How many bytes are initialised by now, counted from the start of the memory, the first `filled` of which are.
    #[inline]
    pub(super) fn init_len(&self, filled: usize) -> usize {
        let record = LENT.get();
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
        let in_order = LENT.get().id == self.id;
        LENT.set(if in_order { self.outer } else { Record::NONE });
    }
}

/// How many of the first bytes of `memory`, the unfilled part of some hyper buffer, are known to be initialised; `None` if it
/// is not lent by a shim.
#[inline]
pub(super) fn init_len(memory: &[MaybeUninit<u8>]) -> Option<usize> {
    LENT.with(|lent| {
        let record = lent.get();
        record.covers(memory).then(|| record.init.saturating_sub(memory.as_ptr().addr()).min(memory.len()))
    })
}

/// Makes known that the first `init` bytes of `memory`, the unfilled part of some hyper buffer, are initialised.
pub(super) fn set_init(memory: &[MaybeUninit<u8>], init: usize) {
    let mut record = LENT.get();
    if record.covers(memory) {
        let part = (memory.as_ptr().addr(), memory.as_ptr().addr() + init);
        if part.0 <= record.init {
            record.init = record.init.max(part.1);
        } else {
            record.part = part;
        }
        LENT.set(record);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(memory: &[MaybeUninit<u8>], init: usize) -> InitRecord {
        InitRecord::new(memory.as_ptr().addr(), memory.len(), init)
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
        // Neither ends in order: what they were told of is not passed on to the record that is the newest.
        drop(later);
        assert_eq!((newest.init_len(0), init_len(&memory)), (5, None));
    }
}
