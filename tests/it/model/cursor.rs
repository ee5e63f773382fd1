//! The model of the cursor: the state of a buffer and of its cursors after any sequence of
//! operations.

use std::io::Write as _;
use std::mem::MaybeUninit;

use io_shim::{BorrowedBuf, BorrowedCursor};

use super::script::{Record, SENTINEL, panics, records, size};

/// The greatest depth of nested cursors, the first one included.
const DEPTH: usize = 4;

/// The state of the memory at the start.
#[derive(Clone, Copy, Debug)]
pub enum Memory {
    /// All of it known to be initialized.
    Initialized,
    /// None of it known to be initialized.
    Uninitialized,
    /// This many bytes at the front known to be initialized, at most the capacity.
    Partly(usize),
}

/// The argument of an operation, relative to the cursor.
#[derive(Clone, Copy, Debug)]
pub enum Amount {
    /// This many, modulo one more than the capacity.
    Within(usize),
    Capacity,
    /// More than the capacity by this number plus one.
    Beyond(usize),
    /// The initialized bytes.
    Initialized,
    /// One more than the initialized bytes.
    PastInitialized,
    Huge,
}

impl Amount {
    fn decode([_, kind, high, low]: Record) -> Self {
        let n = usize::from(high) << 8 | usize::from(low);
        match kind % 16 {
            0..=8 => Amount::Within(n),
            9 => Amount::Within(n % 4),
            10 => Amount::Capacity,
            11 => Amount::Beyond(n % 16),
            12 | 13 => Amount::Initialized,
            14 => Amount::PastInitialized,
            _ => Amount::Huge,
        }
    }

    fn of(self, capacity: usize, init_len: usize) -> usize {
        match self {
            Amount::Within(n) => n % (capacity + 1),
            Amount::Capacity => capacity,
            Amount::Beyond(n) => capacity + 1 + n,
            Amount::Initialized => init_len,
            Amount::PastInitialized => init_len + 1,
            Amount::Huge => usize::MAX,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub enum Op {
    // Operations of a cursor:
    Append(Amount),
    /// `io::Write`, which writes what fits.
    Write(Amount),
    /// Then writes to this many of the returned bytes.
    EnsureInitTo(Amount, usize),
    EnsureInit,
    /// Writes to this many of the initialized bytes.
    InitMut(Amount),
    AdvanceChecked(Amount),
    /// Writes through the raw memory and counts it as filled.
    Advance(Amount),
    /// Writes through the raw memory and counts it as initialized.
    AssumeInit(Amount),
    TruncateWritten(Amount),
    WrittenMut,
    /// Replaces this cursor with a narrower one.
    Narrow(Amount),
    /// Continues with a cursor reborrowed from this one.
    Reborrow,
    Limit(Amount),
    /// Returns to the cursor that this one was reborrowed from.
    Leave,
    // Operations of a buffer, which end its cursors:
    Clear,
    /// Writes to the memory and states that it is initialized.
    SetInit(Amount),
    FilledMut,
}

impl Op {
    fn decode(record: Record) -> Self {
        let amount = Amount::decode(record);
        match record[0] % 32 {
            0..=4 => Op::Append(amount),
            5 => Op::Write(amount),
            6..=8 => Op::EnsureInitTo(amount, usize::from(record[0] / 32) * 3),
            9 => Op::EnsureInit,
            10 | 11 => Op::InitMut(amount),
            12..=14 => Op::AdvanceChecked(amount),
            15 => Op::Advance(amount),
            16 => Op::AssumeInit(amount),
            17 | 18 => Op::TruncateWritten(amount),
            19 => Op::WrittenMut,
            20 => Op::Narrow(amount),
            21 | 22 => Op::Reborrow,
            23..=25 => Op::Limit(amount),
            26..=28 => Op::Leave,
            29 => Op::Clear,
            30 => Op::SetInit(amount),
            _ => Op::FilledMut,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Case {
    pub memory: Memory,
    pub capacity: usize,
    /// Sentinels reveal writes past the marks. Memory without them is for the checkers.
    pub sentinels: bool,
    pub ops: Vec<Op>,
}

impl Case {
    pub fn decode(records: &[Record]) -> Self {
        let [kind, part, high, low] = records.first().copied().unwrap_or_default();
        let memory = match kind % 4 {
            0 => Memory::Initialized,
            1 => Memory::Uninitialized,
            _ => Memory::Partly(usize::from(part)),
        };
        let ops = records.iter().skip(1).map(|&record| Op::decode(record)).collect();
        // Mostly small: no behaviour of a cursor depends on the size, and the model works byte by
        // byte.
        let capacity = if part % 16 == 0 { size(high, low) } else { size(high, low) % 1024 };
        Case { memory, capacity, sentinels: kind & 4 == 0, ops }
    }

    pub fn run(&self) {
        let mut initialized = vec![SENTINEL; self.capacity];
        let mut memory = match (self.memory, self.sentinels) {
            (Memory::Initialized, _) => Box::default(),
            (_, true) => vec![MaybeUninit::new(SENTINEL); self.capacity].into_boxed_slice(),
            (_, false) => Box::new_uninit_slice(self.capacity),
        };
        let mut model = Model::new(self.capacity);
        let mut buf = match self.memory {
            Memory::Initialized => {
                model.init = self.capacity;
                BorrowedBuf::from(&mut initialized[..])
            }
            Memory::Uninitialized => BorrowedBuf::from(&mut memory[..]),
            Memory::Partly(n) => {
                let n = n.min(self.capacity);
                memory[..n].fill(MaybeUninit::new(SENTINEL));
                model.init = n;
                let mut buf = BorrowedBuf::from(&mut memory[..]);
                // SAFETY: the bytes were written just above.
                unsafe { buf.set_init(n) };
                buf
            }
        };

        let mut ops = &self.ops[..];
        loop {
            model.check_buffer(&mut buf);
            let Some(op) = ops.first() else { break };
            match op {
                Op::Clear => {
                    buf.clear();
                    model.filled = 0;
                }
                Op::SetInit(amount) => {
                    let n = amount.of(self.capacity, model.init);
                    set_init(&mut buf, &mut model, n);
                }
                Op::FilledMut => {
                    let range = 0..model.filled;
                    buf.filled_mut().copy_from_slice(model.write(range, Byte::Caller));
                }
                _ => {
                    let view = View { start: model.filled, end: self.capacity };
                    run_cursor(buf.unfilled(), view, &mut model, &mut ops, 1);
                    continue;
                }
            }
            ops = &ops[1..];
        }

        assert_eq!(buf.into_filled(), &model.value[..model.filled]);
        if let Memory::Initialized = self.memory {
            assert_eq!(initialized, model.value);
            return;
        }
        let known = if self.sentinels { self.capacity } else { model.init };
        // SAFETY: the memory was initialized with sentinels, or as far as the model records.
        let read = memory[..known].iter().map(|byte| unsafe { byte.assume_init() });
        assert!(read.eq(model.value[..known].iter().copied()), "memory was written that should not have been");
    }
}

/// Runs the case that the bytes encode.
pub fn run(bytes: &[u8]) {
    Case::decode(&records(bytes)).run();
}

/// How a byte was last written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Byte {
    Never,
    Zeroing,
    Caller,
    /// Data number `n`.
    Data(u32),
}

/// The expected memory and marks.
struct Model {
    value: Vec<u8>,
    by: Vec<Byte>,
    filled: usize,
    init: usize,
    /// The number of the next data.
    next: u32,
}

/// The expected bounds of a cursor in the buffer.
#[derive(Clone, Copy)]
struct View {
    start: usize,
    end: usize,
}

impl Model {
    fn new(capacity: usize) -> Self {
        Model { value: vec![SENTINEL; capacity], by: vec![Byte::Never; capacity], filled: 0, init: 0, next: 0 }
    }

    fn capacity(&self, view: View) -> usize {
        view.end - self.filled
    }

    /// Returns the end of the initialized bytes that a cursor may touch.
    fn init_end(&self, view: View) -> usize {
        self.init.min(view.end)
    }

    fn init_len(&self, view: View) -> usize {
        self.init_end(view) - self.filled
    }

    /// Writes new bytes to this range, none of them 0.
    fn write(&mut self, range: std::ops::Range<usize>, by: Byte) -> &[u8] {
        for at in range.clone() {
            self.value[at] = 1 + (self.next % 255) as u8;
            self.by[at] = if let Byte::Data(_) = by { Byte::Data(self.next) } else { by };
            self.next += 1;
        }
        &self.value[range]
    }

    /// Appends the next `n` bytes of data.
    fn fill(&mut self, n: usize) -> Vec<u8> {
        let range = self.filled..self.filled + n;
        self.filled = range.end;
        self.init = self.init.max(range.end);
        self.write(range, Byte::Data(0)).to_vec()
    }

    /// Zeroes what is not initialized up to `end`.
    fn zero(&mut self, end: usize) {
        let start = self.init.min(end);
        let by = &mut self.by[start..end];
        assert!(by.iter().all(|&by| by == Byte::Never), "the model zeroes a byte that was written");
        by.fill(Byte::Zeroing);
        self.value[start..end].fill(0);
        self.init = self.init.max(end);
    }

    fn check_buffer(&self, buf: &mut BorrowedBuf<'_>) {
        assert_eq!(buf.capacity(), self.value.len());
        assert_eq!((buf.filled().len(), buf.init_len()), (self.filled, self.init), "filled and initialized");
        self.same(buf.filled(), 0);
        self.same(buf.filled_mut(), 0);
        let view = View { start: self.filled, end: self.value.len() };
        self.check(&mut buf.unfilled(), view);
    }

    fn check(&self, cursor: &mut BorrowedCursor<'_>, view: View) {
        assert_eq!(cursor.capacity(), self.capacity(view), "the capacity of the cursor");
        assert_eq!(cursor.init_len(), self.init_len(view), "what of the cursor is initialized");
        assert_eq!(cursor.written().len(), self.filled - view.start, "how much was written");
        self.same(cursor.written(), view.start);
        self.same(cursor.written_mut(), view.start);
        assert_eq!(cursor.init_mut().len(), self.init_len(view));
        self.same(cursor.init_mut(), self.filled);
    }

    #[track_caller]
    fn same(&self, bytes: &[u8], at: usize) {
        let expected = &self.value[at..at + bytes.len()];
        if bytes != expected {
            let i = bytes.iter().zip(expected).take_while(|(byte, expected)| byte == expected).count();
            panic!("byte {} is {}, not {} by {:?}", at + i, bytes[i], expected[i], self.by[at + i]);
        }
    }
}

fn set_init(buf: &mut BorrowedBuf<'_>, model: &mut Model, n: usize) {
    if n > model.value.len() {
        // SAFETY: the call panics and changes nothing.
        assert!(panics(|| unsafe { buf.set_init(n) }), "initialized past the capacity");
        return;
    }
    if n > model.init {
        let range = model.init..n;
        let skip = model.init - model.filled;
        let bytes = model.write(range, Byte::Caller);
        write_raw(&mut buf.unfilled(), skip, bytes);
        model.init = n;
    }
    // SAFETY: the first `model.init` bytes are initialized, and `n` is no more.
    unsafe { buf.set_init(n) };
}

/// Writes to the memory of the cursor, after the first `skip` bytes, without moving a mark.
fn write_raw(cursor: &mut BorrowedCursor<'_>, skip: usize, bytes: &[u8]) {
    // SAFETY: only initialized bytes are written.
    let memory = unsafe { cursor.as_mut() };
    for (place, &byte) in memory[skip..].iter_mut().zip(bytes) {
        place.write(byte);
    }
}

/// Runs operations on a cursor until it is left or the buffer is needed.
fn run_cursor(mut cursor: BorrowedCursor<'_>, mut view: View, model: &mut Model, ops: &mut &[Op], depth: usize) {
    loop {
        model.check(&mut cursor, view);
        let Some((op, rest)) = ops.split_first() else { return };
        let (capacity, init_len, filled) = (model.capacity(view), model.init_len(view), model.filled);
        let of = |amount: Amount| amount.of(capacity, init_len);
        let fits = |n: usize| n <= capacity;
        match *op {
            Op::Clear | Op::SetInit(_) | Op::FilledMut => return,
            Op::Leave => {
                *ops = rest;
                return;
            }
            Op::Append(amount) => match of(amount) {
                n if fits(n) => cursor.append(&model.fill(n)),
                n => {
                    let bytes = vec![1; n.min(capacity + 1)];
                    assert!(panics(|| cursor.append(&bytes)), "appended past the capacity");
                }
            },
            Op::Write(amount) => {
                let n = of(amount).min(capacity);
                let mut bytes = model.fill(n);
                if n == capacity {
                    bytes.extend_from_slice(b"too much");
                }
                assert_eq!(cursor.write(&bytes).unwrap(), n);
            }
            Op::EnsureInitTo(amount, written) => match of(amount) {
                n if fits(n) => {
                    model.zero(filled + n);
                    let bytes = cursor.ensure_init_to(n);
                    assert_eq!(bytes.len(), n);
                    model.same(bytes, filled);
                    let n = written.min(n);
                    bytes[..n].copy_from_slice(model.write(filled..filled + n, Byte::Caller));
                }
                n => assert!(panics(|| _ = cursor.ensure_init_to(n)), "initialized past the capacity"),
            },
            Op::EnsureInit => {
                model.zero(view.end);
                let bytes = cursor.ensure_init();
                assert_eq!(bytes.len(), capacity);
                model.same(bytes, filled);
            }
            Op::InitMut(amount) => {
                let n = of(amount).min(init_len);
                cursor.init_mut()[..n].copy_from_slice(model.write(filled..filled + n, Byte::Caller));
            }
            Op::AdvanceChecked(amount) => match of(amount) {
                n if n <= init_len => {
                    cursor.advance_checked(n);
                    model.filled += n;
                }
                n => assert!(panics(|| cursor.advance_checked(n)), "advanced past the initialized bytes"),
            },
            Op::Advance(amount) => match of(amount) {
                n if fits(n) => {
                    write_raw(&mut cursor, 0, &model.fill(n));
                    // SAFETY: that many bytes were written just above.
                    unsafe { cursor.advance(n) };
                }
                // SAFETY: the call panics and changes nothing.
                n => assert!(panics(|| unsafe { cursor.advance(n) }), "advanced past the capacity"),
            },
            Op::AssumeInit(amount) => match of(amount) {
                n if fits(n) => {
                    if n > init_len {
                        write_raw(&mut cursor, init_len, model.write(filled + init_len..filled + n, Byte::Caller));
                        model.init = model.init.max(filled + n);
                    }
                    // SAFETY: the bytes that were not initialized were written just above.
                    unsafe { cursor.assume_init(n) };
                }
                // SAFETY: the call panics and changes nothing.
                n => assert!(panics(|| unsafe { cursor.assume_init(n) }), "initialized past the capacity"),
            },
            Op::TruncateWritten(amount) => {
                let len = match amount {
                    Amount::Within(n) => n % (filled - view.start + 1),
                    amount => of(amount),
                };
                cursor.truncate_written(len);
                model.filled = filled.min(view.start.saturating_add(len));
            }
            Op::WrittenMut => {
                cursor.written_mut().copy_from_slice(model.write(view.start..filled, Byte::Caller));
            }
            Op::Narrow(amount) => {
                let n = of(amount);
                cursor = cursor.limit(n);
                view = View { start: filled, end: filled.saturating_add(n).min(view.end) };
            }
            Op::Reborrow | Op::Limit(_) if depth == DEPTH => {}
            Op::Reborrow => {
                *ops = rest;
                let inner = View { start: filled, end: view.end };
                run_cursor(cursor.reborrow(), inner, model, ops, depth + 1);
                continue;
            }
            Op::Limit(amount) => {
                *ops = rest;
                let n = of(amount);
                let inner = View { start: filled, end: filled.saturating_add(n).min(view.end) };
                run_cursor(cursor.reborrow().limit(n), inner, model, ops, depth + 1);
                continue;
            }
        }
        *ops = rest;
    }
}
