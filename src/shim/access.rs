//! The wrapper traits: `AsRef`, `AsMut`, and the system's descriptors, handles and sockets.

use super::{Ecosystem, Shim};

impl<T, E: Ecosystem, V> AsRef<T> for Shim<T, E, V> {
    fn as_ref(&self) -> &T {
        self.get_ref()
    }
}

impl<T, E: Ecosystem, V> AsMut<T> for Shim<T, E, V> {
    fn as_mut(&mut self) -> &mut T {
        self.get_mut()
    }
}

#[cfg(any(unix, target_os = "wasi"))]
mod fd {
    use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

    use super::{Ecosystem, Shim};

    impl<T: AsFd, E: Ecosystem, V> AsFd for Shim<T, E, V> {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.get_ref().as_fd()
        }
    }

    impl<T: AsRawFd, E: Ecosystem, V> AsRawFd for Shim<T, E, V> {
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

    use super::{Ecosystem, Shim};

    impl<T: AsHandle, E: Ecosystem, V> AsHandle for Shim<T, E, V> {
        fn as_handle(&self) -> BorrowedHandle<'_> {
            self.get_ref().as_handle()
        }
    }

    impl<T: AsRawHandle, E: Ecosystem, V> AsRawHandle for Shim<T, E, V> {
        fn as_raw_handle(&self) -> RawHandle {
            self.get_ref().as_raw_handle()
        }
    }

    impl<T: AsSocket, E: Ecosystem, V> AsSocket for Shim<T, E, V> {
        fn as_socket(&self) -> BorrowedSocket<'_> {
            self.get_ref().as_socket()
        }
    }

    impl<T: AsRawSocket, E: Ecosystem, V> AsRawSocket for Shim<T, E, V> {
        fn as_raw_socket(&self) -> RawSocket {
            self.get_ref().as_raw_socket()
        }
    }
}
