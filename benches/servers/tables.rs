//! The tables of the report.

use crate::measure::Outcome;
use crate::peers::Peer;
use crate::report::{self, Table, machine, of_rounds, reached, today};

/// A measured case.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Its name.
    pub(crate) case: String,
    /// The times of all peers.
    pub(crate) outcome: Outcome<Peer>,
    /// The highest ratios that some of the peers may have.
    pub(crate) targets: Vec<(Peer, f64)>,
}

/// Returns a table of ratios, with a column for each of `peers`.
pub(crate) fn ratios(unit: &str, peers: &[Peer], rows: &[Row]) -> Table {
    let head = ["case".into(), format!("native, µs per {unit}")];
    let peer_heads = peers.iter().skip(1).map(|peer| peer.name().to_string());
    let mut table =
        Table::new(head.into_iter().chain(peer_heads).chain(["rounds", "target", "reached"].map(String::from)));
    for Row { case, outcome, targets } in rows {
        let mut row = vec![case.clone(), format!("{:.3}", outcome.native / 1e3)];
        row.extend(outcome.ratios.iter().skip(1).map(|(_, ratio)| of_rounds(*ratio)));
        let wanted: Vec<String> = targets.iter().map(|(peer, most)| format!("{} <= {most}", peer.name())).collect();
        let is_reached: Vec<String> =
            targets.iter().map(|&(peer, most)| reached(outcome.of(peer).map(|ratio| ratio.median <= most))).collect();
        let or_dash = |list: Vec<String>| if list.is_empty() { "-".into() } else { list.join(", ") };
        row.extend([outcome.rounds.to_string(), or_dash(wanted), or_dash(is_reached)]);
        table.row(row);
    }
    table
}

/// Returns the section on the rows in which a peer is ahead.
pub(crate) fn ahead(rows: &[(&str, Row)]) -> String {
    let rows = rows.iter().map(|(title, row)| (format!("{title}: {}", row.case), &row.outcome));
    report::ahead(rows, &[Peer::Smol, Peer::Futures], &[Peer::SmolHyper, Peer::Compat], Peer::name)
}

const METHOD: &str = "\
Times are CPU times of the thread that reads or serves, not wall times. All peers of a line take \
their turns in each round, and the order rotates. A figure is the median of the ratios of the \
rounds: the peer's time, divided by the native peer's. The quartiles follow in parentheses. \
*native* is written by hand for the traits that are needed, and reads into uninitialized memory. \
Counts of calls are exact. Whether a target is reached is computed from the measurements.

The machine is shared and noisy: other processes were running, too. A ratio that is a few \
hundredths off its target may be on the other side the next time, especially if its quartiles are \
far apart.

The allocator keeps freed memory, so that page faults do not decide which peer is faster. In \
*Reads*, a whole message has arrived before the clock starts: one read takes it, unless the peer \
offers less than the buffer. A server over TCP sleeps until a request arrives, and the time \
includes that. A writer that *takes one slice* has only the default `poll_write_vectored`. If a \
peer tells hyper that it does not support vectored writes, hyper copies the pieces together and \
makes one call, which is not free.
";

/// Returns the text before the tables.
pub(crate) fn head() -> String {
    let (date, machine) = (today(), machine());
    format!(
        "# What io-shim costs a server\n\n{date}. {machine}.\n\nWritten by `cargo bench --features full --bench servers -- \
         --report`.\n\n{METHOD}"
    )
}
