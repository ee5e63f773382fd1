//! The questions of the design debate of 2020 on reading into uninitialised memory, measured: what `docs/DEBATE.md` quotes.
//!
//! `cargo bench --features full --bench debate` prints all of it, with `-- NAME` one part: `zeroing`, `cliff`, `provision`, `dispatch`.
//! Times are CPU times of a thread, in rounds in which all that is compared takes its turn; ratios are medians with quartiles. `cliff` has
//! times per byte, the best of three.

mod cliff;
#[path = "../shared/clock.rs"]
mod clock;
mod dispatch;
#[path = "../servers/measure.rs"]
#[allow(dead_code, reason = "another benchmark has other efforts")]
mod measure;
mod provision;
mod zeroing;

use std::io;

use measure::Outcome;

fn main() -> io::Result<()> {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    for name in ["zeroing", "cliff", "provision", "dispatch"] {
        if wanted.is_empty() || wanted.iter().any(|one| one == name) {
            println!("\n## {name}\n");
            match name {
                "zeroing" => zeroing::run()?,
                "cliff" => cliff::run()?,
                "provision" => provision::run()?,
                _ => dispatch::run()?,
            }
        }
    }
    Ok(())
}

/// Prints a line: what, what it takes, and the ratios of the others to it.
fn line(case: &str, outcome: &Outcome, others: &[&str]) {
    print!("{case}: {:.1} ns", outcome.native);
    for (name, ratio) in others.iter().zip(&outcome.ratios[1..]) {
        print!("; {name} {ratio}");
    }
    println!(" ({} rounds)", outcome.rounds);
}
