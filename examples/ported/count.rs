//! Counts lines of code and `unsafe` blocks of each reading function, original and port.

use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::process::Command;

/// A reader: its name, the source of the original and of the port, and the text that marks the
/// original's function.
struct Reader {
    name: &'static str,
    package: &'static str,
    file: &'static str,
    after: &'static str,
    here: &'static str,
}

const READERS: [Reader; 5] = [
    Reader {
        name: "`Take`, a wrapper",
        package: "tokio",
        file: "src/io/util/take.rs",
        after: "AsyncRead for Take<R>",
        here: include_str!("take.rs"),
    },
    Reader {
        name: "`TokioIo`, a bridge",
        package: "hyper-util",
        file: "src/rt/tokio.rs",
        after: "hyper::rt::Read for TokioIo<T>",
        here: include_str!("to_hyper.rs"),
    },
    Reader {
        name: "`FuturesIo`, a bridge from slices",
        package: "smol-hyper",
        file: "src/rt/futures.rs",
        after: "Read for FuturesIo<T>",
        here: include_str!("from_futures.rs"),
    },
    Reader {
        name: "`ZlibDecoder`, a slice-only codec",
        package: "async-compression",
        file: "src/tokio/bufread/generic/mod.rs",
        after: "use tokio::io::ReadBuf;",
        here: include_str!("inflate.rs"),
    },
    Reader {
        name: "`PollEvented`, a leaf",
        package: "tokio",
        file: "src/io/poll_evented.rs",
        after: "// Safety: The caller must ensure that `E` can read into uninitialized memory",
        here: include_str!("leaf.rs"),
    },
];

/// Returns the table, in Markdown.
pub(crate) fn table() -> io::Result<String> {
    let metadata = Command::new(env!("CARGO")).args(["metadata", "--format-version", "1"]).output()?;
    let metadata = String::from_utf8_lossy(&metadata.stdout);
    let mut table =
        String::from("| reader | crate | lines | `unsafe` | ported: lines | `unsafe` |\n|---|---|---|---|---|---|\n");
    for reader in READERS {
        let (version, directory) = source_of(&metadata, reader.package)
            .ok_or_else(|| io::Error::other(format!("`cargo metadata` lists no source of {}", reader.package)))?;
        let source = std::fs::read_to_string(directory.join(reader.file))?;
        let [before, here] = [(&*source, reader.after), (reader.here, " AsyncReadBuf for ")].map(|(source, after)| {
            let after = if after == " AsyncReadBuf for " && !source.contains(after) { "Read for " } else { after };
            count(source, after).ok_or_else(|| io::Error::other(format!("no `{after}` followed by a `poll_read`")))
        });
        let ((lines, blocks), (lines_here, blocks_here)) = (before?, here?);
        let _ = writeln!(
            table,
            "| {} | {} {version} | {lines} | {blocks} | {lines_here} | {blocks_here} |",
            reader.name, reader.package
        );
    }
    Ok(table)
}

/// Returns the version of a package in this build and the directory of its source.
fn source_of(metadata: &str, package: &str) -> Option<(String, PathBuf)> {
    let manifests = metadata.split("\"manifest_path\":\"").skip(1).filter_map(|rest| rest.split('"').next());
    manifests.map(PathBuf::from).find_map(|manifest| {
        let directory = manifest.parent()?;
        let version = directory.file_name()?.to_str()?.strip_prefix(package)?.strip_prefix('-')?;
        version.starts_with(|c: char| c.is_ascii_digit()).then(|| (version.to_string(), directory.to_path_buf()))
    })
}

/// Counts lines of code and `unsafe` blocks of the first function after `after` whose name begins
/// with `poll_read`.
fn count(source: &str, after: &str) -> Option<(usize, usize)> {
    let source = source.split_once(after)?.1;
    let start = source.find("fn poll_read")?;
    let (mut depth, mut end) = (0, 0);
    for (i, c) in source[start..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => continue,
        }
        if depth == 0 {
            end = i + 1;
            break;
        }
    }
    let function = &source[start..start + end];
    let code = function.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    Some((code.clone().count(), code.map(|line| line.matches("unsafe {").count()).sum()))
}
