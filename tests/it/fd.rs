//! std's files, sockets and pipes, read through their descriptor straight into uninitialized
//! memory.
#![cfg(unix)]

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, IoSlice, IoSliceMut, Read, Seek, SeekFrom, Write};
use std::mem::MaybeUninit;
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

use io_shim::testing::conformance;
use io_shim::{BorrowedBuf, Fd, FdSource, ReadBuf, Shim, WriteVectored, spare};

use crate::auto_traits::implements;
use crate::support::sync_async::InAsync;

/// Returns a file with these contents, at its start.
fn file(data: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(data).unwrap();
    file.rewind().unwrap();
    file
}

/// Returns a socket whose peer sends `data` in pieces and ends the stream.
fn unix(data: &[u8]) -> UnixStream {
    let (one, mut peer) = UnixStream::pair().unwrap();
    let data = data.to_vec();
    thread::spawn(move || data.chunks(777).all(|piece| peer.write_all(piece).is_ok()));
    one
}

#[test]
fn descriptors_conform_in_reading_writing_and_seeking() {
    conformance::read(|data| InAsync(Shim::from_fd(file(data))));
    conformance::read(|data| InAsync(Shim::from_fd(unix(data))));
    conformance::read(|data| InAsync(Shim::from_std(Shim::from_fd(file(data)))));
    conformance::seek(|data| InAsync(Shim::from_fd(file(data))));
    conformance::write(
        || InAsync(Shim::from_fd(tempfile::tempfile().unwrap())),
        |shim| {
            let mut file = shim.0.into_inner();
            file.rewind().unwrap();
            let mut data = Vec::new();
            file.read_to_end(&mut data).unwrap();
            data
        },
    );
}

#[test]
fn nothing_is_initialised_but_what_is_filled() {
    let mut shim = Shim::from_fd(file(&[5; 1234]));
    let mut memory = [MaybeUninit::new(7); 5000];
    let mut buf = BorrowedBuf::from(&mut memory[..]);
    ReadBuf::read_into(&mut shim, buf.unfilled().limit(1000)).unwrap();
    assert_eq!((buf.filled().len(), buf.init_len()), (1000, 1000));
    ReadBuf::read_into(&mut shim, buf.unfilled()).unwrap();
    ReadBuf::read_into(&mut shim, buf.unfilled()).unwrap();
    assert_eq!((buf.filled(), buf.init_len()), (&[5; 1234][..], 1234));
    // SAFETY: the memory was made of initialized bytes.
    assert!(memory[1234..].iter().all(|byte| unsafe { byte.assume_init() } == 7), "zeroed");
    assert_eq!(ReadBuf::init_hint(&shim, 5000), 0);
}

#[test]
fn reading_allocates_nothing() {
    let mut shim = Shim::from_fd(file(&[5; 3000]));
    let mut received = Vec::with_capacity(3000);
    let before = crate::alloc::allocations();
    for _ in 0..10 {
        ReadBuf::read_into(&mut shim, spare(&mut received).unfilled().limit(300)).unwrap();
    }
    assert_eq!((received.len(), crate::alloc::allocations() - before), (3000, 0));
}

/// Performs the same calls on a shim and on the bare type, and compares the outcomes.
fn both(run: impl Fn(&mut dyn Stream) -> String, make: impl Fn() -> File) {
    assert_eq!(run(&mut Shim::from_fd(make())), run(&mut make()));
}

trait Stream: Read + Write + Seek {}
impl<T: Read + Write + Seek> Stream for T {}

/// An outcome; errors are compared by kind.
fn outcome<T: std::fmt::Debug>(result: io::Result<T>) -> String {
    format!("{:?} ", result.map_err(|error| (error.kind(), error.raw_os_error())))
}

#[test]
fn seeks_between_reads_and_writes_are_those_of_std() {
    let run = |stream: &mut dyn Stream| {
        let mut seen = String::new();
        let mut piece = [0; 4];
        seen += &outcome(stream.read(&mut piece).map(|n| piece[..n].to_vec()));
        seen += &outcome(stream.seek(SeekFrom::Current(3)));
        seen += &outcome(stream.read(&mut piece).map(|n| piece[..n].to_vec()));
        seen += &outcome(stream.seek(SeekFrom::End(-2)));
        seen += &outcome(stream.read(&mut piece).map(|n| piece[..n].to_vec()));
        seen += &outcome(stream.seek(SeekFrom::Current(-100)));
        seen += &outcome(stream.read(&mut piece).map(|n| piece[..n].to_vec()));
        seen += &outcome(stream.seek(SeekFrom::Start(100)));
        seen += &outcome(stream.read(&mut piece).map(|n| piece[..n].to_vec()));
        seen += &outcome(stream.write(b"past the end"));
        seen += &outcome(stream.rewind());
        let mut all = Vec::new();
        seen += &outcome(stream.read_to_end(&mut all));
        seen += &format!("{all:?}");
        seen
    };
    both(run, || file(b"0123456789abcdef"));
}

#[test]
fn appends_and_truncated_files_are_read_as_by_std() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    let run = |stream: &mut dyn Stream| {
        let mut seen = String::new();
        let mut piece = [0; 8];
        seen += &outcome(stream.write(b"appended"));
        seen += &outcome(stream.rewind());
        seen += &outcome(stream.read(&mut piece).map(|n| piece[..n].to_vec()));
        // Another writer appends; the position is where it was.
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"by another").unwrap();
        let mut all = Vec::new();
        seen += &outcome(stream.read_to_end(&mut all));
        seen += &format!("{all:?}");
        // The file is truncated while it is read: its end is at the position, or before it.
        OpenOptions::new().write(true).open(&path).unwrap().set_len(3).unwrap();
        seen += &outcome(stream.read(&mut piece));
        seen += &outcome(stream.rewind());
        seen += &outcome(stream.read(&mut piece).map(|n| piece[..n].to_vec()));
        seen
    };
    both(run, || {
        std::fs::write(&path, b"there before").unwrap();
        OpenOptions::new().read(true).append(true).open(&path).unwrap()
    });
}

#[test]
fn a_shared_position_is_shared() {
    let one = file(b"0123456789");
    let mut two = Shim::from_fd(one.try_clone().unwrap());
    let mut one = Shim::from_fd(Arc::new(one));
    let mut piece = [0; 3];
    one.read_exact(&mut piece).unwrap();
    two.read_exact(&mut piece).unwrap();
    assert_eq!(&piece, b"345");
    two.seek(SeekFrom::Start(8)).unwrap();
    let mut clone = one.clone();
    clone.read_exact(&mut piece[..2]).unwrap();
    assert_eq!(&piece[..2], b"89");
    assert_eq!(one.read(&mut piece).unwrap(), 0);
}

#[test]
fn pipes_end_and_break_as_by_std() {
    let (reader, writer) = io::pipe().unwrap();
    let (mut reader, mut writer) = (Shim::from_fd(OwnedFd::from(reader)), File::from(OwnedFd::from(writer)));
    writer.write_all(b"last words").unwrap();
    drop(writer);
    let mut text = String::new();
    assert_eq!(reader.read_to_string(&mut text).unwrap(), 10);
    assert_eq!(reader.read(&mut [0; 8]).unwrap(), 0);
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let mut writer = Shim::from_fd(File::from(OwnedFd::from(writer)));
    assert_eq!(writer.write(b"no reader").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    // A descriptor that is not open for reading returns its error.
    assert!(writer.read(&mut [0]).unwrap_err().raw_os_error().is_some());
}

#[test]
fn a_childs_pipes_are_read_to_their_end() {
    let mut child = Command::new("sh")
        .args(["-c", "printf out; printf err >&2; exec cat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b", and what came in").unwrap();
    let (mut out, mut err) = (String::new(), String::new());
    Shim::from_fd(child.stdout.take().unwrap()).read_to_string(&mut out).unwrap();
    Shim::from_fd(child.stderr.take().unwrap()).read_to_string(&mut err).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!((&*out, &*err), ("out, and what came in", "err"));
}

#[test]
fn sockets_are_read_vectored_and_may_not_block() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let socket = listener.accept().unwrap().0;
    socket.set_nonblocking(true).unwrap();
    let mut shim = Shim::from_fd(&socket);
    let mut vec = Vec::with_capacity(10);
    let error = ReadBuf::read_into(&mut shim, spare(&mut vec).unfilled()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    socket.set_nonblocking(false).unwrap();
    peer.write_all(b"abcdef").unwrap();
    let (mut one, mut two) = ([0; 4], [0; 4]);
    assert!(ReadBuf::supports_vectored_reads(&shim));
    let n = Read::read_vectored(&mut shim, &mut [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)]).unwrap();
    assert_eq!((n, &one, &two[..2]), (6, b"abcd", &b"ef"[..]));
    assert!(WriteVectored::supports_vectored_writes(&shim));
    assert_eq!(shim.write_vectored(&[IoSlice::new(b"one"), IoSlice::new(b"two")]).unwrap(), 6);
    drop(socket);
    let mut received = Vec::new();
    Shim::from_fd(&mut peer).read_to_end(&mut received).unwrap();
    assert_eq!(received, b"onetwo");
}

#[test]
fn what_has_a_buffer_of_its_own_is_not_taken() {
    assert!(implements!(File: FdSource));
    assert!(implements!(Arc<Box<&'static TcpStream>>: FdSource));
    assert!(!implements!(io::Stdin: FdSource));
    assert!(!implements!(io::StdinLock<'static>: FdSource));
    assert!(!implements!(BufReader<File>: FdSource));
    assert!(!implements!(Shim<File, Fd>: FdSource));
    assert!(!implements!(tokio::net::TcpStream: FdSource));
}

/// Reads 256 MiB with a loop of `read` written by hand, then through the shim, for strace to
/// compare. Each MiB goes into memory of its own.
mod traced {
    use super::*;
    use crate::support::strace::{hexadecimal, trace};

    const BUFFER: usize = 1 << 20;
    const LEN: usize = 256 << 20;

    fn run<R>(make: impl FnOnce(File) -> R, read: impl Fn(&mut R, &mut [MaybeUninit<u8>]) -> io::Result<usize>) {
        let mut file = tempfile::tempfile().unwrap();
        let data = crate::mock::pattern(BUFFER);
        (0..LEN / BUFFER).for_each(|_| file.write_all(&data).unwrap());
        file.rewind().unwrap();
        eprintln!("file {:#x}", std::os::fd::AsRawFd::as_raw_fd(&file));
        let mut reader = make(file);
        for i in 0.. {
            let mut memory = vec![MaybeUninit::new(7); BUFFER];
            eprintln!("buffer {:p}", memory.as_ptr());
            let n = read(&mut reader, &mut memory).unwrap();
            // SAFETY: the memory was made of initialized bytes.
            let bytes: Vec<u8> = memory.iter().map(|byte| unsafe { byte.assume_init() }).collect();
            assert!(bytes[..n] == data[..n], "the data differs");
            assert_eq!(bytes[n..], vec![7; BUFFER - n], "zeroed");
            if n == 0 {
                assert_eq!(i, LEN / BUFFER);
                break;
            }
        }
    }

    #[test]
    #[ignore = "is run under strace"]
    fn by_hand() {
        run(|file| file, |file, memory| Ok(rustix::io::read(file, memory)?.0.len()));
    }

    #[test]
    #[ignore = "is run under strace"]
    fn by_the_shim() {
        run(Shim::from_fd, |shim, memory| {
            let mut buf = BorrowedBuf::from(memory);
            ReadBuf::read_into(shim, buf.unfilled())?;
            assert_eq!(buf.init_len(), buf.filled().len(), "zeroed");
            Ok(buf.filled().len())
        });
    }

    /// Returns the calls on the file: which buffer, how much of it was offered, and the result.
    fn calls(test: &str) -> Vec<(usize, usize, String)> {
        let (said, calls) = trace(&format!("fd::traced::{test}"), "read,readv,pread64,preadv,lseek");
        let after = |word| said.lines().filter_map(move |line| line.split_once(word)).map(|(_, n)| hexadecimal(n));
        let (file, buffers): (Vec<_>, Vec<_>) = (after("file ").collect(), after("buffer ").collect());
        // From the rewind until the file is dropped. Later its number belongs to another
        // descriptor.
        let calls = calls.into_iter().filter(|call| call.arguments[0] == file[0]);
        let calls = calls.skip_while(|call| call.name != "lseek" || call.arguments[2] != 0).skip(1);
        let reads = calls.take(buffers.len()).zip(buffers).map(|(call, buffer)| {
            assert_eq!(call.name, "read");
            (call.arguments[1].wrapping_sub(buffer), call.arguments[2], call.result)
        });
        reads.collect()
    }

    #[test]
    #[ignore = "needs strace"]
    fn the_system_calls_are_those_of_a_loop_written_by_hand() {
        let (shim, hand) = (calls("by_the_shim"), calls("by_hand"));
        assert_eq!(shim, hand);
        // Each reads straight into the caller's whole buffer: nothing is copied. One more call
        // finds the end of file.
        assert_eq!((shim.len(), &*shim.last().unwrap().2), (LEN / BUFFER + 1, "0"));
        assert!(shim.iter().all(|&(offset, len, _)| (offset, len) == (0, BUFFER)), "{shim:?}");
    }
}
