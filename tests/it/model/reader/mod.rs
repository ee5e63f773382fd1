//! The model of reading: a scripted reader at the bottom of a random stack of conversions, and what
//! its caller must observe.

mod caller;
mod case;
mod memory;
mod source;
mod stack;

use super::script::records;
use caller::Caller;
use memory::Memory;

pub use case::{Call, Case, Shape, Step};

impl Case {
    pub fn run(&self) {
        let mut caller = Caller::new(self);
        let mut held = Memory::new(Shape { capacity: 4096, init: 0, sentinels: true });
        for call in &self.calls {
            caller.call(call, &mut held);
        }
        // Reads the rest, so that lost data shows.
        let shape = |sentinels, capacity| Some(Shape { capacity, init: 0, sentinels });
        let rest = [
            Call::Cursor { fresh: shape(true, 9000), limit: None },
            Call::Tokio { fresh: shape(true, 40_000) },
            Call::Slice { len: 5000, io_shim: true },
            Call::Vectored { lens: vec![0, 3000, 0, 3000], io_shim: false },
        ];
        let total: usize = self.steps.iter().map(|step| if let Step::Data { len, .. } = step { *len } else { 0 }).sum();
        let mut rounds = 0;
        while caller.log.left.get() > 0 || (caller.received < total && !caller.is_astray()) {
            caller.call(&rest[rounds % rest.len()], &mut held);
            rounds += 1;
            if rounds > 4 * (total + self.steps.len()) {
                assert!(caller.is_astray(), "the data does not come");
                // After a violation, a small buffer over a large one may take too long.
                break;
            }
        }
        if !caller.is_astray() {
            assert_eq!(caller.log.given.get(), total);
            assert_eq!(caller.received, total, "data was lost or came twice");
        }
        held.check();
    }
}

/// Runs the case that the bytes encode.
pub fn run(bytes: &[u8]) {
    let records = records(bytes);
    let hostile = records.first().is_some_and(|[.., flags, _]| flags & 2 != 0);
    Case::decode(&records, hostile).run();
}
