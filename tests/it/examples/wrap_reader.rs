//! `wrap_reader`: every reader gives the same.

use std::process::Command;

use super::program;

#[test]
#[ignore = "starts an example"]
fn wrap_reader_reads_the_same_through_every_reader() {
    let output = Command::new(program("wrap_reader")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = said.lines().collect();
    let [to_tokio, to_futures, csv, zip] = lines[..] else { panic!("{said}") };
    assert!(to_tokio.starts_with("futures-io gzip decoder read with tokio: "), "{said}");
    assert!(to_futures.starts_with("tokio gzip decoder read with futures-io: "), "{said}");
    // As many bytes, from as many.
    assert_eq!(to_tokio.split(": ").nth(1), to_futures.split(": ").nth(1));
    assert_eq!(csv, "tokio CSV reader over a smol file: 20000 records");
    assert_eq!(zip, "futures-io zip reader over a tokio file: 3 entries");
}
