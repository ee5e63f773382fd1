//! Two connected sockets.

use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use rustix::net::sockopt::{set_socket_recv_buffer_size, set_socket_send_buffer_size};

/// How much a socket can hold, if the system allows: enough for the longest message.
const BUFFER: usize = 1 << 20;

/// Where connections are made.
#[derive(Debug)]
pub(crate) struct Loopback(TcpListener);

impl Loopback {
    /// A listener, whose connections inherit its buffers.
    pub(crate) fn new() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        set_socket_recv_buffer_size(&listener, BUFFER)?;
        Ok(Loopback(listener))
    }

    /// The client's end and the server's.
    pub(crate) fn connect(&self) -> io::Result<(TcpStream, TcpStream)> {
        let client = TcpStream::connect(self.0.local_addr()?)?;
        set_socket_send_buffer_size(&client, BUFFER)?;
        client.set_nodelay(true)?;
        let (server, _) = self.0.accept()?;
        server.set_nodelay(true)?;
        Ok((client, server))
    }
}
