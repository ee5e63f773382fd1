//! `http_on_smol`, driven by curl and by clients that misbehave.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::process::Command;
use std::time::Duration;

use super::Example;

fn curl(arguments: &[&str]) -> String {
    let output = Command::new("curl").args(["-sS", "--max-time", "60"]).args(arguments).output().expect("curl");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[ignore = "needs curl"]
fn http_on_smol_answers_curl_on_both_versions_of_http() {
    let example = Example::start("http_on_smol");
    let url = format!("http://{}/", example.address);
    let upload = format!("{url}upload");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, vec![7; 20_000_000]).unwrap();
    let data = format!("@{}", file.display());
    for version in ["--http1.1", "--http2-prior-knowledge"] {
        assert!(curl(&[version, &url]).contains("<h1>hyper on smol</h1>"));
        assert_eq!(curl(&[version, "--data-binary", &data, &upload]), "20000000\n");
        let chunked = ["-H", "Transfer-Encoding: chunked", "--data-binary", &data, &upload];
        assert_eq!(curl(&[&[version], &chunked[..]].concat()), "20000000\n");
        assert_eq!(curl(&[version, "-o", "/dev/null", "-w", "%{http_code}", &format!("{url}nowhere")]), "404");
        assert_eq!(curl(&[version, "-X", "PUT", &url]), "not allowed here\n");
    }
    let said = example.interrupt();
    assert_eq!(said.lines().filter(|line| line.ends_with(": ended")).count(), 10, "{said}");
    assert!(said.contains("shutting down\n"), "{said}");
    assert!(said.ends_with("all connections have ended\n"), "{said}");
}

#[test]
#[ignore = "needs curl"]
fn http_on_smol_goes_on_after_clients_that_misbehave() {
    let example = Example::start("http_on_smol");
    let send = |data: &[u8]| {
        let mut socket = TcpStream::connect(&example.address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        socket.write_all(data).unwrap();
        socket
    };
    let answer = |mut socket: TcpStream| {
        let mut text = Vec::new();
        // A reset is an answer, too.
        let _ = socket.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    };
    assert!(answer(send(b"nonsense\r\n\r\n")).starts_with("HTTP/1.1 400"));
    let oversized = format!("GET / HTTP/1.1\r\nhost: {}\r\n\r\n", "x".repeat(200_000));
    let mut socket = TcpStream::connect(&example.address).unwrap();
    let _ = socket.write_all(oversized.as_bytes());
    assert!(!answer(socket).starts_with("HTTP/1.1 200"));
    // Clients that disconnect during an upload, close one half, or send nothing.
    drop(send(b"POST /upload HTTP/1.1\r\nhost: l\r\ncontent-length: 1000000\r\n\r\nthe beginning"));
    let half_open = send(b"POST /upload HTTP/1.1\r\nhost: l\r\ncontent-length: 1000000\r\n\r\n");
    half_open.shutdown(Shutdown::Write).unwrap();
    let _silent = send(b"");
    assert!(curl(&[&format!("http://{}/", example.address)]).contains("<h1>hyper on smol</h1>"));
    // Its request is incomplete, so it receives an error or the end of the stream.
    let told = answer(half_open);
    assert!(told.is_empty() || told.starts_with("HTTP/1.1 400"), "{told}");
}

#[test]
#[ignore = "takes ten seconds; needs curl"]
fn http_on_smol_ends_a_connection_without_headers() {
    let example = Example::start("http_on_smol");
    let mut slow = TcpStream::connect(&example.address).unwrap();
    slow.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nhost:").unwrap();
    let mut text = Vec::new();
    slow.read_to_end(&mut text).unwrap();
    assert!(curl(&[&format!("http://{}/", example.address)]).contains("<h1>hyper on smol</h1>"));
}
