//! Accessor traits of wrappers: `AsRef`, `AsMut`, and descriptors, handles and sockets.

#[cfg(any(unix, target_os = "wasi"))]
pub(crate) use std::os::fd as system;
#[cfg(windows)]
pub(crate) use std::os::windows::io as system;

/// Implements `AsRef<T>`, `AsMut<T>`, and the descriptor, handle and socket traits that `T` has,
/// for a wrapper of `T`, using `get_ref` and `get_mut`. The generics besides `T` come first, in
/// brackets.
macro_rules! access {
    ([$($generics:tt)*] $wrapper:ty, $trait:ident::$method:ident -> $handle:ident $(<$lifetime:lifetime>)?) => {
        impl<T: $crate::access::system::$trait $($generics)*> $crate::access::system::$trait for $wrapper {
            fn $method(&self) -> $crate::access::system::$handle $(<$lifetime>)? {
                self.get_ref().$method()
            }
        }
    };
    ([$($generics:tt)*] $wrapper:ty) => {
        impl<T $($generics)*> AsRef<T> for $wrapper {
            fn as_ref(&self) -> &T {
                self.get_ref()
            }
        }

        impl<T $($generics)*> AsMut<T> for $wrapper {
            fn as_mut(&mut self) -> &mut T {
                self.get_mut()
            }
        }

        #[cfg(any(unix, target_os = "wasi"))]
        $crate::access::access!([$($generics)*] $wrapper, AsFd::as_fd -> BorrowedFd<'_>);
        #[cfg(any(unix, target_os = "wasi"))]
        $crate::access::access!([$($generics)*] $wrapper, AsRawFd::as_raw_fd -> RawFd);
        #[cfg(windows)]
        $crate::access::access!([$($generics)*] $wrapper, AsHandle::as_handle -> BorrowedHandle<'_>);
        #[cfg(windows)]
        $crate::access::access!([$($generics)*] $wrapper, AsRawHandle::as_raw_handle -> RawHandle);
        #[cfg(windows)]
        $crate::access::access!([$($generics)*] $wrapper, AsSocket::as_socket -> BorrowedSocket<'_>);
        #[cfg(windows)]
        $crate::access::access!([$($generics)*] $wrapper, AsRawSocket::as_raw_socket -> RawSocket);
    };
}
pub(crate) use access;
