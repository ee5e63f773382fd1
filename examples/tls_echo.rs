//! Two TLS echo servers: futures-rustls over tokio sockets, and tokio-rustls over smol sockets.
//!
//! Each library gets a socket of the other ecosystem: `Shim::from_tokio(socket).for_futures()` and
//! `Shim::from_smol(stream).for_tokio()`. The first server runs on tokio, the second on smol. Each
//! echoes until the client ends the stream. A failed handshake ends only that connection.
//!
//! The program creates a self-signed certificate when it starts. The arguments are the addresses of
//! the two servers.
//!
//! ```text
//! cargo run --example tls_echo --features full -- 127.0.0.1:8443 127.0.0.1:8444
//! openssl s_client -quiet -connect 127.0.0.1:8443
//! ```

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::{Either, select};
use io_shim::Shim;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

/// The time limit for a handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The buffer size in bytes: the largest TLS record.
const BUFFER: usize = 16 * 1024;
/// The pause after an error from `accept`.
const PAUSE: Duration = Duration::from_millis(50);

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:0".into());
    let config = Arc::new(self_signed().map_err(io::Error::other)?);
    let mut signals = async_signal::Signals::new([async_signal::Signal::Int, async_signal::Signal::Term])?;
    let over_tokio = tokio::net::TcpListener::bind(address).await?;
    let first = over_tokio.local_addr()?;
    let address = arguments.next().unwrap_or_else(|| SocketAddr::new(first.ip(), 0).to_string());
    let over_smol = smol::net::TcpListener::bind(address).await?;
    println!("futures-rustls over tokio: listening on {first}");
    println!("tokio-rustls over smol: listening on {}", over_smol.local_addr()?);
    tokio::select! {
        () = accept_tokio(over_tokio, config.clone().into()) => {}
        () = accept_smol(over_smol, config.into()) => {}
        _ = signals.next() => println!("shutting down"),
    }
    Ok(())
}

fn self_signed() -> Result<ServerConfig, Box<dyn std::error::Error + Send + Sync>> {
    let made = rcgen::generate_simple_self_signed(["localhost".into(), "127.0.0.1".into()])?;
    let key = PrivatePkcs8KeyDer::from(made.key_pair.serialize_der());
    let builder = ServerConfig::builder().with_no_client_auth();
    Ok(builder.with_single_cert(vec![made.cert.into()], key.into())?)
}

async fn accept_tokio(listener: tokio::net::TcpListener, acceptor: futures_rustls::TlsAcceptor) {
    loop {
        match listener.accept().await {
            Ok((socket, peer)) => {
                let acceptor = acceptor.clone();
                tokio::spawn(async move { log("futures-rustls over tokio", peer, echo_tokio(socket, acceptor).await) });
            }
            // A client that has disconnected, or no descriptors left. Both are temporary.
            Err(error) => {
                eprintln!("accept: {error}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn accept_smol(listener: smol::net::TcpListener, acceptor: tokio_rustls::TlsAcceptor) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let acceptor = acceptor.clone();
                let serving = async move { log("tokio-rustls over smol", peer, echo_smol(stream, acceptor).await) };
                smol::spawn(serving).detach();
            }
            Err(error) => {
                eprintln!("accept: {error}");
                smol::Timer::after(PAUSE).await;
            }
        }
    }
}

/// Echoes over a tokio socket with the TLS stream of futures-rustls.
async fn echo_tokio(socket: tokio::net::TcpStream, acceptor: futures_rustls::TlsAcceptor) -> io::Result<u64> {
    use futures::io::{AsyncReadExt as _, AsyncWriteExt as _};

    socket.set_nodelay(true)?;
    let handshake = acceptor.accept(Shim::from_tokio(socket).for_futures());
    let mut stream = within(handshake, tokio::time::sleep(HANDSHAKE)).await?;
    let (mut buffer, mut echoed) = (vec![0; BUFFER], 0);
    loop {
        let n = stream.read(&mut buffer).await?;
        if n == 0 {
            break;
        }
        stream.write_all(&buffer[..n]).await?;
        // The TLS stream buffers what the socket did not accept.
        stream.flush().await?;
        echoed += n as u64;
    }
    stream.close().await?; // sends close_notify
    Ok(echoed)
}

/// Echoes over a smol socket with the TLS stream of tokio-rustls.
async fn echo_smol(stream: smol::net::TcpStream, acceptor: tokio_rustls::TlsAcceptor) -> io::Result<u64> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    stream.set_nodelay(true)?;
    let handshake = acceptor.accept(Shim::from_smol(stream).for_tokio());
    let mut stream = within(handshake, smol::Timer::after(HANDSHAKE)).await?;
    let (mut buffer, mut echoed) = (vec![0; BUFFER], 0);
    loop {
        let n = stream.read(&mut buffer).await?;
        if n == 0 {
            break;
        }
        stream.write_all(&buffer[..n]).await?;
        stream.flush().await?;
        echoed += n as u64;
    }
    stream.shutdown().await?;
    Ok(echoed)
}

/// Waits for the handshake, or until the timer of either runtime fires.
async fn within<S>(handshake: impl Future<Output = io::Result<S>>, timer: impl Future) -> io::Result<S> {
    match select(pin!(handshake), pin!(timer)).await {
        Either::Left((result, _)) => {
            result.map_err(|error| io::Error::new(error.kind(), format!("the handshake failed: {error}")))
        }
        Either::Right(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the handshake took too long")),
    }
}

fn log(what: &str, peer: SocketAddr, result: io::Result<u64>) {
    match result {
        Ok(bytes) => println!("{what}: {peer}: {bytes} bytes echoed"),
        Err(error) => println!("{what}: {peer}: {error}"),
    }
}
