//! `smol_in_tokio` against its own server, and against servers that answer wrongly.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use super::{failure, server, success};

#[test]
#[ignore = "starts an example"]
fn smol_in_tokio_gets_an_answer_to_every_line() {
    let said = success("smol_in_tokio");
    assert!(said.starts_with("20000 lines, ") && said.ends_with("all answers correct\n"), "{said}");
}

#[test]
#[ignore = "starts an example"]
fn smol_in_tokio_notices_a_wrong_answer_a_missing_one_and_one_too_many() {
    /// Answers each line with the result of `say` for its number and length, and ends the stream at
    /// `None`.
    fn answer(mut stream: TcpStream, say: fn(usize, usize) -> Option<String>) {
        let lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
        for (number, line) in lines.enumerate() {
            match say(number, line.len()) {
                Some(text) if writeln!(stream, "{text}").is_ok() => {}
                _ => break,
            }
        }
        // Closing with unread data would reset the connection.
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
