//! Every pair of an inner and an outer ecosystem: the conformance suites, and hostile types whose
//! reports make the tables of `docs/FAULTS.md`.
//!
//! The suites call io-shim's traits. To call the traits of another ecosystem, a test wraps the shim
//! once more: `Shim::from_tokio(shim)` reads through `tokio::io::AsyncRead`.

use std::collections::BTreeMap;
use std::io::Cursor;

use io_shim::testing::conformance;
use io_shim::{Offer, Shim};

use crate::hostile_types::{self, BufReadFault, Dialect, HostileReader, ReadFault, Report, SeekFault, WriteFault};
use crate::mock::{Script, Sink, Step};

/// Runs a conformance suite once per calling ecosystem, with the shim that `$inner` makes of
/// `$data`. hyper's traits only read and write.
macro_rules! per_caller {
    (conformance::read, |$data:ident| $inner:expr) => {
        per_caller!(@common conformance::read, |$data| $inner);
        conformance::read(|$data| Shim::from_hyper($inner).for_hyper());
    };
    (conformance::write, $inner:expr) => {
        conformance::write(|| $inner, |shim| shim.into_inner().data);
        conformance::write(|| Shim::from_tokio($inner).for_tokio(), |shim| shim.into_inner().into_inner().data);
        conformance::write(|| Shim::from_futures($inner).for_futures(), |shim| shim.into_inner().into_inner().data);
        conformance::write(|| Shim::from_hyper($inner).for_hyper(), |shim| shim.into_inner().into_inner().data);
    };
    (conformance::$suite:ident, |$data:ident| $inner:expr) => {
        per_caller!(@common conformance::$suite, |$data| $inner);
    };
    (@common $suite:path, |$data:ident| $inner:expr) => {
        $suite(|$data| $inner);
        $suite(|$data| Shim::from_tokio($inner).for_tokio());
        $suite(|$data| Shim::from_futures($inner).for_futures());
    };
}

/// Delivers `data` in pieces of odd sizes, some after initializing first, with `Pending` in
/// between.
pub fn script(data: &[u8]) -> Script {
    let pieces = [1, 900, 17, 2048, 5000, 64, 3];
    let mut rest = data;
    let mut steps = Vec::new();
    for (i, &len) in pieces.iter().cycle().enumerate() {
        if rest.is_empty() {
            break;
        }
        let (piece, tail) = rest.split_at(len.min(rest.len()));
        rest = tail;
        if i % 3 == 0 {
            steps.push(Step::Pending);
        }
        steps.push(if i % 2 == 0 { Step::Data(piece.to_vec()) } else { Step::Initialized(piece.to_vec()) });
    }
    Script::new(steps)
}

#[test]
fn every_pair_conforms_in_reading() {
    per_caller!(conformance::read, |data| Shim::from_tokio(script(data)));
    per_caller!(conformance::read, |data| Shim::from_futures(script(data)));
    per_caller!(conformance::read, |data| Shim::from_hyper(script(data)));
    per_caller!(conformance::read, |data| Shim::new(script(data)));
    for offer in [Offer::Whole, Offer::bounce(100)] {
        per_caller!(conformance::read, |data| Shim::from_futures(script(data)).with_offer(offer));
    }
    per_caller!(conformance::read, |data| Shim::from_tokio(tokio::io::BufReader::new(script(data))));
    per_caller!(conformance::read, |data| Shim::from_futures_buf(futures::io::BufReader::new(script(data))));
    conformance::read(|data| Box::pin(Shim::from_futures(Box::new(Shim::from_tokio(script(data))))));
    conformance::read(|data| Shim::from_hyper(Shim::from_tokio(Shim::from_hyper(script(data)))));
    conformance::read(|data| Shim::from_hyper(Box::pin(Shim::from_futures(Shim::from_hyper(script(data))))));
}

#[test]
fn every_pair_conforms_in_writing() {
    for vectors in [true, false] {
        for most in [usize::MAX, 333] {
            for pending in [None, Some(false)] {
                let sink = || Sink { most, pending, ..Sink::new(vectors) };
                per_caller!(conformance::write, Shim::from_tokio(sink()));
                per_caller!(conformance::write, Shim::from_futures(sink()));
                per_caller!(conformance::write, Shim::from_hyper(sink()));
                per_caller!(conformance::write, Shim::new(sink()));
                conformance::write(
                    || Shim::from_hyper(Shim::from_tokio(Shim::from_hyper(sink()))),
                    |shim| shim.into_inner().into_inner().into_inner().data,
                );
            }
        }
    }
}

#[test]
fn every_pair_conforms_in_buffered_reading() {
    per_caller!(conformance::buf_read, |data| Shim::from_tokio(tokio::io::BufReader::new(script(data))));
    per_caller!(conformance::buf_read, |data| Shim::from_futures(futures::io::BufReader::new(script(data))));
    per_caller!(conformance::buf_read, |data| Shim::from_futures_buf(futures::io::BufReader::new(script(data))));
    per_caller!(conformance::buf_read, |data| Shim::new(Cursor::new(data.to_vec())));
}

#[test]
fn every_pair_conforms_in_seeking() {
    per_caller!(conformance::seek, |data| Shim::from_tokio(Cursor::new(data.to_vec())));
    per_caller!(conformance::seek, |data| Shim::from_futures(futures::io::Cursor::new(data.to_vec())));
    per_caller!(conformance::seek, |data| Shim::new(Cursor::new(data.to_vec())));
}

#[cfg(not(target_family = "wasm"))]
#[test]
fn a_real_file_conforms_in_reading_writing_and_seeking() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let _context = runtime.enter();
    let file = |data: &[u8]| {
        use std::io::{Seek as _, Write as _};
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(data).unwrap();
        file.rewind().unwrap();
        Shim::from_tokio(tokio::fs::File::from_std(file)).for_futures()
    };
    conformance::read(|data| file(data));
    conformance::seek(|data| file(data));
    conformance::seek(|data| Shim::from_futures(file(data)));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("written");
    conformance::write(
        || Shim::from_tokio(tokio::fs::File::from_std(std::fs::File::create(&path).unwrap())),
        |_| std::fs::read(&path).unwrap(),
    );
}

/// What a caller of each ecosystem saw of one fault, by kind of call.
type Cell<const N: usize> = [Vec<(&'static str, String)>; N];

/// The ecosystems that read and write.
const READ_AND_WRITE: [(Dialect, &str); 4] = [
    (Dialect::Tokio, "tokio"),
    (Dialect::Futures, "futures-io"),
    (Dialect::Hyper, "hyper"),
    (Dialect::IoShim, "io-shim"),
];
/// The ecosystems that also seek and read through a buffer.
const BUF_READ_AND_SEEK: [(Dialect, &str); 3] =
    [(Dialect::Tokio, "tokio"), (Dialect::Futures, "futures-io"), (Dialect::IoShim, "io-shim")];

/// Writes the table of one suite: fault, inner ecosystems, calling ecosystems, what the caller saw.
/// Ecosystems with the same outcome share a row.
fn table<const N: usize>(
    inside: &str,
    dialects: [(Dialect, &'static str); N],
    faults: impl Iterator<Item = (&'static str, [Result<(), &'static str>; N])>,
    reports: impl Fn(Dialect) -> [Vec<Report>; N],
) -> String {
    let mut seen: BTreeMap<(&str, &str), Cell<N>> = BTreeMap::new();
    for (dialect, inside) in dialects {
        for (caller, reports) in reports(dialect).into_iter().enumerate() {
            for report in reports {
                assert!(report.recovered, "{inside} inside, caller {caller}: {report:?}");
                let cell = seen.entry((report.fault, inside)).or_insert_with(|| std::array::from_fn(|_| Vec::new()));
                cell[caller].push((report.call, report.seen.to_string()));
            }
        }
    }
    let mut rows = format!("| a {inside} that ... | inside | caller | outcome |\n|---|---|---|---|\n");
    for (fault, expressible) in faults {
        let alike = grouped(dialects.into_iter().zip(expressible).map(|((_, inside), expressible)| {
            let outcomes = match expressible {
                Ok(()) => {
                    let outcomes = seen[&(fault, inside)].each_ref().map(|calls| outcome(calls));
                    grouped(dialects.into_iter().zip(outcomes).map(|((_, caller), outcome)| (caller, outcome)))
                }
                Err(reason) => vec![(vec!["-"], format!("not possible: {reason}"))],
            };
            (inside, outcomes)
        }));
        for (inside, outcomes) in alike {
            for (callers, outcome) in outcomes {
                rows.push_str(&format!(
                    "| {fault} | {} | {} | {outcome} |\n",
                    names::<N>(&inside),
                    names::<N>(&callers)
                ));
            }
        }
    }
    rows
}

/// Joins the names that have equal values.
fn grouped<T: PartialEq>(values: impl Iterator<Item = (&'static str, T)>) -> Vec<(Vec<&'static str>, T)> {
    let mut groups: Vec<(Vec<&str>, T)> = Vec::new();
    for (name, value) in values {
        match groups.iter_mut().find(|(_, other)| *other == value) {
            Some((names, _)) => names.push(name),
            None => groups.push((vec![name], value)),
        }
    }
    groups
}

fn names<const N: usize>(names: &[&str]) -> String {
    if names.len() == N { "any".to_string() } else { names.join(", ") }
}

/// Describes the outcomes by kind of call. Leaves out empty reads and writes that returned 0.
fn outcome(calls: &[(&'static str, String)]) -> String {
    let uneventful = |call, seen| matches!(call, "empty buffer" | "no data") && seen == "0 bytes";
    let groups =
        grouped(calls.iter().filter(|(call, seen)| !uneventful(*call, seen)).map(|(call, seen)| (*call, seen)));
    if let [(_, seen)] = &groups[..] {
        return (*seen).clone();
    }
    groups.iter().map(|(calls, seen)| format!("{}: {seen}", calls.join(", "))).collect::<Vec<_>>().join("; ")
}

macro_rules! faults {
    ($fault:ty, $dialects:ident) => {
        <$fault>::ALL.iter().map(|fault| (fault.name(), $dialects.map(|(dialect, _)| fault.expressible(dialect))))
    };
}

/// Runs a suite with each inner ecosystem and each calling one: tokio, futures-io, hyper where
/// there is a constructor for it, io-shim.
macro_rules! reports {
    ($suite:path, $tokio:ident, $futures:ident $(, $hyper:ident)?) => {
        |dialect| match dialect {
            Dialect::Tokio => reports!(@callers $suite, dialect, |evil| Shim::$tokio(evil) $(, $hyper)?),
            Dialect::Futures => reports!(@callers $suite, dialect, |evil| Shim::$futures(evil) $(, $hyper)?),
            $(Dialect::Hyper => reports!(@callers $suite, dialect, |evil| Shim::$hyper(evil), $hyper),)?
            _ => reports!(@callers $suite, dialect, |evil| Shim::new(evil) $(, $hyper)?),
        }
    };
    (@callers $suite:path, $dialect:ident, |$evil:ident| $inner:expr $(, $hyper:ident)?) => {
        [
            $suite($dialect, |$evil| Shim::from_tokio($inner)),
            $suite($dialect, |$evil| Shim::from_futures($inner)),
            $($suite($dialect, |$evil| Shim::$hyper($inner)),)?
            $suite($dialect, |$evil| $inner),
        ]
    };
}

fn tables() -> String {
    let read = reports!(hostile_types::read, from_tokio, from_futures, from_hyper);
    let write = reports!(hostile_types::write, from_tokio, from_futures, from_hyper);
    let seek = reports!(hostile_types::seek, from_tokio, from_futures);
    let fill = reports!(hostile_types::buf_read, from_tokio, from_futures_buf);
    [
        table("reader", READ_AND_WRITE, faults!(ReadFault, READ_AND_WRITE), read),
        table("writer", READ_AND_WRITE, faults!(WriteFault, READ_AND_WRITE), write),
        table("seeker", BUF_READ_AND_SEEK, faults!(SeekFault, BUF_READ_AND_SEEK), seek),
        table("buffered reader", BUF_READ_AND_SEEK, faults!(BufReadFault, BUF_READ_AND_SEEK), fill),
    ]
    .join("\n")
}

#[test]
fn hostile_types_do_no_harm_and_the_tables_of_faults_md_are_true() {
    let behaviours = ReadFault::ALL.len() + WriteFault::ALL.len() + SeekFault::ALL.len() + BufReadFault::ALL.len();
    assert!(behaviours >= 40, "{behaviours}");
    let tables = tables();
    let faults = include_str!("../../docs/FAULTS.md");
    assert!(faults.contains(&tables), "the tables of docs/FAULTS.md should read:\n{tables}");
}

#[test]
fn hyper_neither_seeks_nor_fills() {
    assert!(hostile_types::seek(Dialect::Hyper, Shim::new).is_empty());
    assert!(hostile_types::buf_read(Dialect::Hyper, Shim::new).is_empty());
}

#[test]
fn every_offer_withstands_hostile_readers() {
    for offer in [Offer::Whole, Offer::bounce(7), Offer::bounce(5000)] {
        let reports = hostile_types::read(Dialect::Futures, |evil| Shim::from_futures(evil).with_offer(offer));
        assert!(reports.iter().all(|report| report.recovered));
    }
}

#[test]
fn layers_withstand_hostile_readers_and_writers() {
    let reports =
        hostile_types::read(Dialect::Tokio, |evil| Shim::new(Shim::from_futures(Box::pin(Shim::from_tokio(evil)))));
    assert!(reports.iter().all(|report| report.recovered));
    let reports =
        hostile_types::read(Dialect::Hyper, |evil| Shim::from_hyper(Shim::from_tokio(Shim::from_hyper(evil))));
    assert!(reports.iter().all(|report| report.recovered));
    let reports =
        hostile_types::read(Dialect::Tokio, |evil| Shim::from_tokio(Shim::from_hyper(Shim::from_tokio(evil))));
    assert!(reports.iter().all(|report| report.recovered));
    let reports = hostile_types::read(Dialect::Futures, |evil| Shim::from_hyper(Box::pin(Shim::from_futures(evil))));
    assert!(reports.iter().all(|report| report.recovered));
    let reports =
        hostile_types::write(Dialect::Hyper, |evil| Shim::from_hyper(Shim::from_futures(Shim::from_hyper(evil))));
    assert!(reports.iter().all(|report| report.recovered));
    let reports = hostile_types::write(Dialect::Futures, |evil| Shim::from_tokio(Shim::new(Shim::from_futures(evil))));
    assert!(reports.iter().all(|report| report.recovered));
}

#[test]
#[should_panic(expected = "the data differs")]
fn a_reader_that_loses_a_byte_does_not_conform() {
    conformance::read(|data| {
        let mut data = data.to_vec();
        data.truncate(data.len().saturating_sub(1));
        Shim::new(Cursor::new(data))
    });
}

#[test]
#[should_panic(expected = "foreign bytes")]
fn a_wrapper_that_trusts_a_swapped_buffer_does_harm() {
    /// Copies from the buffer that comes back, without checking that it is the same one.
    struct Gullible(HostileReader);
    impl io_shim::AsyncReadBuf for Gullible {
        fn poll_read_into(
            mut self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
            mut cursor: io_shim::BorrowedCursor<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            let mut memory = vec![0; cursor.capacity()];
            let mut buf = tokio::io::ReadBuf::new(&mut memory);
            let poll = tokio::io::AsyncRead::poll_read(std::pin::Pin::new(&mut self.0), cx, &mut buf);
            let n = buf.filled().len().min(cursor.capacity());
            cursor.append(&buf.filled()[..n]);
            poll
        }
    }
    hostile_types::read(Dialect::Tokio, Gullible);
}
