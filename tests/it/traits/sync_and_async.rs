//! The synchronous and the asynchronous traits match, method by method. The table in the docs of
//! `ReadBuf` lists all methods, and only methods that exist.

use std::io::Cursor;

/// Rows of methods. Each one is named, so that it must exist.
macro_rules! mirror {
    ($($asynchronous:ident::$poll:ident | $($synchronous:ident::$call:ident)?;)*) => {{
        $(
            let _ = <Cursor<Vec<u8>> as io_shim::$asynchronous>::$poll;
            $(let _ = <Cursor<Vec<u8>> as synchronous::$synchronous>::$call;)?
        )*
        [$((
            concat!(stringify!($asynchronous), "::", stringify!($poll)),
            concat!($(stringify!($synchronous), "::", stringify!($call))?),
        )),*]
    }};
}

mod synchronous {
    pub use io_shim::{ReadBuf, WriteVectored};
    pub use std::io::{BufRead, Seek, Write};
}

/// Returns `Trait::method` for each method that a source file declares in public traits.
fn declared(source: &str) -> Vec<String> {
    let mut methods = Vec::new();
    let mut current = None;
    for line in source.lines() {
        if let Some(rest) = line.strip_prefix("pub trait ") {
            current = rest.split([' ', ':']).next();
        } else if line == "}" {
            current = None;
        } else if let (Some(name), Some(rest)) = (current, line.strip_prefix("    fn ")) {
            methods.push(format!("{name}::{}", rest.split('(').next().unwrap()));
        }
    }
    methods
}

/// Returns whether a synchronous method is of a std trait, for which io-shim has no trait of its
/// own.
fn is_std(method: &str) -> bool {
    ["BufRead::", "Write::", "Seek::"].iter().any(|name| method.starts_with(name))
}

#[test]
fn the_mirror_in_the_docs_is_true_and_whole() {
    let rows = mirror! {
        AsyncReadBuf::poll_read_into | ReadBuf::read_into;
        AsyncReadBuf::poll_read_into_slice | ReadBuf::read_into_slice;
        AsyncReadBuf::poll_read_into_vectored | ReadBuf::read_into_vectored;
        AsyncReadBuf::supports_vectored_reads | ReadBuf::supports_vectored_reads;
        AsyncReadBuf::init_hint | ReadBuf::init_hint;
        AsyncBufRead::poll_fill_buf | BufRead::fill_buf;
        AsyncBufRead::consume | BufRead::consume;
        AsyncWrite::poll_write | Write::write;
        AsyncWrite::poll_write_vectored | Write::write_vectored;
        AsyncWrite::supports_vectored_writes | WriteVectored::supports_vectored_writes;
        AsyncWrite::poll_flush | Write::flush;
        AsyncWrite::poll_shutdown |;
        AsyncSeek::poll_seek | Seek::seek;
    };
    let mut table = String::from("/// | asynchronous | synchronous |\n/// |---|---|\n");
    for (asynchronous, synchronous) in rows {
        let synchronous = match synchronous {
            "" => "- (dropping it)".to_string(),
            method if is_std(method) => format!("`std::io::{method}`"),
            method => format!("`{method}`"),
        };
        table.push_str(&format!("/// | `{asynchronous}` | {synchronous} |\n"));
    }
    assert!(
        include_str!("../../../src/traits/read.rs").contains(&table),
        "the table in the docs should read:\n{table}"
    );
    let mut expected: Vec<_> = [
        include_str!("../../../src/traits/read.rs"),
        include_str!("../../../src/traits/buf_read.rs"),
        include_str!("../../../src/traits/write.rs"),
        include_str!("../../../src/traits/seek.rs"),
    ]
    .into_iter()
    .flat_map(declared)
    .collect();
    let is_ours = |method: &&str| !method.is_empty() && !is_std(method);
    let mut named: Vec<_> = rows.iter().flat_map(|(one, two)| [*one, *two]).filter(is_ours).map(String::from).collect();
    expected.sort();
    named.sort();
    assert_eq!(named, expected, "methods of io-shim's traits and of the table");
}
