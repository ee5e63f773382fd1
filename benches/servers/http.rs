//! The HTTP server and its requests.

use std::cell::Cell;
use std::hint::black_box;
use std::io;
use std::sync::LazyLock;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};

/// The body of each response.
pub(crate) const REPLY: &[u8] = b"hello";
/// The data of bodies.
pub(crate) static DATA: [u8; 64 * 1024] = [b'x'; 64 * 1024];

/// A body of 64 MiB, too long for the cache: every pass reads it from memory.
pub(crate) static LONG: LazyLock<Vec<u8>> = LazyLock::new(|| vec![b'x'; Ask::POST_64M.body]);

/// A request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    /// The length of the body. A `GET` has none.
    pub(crate) body: usize,
}

impl Ask {
    /// A `GET`.
    pub(crate) const GET: Ask = Ask { body: 0 };
    /// A `POST` of 64 KiB.
    pub(crate) const POST_64K: Ask = Ask { body: 64 << 10 };
    /// A `POST` of 64 MiB.
    pub(crate) const POST_64M: Ask = Ask { body: 64 << 20 };

    /// Returns its name in tables.
    pub(crate) fn name(self) -> String {
        match self.body {
            0 => "GET".into(),
            body if body < 1 << 20 => format!("POST {} KiB", body >> 10),
            body => format!("POST {} MiB", body >> 20),
        }
    }

    /// Returns the head of the request.
    pub(crate) fn head(self) -> String {
        match self.body {
            0 => "GET / HTTP/1.1\r\nhost: here\r\n\r\n".into(),
            body => format!("POST / HTTP/1.1\r\nhost: here\r\ncontent-length: {body}\r\n\r\n"),
        }
    }
}

/// Serves all requests on `io`, and reads their bodies frame by frame. Returns their total length.
pub(crate) async fn serve<I: hyper::rt::Read + hyper::rt::Write + Unpin>(io: I) -> io::Result<usize> {
    let drained = Cell::new(0);
    let drained_here = &drained;
    let service = service_fn(move |request: Request<Incoming>| async move {
        let mut body = request.into_body();
        while let Some(frame) = body.frame().await {
            if let Ok(data) = frame?.into_data() {
                drained_here.set(drained_here.get() + black_box(data).len());
            }
        }
        Ok::<_, hyper::Error>(Response::new(Full::new(Bytes::from_static(REPLY))))
    });
    http1::Builder::new().serve_connection(io, service).await.map_err(io::Error::other)?;
    Ok(drained.get())
}
