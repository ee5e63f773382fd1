//! Cursors, owned buffers and conversions, compared with models of them under random scripts.
//!
//! The models do not depend on proptest: the fuzz targets run them, too.

mod cursor;
mod reader;
mod script;
mod tracked;
mod writer;

use proptest::prelude::*;

use script::Record;

use crate::mock::config;

fn records(most: usize) -> impl Strategy<Value = Vec<Record>> {
    prop::collection::vec(any::<Record>(), 1..most)
}

proptest! {
    #![proptest_config(config(128))]

    #[test]
    fn cursors_do_what_the_model_does(case in records(200).prop_map(|records| cursor::Case::decode(&records))) {
        case.run();
    }

    #[test]
    fn owned_buffers_hold_what_the_model_holds(case in records(200).prop_map(|records| tracked::Case::decode(&records))) {
        case.run();
    }

    #[test]
    fn readers_lose_nothing_in_any_stack(case in records(200).prop_map(|records| reader::Case::decode(&records, false))) {
        case.run();
    }

    #[test]
    fn hostile_readers_do_no_harm_in_any_stack(
        case in records(200).prop_map(|records| reader::Case::decode(&records, true))
    ) {
        case.run();
    }

    #[test]
    fn writers_lose_nothing_in_any_stack(
        case in (records(200), any::<bool>()).prop_map(|(records, hostile)| writer::Case::decode(&records, hostile))
    ) {
        case.run();
    }
}

/// Runs the seeds of each target. A published package has none. Findings of the fuzzer are kept
/// among them.
#[test]
fn the_seeds_of_the_fuzzer_pass() {
    for (target, runs) in [
        ("cursor", &[cursor::run as fn(&[u8])][..]),
        ("layers", &[reader::run, writer::run]),
        ("tracked", &[tracked::run]),
    ] {
        let directory = format!("{}/fuzz/seeds/{target}", env!("CARGO_MANIFEST_DIR"));
        for seed in std::fs::read_dir(directory).into_iter().flatten() {
            let seed = std::fs::read(seed.unwrap().path()).unwrap();
            runs.iter().for_each(|run| run(&seed));
        }
    }
}
