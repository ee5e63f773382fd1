//! hyper's servers and clients on smol's executor and sockets, and what is upgraded from them. Also
//! services and bodies that are not `Send`, on smol's executor and on tokio's.

use std::cell::Cell;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::{join, join_all, join3, try_join};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, header};
use io_shim::Shim;
use io_shim::rt::{HyperExecutor, SmolTimer};
use smol::net::{TcpListener, TcpStream};

use crate::mock::pattern;

type Body = Full<Bytes>;

type Task = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

fn on_smol() -> HyperExecutor<impl Fn(Task) + Clone> {
    HyperExecutor::new(|future| smol::spawn(future).detach())
}

/// Answers with the body of the request.
async fn echo(request: Request<Incoming>) -> Result<Response<Body>, hyper::Error> {
    let body = request.into_body().collect().await?.to_bytes();
    Ok(Response::new(Full::new(body)))
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn post(body: Bytes) -> Request<Body> {
    Request::post("http://localhost/").header(header::HOST, "localhost").body(Full::new(body)).unwrap()
}

/// Sends requests of several sizes over one HTTP/1 connection, with these shims around the two
/// sockets.
async fn echoes_over_http1<C, S>(client: impl FnOnce(TcpStream) -> C, server: impl FnOnce(TcpStream) -> S)
where
    C: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
    S: hyper::rt::Read + hyper::rt::Write + Unpin + 'static,
{
    let (listener, address) = listen().await;
    let (stream, accepted) = try_join(TcpStream::connect(address), listener.accept()).await.unwrap();
    let serving = http1::Builder::new().serve_connection(server(accepted.0), service_fn(echo));
    let asking = async {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(client(stream)).await.unwrap();
        smol::spawn(connection).detach();
        for len in [0, 1, 1000, 8192, 100_000, 3_000_000] {
            let body = Bytes::from(pattern(len));
            sender.ready().await.unwrap();
            let response = sender.send_request(post(body.clone())).await.unwrap();
            assert_eq!(response.status(), StatusCode::OK);
            assert!(response.into_body().collect().await.unwrap().to_bytes() == body, "{len} bytes");
        }
    };
    let (served, ()) = join(serving, asking).await;
    served.unwrap();
}

#[test]
fn http1_runs_over_sockets_of_smol_and_over_any_other_conversion() {
    smol::block_on(async {
        echoes_over_http1(Shim::from_smol, Shim::from_smol).await;
        echoes_over_http1(Shim::from_futures, Shim::from_futures).await;
        let through_tokio = |stream| Shim::from_tokio(Shim::from_smol(stream).for_tokio()).for_hyper();
        echoes_over_http1(through_tokio, through_tokio).await;
        let nested = |stream| Shim::from_hyper(Shim::from_tokio(Shim::from_hyper(Shim::from_futures(stream))));
        echoes_over_http1(nested, nested).await;
    });
}

#[test]
fn http2_runs_on_smols_executor() {
    smol::block_on(async {
        let (listener, address) = listen().await;
        let (stream, accepted) = try_join(TcpStream::connect(address), listener.accept()).await.unwrap();
        let mut builder = http2::Builder::new(on_smol());
        builder.timer(SmolTimer).keep_alive_interval(Duration::from_secs(5));
        let serving = builder.serve_connection(Shim::from_smol(accepted.0), service_fn(echo));
        let asking = async {
            let client = hyper::client::conn::http2::Builder::new(on_smol());
            let (sender, connection) = client.handshake(Shim::from_smol(stream)).await.unwrap();
            smol::spawn(connection).detach();
            let requests = (0..50).map(|i| {
                let mut sender = sender.clone();
                async move {
                    let body = Bytes::from(pattern(i * 5000));
                    let response = sender.send_request(post(body.clone())).await.unwrap();
                    assert!(response.into_body().collect().await.unwrap().to_bytes() == body);
                }
            });
            join_all(requests).await;
            drop(sender);
        };
        let (served, ()) = join(serving, asking).await;
        served.unwrap();
    });
}

type LocalTask = std::pin::Pin<Box<dyn Future<Output = ()>>>;

/// Counts the frames of a body in an `Rc`, so the body is not `Send`.
fn counted(body: Bytes, frames: Rc<Cell<usize>>) -> impl hyper::body::Body<Data = Bytes, Error = Infallible> + Unpin {
    Full::new(body).map_frame(move |frame| {
        frames.set(frames.get() + 1);
        frame
    })
}

/// Sends requests at the same time over one HTTP/2 connection. The service and all bodies are not
/// `Send`.
async fn counts_over_http2<I, F>(client: I, server: I, executor: HyperExecutor<F, true>)
where
    I: hyper::rt::Read + hyper::rt::Write + Unpin + 'static,
    F: Fn(LocalTask) + Clone + Unpin + 'static,
{
    const REQUESTS: usize = 50;
    let [asked, served, answered] = [(); 3].map(|()| Rc::new(Cell::new(0)));
    let service = service_fn(|request: Request<Incoming>| {
        let (served, answered) = (served.clone(), answered.clone());
        async move {
            let body = request.into_body().collect().await?.to_bytes();
            served.set(served.get() + 1);
            Ok::<_, hyper::Error>(Response::new(counted(body, answered)))
        }
    });
    let serving = http2::Builder::new(executor.clone()).serve_connection(server, service);
    let handshake = hyper::client::conn::http2::Builder::new(executor).handshake(client);
    let (mut sender, connection) = handshake.await.unwrap();
    let asking = async {
        let requests = (0..REQUESTS).map(|i| {
            let body = Bytes::from(pattern(1 + i * 5000));
            let response = sender.send_request(post(body.clone()).map(|_| counted(body.clone(), asked.clone())));
            async move { assert!(response.await.unwrap().into_body().collect().await.unwrap().to_bytes() == body) }
        });
        join_all(requests).await;
        drop(sender);
    };
    let (serving, connection, ()) = join3(serving, connection, asking).await;
    serving.and(connection).unwrap();
    assert_eq!([asked.get(), served.get(), answered.get()], [REQUESTS; 3]);
}

#[test]
fn http2_runs_services_that_are_not_send_on_smols_local_executor() {
    let executor = Rc::new(smol::LocalExecutor::new());
    let spawner = executor.clone();
    smol::block_on(executor.run(async {
        let (listener, address) = listen().await;
        let (stream, accepted) = try_join(TcpStream::connect(address), listener.accept()).await.unwrap();
        let executor = HyperExecutor::local(move |future| spawner.spawn(future).detach());
        counts_over_http2(Shim::from_smol(stream), Shim::from_smol(accepted.0), executor).await;
    }));
}

#[test]
fn http2_runs_services_that_are_not_send_on_tokios_local_set() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let connect = tokio::net::TcpStream::connect(listener.local_addr().unwrap());
        let (stream, accepted) = try_join(connect, listener.accept()).await.unwrap();
        let executor = HyperExecutor::local(|future| drop(tokio::task::spawn_local(future)));
        counts_over_http2(Shim::from_tokio(stream), Shim::from_tokio(accepted.0), executor).await;
    });
}

#[test]
fn a_client_that_sends_no_header_is_timed_out() {
    smol::block_on(async {
        let (listener, address) = listen().await;
        let (_silent, accepted) = try_join(TcpStream::connect(address), listener.accept()).await.unwrap();
        let mut builder = http1::Builder::new();
        builder.timer(SmolTimer).header_read_timeout(Duration::from_millis(50));
        let start = Instant::now();
        let served = builder.serve_connection(Shim::from_smol(accepted.0), service_fn(echo)).await;
        assert!(served.unwrap_err().is_timeout());
        assert!(start.elapsed() >= Duration::from_millis(50));
    });
}

#[test]
fn a_server_shuts_down_gracefully_when_its_requests_are_answered() {
    smol::block_on(async {
        let (listener, address) = listen().await;
        let (stream, accepted) = try_join(TcpStream::connect(address), listener.accept()).await.unwrap();
        let (asked, when_asked) = smol::channel::bounded(1);
        let service = service_fn(move |_: Request<Incoming>| {
            let asked = asked.clone();
            async move {
                asked.send(()).await.unwrap();
                smol::Timer::after(Duration::from_millis(20)).await;
                Ok::<_, Infallible>(Response::new(Body::from("late")))
            }
        });
        let serving = async {
            let mut connection = std::pin::pin!(
                http1::Builder::new().timer(SmolTimer).serve_connection(Shim::from_smol(accepted.0), service)
            );
            let shutdown = std::pin::pin!(when_asked.recv());
            if let futures::future::Either::Right((_, connection)) =
                futures::future::select(connection.as_mut(), shutdown).await
            {
                connection.graceful_shutdown();
            }
            connection.await
        };
        let asking = async {
            let (mut sender, connection) =
                hyper::client::conn::http1::handshake(Shim::from_smol(stream)).await.unwrap();
            let task = smol::spawn(connection);
            let response = sender.send_request(post(Bytes::new())).await.unwrap();
            assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "late");
            // The server ended the connection. The client still holds its sender.
            task.await.unwrap();
            drop(sender);
        };
        let (served, ()) = join(serving, asking).await;
        served.unwrap();
    });
}

/// Upgrades a connection on both sides and returns the results of `client` and `server`.
pub async fn upgraded<C, S>(
    client: impl AsyncFnOnce(hyper::upgrade::Upgraded) -> C,
    server: impl AsyncFnOnce(hyper::upgrade::Upgraded) -> S,
) -> (C, S) {
    let (listener, address) = listen().await;
    let (stream, accepted) = try_join(TcpStream::connect(address), listener.accept()).await.unwrap();
    let (give, taken) = smol::channel::bounded(1);
    let service = service_fn(move |request: Request<Incoming>| {
        let give = give.clone();
        async move {
            give.send(hyper::upgrade::on(request)).await.unwrap();
            let response = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
            Ok::<_, Infallible>(
                response
                    .header(header::CONNECTION, "upgrade")
                    .header(header::UPGRADE, "echo")
                    .body(Body::default())
                    .unwrap(),
            )
        }
    });
    let serving = http1::Builder::new().serve_connection(Shim::from_smol(accepted.0), service).with_upgrades();
    smol::spawn(async { serving.await.unwrap() }).detach();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(Shim::from_smol(stream)).await.unwrap();
    smol::spawn(async { connection.with_upgrades().await.unwrap() }).detach();
    let mut request = post(Bytes::new());
    request.headers_mut().insert(header::CONNECTION, "upgrade".parse().unwrap());
    request.headers_mut().insert(header::UPGRADE, "echo".parse().unwrap());
    let response = sender.send_request(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    let client_side = async { client(hyper::upgrade::on(response).await.unwrap()).await };
    let server_side = async { server(taken.recv().await.unwrap().await.unwrap()).await };
    join(client_side, server_side).await
}

#[test]
fn an_upgraded_connection_is_a_stream_of_tokios_and_of_futures_io() {
    smol::block_on(async {
        let data = pattern(700_000);
        let sent = data.clone();
        let (received, echoed) = upgraded(
            async |io| {
                use futures::io::{AsyncReadExt as _, AsyncWriteExt as _};
                let (mut reader, mut writer) = Shim::from_hyper(io).for_futures().split();
                let mut received = Vec::new();
                let send = async {
                    writer.write_all(&sent).await.unwrap();
                    writer.close().await.unwrap();
                };
                join(send, async { reader.read_to_end(&mut received).await.unwrap() }).await;
                received
            },
            async |io| {
                use tokio::io::AsyncWriteExt as _;
                let (mut reader, mut writer) = tokio::io::split(Shim::from_hyper(io).for_tokio());
                let echoed = tokio::io::copy(&mut reader, &mut writer).await.unwrap();
                writer.shutdown().await.unwrap();
                echoed
            },
        )
        .await;
        assert_eq!(echoed, data.len() as u64);
        assert!(received == data);
    });
}
