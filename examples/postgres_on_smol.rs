//! Runs tokio-postgres on smol's executor and a smol socket, without a tokio runtime.
//!
//! `Config::connect_raw` takes `Shim::from_smol(socket).for_tokio()`, and `smol::spawn` drives the
//! connection. The program copies 100,000 rows into a temporary table through a sink, copies them
//! out as a stream, compares every row, and runs typed queries. It leaves nothing in the database.
//!
//! ```text
//! cargo run --example postgres_on_smol --features full -- 127.0.0.1:5432 postgres
//! cargo run --example postgres_on_smol --features full -- /var/run/postgresql/.s.PGSQL.5432
//! ```
//!
//! The first argument is the server's address or the path of its Unix socket. The second is the
//! user and database name, by default `postgres`. The variable `PGPASSWORD` sets the password.

use std::error::Error;
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use futures::future::{Either, select};
use futures::{SinkExt as _, TryStreamExt as _};
use hyper::body::Bytes;
use io_shim::Shim;
use smol::net::TcpStream;
#[cfg(unix)]
use smol::net::unix::UnixStream;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls};

/// The number of rows to copy in each direction.
const ROWS: i32 = 100_000;
/// The time limit for connecting and for logging in.
const PATIENCE: Duration = Duration::from_secs(10);

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(address) = arguments.next() else {
        eprintln!("usage: postgres_on_smol HOST:PORT|/PATH/OF/SOCKET [USER]");
        return ExitCode::from(2);
    };
    let mut config = Config::new();
    config.user(arguments.next().unwrap_or_else(|| "postgres".into())).application_name("postgres_on_smol");
    if let Ok(password) = std::env::var("PGPASSWORD") {
        config.password(password);
    }
    match smol::block_on(run(&address, &config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {}", explain(&*failure));
            ExitCode::FAILURE
        }
    }
}

/// Formats an error and its sources on one line.
fn explain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        // Some errors repeat their source's text.
        let more = error.to_string();
        if !text.ends_with(&more) {
            text = format!("{text}: {more}");
        }
        source = error.source();
    }
    text
}

async fn run(address: &str, config: &Config) -> Result<(), Failure> {
    let no_server = |error| format!("cannot connect to {address}: {error}");
    #[cfg(unix)]
    if address.starts_with('/') {
        let socket = in_time(UnixStream::connect(address)).await?.map_err(no_server)?;
        return session(Shim::from_smol(socket).for_tokio(), address, config).await;
    }
    let socket = in_time(TcpStream::connect(address)).await?.map_err(no_server)?;
    socket.set_nodelay(true)?;
    session(Shim::from_smol(socket).for_tokio(), address, config).await
}

/// Logs in over a socket and runs all steps.
async fn session<S>(socket: S, address: &str, config: &Config) -> Result<(), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut client, connection) = in_time(config.connect_raw(socket, NoTls))
        .await?
        .map_err(|error| format!("cannot log in at {address}: {}", explain(&error)))?;
    // The connection transfers the client's data. It ends when the client is dropped.
    let driver = smol::spawn(connection);
    let version: String = client.query_one("SHOW server_version", &[]).await?.try_get(0)?;
    println!("connected to {address}: PostgreSQL {version}");

    let done = work(&mut client).await;
    drop(client);
    // After a failure, the connection has the cause; the client only reports "closed".
    driver.await?;
    done?;
    println!("the connection ended without an error");
    Ok(())
}

async fn work(client: &mut Client) -> Result<(), Failure> {
    client.batch_execute("CREATE TEMPORARY TABLE shim_rows (id integer PRIMARY KEY, word text)").await?;
    println!("created a temporary table");
    copy_in(client).await?;
    copy_out(client).await?;
    queries(client).await
}

/// Returns the text of a row. Its length varies, it is not all ASCII, and some rows have none.
fn word(id: i32) -> Option<String> {
    (id % 7 != 0).then(|| format!("row {id} {}", "é".repeat(id as usize % 60)))
}

/// Returns a row in COPY's text format.
fn line(id: i32) -> String {
    format!("{id}\t{}\n", word(id).as_deref().unwrap_or("\\N"))
}

async fn copy_in(client: &Client) -> Result<(), Failure> {
    let mut sink = pin!(client.copy_in::<_, Bytes>("COPY shim_rows FROM STDIN").await?);
    let mut bytes = 0;
    for id in 0..ROWS {
        let line = Bytes::from(line(id));
        bytes += line.len();
        sink.feed(line).await?;
    }
    let rows = sink.as_mut().finish().await?;
    ensure(rows == ROWS as u64, || format!("{rows} rows were copied in, not {ROWS}"))?;
    println!("copied in: {rows} rows, {bytes} bytes");
    Ok(())
}

async fn copy_out(client: &Client) -> Result<(), Failure> {
    let query = "COPY (SELECT id, word FROM shim_rows ORDER BY id) TO STDOUT";
    let mut stream = pin!(client.copy_out(query).await?);
    let (mut rows, mut bytes) = (0, 0);
    // A message need not end at the end of a row.
    let mut pending = Vec::new();
    while let Some(chunk) = stream.try_next().await? {
        bytes += chunk.len();
        pending.extend_from_slice(&chunk);
        let mut start = 0;
        while let Some(length) = pending[start..].iter().position(|&byte| byte == b'\n') {
            let found = &pending[start..=start + length];
            ensure(found == line(rows).as_bytes(), || {
                format!("row {rows} came back as {:?}", String::from_utf8_lossy(found))
            })?;
            rows += 1;
            start += length + 1;
        }
        pending.drain(..start);
    }
    ensure(rows == ROWS && pending.is_empty(), || format!("{rows} rows were copied out, not {ROWS}"))?;
    println!("copied out: {rows} rows, {bytes} bytes, all rows unchanged");
    Ok(())
}

async fn queries(client: &mut Client) -> Result<(), Failure> {
    // Compares the server's totals with the expected ones. Both queries run at the same time.
    let totals = client.query_one("SELECT count(*), sum(id), sum(length(word)) FROM shim_rows", &[]);
    let without = client.query_one("SELECT count(*) FROM shim_rows WHERE word IS NULL", &[]);
    let (totals, without) = futures::try_join!(totals, without)?;
    let (count, sum, length): (i64, i64, i64) = (totals.try_get(0)?, totals.try_get(1)?, totals.try_get(2)?);
    let without: i64 = without.try_get(0)?;
    let characters: usize = (0..ROWS).filter_map(word).map(|word| word.chars().count()).sum();
    let expected = (ROWS.into(), (0..i64::from(ROWS)).sum(), characters as i64, (0..ROWS).step_by(7).len() as i64);
    ensure((count, sum, length, without) == expected, || {
        format!("the server counts {:?}, not {expected:?}", (count, sum, length, without))
    })?;
    println!("the server counts {count} rows, {length} characters, {without} rows without text");

    // A prepared statement with typed parameters.
    let select = client.prepare("SELECT word FROM shim_rows WHERE id = $1").await?;
    let ids = [0, 1, 59, 4_711, ROWS - 1];
    for id in ids {
        let found: Option<String> = client.query_one(&select, &[&id]).await?.try_get(0)?;
        ensure(found == word(id), || format!("row {id} was found as {found:?}"))?;
    }
    println!("found {} rows with a prepared statement", ids.len());

    // Values to the server and back, one of them much larger than any buffer.
    let blob: Vec<u8> = (0..3_000_000_u32).map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let query = "SELECT $1::bytea, $2::float8, $3::integer[], $4::boolean";
    let row = client.query_one(query, &[&blob, &0.1_f64, &&ids[..], &true]).await?;
    let (bytes, float): (&[u8], f64) = (row.try_get(0)?, row.try_get(1)?);
    let (list, truth): (Vec<i32>, bool) = (row.try_get(2)?, row.try_get(3)?);
    ensure(bytes == blob && float == 0.1 && list == ids && truth, || "the returned values differ".into())?;
    println!("sent 4 values and got them back, one of {} bytes", bytes.len());

    // A server error ends a query, not the connection.
    match client.query_one("SELECT 1 / $1::integer", &[&0]).await {
        Err(error) if error.code() == Some(&SqlState::DIVISION_BY_ZERO) => {}
        other => return Err(format!("a division by zero gave {other:?}").into()),
    }
    let transaction = client.transaction().await?;
    let deleted = transaction.execute("DELETE FROM shim_rows WHERE id < $1", &[&1_000]).await?;
    transaction.rollback().await?;
    let count: i64 = client.query_one("SELECT count(*) FROM shim_rows", &[]).await?.try_get(0)?;
    ensure(deleted == 1_000 && count == ROWS.into(), || format!("{deleted} rows deleted, then there were {count}"))?;
    println!("after an error: deleted {deleted} rows, rolled back: {count} rows");
    Ok(())
}

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(what().into()) }
}

async fn in_time<F: Future>(future: F) -> Result<F::Output, Failure> {
    match select(pin!(future), smol::Timer::after(PATIENCE)).await {
        Either::Left((output, _)) => Ok(output),
        Either::Right(_) => Err(format!("the server did not answer in {} seconds", PATIENCE.as_secs()).into()),
    }
}
