//! Runs hyper (HTTP/1 and HTTP/2) on smol's executor and sockets, without a tokio runtime.
//!
//! hyper needs three things: `Shim::from_smol` provides the stream, `HyperExecutor` the executor
//! and `SmolTimer` the timer.
//!
//! `GET /` returns a page with an upload form and a chart of the upload speed. `POST /upload`
//! counts the bytes of the body and returns the number.
//!
//! ```text
//! cargo run --example http_on_smol --features full -- 127.0.0.1:8080
//! curl http://127.0.0.1:8080/
//! curl --http2-prior-knowledge --data-binary @Cargo.toml http://127.0.0.1:8080/upload
//! ```

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::{Either, select};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use io_shim::Shim;
use io_shim::rt::{HyperExecutor, SmolTimer};
use smol::channel::{Sender, bounded};
use smol::net::TcpListener;

/// The time limit for request headers.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// The time limit for open connections after Ctrl-C.
const GRACE: Duration = Duration::from_secs(10);
/// The size limit of request headers, in bytes.
const HEADER_LIMIT: usize = 64 * 1024;

type Reply = Response<Full<Bytes>>;

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".into());
    smol::block_on(async {
        let listener = TcpListener::bind(address).await?;
        println!("listening on http://{}", listener.local_addr()?);
        let mut signals = async_signal::Signals::new([async_signal::Signal::Int, async_signal::Signal::Term])?;
        let graceful = GracefulShutdown::new();
        // The channel carries no messages. It closes when every task has dropped its `alive`.
        let (alive, ended) = bounded::<Infallible>(1);
        let accepting = Box::pin(accept(&listener, &graceful, &alive));
        if let Either::Left((result, _)) = select(accepting, signals.next()).await {
            result?;
        }
        println!("shutting down");
        drop((listener, alive));
        let all = async {
            graceful.shutdown().await;
            // Tasks of ended connections may still have to print.
            let _ = ended.recv().await;
        };
        match select(Box::pin(all), smol::Timer::after(GRACE)).await {
            Either::Left(_) => println!("all connections have ended"),
            Either::Right(_) => println!("some connections took too long"),
        }
        Ok(())
    })
}

/// Serves each connection in its own task. An error ends that connection, not the server.
async fn accept(listener: &TcpListener, graceful: &GracefulShutdown, alive: &Sender<Infallible>) -> io::Result<()> {
    let executor = HyperExecutor::new(|future| smol::spawn(future).detach());
    let mut builder = auto::Builder::new(executor);
    builder.http1().timer(SmolTimer).header_read_timeout(HEADER_TIMEOUT).max_buf_size(HEADER_LIMIT);
    builder
        .http2()
        .timer(SmolTimer)
        .keep_alive_interval(Duration::from_secs(20))
        .max_header_list_size(HEADER_LIMIT as u32);
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            // A client that has disconnected, or no descriptors left. Both are temporary.
            Err(error) => {
                eprintln!("accept: {error}");
                smol::Timer::after(Duration::from_millis(50)).await;
                continue;
            }
        };
        // Fails only if the socket is closed. Serving it then reports the error.
        let _ = stream.set_nodelay(true);
        let serving = builder.serve_connection(Shim::from_smol(stream), service_fn(answer)).into_owned();
        let serving = graceful.watch(serving);
        let alive = alive.clone();
        smol::spawn(async move {
            match serving.await {
                Ok(()) => println!("{peer}: ended"),
                Err(error) => println!("{peer}: {error}"),
            }
            drop(alive);
        })
        .detach();
    }
}

async fn answer(request: Request<Incoming>) -> Result<Reply, Infallible> {
    let reply = match (request.method(), request.uri().path()) {
        (&Method::GET, "/") => Response::builder()
            .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
            .body(Full::from(include_str!("page.html")))
            .expect("a valid header"),
        (&Method::POST, "/upload") => match count(request.into_body()).await {
            Ok(bytes) => Response::new(Full::from(format!("{bytes}\n"))),
            // The client has disconnected or sent an invalid body.
            Err(error) => status(StatusCode::BAD_REQUEST, &error.to_string()),
        },
        (_, "/" | "/upload") => status(StatusCode::METHOD_NOT_ALLOWED, "not allowed here"),
        _ => status(StatusCode::NOT_FOUND, "not found"),
    };
    Ok(reply)
}

/// Counts the bytes of the body without keeping them.
async fn count(mut body: Incoming) -> Result<u64, hyper::Error> {
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        bytes += frame?.data_ref().map_or(0, |data| data.len() as u64);
    }
    Ok(bytes)
}

fn status(code: StatusCode, text: &str) -> Reply {
    let mut reply = Response::new(Full::from(format!("{text}\n")));
    *reply.status_mut() = code;
    reply
}
