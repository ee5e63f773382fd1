//! Instructions, counted by valgrind: exact, whatever else the machine is doing.
#![allow(dead_code, reason = "not every benchmark uses all of it")]

use std::process::{Command, exit};

/// How many polls the longer of two runs makes more.
const POLLS: u64 = 1000;

/// What one poll costs, in instructions, when this program makes as many as its last argument says, after `arguments`.
pub(crate) fn per_poll(arguments: &[&str]) -> f64 {
    let run = |polls: u64| {
        let polls = polls.to_string();
        instructions(&[arguments, &[&polls]].concat())
    };
    (run(2 * POLLS) - run(POLLS)) as f64 / POLLS as f64
}

/// Instructions of a whole run of this program with these arguments.
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
