//! `ported`: the ported readers, and the figures that the docs give for them.

use super::success;

#[test]
#[ignore = "needs the example built"]
fn ported_readers_read_what_the_originals_read_and_are_as_small_as_the_docs_say() {
    let said = success("ported");
    // Compares only our columns, which are about these sources. The other columns are about the
    // version of the originals that the docs name.
    let ours = |text: &str| -> Vec<Vec<String>> {
        let rows = text.lines().filter(|line| line.starts_with("| `") && line.matches('|').count() == 7);
        rows.map(|row| row.split('|').map(|cell| cell.trim().into()).collect::<Vec<String>>())
            .map(|cells| [1, 5, 6].map(|i| cells[i].clone()).to_vec())
            .collect()
    };
    let (seen, expected) = (ours(&said), ours(include_str!("../../../docs/DEBATE.md")));
    assert_eq!(seen.len(), 5, "{said}");
    assert_eq!(seen, expected);
}
