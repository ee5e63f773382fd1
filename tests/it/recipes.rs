//! The program of `docs/RECIPES.md` that needs a server. The others run as doctests.

use std::io;

use futures::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use smol::net::TcpStream;

/// The program itself: a test has an address of its own, and calls what its `main` calls.
#[allow(dead_code, reason = "a test has its own address to connect to")]
mod program {
    include!("recipes/redis.rs");

    #[test]
    #[cfg_attr(miri, ignore = "needs sockets")]
    fn redis_answers_over_a_real_smol_socket() {
        smol::block_on(async {
            let listener = smol::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let server = smol::spawn(super::redis(listener.accept().await.unwrap().0));
            assert_eq!(greet(stream).await.unwrap(), "hello");
            assert!(server.await.unwrap() >= 2);
        });
    }

    #[test]
    #[ignore = "needs redis-server"]
    fn a_real_redis_answers() {
        let directory = tempfile::tempdir().unwrap();
        // A free port, until the server takes it.
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut server = std::process::Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--port", &address.port().to_string(), "--dir"])
            .arg(directory.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let greeting = smol::block_on(async {
            for _ in 0..100 {
                match TcpStream::connect(address).await {
                    Ok(stream) => return greet(stream).await,
                    Err(_) => smol::Timer::after(std::time::Duration::from_millis(100)).await,
                };
            }
            Err(std::io::Error::other("redis-server does not listen").into())
        });
        server.kill().unwrap();
        server.wait().unwrap();
        assert_eq!(greeting.unwrap(), "hello");
    }
}

/// Speaks the part of redis' protocol that a client with one key uses. Returns how many commands it
/// has answered.
async fn redis(socket: TcpStream) -> io::Result<usize> {
    /// Returns the number on a line that starts with `mark`, or nothing at the end of the stream.
    async fn number(reader: &mut BufReader<TcpStream>, mark: char) -> io::Result<Option<usize>> {
        let mut line = String::new();
        reader.read_line(&mut line).await?;
        Ok((!line.is_empty()).then(|| line.trim_end().strip_prefix(mark).expect("a mark").parse().expect("a number")))
    }

    let (mut reader, mut value, mut commands) = (BufReader::new(socket), Vec::new(), 0);
    while let Some(words) = number(&mut reader, '*').await? {
        let mut command = Vec::new();
        for _ in 0..words {
            let mut word = vec![0; number(&mut reader, '$').await?.expect("the length of a word") + 2];
            reader.read_exact(&mut word).await?;
            word.truncate(word.len() - 2);
            command.push(word);
        }
        let answer = match &command[..] {
            [get, key] if get == b"GET" && key == b"greeting" => {
                [format!("${}\r\n", value.len()).as_bytes(), &value, b"\r\n"].concat()
            }
            [set, key, new] if set == b"SET" && key == b"greeting" => {
                value.clone_from(new);
                b"+OK\r\n".to_vec()
            }
            // The name of the library.
            [client, ..] if client == b"CLIENT" => b"+OK\r\n".to_vec(),
            _ => b"-ERR unknown command\r\n".to_vec(),
        };
        reader.get_mut().write_all(&answer).await?;
        commands += 1;
    }
    Ok(commands)
}

#[test]
fn the_page_shows_this_program() {
    let page = include_str!("../../docs/RECIPES.md");
    let shown = page.split_once("```rust,no_run\n").and_then(|(_, rest)| rest.split("```").next());
    assert_eq!(shown, Some(include_str!("recipes/redis.rs")));
}
