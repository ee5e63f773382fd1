//! Measures the questions of the design debate of 2020 on reading into uninitialized memory.
//!
//! `docs/DEBATE.md` quotes the figures. `cargo bench --features full --bench debate` prints all of
//! them. `-- NAME` prints one part: `zeroing`, `cliff`, `provision`, `dispatch` or `read_buf`.
//! Times are CPU times of a thread. Ratios are medians and quartiles of rounds in which each peer
//! takes a turn. `cliff` prints times per byte, the best of three. `read_buf` needs a nightly
//! toolchain and `--cfg io_shim_std_read_buf`.
#![cfg_attr(io_shim_std_read_buf, feature(core_io_borrowed_buf, read_buf))]

mod cliff;
mod dispatch;
#[path = "../shared/measure.rs"]
mod measure;
mod provision;
#[path = "../shared/report.rs"]
mod report;
#[cfg(io_shim_std_read_buf)]
mod std_read_buf;
mod zeroing;

use std::io;
use std::time::Duration;

use measure::{Effort, Outcome};

const EFFORT: Effort = Effort { rounds: 401, least: 25, limit: Duration::from_secs(5) };

fn main() -> io::Result<()> {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    for name in ["zeroing", "cliff", "provision", "dispatch", "read_buf"] {
        if wanted.is_empty() || wanted.iter().any(|one| one == name) {
            println!("\n## {name}\n");
            match name {
                "zeroing" => zeroing::run()?,
                "cliff" => cliff::run()?,
                "provision" => provision::run()?,
                "dispatch" => dispatch::run()?,
                #[cfg(io_shim_std_read_buf)]
                "read_buf" => std_read_buf::run()?,
                _ => println!("not built with `--cfg io_shim_std_read_buf`"),
            }
        }
    }
    Ok(())
}

/// Prints a case: the time of the first peer, and the ratios of the others.
fn line<P>(case: &str, outcome: &Outcome<P>, others: &[&str]) {
    print!("{case}: {:.1} ns", outcome.native);
    for (name, (_, ratio)) in others.iter().zip(&outcome.ratios[1..]) {
        print!("; {name} {}", report::of_rounds(*ratio));
    }
    println!(" ({} rounds)", outcome.rounds);
}
