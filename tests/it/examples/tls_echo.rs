//! `tls_echo`, driven by `openssl s_client`.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::Example;

const LABELS: [&str; 2] = ["futures-rustls over tokio", "tokio-rustls over smol"];

/// Starts the server, and returns it with the addresses of its two ports, in the order of `LABELS`.
fn tls_echo() -> (Example, [String; 2]) {
    let mut example = Example::start("tls_echo");
    let addresses = [example.address.clone(), example.next_address()];
    assert_ne!(addresses[0], addresses[1]);
    (example, addresses)
}

fn s_client(address: &str, version: &str) -> Child {
    // `-quiet` alone would ignore the end of the input. Without `-nocommands`, some letters are
    // commands.
    Command::new("openssl")
        .args(["s_client", "-quiet", "-no_ign_eof", "-nocommands", version, "-connect", address])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("openssl")
}

/// Sends the data, compares the echo, and ends the client by ending its input.
fn echoes(address: &str, version: &str, data: &[u8]) {
    let mut client = s_client(address, version);
    let (mut input, mut output) = (client.stdin.take().unwrap(), client.stdout.take().unwrap());
    thread::scope(|scope| {
        let sending = scope.spawn(|| input.write_all(data).unwrap());
        let mut echoed = vec![0; data.len()];
        output.read_exact(&mut echoed).unwrap();
        assert!(echoed == data, "{address} {version}: the echo differs");
        sending.join().unwrap();
    });
    drop(input);
    let mut rest = Vec::new();
    output.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, b"");
    assert!(client.wait().unwrap().success(), "{address} {version}");
}

/// Counts the lines of the log with this beginning and this end.
fn count(said: &str, label: &str, end: &str) -> usize {
    said.lines().filter(|line| line.starts_with(label) && line.contains(end)).count()
}

#[test]
#[ignore = "needs openssl"]
fn tls_echo_gives_back_lines_and_a_mebibyte_on_both_ports() {
    let (mut example, addresses) = tls_echo();
    let lines = b"one\ntwo\nQ is no command\n\nthe last\n";
    let blob: Vec<u8> = (0..1u32 << 20).map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let data = [&lines[..], &blob].concat();
    for address in &addresses {
        for version in ["-tls1_2", "-tls1_3"] {
            echoes(address, version, lines);
            echoes(address, version, &data);
        }
    }
    // The last lines of the log may still be missing, and `interrupt` ends the server at once.
    example.wait_for_lines(8);
    let said = example.interrupt();
    for label in LABELS {
        assert_eq!(count(&said, label, &format!(": {} bytes echoed", lines.len())), 2, "{said}");
        assert_eq!(count(&said, label, &format!(": {} bytes echoed", data.len())), 2, "{said}");
    }
    assert!(said.ends_with("shutting down\n"), "{said}");
}

#[test]
#[ignore = "needs openssl"]
fn tls_echo_goes_on_after_clients_that_misbehave() {
    let (mut example, addresses) = tls_echo();
    for address in &addresses {
        // A client that is killed after its first echo: it sends no close_notify.
        let mut killed = s_client(address, "-tls1_3");
        killed.stdin.as_mut().unwrap().write_all(b"x\n").unwrap();
        killed.stdout.as_mut().unwrap().read_exact(&mut [0; 2]).unwrap();
        let mut plain = TcpStream::connect(address).unwrap();
        plain.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        plain.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
        let mut alert = Vec::new();
        // A reset may arrive before the alert.
        let _ = plain.read_to_end(&mut alert);
        assert!(alert.is_empty() || alert[0] == 21, "{alert:?}");
        // Clients that disconnect before and during the handshake, and one that sends nothing.
        drop(TcpStream::connect(address).unwrap());
        TcpStream::connect(address).unwrap().write_all(b"\x16\x03\x01\x02\x00\x01").unwrap();
        let _silent = TcpStream::connect(address).unwrap();
        echoes(address, "-tls1_3", b"still here\n");
        killed.kill().unwrap();
        killed.wait().unwrap();
        echoes(address, "-tls1_3", b"and here\n");
    }
    example.wait_for_lines(14);
    let said = example.interrupt();
    for label in LABELS {
        // The plain client, and the three that disconnected: by now this includes `_silent`.
        assert_eq!(count(&said, label, "the handshake failed"), 4, "{said}");
        assert_eq!(count(&said, label, "bytes echoed"), 2, "{said}");
        // And the client that was killed.
        assert_eq!(count(&said, label, ""), 7, "{said}");
    }
}

#[test]
#[ignore = "takes ten seconds; needs openssl"]
fn tls_echo_ends_a_connection_without_a_handshake() {
    let (mut example, addresses) = tls_echo();
    let start = Instant::now();
    let silent = addresses.each_ref().map(|address| TcpStream::connect(address).unwrap());
    for mut socket in silent {
        socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        assert_eq!(socket.read(&mut [0]).unwrap(), 0);
    }
    assert!(start.elapsed() >= Duration::from_secs(9));
    addresses.iter().for_each(|address| echoes(address, "-tls1_3", b"still here\n"));
    example.wait_for_lines(4);
    let said = example.interrupt();
    for label in LABELS {
        assert_eq!(count(&said, label, "the handshake took too long"), 1, "{said}");
    }
}

#[test]
#[ignore = "needs openssl"]
fn tls_echo_ends_at_once_on_ctrl_c_with_a_connection_open() {
    let (example, addresses) = tls_echo();
    let mut clients = addresses.each_ref().map(|address| s_client(address, "-tls1_3"));
    for client in &mut clients {
        client.stdin.as_mut().unwrap().write_all(b"x\n").unwrap();
        client.stdout.as_mut().unwrap().read_exact(&mut [0; 2]).unwrap();
    }
    let start = Instant::now();
    let said = example.interrupt();
    assert_eq!(said, "shutting down\n");
    assert!(start.elapsed() < Duration::from_secs(5));
    for mut client in clients {
        let _ = client.kill();
        client.wait().unwrap();
    }
}
