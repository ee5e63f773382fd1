//! The system calls of a test in this binary, as strace sees them.

/// One call: its arguments as numbers, and its result as strace prints it.
pub struct Call {
    pub name: String,
    pub arguments: Vec<usize>,
    pub result: String,
}

/// Runs an ignored test under strace. Returns its standard error, and its calls of the system calls
/// `names`.
#[track_caller]
pub fn trace(test: &str, names: &str) -> (String, Vec<Call>) {
    let directory = tempfile::tempdir().unwrap();
    let trace = directory.path().join("trace");
    let output = std::process::Command::new("strace")
        .args(["-f", "-qq", "-e", &format!("trace={names}"), "-e", &format!("raw={names}"), "-o"])
        .arg(&trace)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .output()
        .expect("strace");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let trace = std::fs::read_to_string(trace).unwrap();
    let calls = trace.lines().filter_map(|line| {
        // A process number, then `name(0x3, 0x7f..., 0x1000) = 0x10`.
        let (name, rest) = line.split_once(' ')?.1.trim_start().split_once('(')?;
        let (arguments, result) = rest.split_once(')')?;
        let arguments = arguments.split(',').map(hexadecimal).collect();
        Some(Call { name: name.into(), arguments, result: result.trim_start_matches([' ', '=']).into() })
    });
    (said, calls.collect())
}

/// Parses a number as strace and `{:p}` print it.
pub fn hexadecimal(text: &str) -> usize {
    let text = text.trim();
    usize::from_str_radix(text.trim_start_matches("0x"), 16).unwrap_or_else(|_| panic!("`{text}` is no number"))
}
