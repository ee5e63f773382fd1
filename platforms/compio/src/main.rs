//! hyper's server on compio, which uses io_uring on Linux. It answers with the path and the body of
//! the request.
//!
//! ```text
//! $ cargo run --release -- 127.0.0.1:8080
//! listening on http://127.0.0.1:8080
//! $ curl -d 'hello, io_uring' http://127.0.0.1:8080/echo
//! /echo hello, io_uring
//! ```

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use compio::io::compat::AsyncStream;
use compio::net::TcpListener;
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::{Request, Response, server::conn::http1, service::service_fn};
use io_shim::Shim;

/// The path of a request, a space, and its body.
struct Answer {
    path: Option<Bytes>,
    body: Incoming,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        if let Some(path) = self.path.take() {
            return Poll::Ready(Some(Ok(Frame::data(path))));
        }
        // Trailers are not echoed.
        Poll::Ready(
            ready!(Pin::new(&mut self.body).poll_frame(cx)).filter(|frame| frame.as_ref().map_or(true, Frame::is_data)),
        )
    }
}

async fn answer(request: Request<Incoming>) -> hyper::Result<Response<Answer>> {
    let path = format!("{} ", request.uri().path());
    Ok(Response::new(Answer { path: Some(path.into()), body: request.into_body() }))
}

#[compio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".into());
    let listener = TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    loop {
        let (socket, _) = listener.accept().await?;
        // An `AsyncStream` has its own buffer. hyper needs an `Unpin` stream, so it is boxed.
        let stream = Shim::from_futures_buf(Box::pin(AsyncStream::new(socket)));
        compio::runtime::spawn(async move {
            let serving = http1::Builder::new().serve_connection(stream, service_fn(answer));
            serving.await.unwrap_or_else(|error| eprintln!("{error}"));
        })
        .detach();
    }
}
