//! What `docs/MIGRATING.md` says of other adapters, each beside what the shim does; and that its
//! figures are those of the reports.
//!
//! A test that fails because an adapter got better means that the page has to say so.

use std::io::{self, IoSlice, SeekFrom};
use std::mem::MaybeUninit;
use std::pin::Pin;

use bytes::Bytes;
use futures::channel::mpsc;
use futures::{SinkExt as _, StreamExt as _};
use io_shim::Shim;
use tokio::io::ReadBuf;
use tokio_util::compat::{
    FuturesAsyncReadCompatExt, FuturesAsyncWriteCompatExt, TokioAsyncReadCompatExt, TokioAsyncWriteCompatExt,
};

use crate::mock::{Script, Sink, context, ready};
use crate::seek::Slow;

const PAGE: &str = include_str!("../../docs/MIGRATING.md");

/// How many bytes of a fresh buffer are initialized after one read, and how many were read.
fn initialized_by_a_read(mut reader: impl tokio::io::AsyncRead + Unpin) -> (usize, usize) {
    let mut memory = vec![MaybeUninit::uninit(); 64 << 10];
    let mut buf = ReadBuf::uninit(&mut memory);
    ready(Pin::new(&mut reader).poll_read(&mut context(), &mut buf)).unwrap();
    (buf.initialized().len(), buf.filled().len())
}

#[tokio::test]
async fn others_zero_the_whole_buffer_and_a_shim_what_is_likely() {
    let script = || Script::reads(1, 100);
    assert_eq!(initialized_by_a_read(FuturesAsyncReadCompatExt::compat(script())), (64 << 10, 100));
    assert_eq!(initialized_by_a_read(async_compat::Compat::new(script())), (64 << 10, 100));
    assert_eq!(initialized_by_a_read(Shim::from_futures(script())), (8 << 10, 100));
    assert_eq!(initialized_by_a_read(Shim::from_futures(script()).with_offer(io_shim::Offer::Whole)), (64 << 10, 100));
}

/// What 64 slices are written as: the count, whether the writer says that it vectors, and the calls
/// of either kind into the sink.
fn write_of_64_slices<W: tokio::io::AsyncWrite + Unpin>(
    mut writer: W,
    sink: impl Fn(&W) -> &Sink,
) -> (usize, bool, usize, usize) {
    let slices = [IoSlice::new(&[7; 64]); 64];
    let n = ready(Pin::new(&mut writer).poll_write_vectored(&mut context(), &slices)).unwrap();
    let vectored = writer.is_write_vectored();
    let sink = sink(&writer);
    (n, vectored, sink.writes.len(), sink.vectored_writes.len())
}

#[tokio::test]
async fn others_write_the_first_slice_and_a_shim_all() {
    let compat = FuturesAsyncWriteCompatExt::compat_write(Sink::new(true));
    assert_eq!(write_of_64_slices(compat, |compat| compat.get_ref()), (64, false, 1, 0));
    let compat = async_compat::Compat::new(Sink::new(true));
    assert_eq!(write_of_64_slices(compat, |compat| compat.get_ref()), (64, false, 1, 0));
    assert_eq!(write_of_64_slices(Shim::from_futures(Sink::new(true)), Shim::get_ref), (64 * 64, true, 0, 1));

    let mut compat = TokioAsyncWriteCompatExt::compat_write(Sink::new(true));
    let slices = [IoSlice::new(&[7; 64]); 64];
    let n = futures::io::AsyncWrite::poll_write_vectored(Pin::new(&mut compat), &mut context(), &slices);
    assert_eq!(ready(n).unwrap(), 64);
}

/// `TokioIo` of a tokio type is for hyper, and of a hyper type for tokio. The constructors of an
/// alias are functions.
#[test]
fn an_alias_has_the_constructor_of_its_ecosystem() {
    type TokioIo<T> = Shim<T, io_shim::Tokio>;
    type HyperIo<T> = Shim<T, io_shim::Hyper>;

    fn for_hyper(_: &(impl hyper::rt::Read + hyper::rt::Write)) {}
    fn for_tokio(_: &(impl tokio::io::AsyncRead + tokio::io::AsyncWrite)) {}
    let stream = || tokio::io::duplex(8).0;
    for_hyper(&hyper_util::rt::TokioIo::new(stream()));
    let [shim] = [stream()].map(TokioIo::from_tokio);
    for_hyper(&shim);
    for_tokio(&hyper_util::rt::TokioIo::new(shim));
    let shim = TokioIo::from_tokio(stream()).for_hyper();
    for_hyper(&shim);
    for_tokio(&HyperIo::from_hyper(shim));
}

#[test]
fn smol_hyper_tells_hyper_that_it_does_not_vector_and_a_shim_that_it_does() {
    use hyper::rt::Write;

    assert!(!smol_hyper::rt::FuturesIo::new(Sink::new(true)).is_write_vectored());
    assert!(Shim::from_futures(Sink::new(true)).is_write_vectored());
    assert!(!Shim::from_futures(Sink::new(true)).with_write_vectored(false).is_write_vectored());
    assert!(hyper_util::rt::TokioIo::new(Sink::new(true)).is_write_vectored());
}

/// The answer to a seek by 5 that was given up, followed by a read of 6 bytes.
fn seek_again(mut io: impl futures::io::AsyncRead + futures::io::AsyncSeek + Unpin) -> u64 {
    let (mut cx, five) = (context(), SeekFrom::Current(5));
    assert!(Pin::new(&mut io).poll_seek(&mut cx, five).is_pending());
    assert_eq!(ready(Pin::new(&mut io).poll_read(&mut cx, &mut [0; 6])).unwrap(), 6);
    loop {
        if let std::task::Poll::Ready(position) = Pin::new(&mut io).poll_seek(&mut cx, five) {
            return position.unwrap();
        }
    }
}

#[tokio::test]
async fn others_take_a_seek_that_was_given_up_for_a_later_one_and_a_shim_seeks() {
    assert_eq!(seek_again(TokioAsyncReadCompatExt::compat(Slow::default())), 6);
    assert_eq!(seek_again(async_compat::Compat::new(Slow::default())), 6);
    assert_eq!(seek_again(Shim::from_tokio(Slow::default()).for_futures()), 11);
}

async fn write_and_seek(mut file: impl futures::io::AsyncWrite + futures::io::AsyncSeek + Unpin) -> io::Result<u64> {
    use futures::io::{AsyncSeekExt as _, AsyncWriteExt as _};

    file.write_all(b"hello").await?;
    file.seek(SeekFrom::Start(1)).await
}

#[tokio::test]
async fn async_compat_refuses_to_seek_a_real_file_after_a_write_and_a_shim_waits() {
    let file = || tokio::fs::File::from_std(tempfile::tempfile().unwrap());
    let error = write_and_seek(async_compat::Compat::new(file())).await.unwrap_err();
    assert!(error.to_string().contains("other file operation is pending"), "{error}");
    assert_eq!(write_and_seek(Shim::from_tokio(file()).for_futures()).await.unwrap(), 1);
}

#[test]
fn async_compat_does_not_enter_its_runtime_to_read_a_real_file_and_a_context_does() {
    use futures::io::AsyncReadExt as _;
    use io_shim::rt::{Embedded, TokioContext};

    let file = || tokio::fs::File::from_std(std::fs::File::open("README.md").unwrap());
    let read = || smol::block_on(async_compat::Compat::new(file()).read_to_string(&mut String::new()));
    let panic = std::panic::catch_unwind(read).unwrap_err();
    let message = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    assert!(message.unwrap().contains("there is no reactor running"), "{message:?}");

    let runtime = Embedded::new().unwrap();
    let mut text = String::new();
    let mut file = Shim::from_tokio(TokioContext::new(file(), runtime.handle().clone())).for_futures();
    smol::block_on(file.read_to_string(&mut text)).unwrap();
    assert!(text.starts_with("# io-shim"));
}

#[test]
fn a_bridge_of_tokio_util_needs_a_runtime_to_be_made_and_block_on_none() {
    use io_shim::rt::BlockOn;

    assert!(std::panic::catch_unwind(|| tokio_util::io::SyncIoBridge::new(tokio::io::empty())).is_err());
    let text = io::read_to_string(BlockOn::new(Shim::from_tokio(&b"hello"[..])));
    assert_eq!(text.unwrap(), "hello");
}

#[test]
fn a_count_beyond_the_buffer_panics_in_others_and_is_an_error_of_a_shim() {
    struct Boasting;

    impl futures::io::AsyncRead for Boasting {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            buf: &mut [u8],
        ) -> std::task::Poll<io::Result<usize>> {
            std::task::Poll::Ready(Ok(buf.len() + 1))
        }
    }

    fn read(mut reader: impl tokio::io::AsyncRead + Unpin) -> io::Result<()> {
        ready(Pin::new(&mut reader).poll_read(&mut context(), &mut ReadBuf::new(&mut [0; 8])))
    }
    assert!(std::panic::catch_unwind(|| read(FuturesAsyncReadCompatExt::compat(Boasting))).is_err());
    let error = read(Shim::from_futures(Boasting)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
}

#[tokio::test]
async fn the_accessors_are_those_of_the_table() {
    use io_shim::rt::{BlockOn, TokioContext};

    let (mut before, mut after) = (TokioAsyncReadCompatExt::compat(&b"a"[..]), Shim::from_tokio(&b"a"[..]));
    assert_eq!(before.get_ref(), after.get_ref());
    assert_eq!(before.get_mut(), after.get_mut());
    assert_eq!(before.into_inner(), after.into_inner());

    let (mut before, mut after) = (hyper_util::rt::TokioIo::new(&b"a"[..]), Shim::from_tokio(&b"a"[..]));
    assert_eq!(before.inner(), after.get_ref());
    assert_eq!(before.inner_mut(), after.get_mut());
    assert_eq!(before.into_inner(), after.into_inner());

    let (mut before, mut after) = (smol_hyper::rt::FuturesIo::new(&b"a"[..]), Shim::from_futures(&b"a"[..]));
    assert_eq!(before.get_ref(), after.get_ref());
    assert_eq!(before.get_mut(), after.get_mut());
    assert_eq!(Pin::new(&mut before).get_pin_mut(), Pin::new(&mut after).get_pin_mut());
    assert_eq!(before.into_inner(), after.into_inner());

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = smol::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (peer, shim) = (stream.peer_addr().unwrap(), Shim::from_smol(stream));
    let inside: &std::sync::Arc<smol::Async<std::net::TcpStream>> = shim.get_ref();
    assert_eq!(inside.get_ref().peer_addr().unwrap(), peer);
    let inside = std::sync::Arc::into_inner(shim.into_inner()).expect("no clone is left");
    assert_eq!(smol::net::TcpStream::from(inside).peer_addr().unwrap(), peer);

    let mut before = tokio_util::io::SyncIoBridge::new(&b"a"[..]);
    let mut after = BlockOn::new(Shim::from_tokio(&b"a"[..]));
    assert_eq!(before.as_ref(), after.get_ref().get_ref());
    assert_eq!(before.as_mut(), after.get_mut().get_mut());
    assert_eq!(before.into_inner(), after.into_inner().into_inner());

    let (mut before, mut after) = (futures::io::AllowStdIo::new(&b"a"[..]), Shim::allow_std(&b"a"[..]));
    assert_eq!(before.get_ref(), after.get_ref());
    assert_eq!(before.get_mut(), after.get_mut());
    assert_eq!(before.into_inner(), after.into_inner());

    let handle = tokio::runtime::Handle::current();
    let (mut before, mut after) = (async_compat::Compat::new(&b"a"[..]), TokioContext::new(&b"a"[..], handle));
    assert_eq!(before.get_ref(), after.get_ref());
    assert_eq!(before.get_mut(), after.get_mut());
    assert_eq!(before.into_inner(), after.into_inner());

    let mut before = tokio_util::io::SinkWriter::new(tokio_util::io::CopyToBytes::new(channel().0));
    let mut after = Shim::from_sink(channel().0);
    let _ = [before.get_ref().get_ref(), after.get_ref().get_ref()];
    let _ = [before.get_mut().get_mut(), after.get_mut().get_mut()];
    let _ = [before.into_inner().into_inner(), after.into_inner().into_inner()];

    let chunks = || futures::stream::iter([io::Result::Ok(&b"hello"[..])]);
    let (mut before, mut after) = (tokio_util::io::StreamReader::new(chunks()), Shim::from_stream(chunks()));
    for reader in [&mut before as &mut (dyn tokio::io::AsyncRead + Unpin), &mut after] {
        ready(Pin::new(reader).poll_read(&mut context(), &mut ReadBuf::new(&mut [0; 2]))).unwrap();
    }
    let ((_, before), (_, after)) = (before.into_inner_with_chunk(), after.into_inner().into_inner());
    assert_eq!((before, after), (Some(&b"llo"[..]), Some(&b"llo"[..])));
}

/// A writer to a channel of chunks, and the chunks that it sent once it is dropped.
fn channel() -> (impl futures::Sink<Bytes, Error = io::Error> + Unpin, mpsc::UnboundedReceiver<Bytes>) {
    let (sender, receiver) = mpsc::unbounded();
    (sender.sink_map_err(io::Error::other), receiver)
}

#[tokio::test]
async fn a_sink_writer_sends_the_first_slice_and_empty_chunks_and_a_shim_all_slices_and_no_empty_chunk() {
    use tokio::io::AsyncWriteExt as _;
    use tokio_util::io::{CopyToBytes, SinkWriter};

    async fn lengths(
        mut writer: impl tokio::io::AsyncWrite + Unpin,
        sent: mpsc::UnboundedReceiver<Bytes>,
    ) -> Vec<usize> {
        assert_eq!(writer.write(b"").await.unwrap(), 0);
        let n = writer.write_vectored(&[IoSlice::new(&[1; 3]), IoSlice::new(&[2; 5])]).await.unwrap();
        assert!([3, 8].contains(&n));
        writer.write_all(&[3; 300 << 10]).await.unwrap();
        writer.shutdown().await.unwrap();
        sent.map(|chunk| chunk.len()).collect().await
    }
    let (sink, sent) = channel();
    assert_eq!(lengths(SinkWriter::new(CopyToBytes::new(sink)), sent).await, [0, 3, 300 << 10]);
    let (sink, sent) = channel();
    assert_eq!(lengths(Shim::from_sink(sink), sent).await, [8, 256 << 10, 44 << 10]);
}

#[tokio::test]
async fn a_stream_and_sink_as_one_byte_stream_in_either_crate() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio_util::codec::{Framed, LengthDelimitedCodec};
    use tokio_util::io::{CopyToBytes, SinkWriter, StreamReader};

    let (near, far) = tokio::io::duplex(64);
    let [near, far] = [near, far].map(|io| Framed::new(io, LengthDelimitedCodec::new()));
    let mut near = SinkWriter::new(StreamReader::new(CopyToBytes::new(near)));
    let mut far = Shim::from_stream_sink::<Bytes, _>(far).for_tokio();
    let (mut question, mut answer) = (String::new(), String::new());
    near.write_all(b"question").await.unwrap();
    near.shutdown().await.unwrap();
    far.read_to_string(&mut question).await.unwrap();
    far.write_all(b"answer").await.unwrap();
    far.shutdown().await.unwrap();
    near.read_to_string(&mut answer).await.unwrap();
    assert_eq!([question, answer], ["question", "answer"]);
}

/// The cells of a line of a table.
fn cells(line: &str) -> Vec<&str> {
    line.trim_matches('|').split('|').map(str::trim).collect()
}

/// The start of a cell of a report: in the section, and the table of it, where the headings are
/// these.
#[track_caller]
fn reported(report: &'static str, headings: &[&str], row: &str, column: &str) -> &'static str {
    let mut rest = report;
    for heading in headings {
        rest = rest.split_once(&format!("# {heading}\n")).unwrap_or_else(|| panic!("no heading {heading}")).1;
    }
    let mut lines = rest.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let column = cells(lines.next().unwrap()).iter().position(|name| *name == column).expect("a column of this name");
    let mut rows = lines.map(cells).filter(|cells| cells.starts_with(&row.split('|').collect::<Vec<_>>()));
    rows.next().unwrap_or_else(|| panic!("no row {row}"))[column].split(" (").next().unwrap()
}

/// The cells after the first of a row of this page.
#[track_caller]
fn cited(row: &str) -> Vec<String> {
    let line =
        PAGE.lines().find(|line| line.starts_with(&format!("| {row} |"))).unwrap_or_else(|| panic!("no row {row}"));
    cells(line)[1..].iter().map(|cell| cell.replace(',', "")).collect()
}

#[test]
fn the_figures_of_bytes_and_time_are_those_of_the_comparison() {
    let report = include_str!("../../benches/report/compare.md");
    let tcp = "Time over loopback TCP";
    let zeroed = ["Bytes zeroed", "bytes zeroed in all, for 1M (or one frame of 8M)"];
    let framed = "FramedRead, LengthDelimitedCodec, one frame of 8M|1460";
    for (cited_row, headings, row) in [
        ("`read_buf` into 64 KiB", &[tcp, "read_buf into 64K"][..], "1460"),
        ("`read_buf` into 1 MiB", &[tcp, "read_buf into 1M"], "1460"),
        ("`read_buf` into 16 MiB", &[tcp, "read_buf into 16M"], "1460"),
        ("bytes zeroed for one 8 MiB frame (`LengthDelimitedCodec`)", &zeroed, framed),
        ("resident memory of 200 connections with 1 MiB buffers, KiB", &["Resident memory"], "1460"),
        ("no better: `read_buf` into 64 KiB, 64 KiB a read", &[tcp, "read_buf into 64K"], "64K"),
        ("no better: `FramedRead` with `BytesCodec`", &[tcp, "FramedRead, BytesCodec"], "1460"),
    ] {
        let figures = ["tokio-util", "async-compat", "io-shim"].map(|peer| reported(report, headings, row, peer));
        assert_eq!(cited(cited_row), figures, "{cited_row}");
    }
}

#[test]
fn the_figures_of_servers_are_those_of_their_report() {
    let report = include_str!("../../benches/report/servers.md");
    let (tcp, memory) = ("hyper's server on smol, loopback TCP", "hyper's server in memory, nothing but reads");
    for (cited_row, heading, row) in [
        ("GET over TCP", tcp, "GET"),
        ("POST 64 KiB over TCP", tcp, "POST 64 KiB"),
        ("POST 64 MiB over TCP", tcp, "POST 64 MiB"),
        ("GET in memory", memory, "GET"),
        ("POST 64 MiB in memory, 16 KiB at a time", memory, "POST 64 MiB in 16 KiB"),
        ("POST 64 KiB in memory, 64 KiB at a time", memory, "POST 64 KiB in 64 KiB"),
    ] {
        let figure = |column| reported(report, &[heading], row, column);
        let from_smol = if heading == tcp { figure("Shim::from_smol") } else { "-" };
        assert_eq!(cited(cited_row), [figure("smol-hyper"), figure("Shim::from_futures"), from_smol], "{cited_row}");
    }
    let calls = |peer| reported(report, &["Write calls of a chunked response, 64 x 4 KiB"], peer, "10th response");
    assert_eq!((calls("vectors|Shim::from_futures"), calls("vectors|smol-hyper")), ("5", "1"));
}
