//! The integration tests, one binary. Each module tests one concept; `mock` has what they share.
#![allow(unsafe_code, reason = "tests look at memory that is not filled, and count allocations")]
#![allow(missing_docs, missing_debug_implementations, unreachable_pub, reason = "nothing here is public")]

mod access;
mod alloc;
mod auto_traits;
mod block_on;
mod bridge;
mod bridging;
mod buffered;
mod constructors;
mod cursor;
mod defaults;
mod delegate;
mod every;
mod examples;
mod examples_bridging;
mod examples_postgres;
mod examples_tls;
mod examples_websocket;
mod fd;
mod feed;
mod first_hour;
mod forward;
mod hostile;
mod hyper_server;
mod hyper_writes;
mod memcheck;
mod migrating;
mod mirror;
mod mock;
mod model;
mod seek;
mod smol_sockets;
mod sockets;
mod spare;
mod std_types;
mod strace;
mod streams;
mod stress;
mod stress_hyper;
mod suites;
mod tokio_context;
mod ui;
mod vectored;
mod watermark;
mod zeroing;
