//! The owned buffer, and the operations that read into it and copy through it.

mod operations;
mod tracked_buf;
