//! Instead: write `poll_read_into` or `read_into`. Where the source reads into slices, it is one
//! line over `SliceFeed`.
struct Reader;

impl io_shim::AsyncReadBuf for Reader {}
impl io_shim::ReadBuf for Reader {}

fn main() {}
