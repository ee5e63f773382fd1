use async_compression::futures::bufread::GzipDecoder;
use futures::io::{AsyncReadExt, BufReader};
use io_shim::Shim;
use tokio::net::TcpStream;

async fn gunzip(socket: TcpStream) -> std::io::Result<String> {
    let mut text = String::new();
    GzipDecoder::new(BufReader::new(Shim::from_tokio(socket))).read_to_string(&mut text).await?;
    Ok(text)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let socket = TcpStream::connect("127.0.0.1:9000").await?;
    gunzip(socket).await.map(|text| print!("{text}"))
}
