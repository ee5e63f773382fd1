//! Counts instructions with valgrind: the count is exact, whatever else the machine is doing.
//!
//! A benchmark runs itself under valgrind, with the argument `run` and some numbers.
#![allow(dead_code, reason = "no benchmark uses all of it")]

use std::process::{Command, exit};

/// How many more polls the longer of two runs makes.
const POLLS: usize = 1000;

/// Returns the numbers that this program was started with, if it is a run to be counted.
pub(crate) fn asked() -> Option<Vec<usize>> {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let is_run = arguments.next().is_some_and(|first| first == "run");
    is_run.then(|| arguments.map(|number| number.parse().expect("a number")).collect())
}

/// Returns the instructions of one poll. The last number of a run is how many polls it makes.
pub(crate) fn per_poll(numbers: &[usize]) -> f64 {
    let run = |polls: usize| instructions(&[numbers, &[polls]].concat());
    (run(2 * POLLS) - run(POLLS)) as f64 / POLLS as f64
}

/// Returns the instructions of a whole run with these numbers.
pub(crate) fn instructions(numbers: &[usize]) -> u64 {
    let out = std::env::temp_dir().join(format!("callgrind.{}", std::process::id()));
    let output = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe().expect("this program has a path"))
        .arg("run")
        .args(numbers.iter().map(ToString::to_string))
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
