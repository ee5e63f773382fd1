//! The tables of the report.

use std::fmt::{self, Write as _};

use crate::cases::{Results, size_name};
use crate::charts::Named;
use crate::consumers::Consumer;
use crate::measure::Outcome;
use crate::peers::Peer;
use crate::report::{Table, ahead, machine, number, of_medians, reached, today};
use crate::source::bytes_name;
use crate::targets::Target;
use crate::zeroed::Count;

const METHOD: &str = "\
The tables show ratios: the CPU time of a reader, divided by that of a native reader. The native \
reader implements tokio's trait and writes into uninitialized memory. All readers of a line run in \
one process, in short rounds. Each takes its turn in a round, and the order rotates. Only the \
reading thread's CPU time counts. A figure is the ratio of the medians. The quartiles of the \
ratios of the rounds follow in parentheses. Other processes were running, too. If the pace of the \
machine changed so much that the ratio of the medians is more than 3 % outside the quartiles, the \
figure is marked with !.

* *pending*: every other poll returns `Pending`.
* *mixed*: 100 bytes to 64K, with evenly distributed logarithms.
* *alternating*: 100 bytes and 64K in turn.
* *jumping*: 100, 3000, 20,000 and 65,536 bytes in turn.
* *driven by*: that executor polls the reader when it is woken. Elsewhere, a loop polls until the \
reader is ready.

Over TCP, all readers use the same tokio socket. The native reader uses it directly. The others \
use it through the `AsyncRead` of futures-io, which reads into the slice that it is passed. So \
only the lengths of the system calls differ. Another thread sends the next chunk when the last one \
was read, and the clock stops until all of it has arrived. As on a busy server, the time is spent \
in `epoll_wait` and `recv`, without sleeping and waking.

The allocator keeps freed memory, so that page faults do not decide which reader is faster. \
Resident memory is measured with the allocator's default settings.
";

/// Returns the report.
pub(crate) fn report(results: &Results, targets: &[Target], charts: &[Named]) -> String {
    let mut text = String::new();
    write(&mut text, results, targets, charts).expect("writing to a string does not fail");
    text
}

fn write(text: &mut String, results: &Results, targets: &[Target], charts: &[Named]) -> fmt::Result {
    writeln!(text, "# A tokio consumer over a futures-io reader: what the conversion costs\n")?;
    writeln!(text, "{}. {}.\n\nWritten by `cargo bench --bench compare -- --report`.\n", today(), machine())?;
    for (name, chart) in charts {
        writeln!(text, "![{}]({name}.svg)\n", chart.title)?;
    }
    writeln!(text, "## How it is measured\n\n{METHOD}")?;
    writeln!(text, "## Targets\n\n{}", target_table(targets))?;
    let memory: Vec<_> = results.memory.iter().map(|row| (row.consumer.name(), row.name(), &row.outcome)).collect();
    let tcp: Vec<_> = results.tcp.iter().map(|row| (row.consumer.name(), row.sizes.name(), &row.outcome)).collect();
    let places = [("in memory", &memory), ("over TCP", &tcp)].into_iter().flat_map(|(place, rows)| {
        rows.iter().map(move |(consumer, sizes, outcome)| (format!("{place}: {consumer}, {sizes}"), *outcome))
    });
    writeln!(
        text,
        "{}",
        ahead(places, &[Peer::Predicted], &[Peer::TokioUtil, Peer::AsyncCompat, Peer::FuturesOwn], Peer::name)
    )?;
    writeln!(text, "## Time in memory\n")?;
    times(text, memory)?;
    writeln!(text, "## Time over loopback TCP\n")?;
    times(text, tcp)?;
    zeroed(text, results)?;
    resident(text, results)
}

fn target_table(targets: &[Target]) -> Table {
    let mut table = Table::new(["what", "target", "measured", "reached"]);
    for Target { what, wanted, measured, reached } in targets {
        table.row(vec![what.clone(), wanted.clone(), measured.clone(), self::reached(*reached)]);
    }
    table
}

/// Writes a table for every consumer.
fn times(text: &mut String, rows: Vec<(String, String, &Outcome<Peer>)>) -> fmt::Result {
    let mut tables: Vec<(String, Table)> = Vec::new();
    for (consumer, sizes, outcome) in rows {
        let at = tables.iter().position(|(name, _)| *name == consumer).unwrap_or_else(|| {
            let mut head = vec!["bytes at a time".to_string(), "native, ns per KiB".into(), "rounds".into()];
            head.extend(outcome.ratios.iter().skip(1).map(|(peer, _)| peer.name().to_string()));
            tables.push((consumer, Table::new(head)));
            tables.len() - 1
        });
        let mut row = vec![sizes, number(outcome.native * 1024.0), outcome.rounds.to_string()];
        row.extend(outcome.ratios.iter().skip(1).map(|(_, ratio)| of_medians(*ratio)));
        tables[at].1.row(row);
    }
    for (name, table) in tables {
        writeln!(text, "### {name}\n\n{table}")?;
    }
    Ok(())
}

fn zeroed(text: &mut String, results: &Results) -> fmt::Result {
    writeln!(
        text,
        "## Bytes zeroed\n\nExact counts: the reader marks what it is shown, and counts what is zero again.\n"
    )?;
    type Figure = fn(&Count) -> String;
    let per_byte: Figure = |count| format!("{:.4}", count.later());
    let all: Figure = |count| count.total().to_string();
    let head = "bytes zeroed per byte read, after the first 16 reads";
    for (title, is_fresh, figure) in
        [(head, true, per_byte), ("bytes zeroed in all, for 1M (or one frame of 8M)", false, all)]
    {
        let rows = results.zeroed.iter().filter(|row| matches!(row.consumer, Consumer::ReadBuf(_)) == is_fresh);
        let mut columns = vec!["consumer".to_string(), "bytes at a time".into()];
        columns.extend(Peer::ALL[1..].iter().map(|peer| peer.name().to_string()));
        columns.push(Peer::FuturesOwn.name().into());
        let mut table = Table::new(columns);
        for row in rows {
            let mut cells = vec![row.consumer.name(), size_name(row.sizes, row.pending)];
            cells.extend(row.counts.iter().map(|(_, count)| figure(count)));
            cells.resize(8, "-".into());
            table.row(cells);
        }
        writeln!(text, "### {title}\n\n{table}")?;
    }
    Ok(())
}

fn resident(text: &mut String, results: &Results) -> fmt::Result {
    writeln!(text, "## Resident memory\n\n200 TCP connections that each read messages into a buffer of 1M, in KiB.\n")?;
    let mut sizes: Vec<usize> = results.resident.iter().map(|row| row.size).collect();
    sizes.dedup();
    let mut table = Table::new(["messages of"].into_iter().chain(Peer::ALL.iter().map(|peer| peer.name())));
    for size in sizes {
        let mut row = vec![bytes_name(size)];
        row.extend(results.resident.iter().filter(|row| row.size == size).map(|row| row.kib.to_string()));
        table.row(row);
    }
    writeln!(text, "{table}")
}
