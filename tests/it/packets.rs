//! Readers and writers of packets: each call transfers one whole packet.

use std::collections::VecDeque;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::SinkExt as _;
use io_shim::{AsyncReadBuf, AsyncWrite, BorrowedBuf, ByteSink, ContractViolation, ReadBuf, Shim, WriteVectored};

use crate::mock::{context, pattern, ready, violation};

/// A packet device. A read returns one packet and truncates it to the slice; a write sends its
/// first slice as one packet.
#[derive(Clone, Default)]
struct Device {
    incoming: VecDeque<Vec<u8>>,
    written: Vec<Vec<u8>>,
    /// How many bytes it reports beyond what it was given.
    excess: usize,
}

impl Device {
    fn receiving(lengths: &[usize]) -> Self {
        Device { incoming: lengths.iter().map(|&len| pattern(len)).collect(), ..Device::default() }
    }
}

impl Read for Device {
    fn read(&mut self, slice: &mut [u8]) -> io::Result<usize> {
        let packet = self.incoming.pop_front().unwrap_or_default();
        let n = packet.len().min(slice.len());
        slice[..n].copy_from_slice(&packet[..n]);
        Ok(n)
    }
}

impl Write for Device {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.written.push(data.to_vec());
        Ok(data.len() + self.excess)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl futures::io::AsyncRead for Device {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, slice: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.read(slice))
    }
}

impl futures::io::AsyncWrite for Device {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.write(data))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Without the setting, the short packets would teach a shim to offer less than the long ones need.
const SIZES: [usize; 10] = [100, 60_000, 100, 100, 100, 100, 100, 100, 3000, 60_000];

#[test]
fn every_packet_is_read_whole_whatever_came_before() {
    let mut asynchronous = Shim::from_futures(Device::receiving(&SIZES)).with_packets();
    let mut never_blocking = Shim::allow_std(Device::receiving(&SIZES)).with_packets();
    let mut synchronous = Shim::from_std(Device::receiving(&SIZES)).with_packets();
    for len in SIZES {
        let mut memory = vec![std::mem::MaybeUninit::uninit(); 65_536];
        let mut read = |read: &mut dyn FnMut(io_shim::BorrowedCursor<'_>) -> io::Result<()>| {
            let mut buf = BorrowedBuf::from(&mut memory[..]);
            read(buf.unfilled()).unwrap();
            assert!(buf.filled() == pattern(len), "a packet of {len} bytes was cut to {}", buf.filled().len());
        };
        read(&mut |cursor| ready(Pin::new(&mut asynchronous).poll_read_into(&mut context(), cursor)));
        read(&mut |cursor| ready(Pin::new(&mut never_blocking).poll_read_into(&mut context(), cursor)));
        read(&mut |cursor| ReadBuf::read_into(&mut synchronous, cursor));
    }
}

#[test]
fn a_packet_that_is_read_into_several_slices_is_not_cut_at_the_first() {
    let read = |read: &mut dyn FnMut(&mut [IoSliceMut<'_>]) -> io::Result<usize>| {
        let (mut head, mut body) = ([0; 4], [0; 100]);
        let n = read(&mut [IoSliceMut::new(&mut head), IoSliceMut::new(&mut []), IoSliceMut::new(&mut body)]).unwrap();
        assert_eq!([&head[..], &body].concat()[..n], pattern(90));
    };
    let mut shim = Shim::from_futures(Device::receiving(&[90])).with_packets();
    read(&mut |bufs| ready(Pin::new(&mut shim).poll_read_into_vectored(&mut context(), bufs)));
    let mut shim = Shim::allow_std(Device::receiving(&[90])).with_packets();
    read(&mut |bufs| ready(Pin::new(&mut shim).poll_read_into_vectored(&mut context(), bufs)));
    let mut shim = Shim::from_std(Device::receiving(&[90])).with_packets();
    read(&mut |bufs| ReadBuf::read_into_vectored(&mut shim, bufs));
}

/// Writes a head and a body in one call, again and again. Each call must send one packet.
fn packets(mut write: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>, written: impl FnOnce() -> Device) {
    let (head, body) = (pattern(4), pattern(300_000));
    let whole = [&head[..], &body].concat();
    for _ in 0..20 {
        let bufs = [IoSlice::new(&head), IoSlice::new(&[]), IoSlice::new(&body)];
        assert_eq!(write(&bufs).unwrap(), whole.len());
    }
    assert_eq!(write(&[IoSlice::new(&[]), IoSlice::new(&head)]).unwrap(), 4);
    let written = written().written;
    assert!(written[..20].iter().all(|packet| *packet == whole), "a packet was cut");
    assert_eq!((written.len(), &written[20]), (21, &head));
}

#[test]
fn every_vectored_write_is_one_packet_from_the_first_on() {
    let shim = std::cell::RefCell::new(Shim::from_futures(Device::default()).with_packets().with_budget(0));
    assert!(AsyncWrite::supports_vectored_writes(&*shim.borrow()));
    packets(
        |bufs| ready(AsyncWrite::poll_write_vectored(Pin::new(&mut *shim.borrow_mut()), &mut context(), bufs)),
        || shim.borrow().get_ref().clone(),
    );
    let shim = std::cell::RefCell::new(Shim::allow_std(Device::default()).with_packets().with_budget(0));
    packets(
        |bufs| ready(AsyncWrite::poll_write_vectored(Pin::new(&mut *shim.borrow_mut()), &mut context(), bufs)),
        || shim.borrow().get_ref().clone(),
    );
    let shim = std::cell::RefCell::new(Shim::from_std(Device::default()).with_packets());
    assert!(WriteVectored::supports_vectored_writes(&*shim.borrow()));
    packets(|bufs| Write::write_vectored(&mut *shim.borrow_mut(), bufs), || shim.borrow().get_ref().clone());
}

#[test]
fn a_clone_keeps_packets_whole() {
    let mut shim = Shim::from_futures(Device::default()).with_packets().clone();
    let bufs = [IoSlice::new(b"head"), IoSlice::new(b"body")];
    ready(AsyncWrite::poll_write_vectored(Pin::new(&mut shim), &mut context(), &bufs)).unwrap();
    assert_eq!(shim.get_ref().written, [b"headbody"]);
}

#[test]
fn a_packet_writer_that_reports_too_much_gets_an_error() {
    let mut shim = Shim::from_futures(Device { excess: 1, ..Device::default() }).with_packets();
    for bufs in [&[IoSlice::new(b"head"), IoSlice::new(b"body")][..], &[IoSlice::new(b"headbody")]] {
        let result = ready(AsyncWrite::poll_write_vectored(Pin::new(&mut shim), &mut context(), bufs));
        assert_eq!(violation(result), ContractViolation::WroteTooMuch { returned: 9, offered: 8 });
    }
}

#[test]
fn packets_that_no_memory_can_hold_are_an_error() {
    let part = vec![0; 1 << 20];
    let mut shim = Shim::from_futures(Device::default()).with_packets();
    let bufs = [IoSlice::new(&part), IoSlice::new(&part)];
    let write = || ready(AsyncWrite::poll_write_vectored(Pin::new(&mut shim), &mut context(), &bufs));
    assert_eq!(crate::alloc::with_no_more_than(1 << 20, write).unwrap_err().kind(), io::ErrorKind::OutOfMemory);
    assert!(shim.get_ref().written.is_empty());
}

#[test]
fn items_of_a_sink_with_a_mark_of_one_are_packets() {
    let mut sink = ByteSink::new(Shim::from_futures(Device::default()).with_packets()).with_high_water(1);
    futures::executor::block_on(async {
        for len in [10, 20_000, 30] {
            sink.feed(Bytes::from(pattern(len))).await.unwrap();
        }
        sink.flush().await.unwrap();
    });
    let lengths: Vec<usize> = sink.get_ref().get_ref().written.iter().map(Vec::len).collect();
    assert_eq!(lengths, [10, 20_000, 30]);
}
