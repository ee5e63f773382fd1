//! The examples that bridge executors, against their own servers and against ones that answer wrongly.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Output};
use std::thread;

use crate::examples::program;

fn run(name: &str, arguments: &[String]) -> Output {
    Command::new(program(name)).args(arguments).output().unwrap()
}

/// What an example says when all goes well.
fn success(name: &str) -> String {
    let output = run(name, &[]);
    let said = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{said}{errors}");
    said
}

/// What an example complains about when the server at this address answers wrongly.
fn failure(name: &str, address: SocketAddr) -> String {
    let output = run(name, &[address.to_string()]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

/// A server that treats every connection in this way, on a thread each.
fn server(serve: fn(TcpStream)) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            thread::spawn(move || serve(stream));
        }
    });
    address
}

#[test]
#[ignore = "starts an example"]
fn client_on_smol_gets_back_what_it_sends() {
    let said = success("client_on_smol");
    assert!(
        said.starts_with("200 requests to 127.0.0.1:") && said.ends_with("all of them came back unchanged\n"),
        "{said}"
    );
}

#[test]
#[ignore = "starts an example"]
fn client_on_smol_notices_a_wrong_body_and_a_connection_that_breaks() {
    let wrong = server(|mut stream| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut line = String::new();
        let mut length = 0;
        while reader.read_line(&mut line).unwrap() > 2 {
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            line.clear();
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        // One bit, in the middle.
        if let Some(byte) = body.get_mut(length / 2) {
            *byte ^= 1;
        }
        let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
        let _ = stream.write_all(&[head.as_bytes(), &body].concat());
    });
    let complaint = failure("client_on_smol", wrong);
    assert!(
        complaint.starts_with("error: request ") && complaint.ends_with("the response body differs\n"),
        "{complaint}"
    );

    let complaint = failure("client_on_smol", server(drop));
    assert!(complaint.starts_with("error: "), "{complaint}");
}

#[test]
#[ignore = "starts an example"]
fn smol_in_tokio_gets_an_answer_to_every_line() {
    let said = success("smol_in_tokio");
    assert!(said.starts_with("20000 lines, ") && said.ends_with("all answers correct\n"), "{said}");
}

#[test]
#[ignore = "starts an example"]
fn smol_in_tokio_notices_a_wrong_answer_a_missing_one_and_one_too_many() {
    /// Answers each line, of this number and length, by what `say` makes of it, and ends where that is nothing.
    fn answer(mut stream: TcpStream, say: fn(usize, usize) -> Option<String>) {
        let lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
        for (number, line) in lines.enumerate() {
            match say(number, line.len()) {
                Some(text) if writeln!(stream, "{text}").is_ok() => {}
                _ => break,
            }
        }
        // In order: to close with data unread would be a reset.
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    }
    let wrong = server(|stream| answer(stream, |number, len| Some((len + usize::from(number == 15_000)).to_string())));
    assert!(failure("smol_in_tokio", wrong).starts_with("error: line 15000 has "));
    let missing = server(|stream| answer(stream, |number, len| (number < 19_999).then(|| len.to_string())));
    assert_eq!(failure("smol_in_tokio", missing), "error: no answer to line 19999\n");
    let too_many = server(|stream| {
        answer(stream, |number, len| Some(if number < 19_999 { len.to_string() } else { format!("{len}\nmore") }));
    });
    assert_eq!(failure("smol_in_tokio", too_many), "error: one answer too many: \"more\"\n");
}
