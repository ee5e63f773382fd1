//! Instead: use the constructor for the inner type's traits, here `Shim::from_futures(reader)`. The
//! second parameter of `Shim` in the message says which constructor was used.
use tokio::io::AsyncReadExt as _;

fn main() {
    let mut shim = io_shim::Shim::from_tokio(futures::io::Cursor::new([0]));
    let _ = shim.read(&mut [0]);
}
