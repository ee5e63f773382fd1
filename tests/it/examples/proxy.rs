//! `proxy`: every byte arrives, and each side learns how the other side ended.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::Example;

/// Starts a proxy, and returns both ends of a connection through it.
fn proxied(idle: &str) -> (Example, TcpStream, TcpStream) {
    let target = TcpListener::bind("127.0.0.1:0").unwrap();
    let example = Example::start_with("proxy", &["127.0.0.1:0", &target.local_addr().unwrap().to_string(), idle]);
    let client = TcpStream::connect(&example.address).unwrap();
    let (server, _) = target.accept().unwrap();
    for end in [&client, &server] {
        end.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        end.set_write_timeout(Some(Duration::from_secs(60))).unwrap();
    }
    (example, client, server)
}

/// Returns a block of bytes of an odd length, to be repeated: lost, doubled or reordered data
/// shows.
fn block(seed: u32) -> Vec<u8> {
    (0..99_991u32).map(|i| (i ^ seed).wrapping_mul(2_654_435_761).to_be_bytes()[1]).collect()
}

fn send_all(mut socket: TcpStream, block: &[u8], total: usize) {
    let mut sent = 0;
    while sent < total {
        let n = block.len().min(total - sent);
        socket.write_all(&block[..n]).unwrap();
        sent += n;
    }
    socket.shutdown(Shutdown::Write).unwrap();
}

/// Reads to the end, and returns the number of bytes.
fn check_all(mut socket: TcpStream, block: &[u8]) -> usize {
    let mut received = 0;
    let mut chunk = vec![0; block.len()];
    loop {
        let at = received % block.len();
        let n = socket.read(&mut chunk[at..]).unwrap();
        if n == 0 {
            return received;
        }
        assert!(chunk[at..at + n] == block[at..at + n], "the data differs after {received} bytes");
        received += n;
    }
}

#[test]
#[ignore = "moves two gibibytes"]
fn proxy_moves_a_gibibyte_each_way_at_once() {
    const TOTAL: usize = 1 << 30;
    let (example, client, server) = proxied("60");
    let (to_target, to_client) = (block(1), block(2));
    thread::scope(|scope| {
        scope.spawn(|| send_all(client.try_clone().unwrap(), &to_target, TOTAL));
        scope.spawn(|| send_all(server.try_clone().unwrap(), &to_client, TOTAL));
        let at_client = scope.spawn(|| check_all(client.try_clone().unwrap(), &to_client));
        assert_eq!(check_all(server.try_clone().unwrap(), &to_target), TOTAL);
        assert_eq!(at_client.join().unwrap(), TOTAL);
    });
    let said = example.interrupt();
    let totals = format!("1 connections, 0 failed; {TOTAL} bytes to the target, {TOTAL} to clients\n");
    assert!(said.ends_with(&totals), "{said}");
}

#[test]
#[ignore = "starts an example"]
fn proxy_keeps_a_connection_that_is_half_closed() {
    let (example, mut client, mut server) = proxied("60");
    client.write_all(b"question").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut question = Vec::new();
    server.read_to_end(&mut question).unwrap();
    assert_eq!(question, b"question");
    // The other half stays open.
    for part in ["an", "swer"] {
        server.write_all(part.as_bytes()).unwrap();
        thread::sleep(Duration::from_millis(20));
    }
    server.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, b"answer");
    let said = example.interrupt();
    assert!(said.contains(": 8 bytes sent, 6 received\n"), "{said}");
}

#[test]
#[ignore = "starts an example"]
fn proxy_ends_the_other_side_when_one_is_killed() {
    for kill_client in [true, false] {
        let (example, client, server) = proxied("60");
        let (mut killed, mut other) = if kill_client { (client, server) } else { (server, client) };
        // A reset during a transfer in both directions.
        killed.write_all(&[1; 100_000]).unwrap();
        other.write_all(&[2; 100_000]).unwrap();
        rustix::net::sockopt::set_socket_linger(&killed, Some(Duration::ZERO)).unwrap();
        drop(killed);
        let start = Instant::now();
        let mut received = Vec::new();
        let end = other.read_to_end(&mut received);
        assert!(start.elapsed() < Duration::from_secs(30), "it hung");
        assert!(received.iter().all(|&byte| byte == 1) && received.len() <= 100_000);
        // The read ended with the end of file or an error. Soon no more can be sent.
        let _ = end;
        let gone = (0..100).any(|_| {
            thread::sleep(Duration::from_millis(10));
            other.write_all(b"more").is_err()
        });
        assert!(gone, "the other side is still there");
        let said = example.interrupt();
        assert!(said.contains("1 connections, 1 failed"), "{said}");
    }
}

#[test]
#[ignore = "starts an example"]
fn proxy_ends_a_connection_on_which_nothing_moves() {
    let (example, mut client, mut server) = proxied("2.5");
    // Longer than the limit in all, but no pause is as long. On a busy machine, a pause may take
    // two seconds longer than requested.
    for _ in 0..8 {
        thread::sleep(Duration::from_millis(400));
        client.write_all(b"x").unwrap();
    }
    let mut received = Vec::new();
    server.read_to_end(&mut received).unwrap();
    assert_eq!(received, b"xxxxxxxx");
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
    let said = example.interrupt();
    assert!(said.contains("idle timeout"), "{said}");
}
