use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use io_shim::{Shim, rt::SmolTimer};
use smol::net::TcpListener;

async fn echo(request: Request<Incoming>) -> hyper::Result<Response<Incoming>> {
    Ok(Response::new(request.into_body()))
}

async fn serve(listener: TcpListener) -> std::io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let stream = Shim::from_smol(stream);
        let serving = http1::Builder::new().timer(SmolTimer).serve_connection(stream, service_fn(echo));
        smol::spawn(async { serving.await.unwrap_or_else(|error| eprintln!("{error}")) }).detach();
    }
}

fn main() -> std::io::Result<()> {
    smol::block_on(async { serve(TcpListener::bind("127.0.0.1:8080").await?).await })
}
