//! The examples, each driven by a well-known client or by its own.
//! `.ci/run examples` installs the clients and runs these tests.
#![cfg(unix)]

mod client_on_smol;
mod http_on_smol;
mod http_over_websocket;
mod ported;
mod postgres_on_smol;
mod proxy;
mod tls_echo;
mod websocket_chat;
mod websocket_without_async;
mod wrap_reader;

use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// How long an example may take for a line, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running example, killed when it is dropped.
struct Example {
    process: Child,
    /// Its output, line by line. A thread reads it, because a full pipe would block the example.
    lines: Receiver<String>,
    /// The lines received so far.
    said: String,
    address: String,
}

impl Example {
    /// Starts the example that cargo built beside this test, on a free port.
    fn start(name: &str) -> Self {
        Example::start_with(name, &["127.0.0.1:0"])
    }

    fn start_with(name: &str, arguments: &[&str]) -> Self {
        let program = program(name);
        let mut process = Command::new(&program)
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let output = BufReader::new(process.stdout.take().unwrap());
        let (say, lines) = channel();
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| say.send(line + "\n")));
        let mut example = Example { process, lines, said: String::new(), address: String::new() };
        example.address = example.next_address();
        example
    }

    /// Returns the address on the next line of output, for an example that listens on several.
    fn next_address(&mut self) -> String {
        let line = self.lines.recv_timeout(PATIENCE).expect("an address");
        line.trim().rsplit(['/', ' ']).next().unwrap().to_owned()
    }

    /// Waits until it has printed `count` lines, those with addresses not counted.
    #[track_caller]
    fn wait_for_lines(&mut self, count: usize) {
        for n in self.said.lines().count()..count {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => self.said += &line,
                Err(error) => panic!("{n} lines, not {count}: {error}: {}", self.said),
            }
        }
    }

    /// Ends it as Ctrl-C does, and returns its output without the lines with addresses.
    fn interrupt(mut self) -> String {
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

/// Returns the path of the example that cargo built beside this test.
fn program(name: &str) -> PathBuf {
    let here = std::env::current_exe().unwrap();
    here.parent().unwrap().parent().unwrap().join("examples").join(name)
}

fn run(name: &str, arguments: &[String]) -> Output {
    Command::new(program(name)).args(arguments).output().unwrap()
}

/// Runs an example without arguments, and returns its output.
fn success(name: &str) -> String {
    let output = run(name, &[]);
    let said = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{said}{errors}");
    said
}

/// Runs an example against a server that answers wrongly, and returns its error message.
fn failure(name: &str, address: SocketAddr) -> String {
    let output = run(name, &[address.to_string()]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

/// Starts a server that calls `serve` for every connection, on a thread each, and returns its
/// address.
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
