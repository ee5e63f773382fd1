//! A reader must say how it reads: there is no default to run in circles.
struct Reader;

impl io_shim::AsyncReadBuf for Reader {}
impl io_shim::ReadBuf for Reader {}

fn main() {}
