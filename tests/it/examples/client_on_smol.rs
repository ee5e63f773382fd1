//! `client_on_smol` against its own server, and against servers that answer wrongly.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};

use super::{failure, server, success};

#[test]
#[ignore = "starts an example"]
fn client_on_smol_reuses_connections_and_gets_back_what_it_sends() {
    let said = success("client_on_smol");
    assert!(said.starts_with("200 requests to https://127.0.0.1:"), "{said}");
    assert!(said.ends_with("all of them came back unchanged\n"), "{said}");
    // It sends 5 at a time. The client also connects when a connection is not back in the pool yet.
    let connections: usize = said.split(" over ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!((1..=20).contains(&connections), "{said}");
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
