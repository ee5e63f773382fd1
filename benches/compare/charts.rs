//! The charts of the report.

use crate::cases::Results;
use crate::chart::{Chart, Line, figure};
use crate::consumers::Consumer;
use crate::peers::Peer;
use crate::source::{Sizes, bytes_name};

/// A file name and its chart.
pub(crate) type Named = (&'static str, Chart);

/// Draws all charts.
pub(crate) fn charts(results: &Results) -> Vec<Named> {
    vec![
        ("memory", in_memory(results)),
        ("tcp", over_tcp(results)),
        ("zeroed", zeroed(results)),
        ("framed", framed(results)),
    ]
}

/// The charts that the README shows.
pub(crate) const IN_README: [&str; 2] = ["tcp", "zeroed"];

/// Returns a chart as a Markdown link definition that contains the picture.
///
/// rustdoc's pages have no files beside them, so they cannot refer to one.
pub(crate) fn definition(name: &str, svg: &str) -> String {
    let mut definition = format!("[chart-{name}]: data:image/svg+xml,");
    for &byte in svg.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/:=,;".contains(&byte) {
            definition.push(char::from(byte));
        } else {
            definition.push_str(&format!("%{byte:02X}"));
        }
    }
    definition.push('\n');
    definition
}

/// Returns the lines of some peers, through the points of each.
fn lines(peers: &[Peer], points: impl Fn(Peer) -> Vec<(f64, f64)>) -> Vec<Line> {
    let line = |&peer: &Peer| {
        let (colour, width, dashes) = match peer {
            Peer::Native => ("#555555", 2.0, "2 5"),
            Peer::Predicted => ("#0072b2", 4.0, "none"),
            Peer::Bounce => ("#009e73", 2.0, "9 5"),
            Peer::Whole => ("#56b4e9", 2.0, "9 5"),
            Peer::TokioUtil => ("#d55e00", 3.0, "none"),
            Peer::AsyncCompat => ("#a5528a", 2.0, "5 5"),
            Peer::FuturesOwn => ("#b37400", 2.0, "none"),
        };
        let mut points = points(peer);
        points.sort_by(|one, other| one.0.total_cmp(&other.0));
        Line { name: peer.name().into(), colour, width, dashes, points }
    };
    peers.iter().map(line).collect()
}

fn byte_ticks(from: usize, to: usize, factor: usize) -> Vec<(f64, String)> {
    let mut ticks = Vec::new();
    let mut at = from;
    while at <= to {
        ticks.push((at as f64, bytes_name(at)));
        at *= factor;
    }
    ticks
}

const FOUR: [Peer; 4] = [Peer::TokioUtil, Peer::AsyncCompat, Peer::Predicted, Peer::Native];

/// Returns a chart whose horizontal axis is the capacity.
fn over_capacity(title: String, subtitle: &str, y_name: &str, y_unit: &'static str, lines: Vec<Line>) -> Chart {
    let mut x_ticks = byte_ticks(8 << 10, 4 << 20, 8);
    x_ticks.push(((16 << 20) as f64, "16M".into()));
    Chart {
        title,
        subtitle: subtitle.into(),
        x_name: "capacity of the buffer that the caller passes (bytes)".into(),
        y_name: y_name.into(),
        x_ticks,
        y_unit,
        lines,
    }
}

fn capacity(consumer: Consumer) -> Option<f64> {
    match consumer {
        Consumer::ReadBuf(capacity) => Some(capacity as f64),
        _ => None,
    }
}

/// Returns the maximum of tokio-util and the maximum of io-shim, for a title.
fn claim(lines: &[Line], unit: &str) -> String {
    let most = |name: &str| {
        let line = lines.iter().find(|line| line.name == name);
        line.map_or(0.0, |line| line.points.iter().map(|point| point.1).fold(0.0, f64::max))
    };
    let (theirs, ours) = (most(Peer::TokioUtil.name()), most(Peer::Predicted.name()));
    format!("tokio-util up to {}{unit}, io-shim {}{unit}", figure(theirs, unit), figure(ours, unit))
}

const TIMES: &str = "CPU time, native = 1 (log)";

fn in_memory(results: &Results) -> Chart {
    let lines = lines(&FOUR, |peer| {
        let rows = results.memory.iter().filter(|row| row.sizes == Sizes::Each(1460) && !row.pending);
        rows.filter_map(|row| Some((capacity(row.consumer)?, row.outcome.of(peer)?.of_medians))).collect()
    });
    let title = format!("One read, in memory: {} native", claim(&lines, "×"));
    over_capacity(
        title,
        "CPU time of read_buf, 1460 bytes at a time, over a futures-io reader; lower is better",
        TIMES,
        "×",
        lines,
    )
}

fn over_tcp(results: &Results) -> Chart {
    let lines = lines(&FOUR, |peer| {
        let rows = results.tcp.iter().filter(|row| row.sizes == Sizes::Each(1460));
        rows.filter_map(|row| Some((capacity(row.consumer)?, row.outcome.of(peer)?.of_medians))).collect()
    });
    let title = format!("One read, over TCP: {} native", claim(&lines, "×"));
    let subtitle = "CPU time of read_buf, 1460 bytes at a time, loopback, system calls included; lower is better";
    over_capacity(title, subtitle, TIMES, "×", lines)
}

fn zeroed(results: &Results) -> Chart {
    let lines = lines(&FOUR[..3], |peer| {
        let rows = results.zeroed.iter().filter(|row| row.sizes == Sizes::Each(4 << 10) && !row.pending);
        let count = |row: &crate::cases::Zeroed| {
            let (_, count) = row.counts.iter().find(|(other, _)| *other == peer)?;
            Some((capacity(row.consumer)?, count.later()))
        };
        rows.filter_map(count).collect()
    });
    let title = format!("Bytes zeroed per byte read: {}", claim(&lines, ""));
    let subtitle =
        "read_buf of 4K at a time, exact counts; a native reader, and reads below 2K through io-shim, zero nothing";
    over_capacity(title, subtitle, "bytes zeroed per byte read (log)", "", lines)
}

fn framed(results: &Results) -> Chart {
    let peers = [Peer::TokioUtil, Peer::AsyncCompat, Peer::Predicted, Peer::Bounce, Peer::Native];
    let lines = lines(&peers, |peer| {
        let rows = results.memory.iter().filter(|row| row.consumer == Consumer::FramedBytes && row.pending);
        let point = |row: &crate::cases::InMemory| match row.sizes {
            Sizes::Each(k) => Some((k as f64, row.outcome.of(peer)?.of_medians)),
            _ => None,
        };
        rows.filter_map(point).collect()
    });
    Chart {
        title: format!("FramedRead, in memory: {} native", claim(&lines, "×")),
        subtitle: "CPU time, BytesCodec, a fresh buffer of 8K at most, Pending every other poll; lower is better"
            .into(),
        x_name: "bytes that are available at a time".into(),
        y_name: TIMES.into(),
        x_ticks: byte_ticks(64, 64 << 10, 4),
        y_unit: "×",
        lines,
    }
}
