//! Uses smol's sockets, files and timers with tokio's libraries in a tokio program. smol's types
//! need no smol runtime.
//!
//! The server accepts on a smol listener and reads lines with tokio-util's codec. The client sends
//! a smol file with `tokio::io::copy` over a smol socket and reads the answers with a tokio reader.
//! A timer of async-io limits the run. The exit status is 1 if an answer is wrong.
//!
//! ```text
//! cargo run --release --example smol_in_tokio --features full
//! cargo run --release --example smol_in_tokio --features full -- 127.0.0.1:8080
//! ```
//!
//! If you pass an address, it uses the server there, which must answer each line with its length.

use std::error::Error;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use futures::future::{Either, select};
use futures::{SinkExt, StreamExt as _};
use io_shim::Shim;
use smol::Timer;
use smol::fs::File;
use smol::net::{TcpListener, TcpStream};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio_util::codec::{Framed, LinesCodec, LinesCodecError};

const LINES: usize = 20_000;
/// The time limit of the run.
const PATIENCE: Duration = Duration::from_secs(60);

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    // A timer of async-io, which works without tokio's timers.
    let outcome = match select(std::pin::pin!(run()), Timer::after(PATIENCE)).await {
        Either::Left((outcome, _)) => outcome,
        Either::Right(_) => Err("it took too long".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Failure> {
    let address = match std::env::args().nth(1) {
        Some(address) => address.parse()?,
        None => serve().await?,
    };
    let lines: Vec<String> = (0..LINES).map(|i| "x".repeat(i.wrapping_mul(7919) % 100)).collect();
    let file = write(&lines)?;

    let socket = Shim::from_smol(TcpStream::connect(address).await?).for_tokio();
    let (reader, mut writer) = tokio::io::split(socket);
    let path = file.path().to_owned();
    let send = tokio::spawn(async move {
        let mut file = Shim::from_futures(File::open(path).await?).for_tokio();
        let sent = tokio::io::copy(&mut file, &mut writer).await?;
        // Ends the stream, so the server answers the remaining lines.
        writer.shutdown().await?;
        Ok::<_, io::Error>(sent)
    });
    let mut answers = BufReader::new(reader).lines();
    for (number, line) in lines.iter().enumerate() {
        let answer = answers.next_line().await?.ok_or_else(|| format!("no answer to line {number}"))?;
        if answer != line.len().to_string() {
            return Err(format!("line {number} has {} bytes, but the answer was {answer:?}", line.len()).into());
        }
    }
    if let Some(answer) = answers.next_line().await? {
        return Err(format!("one answer too many: {answer:?}").into());
    }
    println!("{} lines, {} bytes sent to {address}, all answers correct", lines.len(), send.await??);
    Ok(())
}

/// Writes the lines to a temporary file.
fn write(lines: &[String]) -> io::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::NamedTempFile::new()?;
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    file.write_all(text.as_bytes())?;
    Ok(file)
}

/// Starts a server that answers each line with its length, with a tokio task per connection.
async fn serve() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async {
                if let Err(error) = answer(stream).await {
                    eprintln!("a connection failed: {error}");
                }
            });
        }
    });
    Ok(address)
}

async fn answer(stream: TcpStream) -> Result<(), LinesCodecError> {
    let mut lines = Framed::new(Shim::from_smol(stream).for_tokio(), LinesCodec::new());
    while let Some(line) = lines.next().await {
        lines.feed(line?.len().to_string()).await?;
    }
    SinkExt::<String>::close(&mut lines).await
}
