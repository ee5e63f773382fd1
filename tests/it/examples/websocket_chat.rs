//! `websocket_chat`, driven by clients over sockets of smol.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use async_tungstenite::tungstenite::protocol::WebSocketConfig;
use async_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use async_tungstenite::tungstenite::{self, Message};
use async_tungstenite::{WebSocketStream, client_async_with_config};
use futures::future::{join, join_all};
use futures::io::{AsyncReadExt as _, AsyncWriteExt as _};
use futures::{SinkExt as _, Stream, StreamExt};
use smol::net::TcpStream;

use super::Example;

type Client = WebSocketStream<TcpStream>;

/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(600);

fn run<T>(test: impl Future<Output = T>) -> T {
    smol::block_on(smol::future::or(test, async {
        smol::Timer::after(LIMIT).await;
        panic!("it hung")
    }))
}

/// Joins a room. Everything said after this returns is received.
async fn join_room(address: &str, room: &str) -> Client {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let config = WebSocketConfig::default().read_buffer_size(4096);
    client_async_with_config(format!("ws://{address}/ws/{room}"), stream, Some(config)).await.unwrap().0
}

/// Returns the next message that is no ping. The server may send one at any time, and tungstenite
/// answers it.
async fn next(
    stream: &mut (impl Stream<Item = Result<Message, tungstenite::Error>> + Unpin),
) -> Option<Result<Message, tungstenite::Error>> {
    loop {
        match stream.next().await {
            Some(Ok(Message::Ping(_))) => {}
            other => return other,
        }
    }
}

async fn hear(client: &mut Client) -> String {
    match next(client).await.expect("closed").unwrap() {
        Message::Text(text) => text.as_str().to_owned(),
        other => panic!("{other:?}"),
    }
}

/// Sends a message in a room of its own, and receives it.
async fn check_that_it_goes_on(address: &str) {
    let mut client = join_room(address, "still-there").await;
    client.send(Message::text("still there?")).await.unwrap();
    assert_eq!(hear(&mut client).await, "still there?");
    client.close(None).await.unwrap();
    while let Some(Ok(message)) = next(&mut client).await {
        assert!(message.is_close(), "{message:?}");
    }
}

/// Sends a request verbatim, and reads until the headers end.
async fn raw(address: &str, request: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).await.unwrap();
        head.push(byte[0]);
    }
    (stream, String::from_utf8(head).unwrap())
}

const UPGRADE: &str = "GET /ws/red HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: WebSocket\r\n\
    sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

#[test]
#[ignore = "starts an example"]
fn websocket_chat_keeps_rooms_apart_and_says_goodbye() {
    let example = Example::start("websocket_chat");
    let mut clients = run(async {
        let address = &example.address;
        let mut red = [join_room(address, "red").await, join_room(address, "red").await];
        let mut blue = [join_room(address, "blue").await, join_room(address, "blue").await];
        for i in 0..20 {
            red[i % 2].send(Message::text(format!("red {i}"))).await.unwrap();
            blue[i % 2].send(Message::text(format!("blue {i}"))).await.unwrap();
            for client in &mut red {
                assert_eq!(hear(client).await, format!("red {i}"));
            }
            for client in &mut blue {
                assert_eq!(hear(client).await, format!("blue {i}"));
            }
        }
        // The client that leaves receives an answer, and the other continues.
        let [mut leaving, mut staying] = red;
        leaving.close(None).await.unwrap();
        assert!(next(&mut leaving).await.unwrap().unwrap().is_close());
        assert!(next(&mut leaving).await.is_none());
        staying.send(Message::text("alone")).await.unwrap();
        assert_eq!(hear(&mut staying).await, "alone");
        let [one, two] = blue;
        vec![staying, one, two]
    });
    let closing = std::thread::spawn(move || {
        run(async {
            for client in &mut clients {
                match next(client).await {
                    Some(Ok(Message::Close(Some(frame)))) => assert_eq!(frame.code, CloseCode::Away),
                    other => panic!("{other:?}"),
                }
                assert!(next(client).await.is_none());
            }
        })
    });
    let start = Instant::now();
    let said = example.interrupt();
    closing.join().unwrap();
    assert!(start.elapsed() < Duration::from_secs(4), "its clients were not heard");
    assert_eq!(said.matches(": the server is shutting down\n").count(), 3, "{said}");
    assert!(said.contains("room red: 10 received, 20 delivered: left\n"), "{said}");
    assert!(!said.contains("too long"), "{said}");
}

#[test]
#[ignore = "starts an example"]
fn websocket_chat_answers_plain_http() {
    let example = Example::start("websocket_chat");
    run(async {
        for (request, expected) in [
            ("GET / HTTP/1.1\r\nhost: l\r\n\r\n", "HTTP/1.1 200"),
            ("POST / HTTP/1.1\r\nhost: l\r\n\r\n", "HTTP/1.1 405"),
            ("GET /nowhere HTTP/1.1\r\nhost: l\r\n\r\n", "HTTP/1.1 404"),
            ("GET /ws/ HTTP/1.1\r\nhost: l\r\n\r\n", "HTTP/1.1 404"),
            ("GET /ws/red HTTP/1.1\r\nhost: l\r\n\r\n", "HTTP/1.1 426"),
            ("nonsense\r\n\r\n", "HTTP/1.1 400"),
        ] {
            let (_, head) = raw(&example.address, request).await;
            assert!(head.starts_with(expected), "{request}: {head}");
        }
        // The key and its answer are from RFC 6455.
        let (_, head) = raw(&example.address, UPGRADE).await;
        assert!(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
    });
    example.interrupt();
}

#[test]
#[ignore = "starts an example"]
fn websocket_chat_goes_on_after_clients_that_misbehave() {
    let example = Example::start("websocket_chat");
    run(async {
        let address = &example.address;
        let mut good = join_room(address, "red").await;
        // Invalid frames after the upgrade, in the same packet as the request and later.
        let (mut early, _) = raw(address, &format!("{UPGRADE}\u{7f}nonsense, not a frame")).await;
        let (mut late, _) = raw(address, UPGRADE).await;
        late.write_all(&[0xff; 4096]).await.unwrap();
        for stream in [&mut early, &mut late] {
            // Ends with a close frame, or with a reset because of unread data.
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
        }
        // A message larger than the server accepts.
        let mut large = join_room(address, "red").await;
        large.send(Message::text("x".repeat(20_000))).await.unwrap();
        match next(&mut large).await {
            Some(Ok(Message::Close(Some(frame)))) => assert_eq!(frame.code, CloseCode::Size),
            other => panic!("{other:?}"),
        }
        // Clients that disconnect without a close frame: normally, in the middle of a frame, and
        // with a reset.
        drop(raw(address, UPGRADE).await);
        let (mut half, _) = raw(address, UPGRADE).await;
        half.write_all(&[0x81, 0xfe, 0x10]).await.unwrap();
        drop(half);
        let (reset, _) = raw(address, UPGRADE).await;
        rustix::net::sockopt::set_socket_linger(&reset, Some(Duration::ZERO)).unwrap();
        drop(reset);
        // Their room and the server continue.
        for i in 0..100 {
            good.send(Message::text(i.to_string())).await.unwrap();
            assert_eq!(hear(&mut good).await, i.to_string());
        }
        check_that_it_goes_on(address).await;
    });
    let said = example.interrupt();
    assert_eq!(said.matches(": room red: ").count(), 7, "{said}");
}

#[test]
#[ignore = "takes ten seconds"]
fn websocket_chat_disconnects_a_client_that_does_not_read() {
    let example = Example::start("websocket_chat");
    run(async {
        const MESSAGES: usize = 3000; // 12 kB each: far more than sockets and queues hold
        let address = &example.address;
        let mut stuck = join_room(address, "red").await;
        let (mut sink, mut stream) = StreamExt::split(join_room(address, "red").await);
        let sending = async {
            for i in 0..MESSAGES {
                sink.send(Message::text(format!("{i:012000}"))).await.unwrap();
            }
        };
        let hearing = async {
            for i in 0..MESSAGES {
                let message = next(&mut stream).await.unwrap().unwrap();
                assert_eq!(message.to_text().unwrap().parse::<usize>().unwrap(), i);
            }
        };
        join(sending, hearing).await;
        // Messages in flight arrive in order, then the stream ends.
        let mut heard = 0;
        while let Some(Ok(Message::Text(text))) = next(&mut stuck).await {
            assert_eq!(text.parse::<usize>().unwrap(), heard);
            heard += 1;
        }
        assert!(heard < MESSAGES, "nothing was bounded");
    });
    let said = example.interrupt();
    assert!(said.contains("disconnected: does not read\n"), "{said}");
}

/// A member of a crowded room: sends its messages and receives those of all members, in order per
/// sender. Returns how many it received.
async fn chatter(client: Client, me: usize, members: usize, messages: usize) -> Result<usize, tungstenite::Error> {
    let (mut sink, mut stream) = StreamExt::split(client);
    let sending = async {
        for i in 0..messages {
            sink.send(Message::text(format!("{me} {i}"))).await?;
        }
        Ok::<_, tungstenite::Error>(())
    };
    let hearing = async {
        let mut expected = HashMap::<usize, usize>::new();
        let mut heard = 0;
        while heard < members * messages {
            let message = next(&mut stream).await.expect("closed")?;
            let (who, i) = message.to_text()?.split_once(' ').expect("two numbers");
            let expected = expected.entry(who.parse().expect("a number")).or_default();
            assert_eq!(i.parse::<usize>().unwrap(), *expected, "out of order from {who}");
            *expected += 1;
            heard += 1;
        }
        assert_eq!(expected.len(), members);
        assert!(expected.values().all(|&count| count == messages));
        Ok::<_, tungstenite::Error>(heard)
    };
    let (sent, heard) = join(sending, hearing).await;
    sent?;
    let heard = heard?;
    // No more messages: the next frame answers the close frame.
    let mut client = sink.reunite(stream).expect("of one stream");
    client.close(None).await?;
    while let Some(message) = next(&mut client).await {
        assert!(message?.is_close(), "one message too many");
    }
    Ok(heard)
}

#[test]
#[ignore = "starts an example; delivers ten million messages"]
fn websocket_chat_delivers_everything_to_a_thousand_clients() {
    const ROOMS: usize = 10;
    const MEMBERS: usize = 100;
    const MESSAGES: usize = 100;
    // The thousand clients share a thread: on a busy machine each may have to wait for seconds.
    let example = Example::start_with("websocket_chat", &["127.0.0.1:0", "600"]);
    let heard: usize = run(async {
        let mut clients = Vec::new();
        for room in 0..ROOMS {
            let name = room.to_string();
            clients.push(join_all((0..MEMBERS).map(|_| join_room(&example.address, &name))).await);
        }
        // All thousand have joined their rooms before the first message.
        let talking = clients.into_iter().flat_map(|members| {
            members.into_iter().enumerate().map(|(me, client)| smol::spawn(chatter(client, me, MEMBERS, MESSAGES)))
        });
        let talking: Vec<_> = talking.collect();
        let mut heard = 0;
        for task in talking {
            heard += task.await.unwrap();
        }
        heard
    });
    assert_eq!(heard, ROOMS * MEMBERS * MEMBERS * MESSAGES);
    let said = example.interrupt();
    let expected = format!(": {MESSAGES} received, {} delivered: left\n", MEMBERS * MESSAGES);
    assert_eq!(said.matches(&expected).count(), ROOMS * MEMBERS, "{said}");
}
