//! HTTP over a WebSocket: hyper's client and server over async-tungstenite, on smol.
//!
//! A WebSocket is a stream and a sink of messages. `Shim::from_stream_sink` makes one byte stream
//! of it, which implements hyper's traits. Futures' combinators filter and convert the messages
//! before that: see `byte_stream`. Here, the server sends a text message first, and the client
//! prints it.
//!
//! ```text
//! cargo run --example http_over_websocket --features full
//! ```

use std::convert::Infallible;
use std::future::ready;
use std::io;

use async_tungstenite::tungstenite::Message;
use async_tungstenite::{WebSocketStream, accept_async, client_async};
use futures::future::try_join;
use futures::{SinkExt as _, TryStreamExt as _};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, client, server};
use io_shim::Shim;
use smol::net::{TcpListener, TcpStream};

fn main() -> io::Result<()> {
    smol::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let socket = TcpStream::connect(listener.local_addr()?).await?;
        let (accepted, _) = listener.accept().await?;
        try_join(serve(accepted), ask(socket)).await?;
        println!("both ends have closed the WebSocket");
        Ok(())
    })
}

/// Converts a WebSocket into a byte stream of its binary messages. Prints text messages.
fn byte_stream(socket: WebSocketStream<TcpStream>) -> impl hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static {
    let chunks = socket
        .sink_map_err(io::Error::other)
        .with(|chunk: Bytes| ready(io::Result::Ok(Message::Binary(chunk))))
        .map_err(io::Error::other)
        .try_take_while(|message| ready(Ok(!message.is_close())))
        .try_filter_map(|message| {
            ready(Ok(match message {
                Message::Binary(chunk) => Some(chunk),
                Message::Text(text) => {
                    println!("a text message: {text}");
                    None
                }
                // async-tungstenite answers pings.
                _ => None,
            }))
        });
    Shim::from_stream_sink(chunks)
}

async fn serve(socket: TcpStream) -> io::Result<()> {
    let mut websocket = accept_async(socket).await.map_err(io::Error::other)?;
    websocket.send(Message::text("welcome")).await.map_err(io::Error::other)?;
    let answer = service_fn(async |request: Request<Incoming>| {
        let path = request.uri().path();
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(format!("this is {path}")))))
    });
    let serving = server::conn::http1::Builder::new().serve_connection(byte_stream(websocket), answer);
    serving.await.map_err(io::Error::other)
}

async fn ask(socket: TcpStream) -> io::Result<()> {
    let (websocket, _) = client_async("ws://localhost/", socket).await.map_err(io::Error::other)?;
    let (mut sender, connection) =
        client::conn::http1::handshake(byte_stream(websocket)).await.map_err(io::Error::other)?;
    let asking = async {
        for path in ["/first", "/second"] {
            let request = Request::get(path).body(String::new()).map_err(io::Error::other)?;
            let response = sender.send_request(request).await.map_err(io::Error::other)?;
            let status = response.status();
            let body = response.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
            println!("{status}: {}", String::from_utf8_lossy(&body));
        }
        // Without a sender, the connection closes the WebSocket.
        drop(sender);
        Ok(())
    };
    try_join(asking, async { connection.await.map_err(io::Error::other) }).await?;
    Ok(())
}
