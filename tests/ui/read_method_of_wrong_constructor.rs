//! Instead: the constructor of the traits that the type inside has, here `Shim::from_futures(reader)`: the second
//! parameter of `Shim` in the message says which was used.
use tokio::io::AsyncReadExt as _;

fn main() {
    let mut shim = io_shim::Shim::from_tokio(futures::io::Cursor::new([0]));
    let _ = shim.read(&mut [0]);
}
