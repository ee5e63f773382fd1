//! Instead: name methods of the trait. futures-io's `poll_close` is called `poll_shutdown`.
struct Wrapper<T>(T);

impl<T: io_shim::AsyncWrite + Unpin> io_shim::AsyncWrite for Wrapper<T> {
    io_shim::delegate!(AsyncWrite { poll_close }: |this| std::pin::Pin::new(&mut this.get_mut().0), |this| &this.0);
}

fn main() {}
