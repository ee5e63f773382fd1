//! Accessors of `Shim` and of the other wrappers, and the std traits that `Shim` implements.

use std::io::Cursor;
use std::pin::Pin;

use io_shim::{Every, Futures, Offer, Shim, Tokio};

use crate::mock::Script;

#[test]
fn the_type_inside_is_in_reach() {
    let mut shim = Shim::from_tokio(vec![1]);
    assert_eq!(shim.get_ref(), &[1]);
    shim.get_mut().push(2);
    Pin::new(&mut shim).get_pin_mut().push(3);
    AsMut::<Vec<i32>>::as_mut(&mut shim).push(4);
    assert_eq!(AsRef::<Vec<i32>>::as_ref(&shim), &[1, 2, 3, 4]);
    assert_eq!(shim.into_inner(), [1, 2, 3, 4]);
}

#[test]
fn narrowing_keeps_the_type_inside() {
    let shim = Shim::from_futures(5).for_tokio().for_futures().only::<Tokio>().only::<Every>();
    assert_eq!(shim.into_inner(), 5);
}

#[test]
fn default_and_clone_are_those_of_the_type_inside() {
    let shim: Shim<Cursor<Vec<u8>>, Futures> = Shim::default();
    assert_eq!(shim.clone().into_inner(), Cursor::new(Vec::new()));
}

#[test]
fn a_clone_keeps_settings_and_forgets_what_was_learned() {
    use io_shim::{AsyncReadBuf as _, AsyncWrite as _};
    let shim = Shim::from_futures(Script::default()).with_offer(Offer::Whole);
    assert_eq!(shim.clone().init_hint(1 << 20), 1 << 20);
    let shim = Shim::from_futures(crate::mock::Sink::new(true)).with_write_vectored(false);
    assert!(!shim.clone().supports_vectored_writes());
}

#[test]
fn debug_shows_the_type_inside() {
    assert!(format!("{:?}", Shim::from_tokio("inner")).starts_with("Shim { io: \"inner\""));
    assert!(format!("{:?}", Shim::from_futures(1)).contains("size"));
}

#[cfg(unix)]
#[test]
fn descriptors_pass_through() {
    use std::os::fd::{AsFd as _, AsRawFd as _};
    let (socket, _peer) = std::os::unix::net::UnixStream::pair().unwrap();
    let fd = socket.as_raw_fd();
    let shim = Shim::new(socket);
    assert_eq!(shim.as_raw_fd(), fd);
    assert_eq!(shim.as_fd().as_raw_fd(), fd);
    let blocking = io_shim::rt::BlockOn::new(shim);
    assert_eq!(blocking.as_raw_fd(), fd);
    assert_eq!(blocking.as_fd().as_raw_fd(), fd);
}

#[cfg(windows)]
#[test]
fn handles_and_sockets_pass_through() {
    use std::os::windows::io::{AsHandle as _, AsRawHandle as _, AsRawSocket as _, AsSocket as _};
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let number = socket.as_raw_socket();
    let shim = Shim::new(socket);
    assert_eq!((shim.as_raw_socket(), shim.as_socket().as_raw_socket()), (number, number));
    let blocking = io_shim::rt::BlockOn::new(shim);
    assert_eq!((blocking.as_raw_socket(), blocking.as_socket().as_raw_socket()), (number, number));

    let file = tempfile::tempfile().unwrap();
    let handle = file.as_raw_handle();
    let shim = Shim::new(file);
    assert_eq!((shim.as_raw_handle(), shim.as_handle().as_raw_handle()), (handle, handle));
    let blocking = io_shim::rt::BlockOn::new(shim);
    assert_eq!((blocking.as_raw_handle(), blocking.as_handle().as_raw_handle()), (handle, handle));
}

#[test]
fn the_types_inside_streams_and_sinks_are_in_reach() {
    use bytes::Bytes;
    use io_shim::{ByteSink, ByteStream, SinkWriter, StreamReader};

    macro_rules! in_reach {
        ($wrapper:expr, $shown:literal) => {{
            let mut wrapper = $wrapper;
            assert!(format!("{wrapper:?}").starts_with($shown), "{wrapper:?}");
            let address = std::ptr::from_ref(wrapper.get_ref()).addr();
            assert_eq!(std::ptr::from_ref(wrapper.get_mut()).addr(), address);
            assert_eq!(std::ptr::from_ref(&*Pin::new(&mut wrapper).get_pin_mut()).addr(), address);
        }};
    }
    let chunks = || futures::stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"abc"))]);
    in_reach!(StreamReader::new(chunks()), "StreamReader { stream: Iter");
    in_reach!(ByteStream::new(Cursor::new([0; 4])), "ByteStream { reader: Cursor");
    in_reach!(ByteSink::<_, Bytes>::new(Vec::<u8>::new()), "ByteSink { writer: []");
    in_reach!(SinkWriter::new(futures::sink::drain::<Bytes>()), "SinkWriter { sink: Drain");
}

#[test]
fn what_bridges_executors_shows_what_is_inside() {
    let blocking = io_shim::rt::BlockOn::new(Cursor::new("inner"));
    assert!(format!("{blocking:?}").starts_with("BlockOn { io: Cursor { inner: \"inner\""));
    let executor = io_shim::rt::HyperExecutor::new(drop);
    assert!(format!("{executor:?}").starts_with("HyperExecutor"));
}
