use io_shim::Shim;
use redis::{AsyncCommands, AsyncConnectionConfig, RedisResult, aio::MultiplexedConnection};
use smol::net::TcpStream;

async fn connect(stream: TcpStream) -> RedisResult<MultiplexedConnection> {
    let (info, config) = (Default::default(), AsyncConnectionConfig::new());
    let (connection, driver) =
        MultiplexedConnection::new_with_config(&info, Shim::from_smol(stream), config).await?;
    smol::spawn(driver).detach();
    Ok(connection)
}

async fn greet(stream: TcpStream) -> RedisResult<String> {
    let mut connection = connect(stream).await?;
    let () = connection.set("greeting", "hello").await?;
    connection.get("greeting").await
}

fn main() -> RedisResult<()> {
    smol::block_on(async {
        let greeting = greet(TcpStream::connect("127.0.0.1:6379").await?).await?;
        println!("{greeting}");
        Ok(())
    })
}
