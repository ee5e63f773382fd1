//! Runs hyper-util's pooled client on smol's executor and sockets, with TLS by futures-rustls and
//! without a tokio runtime. The server, in the same process, is hyper on smol's sockets.
//!
//! The client's connector needs a stream that is hyper-util's `Connection`. The shim of a smol
//! socket is one, and so is a shim of a type that implements `Connection` itself. Here that is
//! `Tls`, around the stream of futures-rustls.
//!
//! The program sends 200 requests, 5 at a time, checks every byte that comes back, and counts the
//! connections. Its exit status is 1 if a byte differs.
//!
//! ```text
//! cargo run --example client_on_smol --features full
//! cargo run --example client_on_smol --features full -- 127.0.0.1:8080
//! ```
//!
//! If you pass an address, it uses the server there, without TLS. That server must echo the body of
//! each request.

use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::FutureExt as _;
use futures::stream::{self, TryStreamExt as _};
use futures_rustls::client::TlsStream;
use futures_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use futures_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use futures_rustls::{TlsAcceptor, TlsConnector};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::rt::{Read, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connect, Connected, Connection};
use io_shim::rt::{HyperExecutor, SmolTimer};
use io_shim::{AsyncReadBuf, AsyncWrite, Futures, Shim, delegate};
use smol::net::{TcpListener, TcpStream};

const REQUESTS: u32 = 200;
const AT_ONCE: usize = 5;

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    match smol::block_on(run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Failure> {
    if let Some(address) = std::env::args().nth(1) {
        let address: SocketAddr = address.parse()?;
        let connect = move || async move { Ok(Shim::from_smol(open(address).await?)) };
        return send_all(&format!("http://{address}"), connect).await;
    }
    let (acceptor, connector) = self_signed()?;
    let address = serve(acceptor).await?;
    let connect = move || {
        let connector = connector.clone();
        async move {
            let tls = connector.connect(address.ip().into(), open(address).await?).await?;
            Ok(Shim::new(Tls(Shim::from_futures(tls))))
        }
    };
    send_all(&format!("https://{address}"), connect).await
}

/// Connects a socket that sends small writes at once.
async fn open(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Sends all requests through one client, whose connections `connect` opens.
async fn send_all<F, C, S>(server: &str, connect: F) -> Result<(), Failure>
where
    F: Fn() -> C + Clone + Send + Sync + 'static,
    C: Future<Output = io::Result<S>> + Send + 'static,
    S: Read + Write + Connection + Unpin + Send + 'static,
{
    let opened = Arc::new(AtomicUsize::new(0));
    let count = opened.clone();
    let connector = tower::service_fn(move |_: Uri| {
        assert_no_tokio_runtime();
        count.fetch_add(1, Ordering::Relaxed);
        connect().boxed()
    });
    let client = Client::builder(HyperExecutor::new(|future| smol::spawn(future).detach()))
        // It closes connections that are idle for long.
        .pool_timer(SmolTimer)
        .build(connector);
    let requests = (0..REQUESTS).map(|number| Ok(smol::spawn(send(client.clone(), server.to_owned(), number))));
    let bytes = stream::iter(requests)
        .try_buffer_unordered(AT_ONCE)
        .try_fold(0, |sum, bytes| async move { Ok(sum + bytes) })
        .await?;
    let opened = opened.load(Ordering::Relaxed);
    println!(
        "{REQUESTS} requests to {server} over {opened} connections: {bytes} bytes sent, and all of them came back unchanged"
    );
    Ok(())
}

/// Sends a body, checks that it comes back, and returns its length.
async fn send<C>(client: Client<C, Full<Bytes>>, server: String, number: u32) -> Result<usize, Failure>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    let len = number.wrapping_mul(2_654_435_761) >> 16;
    let body: Bytes = (0..len).map(|i| (i ^ number).wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let request = Request::post(format!("{server}/{number}")).body(Full::new(body.clone()))?;
    let response = client.request(request).await?;
    if response.status() != StatusCode::OK {
        return Err(format!("request {number}: the status is {}", response.status()).into());
    }
    if response.into_body().collect().await?.to_bytes() != body {
        return Err(format!("request {number}: the response body differs").into());
    }
    Ok(body.len())
}

/// A TLS stream that tells hyper-util's client whether HTTP/2 was negotiated. Here no protocol is
/// offered, so the client uses HTTP/1.
struct Tls(Shim<TlsStream<TcpStream>, Futures>);

impl AsyncReadBuf for Tls {
    delegate!(AsyncReadBuf: |this| Pin::new(&mut this.get_mut().0), |this| &this.0);
}

impl AsyncWrite for Tls {
    delegate!(AsyncWrite: |this| Pin::new(&mut this.get_mut().0), |this| &this.0);
}

impl Connection for Tls {
    fn connected(&self) -> Connected {
        let (_, tls) = self.0.get_ref().get_ref();
        match tls.alpn_protocol() {
            Some(b"h2") => Connected::new().negotiated_h2(),
            _ => Connected::new(),
        }
    }
}

fn assert_no_tokio_runtime() {
    assert!(tokio::runtime::Handle::try_current().is_err(), "there is a tokio runtime");
}

/// Starts an echo server on smol's sockets and smol's executor, and returns its address.
async fn serve(acceptor: TlsAcceptor) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let accept = async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            let serving = async move {
                stream.set_nodelay(true)?;
                let stream = Shim::from_futures(acceptor.accept(stream).await?);
                http1::Builder::new().timer(SmolTimer).serve_connection(stream, service_fn(echo)).await?;
                Ok::<_, Failure>(())
            };
            smol::spawn(serving.map(|ended| ended.unwrap_or_else(|error| eprintln!("a connection failed: {error}"))))
                .detach();
        }
    };
    smol::spawn(accept).detach();
    Ok(address)
}

async fn echo(request: Request<Incoming>) -> Result<Response<Incoming>, Infallible> {
    assert_no_tokio_runtime();
    Ok(Response::new(request.into_body()))
}

/// Makes a certificate for this run, for the server and for a client that trusts nothing else.
fn self_signed() -> Result<(TlsAcceptor, TlsConnector), Failure> {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".into()])?;
    let key = PrivatePkcs8KeyDer::from(made.key_pair.serialize_der());
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone())?;
    let server = ServerConfig::builder().with_no_client_auth();
    let server = server.with_single_cert(vec![made.cert.into()], key.into())?;
    let client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Ok((Arc::new(server).into(), Arc::new(client).into()))
}
