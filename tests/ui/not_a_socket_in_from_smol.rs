//! Instead: `Shim::from_futures(file)`. `Shim::from_smol` takes TCP and Unix streams.
fn open(file: smol::fs::File) {
    let _ = io_shim::Shim::from_smol(file);
}

fn main() {}
