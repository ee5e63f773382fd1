//! `wrap_reader`: every reader gives the same.

use super::success;

#[test]
#[ignore = "starts an example"]
fn wrap_reader_reads_the_same_through_every_reader() {
    let said = success("wrap_reader");
    let lines: Vec<&str> = said.lines().collect();
    let [to_tokio, to_futures, of_smol, zip] = lines[..] else { panic!("{said}") };
    assert!(to_tokio.starts_with("futures-io gzip decoder read with tokio: "), "{said}");
    assert!(to_futures.starts_with("tokio gzip decoder read with futures-io: "), "{said}");
    // As many bytes, from as many.
    assert_eq!(to_tokio.split(": ").nth(1), to_futures.split(": ").nth(1));
    assert_eq!(of_smol, "tokio lines over a smol file: 20000 records");
    assert_eq!(zip, "futures-io zip reader over a tokio file: 3 entries");
}
