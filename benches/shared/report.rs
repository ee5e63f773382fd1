//! Reports: Markdown tables, numbers, and what a report says of the machine.
#![allow(dead_code, reason = "no benchmark uses all of it")]

use std::fmt;
use std::path::Path;
use std::process::Command;

use crate::measure::{Outcome, Ratio};

/// A Markdown table, each column of which is as wide as its widest cell.
#[derive(Clone, Debug)]
pub(crate) struct Table(Vec<Vec<String>>);

impl Table {
    /// Creates a table without rows.
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

/// Returns the cell that says whether a target is reached.
pub(crate) fn reached(is_reached: Option<bool>) -> String {
    String::from(match is_reached {
        Some(true) => "yes",
        Some(false) => "NO",
        None => "-",
    })
}

/// Formats the median and the quartiles of the ratios of the rounds, to three decimals.
pub(crate) fn of_rounds(ratio: Ratio) -> String {
    format!("{:.3} ({:.3} to {:.3})", ratio.median, ratio.low, ratio.high)
}

/// Formats the ratio of the medians and the quartiles of the rounds, to three digits.
pub(crate) fn of_medians(ratio: Ratio) -> String {
    let mark = if ratio.is_disturbed() { "!" } else { "" };
    format!("{}{mark} ({} to {})", number(ratio.of_medians), number(ratio.low), number(ratio.high))
}

/// Returns the section on the rows in which one of `ours` is behind the best of `others` by more
/// than 5 %.
pub(crate) fn ahead<'a, P: Copy + PartialEq + 'a>(
    rows: impl IntoIterator<Item = (String, &'a Outcome<P>)>,
    ours: &[P],
    others: &[P],
    name: fn(P) -> &'static str,
) -> String {
    let mut table = Table::new(["row", "shim", "its ratio", "faster peer", "its ratio"]);
    for (row, outcome) in rows {
        let theirs = others.iter().filter_map(|&peer| Some((peer, outcome.of(peer)?)));
        let best = theirs.min_by(|(_, one), (_, other)| one.of_medians.total_cmp(&other.of_medians));
        let Some((peer, best)) = best else { continue };
        for &our in ours {
            let Some(ratio) = outcome.of(our) else { continue };
            if ratio.of_medians > 1.05 * best.of_medians {
                let figures = (of_medians(ratio), of_medians(best));
                table.row(vec![row.clone(), name(our).into(), figures.0, name(peer).into(), figures.1]);
            }
        }
    }
    let rows = if table.0.len() > 1 { table.to_string() } else { "None.\n".into() };
    format!(
        "## Where a peer is ahead by more than 5 %\n\nAs in the other tables, a ratio is the peer's time, divided by the native reader's.\n\n{rows}"
    )
}

/// Formats a number, to three digits.
pub(crate) fn number(value: f64) -> String {
    match value {
        _ if value >= 100.0 => {
            let unit = 10_f64.powf(value.log10().floor() - 2.0);
            thousands((value / unit).round() * unit)
        }
        _ if value >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Formats a round number: `0.5`, `1`, `1000`, `10,000`.
pub(crate) fn thousands(value: f64) -> String {
    if value < 10.0 {
        return value.to_string();
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if digits.len() > 4 && i > 0 && (digits.len() - i) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns today's date.
pub(crate) fn today() -> String {
    output("date", &["-u", "+%F"])
}

/// Describes the machine and the compiler in one line.
pub(crate) fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown CPU");
    let model = model.trim_start().trim_start_matches(':').trim();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let virtual_machine = if info.contains("hypervisor") { ", virtual" } else { "" };
    let kernel = output("uname", &["-sr"]);
    format!("{model}, {cores} cores{virtual_machine}; {kernel}; {}", output("rustc", &["--version"]))
}

/// Returns what a command prints.
fn output(command: &str, arguments: &[&str]) -> String {
    let output = Command::new(command).args(arguments).output();
    output.map_or_else(|_| "unknown".into(), |output| String::from_utf8_lossy(&output.stdout).trim().to_string())
}

/// Writes a file in `benches/report`.
///
/// # Errors
///
/// Returns an error if the file cannot be written.
pub(crate) fn save(file: &str, text: &str) -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/report");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join(file), text)
}
