//! Counts instructions with valgrind: the count is exact, whatever else the machine is doing.
#![allow(dead_code, reason = "no benchmark uses all of it")]

use std::process::{Command, exit};

/// How many more polls the longer of two runs makes.
const POLLS: u64 = 1000;

/// Returns the instructions of one poll.
///
/// This program is run with `arguments` and, after them, the number of polls.
pub(crate) fn per_poll(arguments: &[&str]) -> f64 {
    let run = |polls: u64| {
        let polls = polls.to_string();
        instructions(&[arguments, &[&polls]].concat())
    };
    (run(2 * POLLS) - run(POLLS)) as f64 / POLLS as f64
}

/// Returns the instructions of a whole run of this program.
pub(crate) fn instructions(arguments: &[&str]) -> u64 {
    let out = std::env::temp_dir().join(format!("callgrind.{}", std::process::id()));
    let output = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe().expect("this program has a path"))
        .args(arguments)
        .output()
        .unwrap_or_else(|error| fail(&format!("valgrind did not start: {error}; install it to run this benchmark")));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let _ = std::fs::remove_file(out);
    if !output.status.success() {
        fail(&text);
    }
    let count = text.lines().rev().find_map(|line| line.split_once("Collected : "));
    count.and_then(|(_, count)| count.trim().parse().ok()).unwrap_or_else(|| fail(&text))
}

fn fail(message: &str) -> ! {
    eprintln!("{message}");
    exit(1)
}
