//! The wrapper traits: `AsRef`, `AsMut`, and the system's descriptors, handles and sockets.

use super::TokioContext;

impl<T> AsRef<T> for TokioContext<T> {
    fn as_ref(&self) -> &T {
        self.get_ref()
    }
}

impl<T> AsMut<T> for TokioContext<T> {
    fn as_mut(&mut self) -> &mut T {
        self.get_mut()
    }
}

#[cfg(any(unix, target_os = "wasi"))]
mod fd {
    use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

    use super::TokioContext;

    impl<T: AsFd> AsFd for TokioContext<T> {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.get_ref().as_fd()
        }
    }

    impl<T: AsRawFd> AsRawFd for TokioContext<T> {
        fn as_raw_fd(&self) -> RawFd {
            self.get_ref().as_raw_fd()
        }
    }
}

#[cfg(windows)]
mod handle {
    use std::os::windows::io::{
        AsHandle, AsRawHandle, AsRawSocket, AsSocket, BorrowedHandle, BorrowedSocket, RawHandle, RawSocket,
    };

    use super::TokioContext;

    impl<T: AsHandle> AsHandle for TokioContext<T> {
        fn as_handle(&self) -> BorrowedHandle<'_> {
            self.get_ref().as_handle()
        }
    }

    impl<T: AsRawHandle> AsRawHandle for TokioContext<T> {
        fn as_raw_handle(&self) -> RawHandle {
            self.get_ref().as_raw_handle()
        }
    }

    impl<T: AsSocket> AsSocket for TokioContext<T> {
        fn as_socket(&self) -> BorrowedSocket<'_> {
            self.get_ref().as_socket()
        }
    }

    impl<T: AsRawSocket> AsRawSocket for TokioContext<T> {
        fn as_raw_socket(&self) -> RawSocket {
            self.get_ref().as_raw_socket()
        }
    }
}
