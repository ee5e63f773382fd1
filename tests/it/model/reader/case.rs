//! The contents of a case: the steps of the reader, the layers above it and the calls of the
//! caller.

use io_shim::Offer;

use super::super::script::{Record, data, size};

/// What the reader does at one call.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Returns this many bytes, after initializing `init` more. The rest is kept for the next call.
    /// Zero bytes look like the end of file, but more may follow.
    Data {
        len: usize,
        init: usize,
    },
    /// Returns `Pending`, after initializing this many bytes.
    Pending {
        init: usize,
    },
    /// Returns an error, after initializing this many bytes.
    Error {
        init: usize,
    },
    Hostile(Hostile),
}

/// Violations of the contract. If a trait cannot express one, the nearest one is used.
#[derive(Clone, Copy, Debug)]
pub enum Hostile {
    /// Reports more than there is room for, by this number plus one.
    ReturnMore(usize),
    ReturnHuge,
    /// Reports this many bytes, modulo the room plus one, without writing them.
    Lie(usize),
    FillThenPending(usize),
    FillThenError(usize),
    FillThenPanic(usize),
    /// Exchanges the buffer that it was passed for another one, with this many bytes filled.
    Swap(usize),
    SwapEmpty,
    /// Exchanges it for the same memory with the marks at the start, or for the front of that
    /// memory.
    SwapSame(usize),
    SwapFront(usize),
    /// Fills the buffer, then takes back all but this many bytes.
    TakeBack(usize),
}

/// How a reader is wrapped.
#[derive(Clone, Copy, Debug)]
pub enum Layer {
    Tokio,
    Futures(Offer),
    Native,
    /// Through a `BufReader` of this capacity.
    TokioBuf(usize),
    FuturesBuf(usize),
    /// Two shims around a `BufReader`, so that its buffer is read through both.
    TokioInFuturesBuf(usize),
    FuturesInTokioBuf(usize),
    /// A reader with io-shim's trait that reads from two such shims through `fill_buf` and
    /// `consume`.
    Filling(usize),
    /// A reader with io-shim's trait that limits what it passes on.
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
    /// How much of it is known to be initialized, at most the capacity.
    pub init: usize,
    /// Sentinels reveal writes past the marks. Memory without them is for the checkers.
    pub sentinels: bool,
}

#[derive(Clone, Debug)]
pub enum Call {
    /// Replaces the held buffer with new memory.
    Hold(Shape),
    /// Reads into the held buffer, or into fresh memory.
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

    /// Returns whether it may hold data back.
    pub fn buffers(self) -> bool {
        use Layer::*;
        matches!(self, TokioBuf(_) | FuturesBuf(_) | TokioInFuturesBuf(_) | FuturesInTokioBuf(_) | Filling(_))
    }

    /// Returns the greatest length that passes in one call.
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
    /// Decodes a case. With `hostile`, the reader may break its contract.
    pub fn decode(records: &[Record], hostile: bool) -> Self {
        let [depth, base, flags, size_of_base] = records.first().copied().unwrap_or_default();
        // A hostile reader is placed in a shim that checks its results: other wrappers trust it.
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
                // Many reads of one size or of two, into one buffer or into new ones, until the
                // conversion has learned from them.
                15 => {
                    let (capacity, sentinels) = (64 << 10, kind >= 128);
                    let shape = Shape { capacity, init: 0, sentinels };
                    let other = if kind % 4 < 2 { 20_000 } else { size(high, low) };
                    calls.push(Call::Hold(shape));
                    for len in [size(high, low), other].into_iter().cycle().take(32) {
                        steps.push(Step::Data { len, init: 0 });
                        calls.push(Call::Tokio { fresh: (kind % 2 == 0).then_some(shape) });
                    }
                }
                _ => {}
            }
        }
        // Limits the data to what passes through in reasonable time.
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
