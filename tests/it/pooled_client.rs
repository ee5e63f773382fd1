//! hyper-util's pooled client over shims, without another type around them.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connected, Connection};
use io_shim::rt::HyperExecutor;
use io_shim::{Hyper, Shim, SmolTcpStream, Tokio};
use smol::net::{TcpListener, TcpStream};

const REQUESTS: usize = 20;

/// Starts a server that answers with the path of the request.
async fn serve() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    smol::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let answer = async |request: Request<Incoming>| {
                Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(request.uri().path().to_owned())))
            };
            smol::spawn(http1::Builder::new().serve_connection(Shim::from_smol(stream), service_fn(answer))).detach();
        }
    })
    .detach();
    Ok(address)
}

type Task = BoxFuture<'static, ()>;

/// Sends requests one by one, whose connections are opened by `open`.
async fn asks<F, I, S>(open: F, spawn: fn(Task))
where
    F: Fn(SocketAddr) -> I + Clone + Send + Sync + 'static,
    I: Future<Output = io::Result<S>> + Send + 'static,
    S: hyper::rt::Read + hyper::rt::Write + Connection + Unpin + Send + 'static,
{
    let (address, opened) = (serve().await.unwrap(), Arc::new(AtomicUsize::new(0)));
    let count = opened.clone();
    let connector = tower::service_fn(move |_: Uri| {
        count.fetch_add(1, Relaxed);
        open(address).boxed()
    });
    let client = Client::builder(HyperExecutor::new(spawn)).build(connector);
    for number in 0..REQUESTS {
        let request = Request::get(format!("http://localhost/{number}")).body(Empty::<Bytes>::new()).unwrap();
        let body = client.request(request).await.unwrap().into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, format!("/{number}"));
    }
    let opened = opened.load(Relaxed);
    assert!((1..=REQUESTS / 4).contains(&opened), "{opened} connections");
}

/// Sends requests over smol's sockets, on smol's executor.
pub async fn asks_over_smol() {
    let open = |address| async move { Ok(Shim::from_smol(TcpStream::connect::<SocketAddr>(address).await?)) };
    asks(open, |future| smol::spawn(future).detach()).await;
}

#[test]
fn the_client_pools_connections_over_smols_sockets_without_a_tokio_runtime() {
    smol::block_on(asks_over_smol());
}

async fn connect(address: SocketAddr) -> io::Result<tokio::net::TcpStream> {
    tokio::net::TcpStream::connect(address).await
}

#[test]
fn the_client_pools_connections_over_tokios_sockets() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let open = |address| async move { Ok(Shim::from_tokio(connect(address).await?)) };
        asks(open, |future| drop(tokio::spawn(future))).await;
        let open = |address| async move { Ok(Shim::from_tokio(connect(address).await?).for_hyper()) };
        asks(open, |future| drop(tokio::spawn(future))).await;
    });
}

/// A connection to a proxy that has chosen HTTP/2.
struct Proxied;

impl Connection for Proxied {
    fn connected(&self) -> Connected {
        Connected::new().proxy(true).negotiated_h2()
    }
}

fn reports(connection: impl Connection) -> [bool; 2] {
    let connected = connection.connected();
    [connected.is_proxied(), connected.is_negotiated_h2()]
}

#[test]
fn a_shim_reports_what_the_inner_type_reports() {
    assert_eq!(reports(Shim::new(Proxied)), [true; 2]);
    assert_eq!(reports(Shim::from_tokio(Proxied)), [true; 2]);
    assert_eq!(reports(Shim::from_futures(Proxied)), [true; 2]);
    assert_eq!(reports(Shim::from_futures_buf(Proxied)), [true; 2]);
    assert_eq!(reports(Shim::from_hyper(Proxied)), [true; 2]);
    assert_eq!(reports(Shim::allow_std(Proxied)), [true; 2]);
    assert_eq!(reports(Shim::from_tokio(Proxied).for_hyper()), [true; 2]);
    assert_eq!(reports(Shim::from_hyper(Shim::from_tokio(Proxied).for_hyper())), [true; 2]);
}

#[test]
fn a_socket_of_smol_reports_nothing() {
    smol::block_on(async {
        let stream = TcpStream::connect(serve().await.unwrap()).await.unwrap();
        assert_eq!(reports(Shim::from_smol(stream.clone())), [false; 2]);
        assert_eq!(reports(Shim::from_smol(stream).for_hyper()), [false; 2]);
    });
}

#[test]
fn every_shim_that_can_be_a_connection_is_one() {
    fn connection<S: Connection + hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static>() {}
    connection::<Shim<tokio::net::TcpStream, Tokio>>();
    connection::<Shim<tokio::net::TcpStream, Tokio, Hyper>>();
    connection::<SmolTcpStream>();
    connection::<SmolTcpStream<Hyper>>();
    connection::<Shim<Shim<tokio::net::TcpStream, Tokio, Hyper>, Hyper>>();
    #[cfg(unix)]
    connection::<io_shim::SmolUnixStream>();
}
