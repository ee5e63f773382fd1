//! Times in memory: consumers over a [`Source`](crate::source::Source).

use std::hint::black_box;
use std::io;

use crate::cases::with_own;
use crate::consumers::{Consumer, Scratch};
use crate::measure::{Effort, Outcome, compare_for, cpu, drive};
use crate::peers::{self, Job, Peer};
use crate::source::Sizes;

/// Reads everything and returns the time.
struct Timed<'a>(Consumer, &'a mut Scratch);

impl Job for Timed<'_> {
    type Output = f64;

    #[inline(never)]
    fn run<R: tokio::io::AsyncRead + Unpin + 'static>(self, reader: R) -> f64 {
        let start = cpu();
        black_box(self.0.drive(self.0.consume(reader, self.1)));
        cpu() - start
    }
}

/// Compares all peers.
pub(crate) fn measure(consumer: Consumer, sizes: Sizes, pending: bool, effort: Effort) -> io::Result<Outcome<Peer>> {
    let peers = with_own(consumer);
    // Each peer has its own memory, so that no peer profits from pages that another one touched.
    let mut scratch: Vec<_> = peers.iter().map(|_| consumer.scratch()).collect();
    let least = 16 * sizes.mean();
    compare_for(&peers, effort, (300e3, least), consumer.total(), |peer, total| {
        let source = consumer.source(sizes, pending, total);
        let at = peers.iter().position(|other| *other == peer).expect("one of the peers");
        Ok(match peer {
            Peer::FuturesOwn => {
                let mut source = source;
                let start = cpu();
                let mut all = Vec::new();
                let read = drive(futures::AsyncReadExt::read_to_end(&mut source, &mut all));
                black_box(read.expect("the source does not fail"));
                drop(all);
                cpu() - start
            }
            _ => peers::run(peer, source, Timed(consumer, &mut scratch[at])),
        })
    })
}
