//! What a case says: the steps of the reader, the layers above it and the calls of the caller.

use io_shim::Offer;

use super::super::script::{Record, data, size};

/// What the reader does at one call.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Returns so many bytes, after initialising so many more; what does not fit is kept for the next call. None at all
    /// looks like the end of file, and is not.
    Data {
        len: usize,
        init: usize,
    },
    /// Is not ready, after initialising so many bytes.
    Pending {
        init: usize,
    },
    /// Fails, after initialising so many bytes.
    Error {
        init: usize,
    },
    Hostile(Hostile),
}

/// What no reader may do. What a trait cannot express becomes what is nearest to it.
#[derive(Clone, Copy, Debug)]
pub enum Hostile {
    /// Says that it read more than there is room for by this many, and one.
    ReturnMore(usize),
    ReturnHuge,
    /// Says that it read so many bytes, modulo one more than the room, and did not write them.
    Lie(usize),
    FillThenPending(usize),
    FillThenError(usize),
    FillThenPanic(usize),
    /// Puts another buffer in the place of the one that it was lent, with so many bytes filled.
    Swap(usize),
    SwapEmpty,
    /// Puts the same memory in its place, with the marks at the start, or the front of that memory.
    SwapSame(usize),
    SwapFront(usize),
    /// Fills, and takes back all but so many bytes.
    TakeBack(usize),
}

/// How a reader is wrapped.
#[derive(Clone, Copy, Debug)]
pub enum Layer {
    Tokio,
    Futures(Offer),
    Native,
    /// By way of a `BufReader` of this capacity.
    TokioBuf(usize),
    FuturesBuf(usize),
    /// A shim of a shim of a `BufReader`, so that the buffer is seen through both.
    TokioInFuturesBuf(usize),
    FuturesInTokioBuf(usize),
    /// A reader of one's own that takes from such a shim by `fill_buf` and `consume`.
    Filling(usize),
    /// A reader of one's own that limits what it passes on.
    Limited(usize),
    BoxedTokio,
    BoxedFutures,
    BoxedNative,
    PinnedNative,
}

/// Memory to read into.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub capacity: usize,
    /// How much of it is known to be initialised, as far as there is so much.
    pub init: usize,
    /// Memory that holds sentinels shows what was written past the marks; memory that holds nothing is for the checkers.
    pub sentinels: bool,
}

#[derive(Clone, Debug)]
pub enum Call {
    /// Takes new memory as the held buffer.
    Hold(Shape),
    /// Reads into the held buffer, or one for this call alone.
    Cursor {
        fresh: Option<Shape>,
        limit: Option<usize>,
    },
    Tokio {
        fresh: Option<Shape>,
    },
    Slice {
        len: usize,
        io_shim: bool,
    },
    Vectored {
        lens: Vec<usize>,
        io_shim: bool,
    },
}

#[derive(Clone, Debug)]
pub struct Case {
    /// From the inside out.
    pub layers: Vec<Layer>,
    /// Whether the reader fills more than one slice.
    pub vectored: bool,
    pub steps: Vec<Step>,
    pub calls: Vec<Call>,
}

impl Hostile {
    fn decode([_, kind, high, low]: Record) -> Self {
        let n = size(high, low);
        match kind % 11 {
            0 => Hostile::ReturnMore(n),
            1 => Hostile::ReturnHuge,
            2 => Hostile::Lie(n),
            3 => Hostile::FillThenPending(n),
            4 => Hostile::FillThenError(n),
            5 => Hostile::FillThenPanic(n),
            6 => Hostile::Swap(n),
            7 => Hostile::SwapEmpty,
            8 => Hostile::SwapSame(n),
            9 => Hostile::SwapFront(n),
            _ => Hostile::TakeBack(n),
        }
    }
}

impl Layer {
    fn decode([_, kind, high, low]: Record) -> Self {
        let n = size(high, low).max(1);
        match kind % 16 {
            0 | 1 => Layer::Tokio,
            2 | 3 => Layer::Futures(Offer::Predicted),
            4 => Layer::Futures(Offer::bounce(n)),
            5 => Layer::Futures(Offer::Whole),
            6 => Layer::Native,
            7 => Layer::TokioBuf(n),
            8 => Layer::FuturesBuf(n),
            9 => Layer::TokioInFuturesBuf(n),
            10 => Layer::FuturesInTokioBuf(n),
            11 => Layer::Filling(n),
            12 => Layer::Limited(n),
            13 => Layer::BoxedTokio,
            14 => Layer::BoxedFutures,
            _ if low % 2 == 0 => Layer::BoxedNative,
            _ => Layer::PinnedNative,
        }
    }

    /// Whether it may hold data back.
    pub fn buffers(self) -> bool {
        use Layer::*;
        matches!(self, TokioBuf(_) | FuturesBuf(_) | TokioInFuturesBuf(_) | FuturesInTokioBuf(_) | Filling(_))
    }

    /// The most that it lets through at once.
    fn narrowness(self) -> usize {
        use Layer::*;
        match self {
            Futures(Offer::Bounce(n)) => n.get(),
            TokioBuf(n) | FuturesBuf(n) | TokioInFuturesBuf(n) | FuturesInTokioBuf(n) | Filling(n) | Limited(n) => n,
            _ => usize::MAX,
        }
    }
}

impl Shape {
    fn decode([_, kind, high, low]: Record) -> Self {
        let capacity = size(high, low);
        let init = match kind / 16 % 4 {
            0 => capacity,
            1 => usize::from(low) * 8,
            _ => 0,
        };
        Shape { capacity, init, sentinels: kind >= 64 }
    }
}

impl Case {
    /// The case that records stand for; with `hostile`, the reader may be what no reader may be.
    pub fn decode(records: &[Record], hostile: bool) -> Self {
        let [depth, base, flags, size_of_base] = records.first().copied().unwrap_or_default();
        // A hostile reader is in a shim that looks at what it returns: others believe it.
        let base = match Layer::decode([0, base, size_of_base, flags]) {
            base if hostile && base.buffers() => Layer::Native,
            base => base,
        };
        let mut layers = vec![base];
        let depth = 1 + usize::from(depth % 4);
        let (mut steps, mut calls) = (Vec::new(), Vec::new());
        for &record in records.iter().skip(1) {
            let [tag, kind, high, low] = record;
            let init = usize::from(kind) * 4;
            let shape = Shape::decode(record);
            let fresh = (kind % 4 == 0).then_some(shape);
            match tag % 16 {
                0 if layers.len() < depth => layers.push(Layer::decode(record)),
                1 | 2 => steps.push(Step::Data { len: size(high, low), init: 0 }),
                3 => steps.push(Step::Data { len: size(high, low), init }),
                4 if kind % 4 == 0 => steps.push(Step::Error { init: init * usize::from(high % 2) }),
                4 | 5 => steps.push(Step::Pending { init: init * usize::from(high % 2) }),
                6 if hostile => steps.push(Step::Hostile(Hostile::decode(record))),
                7 | 8 => calls.push(Call::Hold(shape)),
                9 | 10 => calls.push(Call::Cursor { fresh, limit: (tag >= 128).then(|| size(low, kind)) }),
                11 | 12 => calls.push(Call::Tokio { fresh }),
                13 => calls.push(Call::Slice { len: size(high, low), io_shim: kind % 2 == 0 }),
                14 => {
                    let lens = [(kind, high), (high, low), (low, tag), (tag, kind), (high, kind)];
                    let lens = lens[..1 + usize::from(tag / 16) % 5].iter().map(|&(high, low)| size(high, low));
                    calls.push(Call::Vectored { lens: lens.collect(), io_shim: kind % 2 == 0 });
                }
                _ => {}
            }
        }
        // As much data as comes through in reasonable time.
        let narrowest = layers.iter().map(|layer| layer.narrowness()).min().unwrap_or(usize::MAX);
        let mut left = data().len().min(narrowest.saturating_mul(256));
        for step in &mut steps {
            if let Step::Data { len, .. } = step {
                *len = left.min(*len);
                left -= *len;
            }
        }
        Case { layers, vectored: flags % 2 == 0, steps, calls }
    }
}
