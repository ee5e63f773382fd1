//! Instead: write `poll_read_into` (or `read_into`), in one line over `SliceFeed` where the source reads into slices.
struct Reader;

impl io_shim::AsyncReadBuf for Reader {}
impl io_shim::ReadBuf for Reader {}

fn main() {}
