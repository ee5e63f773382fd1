//! The models of the tests, which the fuzz targets run.

#[path = "../../tests/it/model/cursor.rs"]
pub mod cursor;
#[path = "../../tests/it/model/reader/mod.rs"]
pub mod reader;
#[path = "../../tests/it/model/script.rs"]
pub mod script;
#[path = "../../tests/it/model/tracked.rs"]
pub mod tracked;
#[path = "../../tests/it/model/writer.rs"]
pub mod writer;
