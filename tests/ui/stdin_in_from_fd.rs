//! Instead: `Shim::from_std_buf(stdin().lock())`, which reads from the buffer that all `Stdin`
//! handles share.
fn main() {
    let _ = io_shim::Shim::from_fd(std::io::stdin());
}
