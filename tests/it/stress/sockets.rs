//! Pairs of loopback sockets, and their options.

use std::io;
use std::net;
use std::time::Duration;

/// Returns both ends of a connection.
pub fn pair(listener: &net::TcpListener) -> io::Result<[net::TcpStream; 2]> {
    let one = net::TcpStream::connect(listener.local_addr()?)?;
    loop {
        let (two, address) = listener.accept()?;
        if address == one.local_addr()? {
            return Ok([one, two]);
        }
    }
}

/// Duplicates the socket, to set its options.
fn options(socket: &net::TcpStream) -> tokio::net::TcpSocket {
    tokio::net::TcpSocket::from_std_stream(socket.try_clone().unwrap())
}

pub fn set_send_buffer(socket: &net::TcpStream, len: u32) {
    options(socket).set_send_buffer_size(len).unwrap();
}

#[allow(deprecated, reason = "with a duration of zero nothing blocks, and `set_zero_linger` asks for a newer tokio")]
pub fn reset_when_closed(socket: &net::TcpStream) {
    options(socket).set_linger(Some(Duration::ZERO)).unwrap();
}
