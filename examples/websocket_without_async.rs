//! Runs tungstenite's synchronous WebSockets in tasks, over smol's sockets.
//!
//! ```text
//! cargo run --example websocket_without_async --features full
//! ```

use std::future::poll_fn;
use std::io;

use async_tungstenite::tungstenite::client::IntoClientRequest as _;
use async_tungstenite::tungstenite::handshake::server::NoCallback;
use async_tungstenite::tungstenite::handshake::{HandshakeRole, MidHandshake};
use async_tungstenite::tungstenite::{ClientHandshake, Error, HandshakeError, Message, ServerHandshake, WebSocket};
use io_shim::rt::{NonBlocking, poll_nonblocking};
use io_shim::{Shim, SmolTcpStream};
use smol::net::{TcpListener, TcpStream};

type Result<T> = std::result::Result<T, Error>;

/// Calls the state machine until it does not return `WouldBlock`, and waits in between.
async fn call<R>(mut operate: impl FnMut() -> Result<R>) -> Result<R> {
    let mut io_error = || match operate() {
        Err(Error::Io(error)) => Err(error),
        result => Ok(result),
    };
    poll_fn(|cx| poll_nonblocking(cx, &mut io_error)).await?
}

async fn handshake<R: HandshakeRole>(start: MidHandshake<R>) -> Result<R::FinalResult> {
    let mut state = Some(start);
    let go_on = || match state.take().expect("what is interrupted is put back").handshake() {
        Ok(socket) => Ok(socket),
        Err(HandshakeError::Failure(error)) => Err(error),
        Err(HandshakeError::Interrupted(interrupted)) => {
            state = Some(interrupted);
            Err(Error::Io(io::ErrorKind::WouldBlock.into()))
        }
    };
    call(go_on).await
}

async fn send(socket: &mut WebSocket<NonBlocking<SmolTcpStream>>, message: Message) -> Result<()> {
    let mut message = Some(message);
    // After `WouldBlock` the message is in the socket's buffer.
    call(|| message.take().map_or(Ok(()), |message| socket.write(message)).and_then(|()| socket.flush())).await
}

async fn echo(listener: TcpListener) -> Result<()> {
    let stream = NonBlocking::new(Shim::from_smol(listener.accept().await?.0));
    let mut socket = handshake(ServerHandshake::start(stream, NoCallback, None)).await?;
    loop {
        match call(|| socket.read()).await {
            Ok(message @ Message::Binary(_)) => send(&mut socket, message).await?,
            Ok(_) => {} // tungstenite answers pings and close frames.
            Err(Error::ConnectionClosed) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

fn main() -> Result<()> {
    smol::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let stream = TcpStream::connect(listener.local_addr()?).await?;
        let echo = smol::spawn(echo(listener));
        let stream = NonBlocking::new(Shim::from_smol(stream));
        let start = ClientHandshake::start(stream, "ws://localhost/".into_client_request()?, None)?;
        let (mut socket, _response) = handshake(start).await?;
        for len in [0, 5, 10_000_000] {
            send(&mut socket, Message::binary(vec![7u8; len])).await?;
            assert!(call(|| socket.read()).await?.into_data() == vec![7u8; len], "the echo differs");
            println!("{len} bytes echoed");
        }
        call(|| socket.close(None)).await?;
        assert!(call(|| socket.read()).await?.is_close(), "the answer to the close frame");
        echo.await
    })
}
