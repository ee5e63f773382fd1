//! Instead: keep a struct of your own around the shim, and implement the trait for that struct.
type TokioIo<T> = io_shim::Shim<T, io_shim::Tokio>;

impl std::fmt::Display for TokioIo<tokio::io::DuplexStream> {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Ok(())
    }
}

fn main() {}
