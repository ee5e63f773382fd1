//! `postgres_on_smol` against a PostgreSQL server of its own.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::sockopt::set_socket_reuseaddr;
use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::program;

const USER: &str = "shimmer";
const PASSWORD: &str = "not a secret";

/// Runs the example that cargo built beside this test.
fn example(arguments: &[&str], password: Option<&str>) -> (Output, String, String) {
    let program = program("postgres_on_smol");
    let mut command = Command::new(&program);
    command.args(arguments).env_remove("PGPASSWORD");
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    let output = command.output().unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    let complaints = String::from_utf8(output.stderr.clone()).unwrap();
    (output, said, complaints)
}

/// Returns a free port and a socket that reserves it, so that the system gives it to no other
/// process. Nothing listens there yet.
fn reserved_port() -> (u16, OwnedFd) {
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    // With this option, which the server sets too, the server may listen on the port while the
    // socket holds it.
    set_socket_reuseaddr(&socket, true).unwrap();
    bind(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    let address = SocketAddr::try_from(getsockname(&socket).unwrap()).unwrap();
    (address.port(), socket)
}

/// A server with a new, empty cluster, stopped when it is dropped. Over TCP it requires a password.
struct Server {
    process: Child,
    directory: TempDir,
    port: u16,
    _reserved: OwnedFd,
}

impl Server {
    fn start() -> Self {
        let programs = programs();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        std::fs::write(path.join("password"), PASSWORD).unwrap();
        if rustix::process::geteuid().is_root() {
            succeed(Command::new("chown").args(["-R", "nobody:nogroup"]).arg(path));
        }
        let data = path.join("data");
        succeed(
            unprivileged(&programs.join("initdb"), path)
                .args(["--no-sync", "--no-locale", "--encoding=UTF8", "--username", USER])
                .args(["--auth-local=trust", "--auth-host=scram-sha-256", "--pwfile=password", "-D"])
                .arg(&data),
        );
        let (port, reserved) = reserved_port();
        let log = File::create(path.join("log")).unwrap();
        let process = unprivileged(&programs.join("postgres"), path)
            .args(["-F", "-c", "listen_addresses=127.0.0.1", "-p", &port.to_string(), "-k"])
            .arg(path)
            .arg("-D")
            .arg(&data)
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut server = Server { process, directory, port, _reserved: reserved };
        let start = Instant::now();
        while !server.accepts(&programs) {
            let gone = server.process.try_wait().unwrap().is_some();
            assert!(!gone && start.elapsed() < Duration::from_secs(60), "no server: {}", server.log());
            thread::sleep(Duration::from_millis(50));
        }
        // initdb creates no database named after the user.
        let create = Command::new(programs.join("createdb"))
            .args(["-U", USER, "-p", &port.to_string(), "-h"])
            .arg(server.directory.path())
            .arg(USER)
            .output()
            .unwrap();
        assert!(create.status.success(), "{create:?}");
        server
    }

    fn accepts(&self, programs: &Path) -> bool {
        let mut ready = Command::new(programs.join("pg_isready"));
        ready.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]).status().unwrap().success()
    }

    fn socket(&self) -> String {
        let path = self.directory.path().join(format!(".s.PGSQL.{}", self.port));
        path.to_str().unwrap().to_owned()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It closes its connections and exits; if it were killed, it would leave shared memory
        // behind.
        let _ = kill_process(Pid::from_child(&self.process), Signal::INT);
        for _ in 0..400 {
            if !matches!(self.process.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns the directory in which Debian keeps the programs of the newest server.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").expect("Debian's package `postgresql`");
    let version = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    versions
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("bin/postgres").exists())
        .max_by_key(version)
        .expect("Debian's package `postgresql`")
        .join("bin")
}

/// Returns a command that does not run as root, because the server refuses that.
fn unprivileged(program: &Path, directory: &Path) -> Command {
    let mut command = if rustix::process::geteuid().is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir(directory);
    command
}

fn succeed(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
#[ignore = "needs a PostgreSQL server's programs"]
fn postgres_on_smol_moves_every_row_over_tcp_and_a_unix_socket() {
    let server = Server::start();
    let address = format!("127.0.0.1:{}", server.port);
    let bytes: usize = (0..100_000_usize)
        .map(|id| {
            let digits = id.to_string().len();
            // The number, a tab, the text or a mark that there is none, a newline.
            digits + 2 + if id % 7 == 0 { 2 } else { "row  ".len() + digits + 2 * (id % 60) }
        })
        .sum();
    for (target, password) in [(address, Some(PASSWORD)), (server.socket(), None)] {
        let (output, said, complaints) = example(&[&target, USER], password);
        assert!(output.status.success(), "{said}{complaints}{}", server.log());
        assert_eq!(complaints, "");
        let lines: Vec<_> = said.lines().collect();
        assert!(lines[0].starts_with(&format!("connected to {target}: PostgreSQL ")), "{said}");
        assert_eq!(lines[1], "created a temporary table");
        assert_eq!(lines[2], format!("copied in: 100000 rows, {bytes} bytes"));
        assert_eq!(lines[3], format!("copied out: 100000 rows, {bytes} bytes, all rows unchanged"));
        assert!(lines[4].starts_with("the server counts 100000 rows, "), "{said}");
        assert!(lines[4].ends_with(", 14286 rows without text"), "{said}");
        assert_eq!(lines[5], "found 5 rows with a prepared statement");
        assert_eq!(lines[6], "sent 4 values and got them back, one of 3000000 bytes");
        assert_eq!(lines[7], "after an error: deleted 1000 rows, rolled back: 100000 rows");
        assert_eq!(lines[8..], ["the connection ended without an error"]);
    }
}

#[test]
#[ignore = "needs a PostgreSQL server's programs"]
fn postgres_on_smol_says_why_it_is_not_let_in() {
    let server = Server::start();
    let address = format!("127.0.0.1:{}", server.port);
    for (target, user, password, why) in [
        (&address, USER, None, "password missing"),
        (&address, USER, Some("wrong"), "password authentication failed for user \"shimmer\""),
        (&server.socket(), "stranger", None, "role \"stranger\" does not exist"),
    ] {
        let (output, said, complaints) = example(&[target, user], password);
        assert_eq!(output.status.code(), Some(1), "{said}{complaints}");
        assert!(complaints.starts_with(&format!("error: cannot log in at {target}: ")), "{complaints}");
        assert!(complaints.contains(why) && complaints.lines().count() == 1, "{complaints}");
    }
}

#[test]
#[ignore = "starts an example"]
fn postgres_on_smol_says_that_there_is_no_server() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("socket");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    // A server that does not speak PostgreSQL's protocol.
    let stranger = thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        client.read_exact(&mut [0; 8]).unwrap();
        client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    let (output, _, complaints) = example(&[&address], None);
    assert_eq!(output.status.code(), Some(1), "{complaints}");
    assert!(complaints.starts_with(&format!("error: cannot log in at {address}: ")), "{complaints}");
    stranger.join().unwrap();

    let (port, _reserved) = reserved_port();
    let address = format!("127.0.0.1:{port}");
    for (target, why) in [(address.as_str(), "Connection refused"), (socket.to_str().unwrap(), "No such file")] {
        let (output, said, complaints) = example(&[target], None);
        assert_eq!(output.status.code(), Some(1), "{said}{complaints}");
        assert!(complaints.starts_with(&format!("error: cannot connect to {target}: {why}")), "{complaints}");
        assert_eq!((said.as_str(), complaints.lines().count()), ("", 1), "{complaints}");
    }
    let (output, _, complaints) = example(&[], None);
    assert_eq!(output.status.code(), Some(2));
    assert!(complaints.starts_with("usage: "), "{complaints}");
}
