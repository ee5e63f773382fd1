//! Compares adapters between a futures-io reader and a tokio consumer.
//!
//! `cargo bench --bench compare` measures quickly and prints tables. With `-- --report` it measures
//! for some minutes, and writes `benches/report` and the README's charts for rustdoc. `--only NAME`
//! selects consumers by a part of their name.

mod cases;
#[path = "../shared/chart.rs"]
mod chart;
mod charts;
mod consumers;
#[path = "../shared/measure.rs"]
mod measure;
mod memory;
mod peers;
#[path = "../shared/report.rs"]
mod report;
mod resident;
mod socket;
mod source;
mod tables;
mod targets;
mod tcp;
mod zeroed;

use std::io;
use std::path::Path;

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
    measure::with_quiet_allocator()?;
    let only = after("--only").and_then(|rest| rest.first());
    let results = Results::measure(writes, only.map(String::as_str))?;
    let targets = targets::targets(&results);
    let charts = if writes { charts::charts(&results) } else { Vec::new() };
    let text = tables::report(&results, &targets, &charts);
    print!("{text}");
    if writes {
        report::save("compare.md", &text)?;
        let mut in_docs = String::new();
        for (name, chart) in charts {
            let svg = chart.svg();
            if charts::IN_README.contains(&name) {
                in_docs.push_str(&charts::definition(name, &svg));
            }
            report::save(&format!("{name}.svg"), &svg)?;
        }
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/guide/charts.md"), in_docs)?;
    }
    Ok(())
}
