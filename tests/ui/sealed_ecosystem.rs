//! Ecosystems are files of the crate.
struct Mine;

impl io_shim::Ecosystem for Mine {}

fn main() {}
