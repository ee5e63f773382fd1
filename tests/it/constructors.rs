//! The table of constructors in `docs/CONSTRUCTORS.md`: the code of each row compiles, and makes
//! what the library of that row wants. The README has some of its rows.

use std::io;

use io_shim::rt::{self, TokioContext};
use io_shim::{AsyncReadBuf, BorrowedCursor, Shim};

const PAGE: &str = include_str!("../../docs/CONSTRUCTORS.md");
const README: &str = include_str!("../../README.md");

/// What a library may want, by the words of the table.
mod wants {
    pub fn tokio<T: ::tokio::io::AsyncRead>(_: &T) -> &'static str {
        "tokio"
    }

    pub fn futures<T: ::futures::io::AsyncRead>(_: &T) -> &'static str {
        "futures-io"
    }

    pub fn futures_both<R: ::futures::io::AsyncRead, W: ::futures::io::AsyncWrite>(_: &(R, W)) -> &'static str {
        "futures-io"
    }

    pub fn futures_buffered<T: ::futures::io::AsyncBufRead>(_: &T) -> &'static str {
        "futures-io"
    }

    pub fn hyper<T: ::hyper::rt::Read>(_: &T) -> &'static str {
        "hyper"
    }

    pub fn std<T: ::std::io::Read>(_: &T) -> &'static str {
        "std"
    }

    pub fn own<T: ::io_shim::ReadBuf>(_: &T) -> &'static str {
        "io-shim's traits"
    }
}

/// The cells of a row of the table: what a library wants, and what to write.
#[derive(Debug, PartialEq)]
struct Row {
    wants: String,
    code: String,
}

/// Code without what `rustfmt` and `stringify!` lay out differently.
fn squeeze(code: &str) -> String {
    code.split_whitespace().collect()
}

/// The lines of the table of `page`, without its head.
fn table(page: &'static str) -> impl Iterator<Item = &'static str> {
    let from_the_head = page.lines().skip_while(|line| !line.starts_with("| I have "));
    from_the_head.take_while(|line| line.starts_with('|')).skip(2)
}

fn rows_of_the_page() -> Vec<Row> {
    table(PAGE)
        .map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let [_, _, wants, code, _] = cells[..] else { panic!("not three cells: {line}") };
            Row { wants: wants.into(), code: squeeze(code.trim_matches('`')) }
        })
        .collect()
}

/// A row as code: what there is, what is wanted, and what is written. It is compiled, and never
/// called.
macro_rules! rows {
    ($($(#[$cfg:meta])? ($($have:ident: $type:ty),*) [$($wants:ident),*] $code:expr;)*) => {
        Vec::from([$($(#[$cfg])? {
            #[allow(unused_mut, reason = "not every row changes what it has")]
            fn row($(mut $have: $type),*) -> io::Result<Vec<&'static str>> {
                let made = $code;
                Ok(vec![$(wants::$wants(&made)),*])
            }
            let _ = row as fn($($type),*) -> _;
            let names = [$(stringify!($wants)),*].map(|name| match name.split('_').next() {
                Some("futures") => "futures-io",
                Some("own") => "io-shim's traits",
                _ => name,
            });
            Row { wants: names.join(", "), code: squeeze(stringify!($code)) }
        }),*])
    };
}

/// A reader of one's own.
struct Mine;

impl AsyncReadBuf for Mine {
    fn poll_read_into(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        mut cursor: BorrowedCursor<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        cursor.append(&[7][..cursor.capacity().min(1)]);
        std::task::Poll::Ready(Ok(()))
    }
}

/// Stands for compio's `AsyncStream`, which `platforms/compio` uses.
type AsyncStream<T> = futures::io::BufReader<T>;
type Chunks = futures::stream::Empty<io::Result<bytes::Bytes>>;
type TokioSocket = tokio::net::TcpStream;
type Messages = std::pin::Pin<Box<dyn StreamAndSink>>;

trait StreamAndSink:
    futures::Stream<Item = io::Result<bytes::Bytes>> + futures::Sink<bytes::Bytes, Error = io::Error>
{
}

fn rows() -> Vec<Row> {
    rows! {
        (socket: TokioSocket) [futures, hyper] Shim::from_tokio(socket);
        #[cfg(unix)]
        (socket: smol::net::unix::UnixStream) [tokio, hyper] Shim::from_smol(socket);
        #[cfg(not(unix))]
        (socket: smol::net::TcpStream) [tokio, hyper] Shim::from_smol(socket);
        (socket: std::net::TcpStream) [tokio, futures, hyper] Shim::from_smol(smol::Async::new(socket)?);
        (socket: smol::net::TcpStream) [tokio, hyper] Shim::from_futures_buf(Box::pin(AsyncStream::new(socket)));
        (file: tokio::fs::File) [futures] Shim::from_tokio(file);
        (file: std::fs::File) [tokio, futures, hyper] Shim::from_futures(smol::fs::File::from(file));
        #[cfg(unix)]
        (file: std::fs::File) [std, own] Shim::from_fd(file);
        (decoder: io::Cursor<Vec<u8>>) [tokio, futures, hyper] Shim::allow_std(decoder);
        (tls: tokio_rustls::client::TlsStream<TokioSocket>) [futures, hyper] Shim::from_tokio(tls);
        (tls: futures_rustls::client::TlsStream<smol::net::TcpStream>) [tokio, hyper] Shim::from_futures(tls);
        (upgraded: hyper::upgrade::Upgraded) [tokio, futures] Shim::from_hyper(upgraded);
        (read: tokio::net::tcp::OwnedReadHalf, write: tokio::net::tcp::OwnedWriteHalf) [futures_both]
            (Shim::from_tokio(read), Shim::from_tokio(write));
        (boxed: Box<dyn tokio::io::AsyncRead + Unpin>) [futures] Shim::from_tokio(boxed);
        (memory: &'static [u8]) [tokio, futures, hyper] Shim::new(memory);
        (tun: smol::fs::File) [tokio, hyper] Shim::from_futures(tun).with_packets();
        (stream: Chunks) [tokio, futures, hyper] Shim::from_stream(stream);
        (messages: Messages) [tokio, futures, hyper] Shim::from_stream_sink(messages);
        (mine: Mine) [tokio, futures, hyper] Shim::new(mine);
        (file: tokio::fs::File, handle: tokio::runtime::Handle) [tokio, futures, hyper]
            Shim::from_tokio(TokioContext::new(file, handle));
        (socket: TokioSocket) [std, own] rt::BlockOn::new(Shim::from_tokio(socket));
        (socket: TokioSocket) [futures_buffered] futures::io::BufReader::new(Shim::from_tokio(socket));
    }
}

#[test]
fn the_code_of_every_row_compiles_and_makes_what_is_wanted() {
    let (mut page, compiled) = (rows_of_the_page(), rows());
    page.retain(|row| cfg!(unix) || !row.code.contains("from_fd"));
    for (on_page, compiled) in page.iter().zip(&compiled) {
        assert_eq!(on_page, compiled);
    }
    assert_eq!(page.len(), compiled.len());
}

#[test]
fn the_rows_of_the_readme_are_rows_of_the_page() {
    let rows: Vec<&str> = table(README).collect();
    assert!(!rows.is_empty());
    for row in rows {
        assert!(table(PAGE).any(|line| line == row), "{row}");
    }
}
