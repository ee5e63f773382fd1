//! The integration tests, one binary. Each module tests one concept.
//! `mock`, `alloc` and `support` have what the modules share.
#![cfg_attr(io_shim_std_read_buf, feature(borrowed_buf_init, core_io_borrowed_buf, read_buf))]
#![allow(unsafe_code, reason = "tests look at memory that is not filled, and count allocations")]
#![allow(missing_docs, missing_debug_implementations, unreachable_pub, reason = "nothing here is public")]

mod accessors;
mod alloc;
mod auto_traits;
mod block_on;
mod buffered_reading;
mod closing;
mod constructors;
mod cursor;
mod every;
mod examples;
mod executors;
mod fd;
mod files;
mod first_hour;
mod hostile;
mod hostile_types;
mod hyper_chunked_responses;
mod hyper_on_smol;
mod memcheck;
mod migrating;
mod mock;
mod model;
mod non_blocking;
mod owned;
mod packets;
mod pooled_client;
mod recipes;
mod seek;
mod slice_feed;
mod smol_sockets;
mod spare;
mod split;
mod starvation;
#[cfg(io_shim_std_read_buf)]
mod std_read_buf;
mod std_types;
mod stream_sinks;
mod streams;
mod stress;
mod suites;
mod support;
mod tokio_context;
mod traits;
mod ui;
mod vectored;
mod watermark;
mod yielding;
mod zeroing;
