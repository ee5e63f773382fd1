//! Instead: `TokioIo::from_tokio(stream)`. The constructors of an alias are those of its ecosystem.
type TokioIo<T> = io_shim::Shim<T, io_shim::Tokio>;

fn main() {
    let _ = TokioIo::new(tokio::io::duplex(8).0);
}
