//! Instead: spawn where tasks stay on their thread (`spawn_local`), or use an `Arc` where the
//! reader has an `Rc`. A shim is `Send` if its inner type is.
struct Shared(std::rc::Rc<()>);

fn spawn(_: impl Future + Send + 'static) {} // as `tokio::spawn` and `smol::spawn` do

fn main() {
    let shim = io_shim::Shim::from_tokio(Shared(std::rc::Rc::new(())));
    spawn(async move { drop(shim) });
}
