//! Tries each cell of the table "Which executor runs what" in the docs of `rt`.

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _, join, try_join};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use io_shim::Shim;
use io_shim::rt::{Embedded, SmolTimer, TokioContext};
use tokio::runtime::Builder;

use super::{MOMENT, PATIENCE, in_time};

/// The work of a cell: it succeeds, returns an error or panics.
type Work = BoxFuture<'static, io::Result<()>>;

/// The first cell of a row, its work, and the same work on a thread if it has to run there.
type Row = (&'static str, fn() -> Work, Option<fn() -> Work>);

const ROWS: [Row; 11] = [
    ("`bind`, `connect` and `accept` of `tokio::net`", || tokio_sockets_made_and_used().boxed(), None),
    ("an existing socket of `tokio::net`", || tokio_sockets_used().boxed(), None),
    ("a file of `tokio::fs`", || tokio_file().boxed(), None),
    ("`sleep`, `timeout` and `interval` of `tokio::time`", || tokio_timer().boxed(), None),
    ("an existing timer of `tokio::time`", || tokio_timer_used().boxed(), None),
    ("a socket of smol, async-net or async-io", || smol_socket().boxed(), None),
    ("a timer of async-io", || smol_timer().boxed(), None),
    ("a blocking reader of std", || blocking_reader().boxed(), Some(|| reader_on_a_thread().boxed())),
    ("hyper's connections, over any of these streams", || hyper_connection().boxed(), None),
    ("hyper-util's client with its tokio connector", || hyper_client().boxed(), None),
    ("hyper-util's client with a connector of your own to smol's sockets", || smol_client().boxed(), None),
];

/// The head of a column, and how its executor runs a future to its end.
type Column = (&'static str, fn(Work) -> io::Result<()>);

const COLUMNS: [Column; 5] = [
    ("tokio, multi-thread", |work| {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        // On a worker, where tasks run.
        runtime.block_on(runtime.spawn(work)).unwrap_or_else(|error| resume_unwind(error.into_panic()))
    }),
    ("tokio, `current_thread`", |work| Builder::new_current_thread().enable_all().build().unwrap().block_on(work)),
    ("smol", |work| {
        let executor = smol::Executor::new();
        smol::block_on(executor.run(executor.spawn(work)))
    }),
    ("`futures::executor`", |work| {
        let mut pool = futures::executor::LocalPool::new();
        pool.run_until(work)
    }),
    ("pollster", |work| pollster::block_on(work)),
];

/// Returns two connected tokio sockets.
async fn tokio_sockets() -> io::Result<(tokio::net::TcpStream, tokio::net::TcpStream)> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let connect = tokio::net::TcpStream::connect(listener.local_addr()?);
    let (client, (server, _)) = try_join(connect, listener.accept()).await?;
    Ok((client, server))
}

async fn tokio_sockets_made_and_used() -> io::Result<()> {
    let (client, server) = tokio_sockets().await?;
    exchange(client, server).await
}

async fn tokio_sockets_used() -> io::Result<()> {
    let made = TokioContext::new(tokio_sockets(), Embedded::global()?.handle().clone());
    let (client, server) = made.await?;
    exchange(client, server).await
}

/// Exchanges a byte and its answer. The receiver waits for each.
async fn exchange(mut client: tokio::net::TcpStream, mut server: tokio::net::TcpStream) -> io::Result<()> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let (mut byte, mut answer) = ([0], [0]);
    let serve = async {
        server.read_exact(&mut byte).await?;
        server.write_all(b"b").await
    };
    let ask = async {
        client.write_all(b"a").await?;
        client.read_exact(&mut answer).await
    };
    try_join(serve, ask).await?;
    assert_eq!((&byte, &answer), (b"a", b"b"));
    Ok(())
}

async fn tokio_file() -> io::Result<()> {
    let path = tempfile::NamedTempFile::new()?.into_temp_path();
    tokio::fs::write(&path, b"text").await?;
    assert_eq!(tokio::fs::read(&path).await?, b"text");
    Ok(())
}

async fn tokio_timer() -> io::Result<()> {
    let start = Instant::now();
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert!(start.elapsed() >= Duration::from_millis(5));
    Ok(())
}

async fn tokio_timer_used() -> io::Result<()> {
    let start = Instant::now();
    let sleep = {
        let _entered = Embedded::global()?.handle().enter();
        tokio::time::sleep(Duration::from_millis(5))
    };
    sleep.await;
    assert!(start.elapsed() >= Duration::from_millis(5));
    Ok(())
}

async fn smol_timer() -> io::Result<()> {
    let start = Instant::now();
    smol::Timer::after(Duration::from_millis(5)).await;
    assert!(start.elapsed() >= Duration::from_millis(5));
    Ok(())
}

/// Returns two connected smol sockets.
async fn smol_sockets() -> io::Result<(smol::net::TcpStream, smol::net::TcpStream)> {
    let listener = smol::net::TcpListener::bind("127.0.0.1:0").await?;
    let connect = smol::net::TcpStream::connect(listener.local_addr()?);
    let (client, (server, _)) = try_join(connect, listener.accept()).await?;
    Ok((client, server))
}

async fn smol_socket() -> io::Result<()> {
    use futures::{AsyncReadExt as _, AsyncWriteExt as _};
    let (client, server) = smol_sockets().await?;
    let (mut client, mut server) = (Shim::from_smol(client).for_futures(), server);
    let mut byte = [0];
    try_join(client.write_all(b"a"), server.read_exact(&mut byte)).await?;
    assert_eq!(&byte, b"a");
    Ok(())
}

/// A reader that has data once another task of its executor has run.
struct Waits {
    ran: Receiver<()>,
    patience: Duration,
}

impl Read for Waits {
    fn read(&mut self, slice: &mut [u8]) -> io::Result<usize> {
        self.ran.recv_timeout(self.patience).map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?;
        slice[0] = b'a';
        Ok(1)
    }
}

async fn blocking_reader() -> io::Result<()> {
    let (send, ran) = channel();
    let mut reader = Waits { ran, patience: MOMENT };
    let read = async { reader.read_exact(&mut [0]) };
    join(read, async { send.send(()).unwrap() }).await.0
}

async fn reader_on_a_thread() -> io::Result<()> {
    use futures::AsyncReadExt as _;
    let (send, ran) = channel();
    let reader = Waits { ran, patience: PATIENCE };
    let mut reader = Shim::from_futures(smol::Unblock::with_capacity(1, reader)).for_futures();
    let mut byte = [0];
    join(reader.read_exact(&mut byte), async { send.send(()).unwrap() }).await.0
}

async fn answer<B>(request: Request<B>) -> io::Result<Response<Full<Bytes>>> {
    Ok(Response::new(Full::from(request.uri().path().to_owned())))
}

async fn hyper_connection() -> io::Result<()> {
    let (client, server) = smol_sockets().await?;
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(SmolTimer).header_read_timeout(Duration::from_secs(20));
    let serve = builder.serve_connection(Shim::from_smol(server), service_fn(answer));
    let ask = async {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(Shim::from_smol(client)).await?;
        let request = async {
            let request = Request::get("/path").header("host", "l").body(Empty::<Bytes>::new()).unwrap();
            let body = sender.send_request(request).await?.into_body().collect().await?.to_bytes();
            drop(sender);
            Ok::<_, hyper::Error>(body)
        };
        let (body, end) = join(request, connection).await;
        end?;
        assert_eq!(body?, "/path");
        Ok(())
    };
    let (served, asked) = join(serve, ask).await;
    served.and(asked).map_err(io::Error::other)
}

async fn hyper_client() -> io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let serve = async {
        let (stream, _) = listener.accept().await?;
        let server = hyper::server::conn::http1::Builder::new();
        server.serve_connection(TokioIo::new(stream), service_fn(answer)).await.map_err(io::Error::other)
    };
    let ask = async {
        let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
        let response = client.get(format!("http://{address}/path").parse().unwrap()).await.map_err(io::Error::other)?;
        let body = response.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
        assert_eq!(body, "/path");
        Ok(())
    };
    try_join(serve, ask).await.map(drop)
}

async fn smol_client() -> io::Result<()> {
    crate::pooled_client::asks_over_smol().await;
    Ok(())
}

/// Returns what is needed to run the work of `row` on an executor.
fn need(embedded: &Embedded, (what, as_it_is, on_a_thread): Row, run: fn(Work) -> io::Result<()>) -> &'static str {
    let bare = catch_unwind(AssertUnwindSafe(|| run(as_it_is())));
    let word = match bare {
        Ok(Ok(())) => "works",
        Ok(Err(error)) if error.kind() == io::ErrorKind::TimedOut => {
            run(on_a_thread.expect(what)()).unwrap();
            return "needs a thread";
        }
        Ok(Err(error)) => panic!("{what}: {error}"),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned().unwrap_or_default();
            let text = panic.downcast_ref::<&str>().map_or(text, |text| (*text).to_owned());
            assert!(text.contains("there is no reactor running"), "{what}: {text}");
            "needs a context"
        }
    };
    // A context that is not needed does no harm.
    run(TokioContext::new(as_it_is(), embedded.handle().clone()).boxed()).unwrap();
    word
}

/// Returns the cells of a line of a table in a doc comment.
fn cells(line: &str) -> Option<Vec<&str>> {
    let line = line.strip_prefix("//! |")?.strip_suffix('|')?;
    Some(line.split('|').map(str::trim).collect())
}

#[test]
fn the_table_in_the_documentation_is_true() {
    let text = include_str!("../../../src/rt/mod.rs");
    let chapter = text.split("//! # Which executor runs what").nth(1).expect("the chapter");
    let mut table = chapter.lines().skip_while(|line| cells(line).is_none()).map_while(cells);
    let head = table.next().unwrap();
    let columns: Vec<_> = COLUMNS.iter().map(|(name, _)| *name).collect();
    assert_eq!(head[1..], columns);
    let documented: Vec<_> = table.skip(1).map(|row| (row[0].to_owned(), row[1..].join(" | "))).collect();

    let found = in_time(|| {
        let embedded = Embedded::new().unwrap();
        let row = |row: Row| COLUMNS.map(|(_, run)| need(&embedded, row, run)).join(" | ");
        ROWS.map(|each| (each.0.to_owned(), row(each)))
    });
    assert_eq!(documented, found);
}
