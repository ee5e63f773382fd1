//! Runs hyper-util's client, which supports only tokio, on smol's executor. The server is hyper on
//! smol's sockets.
//!
//! The client needs a tokio runtime: its connector opens tokio sockets, and its pool spawns tokio
//! tasks. The program starts a small runtime (`Embedded`), and the requests run in its context, in
//! smol tasks. The program sends 200 requests, 20 at a time, and checks every byte that comes back.
//! Its exit status is 1 if a byte differs.
//!
//! ```text
//! cargo run --release --example client_on_smol --features full
//! cargo run --release --example client_on_smol --features full -- 127.0.0.1:8080
//! ```
//!
//! If you pass an address, it uses the server there, which must echo the body of each request.

use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use futures::stream::{self, TryStreamExt as _};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use io_shim::Shim;
use io_shim::rt::{Embedded, SmolTimer, TokioContext};
use smol::Executor;
use smol::net::TcpListener;

const REQUESTS: u32 = 200;
const AT_ONCE: usize = 20;

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    let executor = Arc::new(Executor::new());
    match smol::block_on(executor.run(run(&executor))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(executor: &Arc<Executor<'static>>) -> Result<(), Failure> {
    let address = match std::env::args().nth(1) {
        Some(address) => address.parse()?,
        None => serve(executor).await?,
    };
    // Runs until the end of this function.
    let tokio = Embedded::new()?;
    let client: Client<HttpConnector, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let requests = (0..REQUESTS).map(|number| {
        let request = request(client.clone(), address, number);
        // A smol task in the context of the tokio runtime.
        Ok(executor.spawn(TokioContext::new(request, tokio.handle().clone())))
    });
    let bytes = stream::iter(requests)
        .try_buffer_unordered(AT_ONCE)
        .try_fold(0, |sum, bytes| async move { Ok(sum + bytes) })
        .await?;
    println!("{REQUESTS} requests to {address}: {bytes} bytes sent, and all of them came back unchanged");
    Ok(())
}

/// Sends a body, checks that it comes back, and returns its length.
async fn request(
    client: Client<HttpConnector, Full<Bytes>>,
    address: SocketAddr,
    number: u32,
) -> Result<usize, Failure> {
    let len = number.wrapping_mul(2_654_435_761) >> 16;
    let body: Bytes = (0..len).map(|i| (i ^ number).wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let request = Request::post(format!("http://{address}/{number}")).body(Full::new(body.clone()))?;
    let response = client.request(request).await?;
    if response.status() != StatusCode::OK {
        return Err(format!("request {number}: the status is {}", response.status()).into());
    }
    if response.into_body().collect().await?.to_bytes() != body {
        return Err(format!("request {number}: the response body differs").into());
    }
    if thread::current().name() == Some("io-shim-tokio") {
        return Err(format!("request {number} ran on tokio's thread instead of smol's").into());
    }
    Ok(body.len())
}

/// Starts an echo server on smol's sockets and smol's executor, and returns its address.
async fn serve(executor: &Arc<Executor<'static>>) -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let connections = executor.clone();
    let accept = async move {
        while let Ok((stream, _)) = listener.accept().await {
            let serving =
                http1::Builder::new().timer(SmolTimer).serve_connection(Shim::from_smol(stream), service_fn(echo));
            let ended = async move {
                if let Err(error) = serving.await {
                    eprintln!("a connection failed: {error}");
                }
            };
            connections.spawn(ended).detach();
        }
    };
    executor.spawn(accept).detach();
    Ok(address)
}

async fn echo(request: Request<Incoming>) -> Result<Response<Incoming>, Infallible> {
    Ok(Response::new(request.into_body()))
}
