//! What a tokio consumer over a futures-io reader costs: natively, through io-shim, and through what else does this job.
//!
//! `cargo bench --bench compare` measures quickly and prints tables. `cargo bench --bench compare -- --report` measures
//! for some minutes and writes `benches/report`, and the README's charts once more for rustdoc; the date is today's, or what follows `--date`.

mod cases;
mod chart;
mod charts;
#[path = "../shared/clock.rs"]
mod clock;
mod consumers;
mod measure;
mod memory;
mod peers;
mod report;
mod resident;
mod socket;
mod source;
mod targets;
mod tcp;
mod zeroed;

use std::io;
use std::path::Path;
use std::process::Command;

use cases::Results;
use peers::Peer;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let after = |name: &str| arguments.iter().position(|argument| argument == name).map(|at| &arguments[at + 1..]);
    if let Some([name, size, ..]) = after("--resident") {
        let peer = Peer::ALL.into_iter().find(|peer| peer.name() == name).expect("a peer's name");
        println!("{}", resident::measure_here(peer, size.parse().expect("a size"))?);
        return Ok(());
    }
    let writes = after("--report").is_some();
    if !writes && after("--bench").is_none() {
        println!("compare: run by `cargo bench`; nothing to test");
        return Ok(());
    }
    if let Some(status) = with_quiet_allocator()? {
        std::process::exit(status);
    }
    let date = after("--date").and_then(|rest| rest.first().cloned()).unwrap_or_else(report::today);
    let results = Results::measure(writes)?;
    let targets = targets::targets(&results);
    let charts = if writes { charts::charts(&results) } else { Vec::new() };
    let text = report::report(&results, &targets, &charts, &date);
    print!("{text}");
    if writes {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/report");
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("compare.md"), text)?;
        let mut in_docs = String::new();
        for (name, chart) in charts {
            let svg = chart.svg();
            if charts::IN_README.contains(&name) {
                in_docs.push_str(&charts::definition(name, &svg));
            }
            std::fs::write(folder.join(name).with_extension("svg"), svg)?;
        }
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/guide/charts.md"), in_docs)?;
    }
    Ok(())
}

/// Runs this program again with an allocator that returns nothing to the system, unless it has one.
fn with_quiet_allocator() -> io::Result<Option<i32>> {
    const SETTINGS: [(&str, &str); 2] = [("MALLOC_MMAP_MAX_", "0"), ("MALLOC_TRIM_THRESHOLD_", "4000000000")];
    if std::env::var_os(SETTINGS[0].0).is_some() {
        return Ok(None);
    }
    let mut again = Command::new(std::env::current_exe()?);
    let status = again.args(std::env::args_os().skip(1)).envs(SETTINGS).status()?;
    Ok(Some(status.code().unwrap_or(1)))
}
