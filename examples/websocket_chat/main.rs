//! A WebSocket chat: async-tungstenite over connections upgraded from hyper, on smol.
//!
//! hyper serves HTTP/1 over `Shim::from_smol`. An upgraded connection implements only hyper's
//! traits. `Shim::from_hyper(upgraded).for_futures()` implements the futures-io traits that
//! async-tungstenite needs. There is no tokio runtime.
//!
//! `GET /` returns a page with two rooms. `GET /ws/ROOM` joins the room with that name. A message
//! goes to every member of the room, including its sender. Messages of one sender arrive in order.
//!
//! Memory is bounded. Each client has a queue of at most [`QUEUE`] messages of at most
//! [`MESSAGE_LIMIT`] bytes. While a queue is full, the server does not read from clients that send
//! to that room, so the slowest member sets the pace. A client is disconnected if it does not read
//! its messages within [`PATIENCE`], or if nothing arrives from it within [`SILENCE`].
//!
//! ```text
//! cargo run --example websocket_chat --features full -- 127.0.0.1:8080
//! # open http://127.0.0.1:8080/ in two windows; Ctrl-C sends close frames and ends the server
//! ```
//!
//! A second argument sets [`PATIENCE`] in seconds.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_tungstenite::tungstenite::handshake::derive_accept_key;
use async_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use async_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use async_tungstenite::tungstenite::{self, Message};
use async_tungstenite::{WebSocketReceiver, WebSocketSender, WebSocketStream};
use futures::{AsyncRead, AsyncWrite, SinkExt, StreamExt as _};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use io_shim::Shim;
use io_shim::rt::{HyperExecutor, SmolTimer};
use smol::channel::{Receiver, Sender, bounded};
use smol::future::or;
use smol::net::TcpListener;

/// The maximum number of queued messages per client.
const QUEUE: usize = 64;
/// The size limit of a message, in bytes.
const MESSAGE_LIMIT: usize = 16 * 1024;
/// The time limit for a client to read what was sent to it. The second argument changes it.
const PATIENCE: Duration = Duration::from_secs(5);
/// The interval between pings. A client that only listens sends nothing but the answers.
const PING_EVERY: Duration = Duration::from_secs(20);
/// A client is disconnected if nothing arrives from it for this long, not even a pong.
const SILENCE: Duration = Duration::from_secs(60);
/// The time limit for request headers.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// The time limit for closing a connection.
const CLOSING: Duration = Duration::from_secs(2);
/// The time limit for all connections to end after Ctrl-C.
const GRACE: Duration = Duration::from_secs(5);

type Reply = Response<Full<Bytes>>;

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:0".into());
    let patience = arguments.next().map_or(Ok(PATIENCE), |seconds| seconds.parse().map(Duration::from_secs));
    let patience = patience.map_err(io::Error::other)?;
    smol::block_on(async {
        let listener = TcpListener::bind(address).await?;
        println!("listening on http://{}", listener.local_addr()?);
        let mut signals = async_signal::Signals::new([async_signal::Signal::Int, async_signal::Signal::Term])?;
        // The channels carry no messages. Dropping `stop` stops the clients. All clients have ended
        // when every `alive` is dropped.
        let (stop, stopped) = bounded::<Infallible>(1);
        let (alive, ended) = bounded::<Infallible>(1);
        let server = Server { rooms: Rooms::default(), patience, stopped, alive };
        let graceful = GracefulShutdown::new();
        let signal = async {
            signals.next().await;
            Ok(())
        };
        or(signal, accept(&listener, &graceful, &server)).await?;
        println!("shutting down");
        drop((listener, stop, server));
        let all = async {
            graceful.shutdown().await;
            let _ = ended.recv().await;
        };
        if within(GRACE, all).await.is_none() {
            println!("some connections took too long");
        }
        Ok(())
    })
}

/// State that all connections share.
#[derive(Clone)]
struct Server {
    rooms: Rooms,
    patience: Duration,
    stopped: Receiver<Infallible>,
    alive: Sender<Infallible>,
}

/// Serves each connection in its own task. An error ends that connection, not the server.
async fn accept(listener: &TcpListener, graceful: &GracefulShutdown, server: &Server) -> io::Result<()> {
    let executor = HyperExecutor::new(|future| smol::spawn(future).detach());
    let mut builder = auto::Builder::new(executor).http1_only();
    builder.http1().timer(SmolTimer).header_read_timeout(HEADER_TIMEOUT).max_buf_size(64 * 1024);
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
        let shared = server.clone();
        let upgraded = Arc::new(AtomicBool::new(false));
        let told = upgraded.clone();
        let service = service_fn(move |request| {
            let reply = answer(request, peer, &shared);
            told.fetch_or(reply.status() == StatusCode::SWITCHING_PROTOCOLS, Ordering::Relaxed);
            async { Ok::<_, Infallible>(reply) }
        });
        let serving = builder.serve_connection_with_upgrades(Shim::from_smol(stream), service).into_owned();
        let serving = graceful.watch(serving);
        let alive = server.alive.clone();
        smol::spawn(async move {
            match serving.await {
                // `serve` prints its line when the chat ends.
                Ok(()) if upgraded.load(Ordering::Relaxed) => {}
                Ok(()) => println!("{peer}: ended"),
                Err(error) => println!("{peer}: {error}"),
            }
            drop(alive);
        })
        .detach();
    }
}

fn answer(mut request: Request<Incoming>, peer: SocketAddr, server: &Server) -> Reply {
    let path = request.uri().path().to_owned();
    match (request.method(), path.strip_prefix("/ws/")) {
        (&Method::GET, None) if path == "/" => {
            let mut reply = Reply::new(Full::from(include_str!("page.html")));
            reply
                .headers_mut()
                .insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/html; charset=utf-8"));
            reply
        }
        (&Method::GET, Some(room)) if !room.is_empty() => {
            let has =
                |name, value| request.headers().get(name).is_some_and(|v| v.as_bytes().eq_ignore_ascii_case(value));
            let wanted = has(header::UPGRADE, b"websocket") && has(header::SEC_WEBSOCKET_VERSION, b"13");
            let Some(key) = request.headers().get(header::SEC_WEBSOCKET_KEY).filter(|_| wanted) else {
                return status(StatusCode::UPGRADE_REQUIRED, "this needs a WebSocket, version 13");
            };
            let accepted = derive_accept_key(key.as_bytes());
            // Join before the response is sent, so that the client misses no message after it.
            let (member, queue) = server.rooms.join(room);
            let upgrade = hyper::upgrade::on(&mut request);
            smol::spawn(serve(upgrade, peer, member, queue, server.clone())).detach();
            Response::builder()
                .status(StatusCode::SWITCHING_PROTOCOLS)
                .header(header::CONNECTION, "upgrade")
                .header(header::UPGRADE, "websocket")
                .header(header::SEC_WEBSOCKET_ACCEPT, accepted)
                .body(Full::default())
                .expect("valid headers")
        }
        (_, room) if path == "/" || room.is_some_and(|room| !room.is_empty()) => {
            status(StatusCode::METHOD_NOT_ALLOWED, "not allowed here")
        }
        _ => status(StatusCode::NOT_FOUND, "not found"),
    }
}

fn status(code: StatusCode, text: &str) -> Reply {
    let mut reply = Reply::new(Full::from(format!("{text}\n")));
    *reply.status_mut() = code;
    reply
}

/// Serves one client, from the upgrade to the end of its connection.
async fn serve(upgrade: OnUpgrade, peer: SocketAddr, member: Member, queue: Receiver<Message>, server: Server) {
    let upgraded = match upgrade.await {
        Ok(upgraded) => upgraded,
        Err(error) => return println!("{peer}: not upgraded: {error}"),
    };
    let config = WebSocketConfig::default()
        .read_buffer_size(4 * 1024)
        .write_buffer_size(16 * 1024)
        .max_write_buffer_size(16 * 1024 + 2 * MESSAGE_LIMIT)
        .max_message_size(Some(MESSAGE_LIMIT))
        .max_frame_size(Some(MESSAGE_LIMIT));
    let stream = Shim::from_hyper(upgraded).for_futures();
    let (mut sender, mut receiver) = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await.split();
    let (mut received, mut delivered) = (0, 0);
    let stop = async {
        let _ = server.stopped.recv().await;
        Ok(End::Stopped)
    };
    let receiving = receive(&mut receiver, &member, &mut received);
    let end = or(stop, or(receiving, deliver(&mut sender, &queue, server.patience, &mut delivered))).await;
    let room = member.room.clone();
    // Leave the room first, so that no sender waits for this client.
    drop((member, queue));
    let (code, text) = match &end {
        Ok(End::Left) => (CloseCode::Normal, "left".to_owned()),
        Ok(End::Stopped) => (CloseCode::Away, "the server is shutting down".to_owned()),
        Ok(End::Unread) => (CloseCode::Policy, "disconnected: does not read".to_owned()),
        Ok(End::Silent) => (CloseCode::Policy, "disconnected: does not answer".to_owned()),
        Err(tungstenite::Error::Capacity(error)) => (CloseCode::Size, error.to_string()),
        Err(error) => (CloseCode::Protocol, error.to_string()),
    };
    let closing = async {
        // Fails if the client has closed already. The second call then sends the answer to that.
        let _ = sender.close(Some(CloseFrame { code, reason: "".into() })).await;
        let _ = SinkExt::close(&mut sender).await;
        // The client's close frame comes after the data that it sent before.
        while let Some(Ok(_)) = receiver.next().await {}
    };
    let _ = within(CLOSING, closing).await;
    println!("{peer}: room {room}: {received} received, {delivered} delivered: {text}");
    drop(server);
}

/// The reason why a connection ends without an error.
enum End {
    Left,
    Stopped,
    Unread,
    Silent,
}

/// Reads messages of a client, and sends each to the whole room before it reads the next.
async fn receive<S: AsyncRead + AsyncWrite + Unpin>(
    receiver: &mut WebSocketReceiver<S>,
    member: &Member,
    received: &mut u64,
) -> Result<End, tungstenite::Error> {
    loop {
        match within(SILENCE, receiver.next()).await {
            None => return Ok(End::Silent),
            Some(None) => return Ok(End::Left),
            Some(Some(Err(error))) => return Err(error),
            Some(Some(Ok(message @ (Message::Text(_) | Message::Binary(_))))) => {
                *received += 1;
                member.say(message).await;
            }
            // tungstenite answers pings and close frames.
            Some(Some(Ok(_))) => {}
        }
    }
}

/// Sends the queued messages to a client, with one flush for all that are queued.
async fn deliver<S: AsyncRead + AsyncWrite + Unpin>(
    sender: &mut WebSocketSender<S>,
    queue: &Receiver<Message>,
    patience: Duration,
    delivered: &mut u64,
) -> Result<End, tungstenite::Error> {
    let mut pinged = Instant::now();
    loop {
        let message = match PING_EVERY.checked_sub(pinged.elapsed()) {
            Some(rest) => within(rest, queue.recv()).await,
            None => None,
        };
        let (first, mut count) = match message {
            Some(Ok(message)) => (message, 1),
            Some(Err(_)) => return Ok(End::Left),
            None => {
                pinged = Instant::now();
                (Message::Ping(Bytes::new()), 0)
            }
        };
        let sending = async {
            sender.feed(first).await?;
            while count < QUEUE as u64 {
                let Ok(message) = queue.try_recv() else { break };
                sender.feed(message).await?;
                count += 1;
            }
            sender.flush().await
        };
        match within(patience, sending).await {
            None => return Ok(End::Unread),
            Some(result) => result?,
        }
        *delivered += count;
    }
}

/// Returns the output of `future`, or `None` after `limit`.
async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    let late = async {
        smol::Timer::after(limit).await;
        None
    };
    or(async { Some(future.await) }, late).await
}

/// The rooms and their members. A room exists while it has members.
#[derive(Clone, Default)]
struct Rooms(Arc<Mutex<HashMap<String, Queues>>>);

/// The members' queues. The list is copied if a member joins or leaves while a message is sent.
type Queues = Arc<Vec<(u64, Sender<Message>)>>;

impl Rooms {
    fn with<T>(&self, f: impl FnOnce(&mut HashMap<String, Queues>) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn join(&self, room: &str) -> (Member, Receiver<Message>) {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let (sender, queue) = bounded(QUEUE);
        self.with(|rooms| Arc::make_mut(rooms.entry(room.to_owned()).or_default()).push((id, sender)));
        (Member { rooms: self.clone(), room: room.to_owned(), id }, queue)
    }
}

/// A membership in a room. Dropping it leaves the room.
struct Member {
    rooms: Rooms,
    room: String,
    id: u64,
}

impl Member {
    /// Puts a message into the queue of each member. Waits while a queue is full.
    async fn say(&self, message: Message) {
        let queues = self.rooms.with(|rooms| rooms.get(&self.room).cloned().unwrap_or_default());
        for (_, queue) in queues.iter() {
            // Fails if that client has disconnected.
            let _ = queue.send(message.clone()).await;
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.rooms.with(|rooms| {
            let Some(queues) = rooms.get_mut(&self.room) else { return };
            Arc::make_mut(queues).retain(|(id, _)| *id != self.id);
            if queues.is_empty() {
                rooms.remove(&self.room);
            }
        });
    }
}
