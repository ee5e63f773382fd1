//! Auto traits follow the inner type; io-shim's traits are object safe.

use std::marker::PhantomPinned;
use std::rc::Rc;

use io_shim::{
    AllowStd, AsyncBufRead, AsyncReadBuf, AsyncSeek, AsyncWrite, BorrowedBuf, BorrowedCursor, ContractViolation,
    Futures, FuturesBuf, Native, ReadBuf, Shim, SliceFeed, Spare, Std, StdBuf, Tokio, WriteVectored,
};

/// Whether a type implements traits. The inherent constant exists only if it does; otherwise the
/// constant of the trait is used.
macro_rules! implements {
    ($type:ty: $($bound:tt)+) => {{
        #[allow(dead_code)]
        trait No {
            const YES: bool = false;
        }
        impl<T: ?Sized> No for T {}
        struct Probe<T: ?Sized>(std::marker::PhantomData<T>);
        #[allow(dead_code)]
        impl<T: ?Sized + $($bound)+> Probe<T> {
            const YES: bool = true;
        }
        <Probe<$type>>::YES
    }};
}
pub(crate) use implements;

macro_rules! follows {
    ($($ecosystem:ty),*) => {$(
        assert!(implements!(Shim<u8, $ecosystem>: Send + Sync + Unpin + std::panic::UnwindSafe));
        assert!(!implements!(Shim<Rc<u8>, $ecosystem>: Send));
        assert!(!implements!(Shim<Rc<u8>, $ecosystem>: Sync));
        assert!(implements!(Shim<Rc<u8>, $ecosystem>: Unpin));
        assert!(!implements!(Shim<PhantomPinned, $ecosystem>: Unpin));
        assert!(implements!(Shim<PhantomPinned, $ecosystem>: Send));
        assert!(implements!(Shim<u8, $ecosystem, Tokio>: Send + Sync + Unpin));
    )*};
}

#[test]
fn auto_traits_follow_the_type_inside() {
    follows!(Native, Tokio, Futures, FuturesBuf, Std, StdBuf, AllowStd);
    #[cfg(unix)]
    follows!(io_shim::Fd);
}

#[test]
fn buffers_may_be_sent_and_shared() {
    assert!(implements!(BorrowedBuf<'static>: Send + Sync + Unpin));
    assert!(implements!(BorrowedCursor<'static>: Send + Sync + Unpin));
    assert!(implements!(Spare<'static>: Send + Sync + Unpin));
    assert!(implements!(SliceFeed: Send + Sync + Unpin + 'static));
    assert!(implements!(ContractViolation: Send + Sync + Unpin + 'static));
}

#[test]
fn io_shims_traits_are_object_safe() {
    type Objects = (
        Box<dyn AsyncReadBuf>,
        Box<dyn ReadBuf>,
        Box<dyn AsyncWrite>,
        Box<dyn WriteVectored>,
        Box<dyn AsyncBufRead>,
        Box<dyn AsyncSeek>,
    );
    assert!(implements!(Objects: Sized));
    assert!(implements!(Box<dyn AsyncReadBuf + Unpin>: AsyncReadBuf));
    assert!(implements!(std::pin::Pin<Box<dyn AsyncReadBuf>>: AsyncReadBuf));
}
