//! Tests in processes of their own, and the threads of a process.

/// Runs an ignored test of this binary in a process of its own, where nothing else starts threads
/// or opens files.
#[track_caller]
pub fn in_its_own_process(test: &str) {
    in_its_own_process_with(test, &[]);
}

/// The same with variables in its environment.
#[track_caller]
pub fn in_its_own_process_with(test: &str, environment: &[(&str, &str)]) {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("test result: ok. 1 passed"), "{said}{errors}");
}

/// The names of the threads of this process.
#[cfg(target_os = "linux")]
pub fn threads() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    // A thread may end in the meantime.
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.map(|name| name.trim().to_owned()).collect()
}
