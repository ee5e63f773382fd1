//! What is printed and written: tables in Markdown.

use std::fmt;
use std::process::Command;

use crate::measure::Outcome;

/// A table whose columns are as wide as what is in them.
#[derive(Clone, Debug)]
pub(crate) struct Table(Vec<Vec<String>>);

impl Table {
    /// A table without rows.
    pub(crate) fn new<S: Into<String>>(head: impl IntoIterator<Item = S>) -> Self {
        Table(vec![head.into_iter().map(Into::into).collect()])
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, row: Vec<String>) {
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

/// Whether a target is reached, in a word.
pub(crate) fn reached(is_reached: Option<bool>) -> String {
    String::from(match is_reached {
        Some(true) => "yes",
        Some(false) => "NO",
        None => "-",
    })
}

/// A case that was measured: its name, and its targets for some of the peers.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// What was done.
    pub(crate) case: String,
    /// What it took.
    pub(crate) outcome: Outcome,
    /// The highest ratio that a peer may have, by the peer's place.
    pub(crate) targets: Vec<(usize, f64)>,
}

/// A table of ratios, with a column for each of `peers`.
pub(crate) fn ratios(unit: &str, peers: &[&str], rows: &[Row]) -> Table {
    let head = ["case".into(), format!("native, µs per {unit}")];
    let peer_heads = peers.iter().skip(1).map(ToString::to_string);
    let mut table =
        Table::new(head.into_iter().chain(peer_heads).chain(["rounds", "target", "reached"].map(String::from)));
    for Row { case, outcome, targets } in rows {
        let mut row = vec![case.clone(), format!("{:.3}", outcome.native / 1e3)];
        row.extend(outcome.ratios.iter().skip(1).map(ToString::to_string));
        let wanted: Vec<String> = targets.iter().map(|(peer, most)| format!("{} <= {most}", peers[*peer])).collect();
        let is_reached: Vec<String> =
            targets.iter().map(|&(peer, most)| reached(Some(outcome.ratios[peer].median <= most))).collect();
        let or_dash = |list: Vec<String>| if list.is_empty() { "-".into() } else { list.join(", ") };
        row.extend([outcome.rounds.to_string(), or_dash(wanted), or_dash(is_reached)]);
        table.row(row);
    }
    table
}

const METHOD: &str = "\
Times are CPU times of the thread that reads or serves, and no wall times. All peers of one line took their turns in each \
round, and who was first differed; a figure is the median of the ratios to native of the rounds, and in parentheses are \
their quartiles. *native* is written by hand for the traits that are asked for, and reads into uninitialised memory. \
Counts of calls are exact. Whether a target is reached is computed from what was measured.

The machine is shared, and noisy: other processes ran meanwhile. A ratio that is a few hundredths off its target may be on \
the other side the next time, the more so where its quartiles are far apart.

The allocator is told to keep what is freed, so that page faults do not decide which peer is the faster one. A message of \
*Reads* has arrived in whole before the clock runs: one read takes it, unless the peer offers less than the buffer. A server over TCP sleeps until a \
request comes, and that costs, too. A writer that *takes one slice* has only the default `poll_write_vectored`. Those that \
tell hyper that they do not vector are given one piece that hyper copied together, which is one call, and not free.
";

/// What comes before the tables.
pub(crate) fn head() -> String {
    let (date, machine) = (output("date", &["-u", "+%F"]), machine());
    format!(
        "# What io-shim costs a server\n\n{date}. {machine}.\n\nWritten by `cargo bench --features full --bench servers -- \
         --report`.\n\n{METHOD}"
    )
}

/// What a command prints, in one line.
fn output(command: &str, arguments: &[&str]) -> String {
    let output = Command::new(command).args(arguments).output();
    output.map_or_else(|_| "unknown".into(), |output| String::from_utf8_lossy(&output.stdout).trim().to_string())
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
