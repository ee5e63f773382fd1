//! Uses readers (gzip, lines and zip) of one ecosystem from the other.
//!
//! One call converts the reader for the other ecosystem, or converts the stream that it reads from.
//! The data is generated in memory and in temporary files, and everything that is read is checked.
//!
//! ```text
//! cargo run --example wrap_reader --features full
//! ```

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use async_compression::{futures as gzip_futures, tokio as gzip_tokio};
use async_zip::base::{read::seek::ZipFileReader, write::ZipFileWriter};
use async_zip::{Compression, ZipEntryBuilder};
use io_shim::Shim;

type Result<T = (), E = Box<dyn Error>> = std::result::Result<T, E>;

/// The number of records in the table.
const RECORDS: u64 = 20_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    let directory = tempfile::tempdir()?;
    let table = table();
    let compressed = compress(&table).await?;
    gunzip_for_tokio(&compressed, &table).await?;
    gunzip_for_futures(&compressed, &table).await?;
    lines_of_smol(&directory.path().join("table.csv.gz"), &compressed).await?;
    zip_of_tokio(&directory.path().join("table.zip"), &table).await?;
    Ok(())
}

fn table() -> String {
    let mut table = String::from("number,square\n");
    for number in 0..RECORDS {
        writeln!(table, "{number},{}", number * number).expect("writing to a String cannot fail");
    }
    table
}

async fn compress(table: &str) -> Result<Vec<u8>> {
    use tokio::io::AsyncReadExt as _;

    let mut compressed = Vec::new();
    gzip_tokio::bufread::GzipEncoder::new(table.as_bytes()).read_to_end(&mut compressed).await?;
    Ok(compressed)
}

/// Reads a futures-io decoder with tokio's methods.
async fn gunzip_for_tokio(compressed: &[u8], table: &str) -> Result {
    use tokio::io::AsyncReadExt as _;

    let decoder = gzip_futures::bufread::GzipDecoder::new(compressed);
    let mut text = String::new();
    Shim::from_futures(decoder).for_tokio().read_to_string(&mut text).await?;
    assert_eq!(text, table);
    println!("futures-io gzip decoder read with tokio: {} bytes from {}", text.len(), compressed.len());
    Ok(())
}

/// Reads a tokio decoder with the methods of futures-io.
async fn gunzip_for_futures(compressed: &[u8], table: &str) -> Result {
    use futures::io::AsyncReadExt as _;

    let decoder = gzip_tokio::bufread::GzipDecoder::new(compressed);
    let mut text = String::new();
    Shim::from_tokio(decoder).for_futures().read_to_string(&mut text).await?;
    assert_eq!(text, table);
    println!("tokio gzip decoder read with futures-io: {} bytes from {}", text.len(), compressed.len());
    Ok(())
}

/// Reads a smol file through a futures-io decoder with tokio's lines.
async fn lines_of_smol(path: &Path, compressed: &[u8]) -> Result {
    use tokio::io::AsyncBufReadExt as _;

    smol::fs::write(path, compressed).await?;
    let file = smol::io::BufReader::new(smol::fs::File::open(path).await?);
    let decoder = gzip_futures::bufread::GzipDecoder::new(file);
    let mut lines = tokio::io::BufReader::new(Shim::from_futures(decoder).for_tokio()).lines();
    assert_eq!(lines.next_line().await?.as_deref(), Some("number,square"));
    let mut count = 0;
    while let Some(line) = lines.next_line().await? {
        assert_eq!(line, format!("{count},{}", count * count));
        count += 1;
    }
    assert_eq!(count, RECORDS);
    println!("tokio lines over a smol file: {count} records");
    Ok(())
}

/// Writes and reads tokio files with async_zip for futures-io. Reading needs seeks.
async fn zip_of_tokio(path: &Path, table: &str) -> Result {
    use futures::io::AsyncWriteExt as _;

    let mut writer = ZipFileWriter::new(Shim::from_tokio(tokio::fs::File::create(path).await?).for_futures());
    let entries = [("table.csv", table), ("note.txt", "squares\n"), ("empty", "")];
    for (name, text) in entries {
        let entry = ZipEntryBuilder::new(name.into(), Compression::Stored);
        writer.write_entry_whole(entry, text.as_bytes()).await?;
    }
    writer.close().await?.close().await?;

    let file = tokio::io::BufReader::new(tokio::fs::File::open(path).await?);
    let mut reader = ZipFileReader::new(Shim::from_tokio(file).for_futures()).await?;
    assert_eq!(reader.file().entries().len(), entries.len());
    // In reverse order, to make it seek.
    for (index, (name, text)) in entries.into_iter().enumerate().rev() {
        let mut entry = reader.reader_with_entry(index).await?;
        assert_eq!(entry.entry().filename().as_str()?, name);
        let mut read = String::new();
        entry.read_to_string_checked(&mut read).await?; // also compares the CRC
        assert_eq!(read, text);
    }
    println!("futures-io zip reader over a tokio file: {} entries", entries.len());
    Ok(())
}
