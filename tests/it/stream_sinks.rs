//! Streams and sinks of other crates as byte streams: WebSockets over real sockets, TLS and yamux
//! over them, and a codec that sends several types.

use std::cell::Cell;
use std::future::{poll_fn, ready as is};
use std::io;
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;

use async_tungstenite::tungstenite::Message;
use async_tungstenite::tungstenite::protocol::WebSocketConfig;
use async_tungstenite::{WebSocketStream, accept_async_with_config, client_async_with_config};
use bytes::{Bytes, BytesMut};
use futures::channel::oneshot;
use futures::future::try_join;
use futures::{Sink, SinkExt as _, Stream, TryStreamExt as _};
use io_shim::{Shim, SinkWriter, StreamReader};
use smol::net::{TcpListener, TcpStream};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};

/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(600);

fn run<T>(test: impl Future<Output = T>) -> T {
    smol::block_on(smol::future::or(test, async {
        smol::Timer::after(LIMIT).await;
        panic!("it hung")
    }))
}

type Socket = WebSocketStream<TcpStream>;

/// Returns the client and the server of a WebSocket. They refuse messages of more than 1 MB.
async fn websocket() -> [Socket; 2] {
    let config = WebSocketConfig::default().max_frame_size(Some(1_000_000)).max_message_size(Some(1_000_000));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (server, _) = listener.accept().await.unwrap();
    let client = client_async_with_config("ws://localhost/", client, Some(config));
    let (client, server) = try_join(client, accept_async_with_config(server, Some(config))).await.unwrap();
    [client.0, server]
}

/// Returns a WebSocket as a stream and sink of bytes. Text is an error.
fn chunks(socket: Socket) -> impl Stream<Item = io::Result<Bytes>> + Sink<Message, Error = io::Error> + Send + Unpin {
    socket
        .sink_map_err(io::Error::other)
        .map_err(io::Error::other)
        .try_take_while(|message| is(Ok(!message.is_close())))
        .try_filter_map(|message| {
            is(match message {
                Message::Binary(chunk) => Ok(Some(chunk)),
                Message::Ping(_) | Message::Pong(_) => Ok(None),
                other => Err(io::Error::new(io::ErrorKind::InvalidData, other.to_string())),
            })
        })
}

/// The byte of the data at a position. The data repeats after a prime number of bytes.
fn byte(at: usize) -> u8 {
    (at % 251) as u8
}

/// Sends `len` bytes, in writes of odd sizes.
async fn send(mut writer: impl AsyncWrite + Unpin, len: usize) -> io::Result<()> {
    let data: Vec<_> = (0..251 + 100_000).map(byte).collect();
    let mut sent = 0;
    for size in [1, 1460, 17, 100_000, 64, 40_000].into_iter().cycle() {
        let n = size.min(len - sent);
        writer.write_all(&data[sent % 251..][..n]).await?;
        sent += n;
        if sent == len {
            break;
        }
    }
    writer.flush().await
}

/// Reads and compares `len` bytes.
async fn receive(mut reader: impl AsyncRead + Unpin, len: usize) -> io::Result<()> {
    let (mut buf, mut at) = (vec![0; 100_000], 0);
    while at < len {
        let most = buf.len().min(len - at);
        let n = reader.read(&mut buf[..most]).await?;
        assert!(n > 0, "ended after {at} bytes of {len}");
        assert!(buf[..n].iter().enumerate().all(|(i, &read)| read == byte(at + i)), "differs after {at}");
        at += n;
    }
    Ok(())
}

/// Returns the configurations of a client and a server that it trusts.
fn tls() -> (ClientConfig, ServerConfig) {
    let made = rcgen::generate_simple_self_signed(["localhost".into()]).unwrap();
    let certificate = CertificateDer::from(made.cert);
    let key = PrivatePkcs8KeyDer::from(made.key_pair.serialize_der());
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let server = ServerConfig::builder().with_no_client_auth();
    (client, server.with_single_cert(vec![certificate], key.into()).unwrap())
}

/// tokio-rustls sends to futures-rustls, which echoes all, over a WebSocket. The WebSocket carries
/// data in both directions at once.
async fn echo_through_tls(len: usize) {
    use futures::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let [client, server] = websocket().await;
    let (client_config, server_config) = tls();
    let connecting = async {
        let io = Shim::from_stream_sink(chunks(client)).for_tokio();
        let name = ServerName::try_from("localhost").unwrap();
        let tls = tokio_rustls::TlsConnector::from(Arc::new(client_config)).connect(name, io).await?;
        let (mut read, mut write) = tokio::io::split(tls);
        try_join(send(&mut write, len), receive(&mut read, len)).await?;
        // The close frame follows TLS's own message, so the server cannot answer that message.
        write.shutdown().await
    };
    let accepting = async {
        let io = Shim::from_stream_sink(chunks(server)).for_futures();
        let mut tls = futures_rustls::TlsAcceptor::from(Arc::new(server_config)).accept(io).await?;
        let (mut buf, mut echoed) = (vec![0; 16 * 1024], 0);
        loop {
            let n = tls.read(&mut buf).await?;
            if n == 0 {
                break;
            }
            tls.write_all(&buf[..n]).await?;
            tls.flush().await?;
            echoed += n;
        }
        assert_eq!(echoed, len);
        io::Result::Ok(())
    };
    try_join(connecting, accepting).await.unwrap();
}

#[test]
#[cfg_attr(miri, ignore = "needs sockets")]
fn tls_over_a_real_websocket_echoes_4_megabytes() {
    run(echo_through_tls(4_000_000));
}

/// Sends on a stream of yamux that this end opens, and checks its echo. At the same time, echoes
/// the stream that the other end opens.
async fn ask_and_echo_through_yamux(socket: Socket, mode: yamux::Mode, len: usize) -> io::Result<()> {
    use futures::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let io = Shim::from_stream_sink(chunks(socket)).for_futures();
    let mut connection = yamux::Connection::new(io, yamux::Config::default(), mode);
    let ours = poll_fn(|cx| connection.poll_new_outbound(cx)).await.map_err(io::Error::other)?;
    let (opened, theirs) = oneshot::channel::<yamux::Stream>();
    let (mut opened, done) = (Some(opened), Cell::new(false));
    let work = async {
        let ask = async {
            let (mut read, mut write) = tokio::io::split(Shim::from_futures(ours).for_tokio());
            try_join(send(&mut write, len), receive(&mut read, len)).await?;
            write.shutdown().await
        };
        let echo = async {
            let (read, mut write) = theirs.await.expect("the other end opens a stream").split();
            assert_eq!(futures::io::copy(read, &mut write).await?, len as u64);
            write.close().await
        };
        try_join(ask, echo).await?;
        done.set(true);
        Ok(())
    };
    // Waiting for a new stream moves the data of all streams. In the end, the client closes.
    let drive = poll_fn(|cx| {
        loop {
            if done.get() && mode == yamux::Mode::Client {
                return connection.poll_close(cx).map_err(io::Error::other);
            }
            match ready!(connection.poll_next_inbound(cx)) {
                Some(stream) => {
                    let stream = stream.map_err(io::Error::other)?;
                    opened.take().expect("the other end opens one stream").send(stream).unwrap();
                }
                None => return Poll::Ready(Ok(())),
            }
        }
    });
    try_join(work, drive).await.map(|_| ())
}

async fn echo_through_yamux(len: usize) {
    let [client, server] = websocket().await;
    let client = ask_and_echo_through_yamux(client, yamux::Mode::Client, len);
    try_join(client, ask_and_echo_through_yamux(server, yamux::Mode::Server, len)).await.unwrap();
}

#[test]
#[cfg_attr(miri, ignore = "needs sockets")]
fn yamux_over_a_real_websocket_echoes_2_megabytes_for_each_end() {
    run(echo_through_yamux(2_000_000));
}

#[test]
#[cfg_attr(miri, ignore = "needs sockets")]
fn a_real_websocket_carries_bytes_both_ways_and_what_was_sent_before_the_close() {
    run(async {
        let [client, server] = websocket().await;
        let mut client = Shim::from_stream_sink(chunks(client)).for_tokio();
        let mut server = Shim::from_stream_sink(chunks(server)).for_tokio();
        // Longer than a message may be.
        let data: Vec<u8> = (0..3_000_000).map(byte).collect();
        let send = async {
            client.write_all(&data).await?;
            client.flush().await
        };
        try_join(send, receive(&mut server, data.len())).await.unwrap();
        server.write_all(b"sent before").await.unwrap();
        server.flush().await.unwrap();
        client.shutdown().await.unwrap();
        let mut rest = String::new();
        for _ in 0..2 {
            server.read_to_string(&mut rest).await.unwrap();
            assert_eq!(rest, "");
        }
        // A WebSocket has no half-close.
        server.write_all(b"too late").await.unwrap_err();
        server.shutdown().await.unwrap();
        client.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "sent before");
    });
}

#[test]
#[cfg_attr(miri, ignore = "needs sockets")]
fn other_messages_are_the_callers_to_handle() {
    run(async {
        let [mut client, server] = websocket().await;
        let mut server = Shim::from_stream_sink(chunks(server)).for_tokio();
        for message in [Message::binary(&b"ab"[..]), Message::Ping(Bytes::from("?")), Message::binary(&b""[..])] {
            client.send(message).await.unwrap();
        }
        for message in [Message::binary(&b"cd"[..]), Message::text("text"), Message::binary(&b"ef"[..])] {
            client.send(message).await.unwrap();
        }
        client.close(None).await.unwrap();
        let mut received = [0; 4];
        server.read_exact(&mut received).await.unwrap();
        assert_eq!(&received, b"abcd");
        let error = server.read(&mut received).await.unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (io::ErrorKind::InvalidData, "text"));
        let mut rest = Vec::new();
        server.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b"ef");
    });
}

/// `BytesCodec` sends `Bytes` and `BytesMut`.
#[tokio::test]
async fn the_item_of_a_codec_of_several_types_can_be_named() {
    use tokio_util::codec::{BytesCodec, Framed};

    let framed = || Framed::new(tokio::io::duplex(64).0, BytesCodec::new());
    let _: Shim<SinkWriter<_>> = Shim::from_sink(framed());
    let _ = Shim::from_sink::<BytesMut>(framed());
    let (near, far) = tokio::io::duplex(64);
    let mut near = Shim::from_stream_sink::<BytesMut, _>(Framed::new(near, BytesCodec::new()));
    let mut far: Shim<StreamReader<SinkWriter<_>, _>> = Shim::from_stream_sink(Framed::new(far, BytesCodec::new()));
    near.write_all(b"abc").await.unwrap();
    near.shutdown().await.unwrap();
    let mut received = String::new();
    far.read_to_string(&mut received).await.unwrap();
    assert_eq!(received, "abc");
}
