//! Real sockets: all data arrives, in both directions at once.

use futures::future::{join, try_join};
use io_shim::Shim;

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i as u32).wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap()
}

#[test]
fn a_tokio_socket_in_a_futures_library_and_back() {
    use futures::io::{AsyncReadExt as _, AsyncWriteExt as _};
    runtime().block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (client, server) = try_join(tokio::net::TcpStream::connect(address), listener.accept()).await.unwrap();
        let data = pattern(1 << 20);
        let mut client = Shim::from_tokio(client).for_futures();
        let (reader, mut writer) = Shim::from_tokio(server.0).for_futures().split();
        let echo = async { futures::io::copy(reader, &mut writer).await.unwrap() };
        let send = async {
            let mut received = vec![0; data.len()];
            for (out, back) in data.chunks(50_000).zip(received.chunks_mut(50_000)) {
                client.write_all(out).await.unwrap();
                client.read_exact(back).await.unwrap();
            }
            client.close().await.unwrap();
            received
        };
        let (echoed, received) = join(echo, send).await;
        assert_eq!(echoed, data.len() as u64);
        assert!(received == data);
    });
}

#[test]
fn a_smol_socket_in_a_tokio_library_and_back() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio_util::codec::{Framed, LengthDelimitedCodec};
    smol::block_on(async {
        let listener = smol::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (client, server) = try_join(smol::net::TcpStream::connect(address), listener.accept()).await.unwrap();
        let data = pattern(300_000);
        let mut client = Shim::from_futures(client).for_tokio();
        let mut server = Framed::new(Shim::from_futures(server.0), LengthDelimitedCodec::new());
        let echo = async {
            use futures::{SinkExt as _, StreamExt as _};
            let frame = server.next().await.unwrap().unwrap();
            server.send(frame.freeze()).await.unwrap();
        };
        let send = async {
            let length = (data.len() as u32).to_be_bytes();
            let mut message = bytes::Buf::chain(&length[..], &data[..]);
            client.write_all_buf(&mut message).await.unwrap();
            assert_eq!(client.read_u32().await.unwrap(), data.len() as u32);
            let mut received = vec![0; data.len()];
            client.read_exact(&mut received).await.unwrap();
            received
        };
        let (_, received) = join(echo, send).await;
        assert!(received == data);
    });
}

#[test]
fn real_compression_in_both_ecosystems() {
    let data = pattern(400_000);
    let compressed = futures::executor::block_on(async {
        use futures::io::AsyncWriteExt as _;
        // A futures-io encoder over a tokio writer.
        let mut encoder =
            async_compression::futures::write::GzipEncoder::new(Shim::from_tokio(std::io::Cursor::new(Vec::new())));
        encoder.write_all(&data).await.unwrap();
        encoder.close().await.unwrap();
        encoder.into_inner().into_inner().into_inner()
    });
    let text = futures::executor::block_on(async {
        use tokio::io::AsyncReadExt as _;
        // A tokio decoder over a buffered futures-io reader.
        let reader = Shim::from_futures_buf(futures::io::Cursor::new(compressed));
        let mut decoder = async_compression::tokio::bufread::GzipDecoder::new(reader);
        let mut text = Vec::new();
        decoder.read_to_end(&mut text).await.unwrap();
        text
    });
    assert!(text == data);
}
