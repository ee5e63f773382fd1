//! Instead: spawn where tasks stay on their thread (`spawn_local`), or put an `Arc` where the reader has an `Rc`: a
//! shim is `Send` if what is inside is.
struct Shared(std::rc::Rc<()>);

fn spawn(_: impl Future + Send + 'static) {} // as `tokio::spawn` and `smol::spawn`

fn main() {
    let shim = io_shim::Shim::from_tokio(Shared(std::rc::Rc::new(())));
    spawn(async move { drop(shim) });
}
