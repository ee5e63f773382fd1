//! What is printed and written: tables in Markdown.

use std::fmt::{self, Write as _};
use std::process::Command;

use crate::cases::Results;
use crate::chart::number;
use crate::charts::Named;
use crate::consumers::Consumer;
use crate::measure::Outcome;
use crate::peers::Peer;
use crate::source::bytes_name;
use crate::targets::Target;
use crate::zeroed::Count;

/// A table whose columns are as wide as what is in them.
#[derive(Clone, Debug, Default)]
struct Table(Vec<Vec<String>>);

impl Table {
    fn new<S: Into<String>>(head: impl IntoIterator<Item = S>) -> Self {
        Table(vec![head.into_iter().map(Into::into).collect()])
    }

    fn row(&mut self, row: Vec<String>) {
        self.0.push(row);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths: Vec<usize> = (0..self.0[0].len())
            .map(|column| self.0.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
            .collect();
        for (i, row) in self.0.iter().enumerate() {
            for (cell, &width) in row.iter().zip(&widths) {
                write!(f, "| {cell:width$} ")?;
            }
            writeln!(f, "|")?;
            if i == 0 {
                for width in &widths {
                    write!(f, "|{}", "-".repeat(width + 2))?;
                }
                writeln!(f, "|")?;
            }
        }
        Ok(())
    }
}

/// What a command prints, in one line.
fn output(command: &str, arguments: &[&str]) -> String {
    let output = Command::new(command).args(arguments).output();
    output.map_or_else(|_| "unknown".into(), |output| String::from_utf8_lossy(&output.stdout).trim().to_string())
}

/// Today, as far as this machine knows.
pub(crate) fn today() -> String {
    output("date", &["-u", "+%F"])
}

/// The machine, in one line.
fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown CPU");
    let model = model.trim_start().trim_start_matches(':').trim();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let virtual_machine = if info.contains("hypervisor") { ", virtual" } else { "" };
    let kernel = output("uname", &["-sr"]);
    format!("{model}, {cores} cores{virtual_machine}; {kernel}; {}", output("rustc", &["--version"]))
}

const METHOD: &str = "\
Ratios of CPU time to a native reader: one that has tokio's trait itself and writes into uninitialised memory. All readers \
of one line ran in one process, in turn, in short rounds whose order rotates; what is measured is the CPU time of the \
reading thread. A figure is the ratio of the medians, and in parentheses the quartiles of the ratios of the rounds. Other \
processes ran meanwhile; where the pace of the machine changed so much that a ratio of medians is more than 3 % outside its \
quartiles, it is marked with !. *pending*: every other poll returns `Pending`. *mixed*: 100 bytes to 64K, evenly spread over the \
logarithms. *alternating*: 100 bytes and 64K in turn. *driven by*: that executor polls the reader when it is woken; elsewhere \
a loop polls until the reader is ready.

Over TCP both sides use the same socket, tokio's: natively as it is, and otherwise behind an `AsyncRead` of futures-io that \
reads into the slice that it is given. So the system calls are the same, but for the lengths they are given. The sender, on \
another thread, sends the next chunk when the last one was read. While it does so the clock stands still: a chunk has \
arrived in whole when it is read, as on a busy server, and what is measured is `epoll_wait` and `recv`, but no sleeping \
and waking.

The allocator is told to keep what is freed, so that page faults do not decide which reader is the faster one; not so where \
resident memory is measured.
";

/// The report.
pub(crate) fn report(results: &Results, targets: &[Target], charts: &[Named], date: &str) -> String {
    let mut text = String::new();
    write(&mut text, results, targets, charts, date).expect("a string takes all");
    text
}

fn write(text: &mut String, results: &Results, targets: &[Target], charts: &[Named], date: &str) -> fmt::Result {
    writeln!(text, "# A tokio consumer over a futures-io reader: what the conversion costs\n")?;
    writeln!(text, "{date}. {}.\n\nWritten by `cargo bench --bench compare -- --report`.\n", machine())?;
    for (name, chart) in charts {
        writeln!(text, "![{}]({name}.svg)\n", chart.title)?;
    }
    writeln!(text, "## How it is measured\n\n{METHOD}")?;
    writeln!(text, "## Targets\n\n{}", target_table(targets))?;
    writeln!(text, "## Time in memory\n")?;
    let rows = results.memory.iter().map(|row| {
        let sizes = row.sizes.name() + if row.pending { ", pending" } else { "" };
        (row.consumer.name(), sizes, &row.outcome)
    });
    times(text, rows)?;
    writeln!(text, "## Time over loopback TCP\n")?;
    times(text, results.tcp.iter().map(|row| (row.consumer.name(), row.sizes.name(), &row.outcome)))?;
    zeroed(text, results)?;
    resident(text, results)
}

fn target_table(targets: &[Target]) -> Table {
    let mut table = Table::new(["what", "target", "measured", "reached"]);
    for Target { what, wanted, measured, reached } in targets {
        let reached = match reached {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "-",
        };
        table.row(vec![what.clone(), wanted.clone(), measured.clone(), reached.into()]);
    }
    table
}

/// A table for every consumer.
fn times<'a>(text: &mut String, rows: impl Iterator<Item = (String, String, &'a Outcome)>) -> fmt::Result {
    let mut tables: Vec<(String, Table)> = Vec::new();
    for (consumer, sizes, outcome) in rows {
        let at = tables.iter().position(|(name, _)| *name == consumer).unwrap_or_else(|| {
            let mut head = vec!["bytes at a time".to_string(), "native, ns per KiB".into(), "rounds".into()];
            head.extend(outcome.ratios.iter().skip(1).map(|(peer, _)| peer.name().to_string()));
            tables.push((consumer, Table::new(head)));
            tables.len() - 1
        });
        let mut row = vec![sizes, number(outcome.native), outcome.rounds.to_string()];
        row.extend(outcome.ratios.iter().skip(1).map(|(_, ratio)| ratio.to_string()));
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
            let sizes = row.sizes.name() + if row.pending { ", pending" } else { "" };
            let mut cells = vec![row.consumer.name(), sizes];
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
