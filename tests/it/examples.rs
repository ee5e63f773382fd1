//! The example servers, each driven by a client that people know. `.ci/run examples` installs the clients and runs these.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long an example may take for a line, on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running example, killed when it is dropped.
pub(crate) struct Example {
    process: Child,
    /// What it says, line by line, read as it says it: a full pipe would stop it.
    lines: Receiver<String>,
    /// The lines that were waited for.
    said: String,
    pub(crate) address: String,
}

impl Example {
    /// Starts the example that cargo built beside this test, on a free port.
    pub(crate) fn start(name: &str) -> Self {
        Example::start_with(name, &["127.0.0.1:0"])
    }

    pub(crate) fn start_with(name: &str, arguments: &[&str]) -> Self {
        let program = program(name);
        let mut process = Command::new(&program)
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let output = BufReader::new(process.stdout.take().unwrap());
        let (say, lines) = channel();
        thread::spawn(move || {
            output.lines().map_while(Result::ok).try_for_each(|line| {
                say.send(
                    line + "
",
                )
            })
        });
        let mut example = Example { process, lines, said: String::new(), address: String::new() };
        example.address = example.next_address();
        example
    }

    /// The address on the next line of what it says, for an example that listens on several.
    pub(crate) fn next_address(&mut self) -> String {
        let line = self.lines.recv_timeout(PATIENCE).expect("an address");
        line.trim().rsplit(['/', ' ']).next().unwrap().to_owned()
    }

    /// Waits until it has said so many lines, those with addresses not counted.
    #[track_caller]
    pub(crate) fn wait_for_lines(&mut self, count: usize) {
        for n in self.said.lines().count()..count {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => self.said += &line,
                Err(error) => panic!("{n} lines, not {count}: {error}: {}", self.said),
            }
        }
    }

    /// Ends it as Ctrl-C does, and gives all that it said, without the lines with addresses.
    pub(crate) fn interrupt(mut self) -> String {
        let pid = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        let mut said = std::mem::take(&mut self.said);
        said.extend(self.lines.iter());
        assert!(self.process.wait().unwrap().success(), "{said}");
        said
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The example that cargo built beside this test.
pub(crate) fn program(name: &str) -> PathBuf {
    let here = std::env::current_exe().unwrap();
    here.parent().unwrap().parent().unwrap().join("examples").join(name)
}

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
        // A connection that is reset is an answer, too.
        let _ = socket.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    };
    assert!(answer(send(b"nonsense\r\n\r\n")).starts_with("HTTP/1.1 400"));
    let oversized = format!("GET / HTTP/1.1\r\nhost: {}\r\n\r\n", "x".repeat(200_000));
    let mut socket = TcpStream::connect(&example.address).unwrap();
    let _ = socket.write_all(oversized.as_bytes());
    assert!(!answer(socket).starts_with("HTTP/1.1 200"));
    // Gone in the middle of an upload; half open; silent.
    drop(send(b"POST /upload HTTP/1.1\r\nhost: l\r\ncontent-length: 1000000\r\n\r\nthe beginning"));
    let half_open = send(b"POST /upload HTTP/1.1\r\nhost: l\r\ncontent-length: 1000000\r\n\r\n");
    half_open.shutdown(Shutdown::Write).unwrap();
    let _silent = send(b"");
    assert!(curl(&[&format!("http://{}/", example.address)]).contains("<h1>hyper on smol</h1>"));
    // Its request will never be whole, and it is told.
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

/// A proxy, and both ends of a connection through it.
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

/// A block of bytes of an odd length, repeated: what is lost, doubled or out of order shows at once.
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

/// Reads to the end and gives how much there was.
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
    // The other half goes on after the end of the first.
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
        // In the middle of a transfer in both directions, and not in the orderly way.
        killed.write_all(&[1; 100_000]).unwrap();
        other.write_all(&[2; 100_000]).unwrap();
        rustix::net::sockopt::set_socket_linger(&killed, Some(Duration::ZERO)).unwrap();
        drop(killed);
        let start = Instant::now();
        let mut received = Vec::new();
        let end = other.read_to_end(&mut received);
        assert!(start.elapsed() < Duration::from_secs(30), "it hung");
        assert!(received.iter().all(|&byte| byte == 1) && received.len() <= 100_000);
        // The end, or an error, and nothing can be sent any more.
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
    // Longer than that in all, but never still for as long. On a busy machine, a pause may take two
    // seconds longer than it should.
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

#[test]
#[ignore = "needs the example built"]
fn ported_readers_read_what_the_originals_read_and_are_as_small_as_the_docs_say() {
    let output = Command::new(program("ported")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    // The originals' columns are about the version that the docs name; ours are about these sources.
    let ours = |text: &str| -> Vec<Vec<String>> {
        let rows = text.lines().filter(|line| line.starts_with("| `") && line.matches('|').count() == 7);
        rows.map(|row| row.split('|').map(|cell| cell.trim().into()).collect::<Vec<String>>())
            .map(|cells| [1, 5, 6].map(|i| cells[i].clone()).to_vec())
            .collect()
    };
    let (seen, expected) = (ours(&said), ours(include_str!("../../docs/DEBATE.md")));
    assert_eq!(seen.len(), 5, "{said}");
    assert_eq!(seen, expected);
}
