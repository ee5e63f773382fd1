//! The complete programs of the README and of `docs/CONSTRUCTORS.md`, and that they are what these
//! pages show.

/// The programs themselves: a test has an address of its own, and calls what their `main` calls.
#[allow(dead_code, reason = "a test has its own address to listen on")]
mod echo {
    include!("first_hour/echo.rs");

    #[tokio::test]
    async fn bodies_come_back_over_a_real_socket() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        smol::spawn(serve(listener)).detach();
        for body in ["hello, echo".to_owned(), "x".repeat(300_000)] {
            let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
            let request = format!("POST / HTTP/1.0\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            let mut answer = String::new();
            let (mut read, mut write) = client.split();
            let (sent, received) = tokio::join!(write.write_all(request.as_bytes()), read.read_to_string(&mut answer));
            sent.unwrap();
            received.unwrap();
            assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
            assert!(answer.split_once("\r\n\r\n").is_some_and(|(_, received)| received == body));
        }
    }
}

#[allow(dead_code, reason = "a test has its own address to connect to")]
mod gunzip {
    include!("first_hour/gunzip.rs");

    #[tokio::test]
    async fn what_was_compressed_is_read_from_a_real_socket() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

        let text = "hello, gzip\n".repeat(10_000);
        let mut compressed = Vec::new();
        let mut encoder = async_compression::tokio::bufread::GzipEncoder::new(text.as_bytes());
        encoder.read_to_end(&mut compressed).await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let socket = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        let sending = async move { server.write_all(&compressed).await };
        let (sent, read) = tokio::join!(sending, gunzip(socket));
        sent.unwrap();
        assert_eq!(read.unwrap(), text);
    }
}

const README: &str = include_str!("../../README.md");
const CONSTRUCTORS: &str = include_str!("../../docs/CONSTRUCTORS.md");
const ECHO: &str = include_str!("first_hour/echo.rs");
const GUNZIP: &str = include_str!("first_hour/gunzip.rs");

#[test]
fn the_page_shows_these_programs() {
    let code = |rest: &'static str| rest.split("```").next().expect("a split has a first part");
    let programs = |page: &'static str| -> Vec<&str> { page.split("```rust,no_run\n").skip(1).map(code).collect() };
    assert_eq!(programs(README), [ECHO]);
    assert_eq!(programs(CONSTRUCTORS), [GUNZIP]);
}
