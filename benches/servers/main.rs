//! Measures what io-shim costs a server: on smol's sockets, and in hyper's HTTP/1 server.
//!
//! `cargo bench --features full --bench servers` measures quickly and prints tables. With
//! `-- --report` it takes up to three minutes, and also writes `benches/report/servers.md`. The
//! arguments `reads`, `tcp`, `memory` and `chunked` select some of the tables.

mod chunked;
mod counted;
mod duplex;
mod http;
#[path = "../shared/measure.rs"]
mod measure;
mod memory;
mod native;
mod peers;
mod reads;
#[path = "../shared/report.rs"]
mod report;
mod script;
mod sink;
mod tables;
mod tcp;

use std::io;
use std::time::Duration;

use measure::Effort;

/// For a first look.
const QUICK: Effort = Effort { rounds: 15, least: 5, limit: Duration::from_millis(800) };
/// For a report.
const FULL: Effort = Effort { rounds: 401, least: 25, limit: Duration::from_secs(5) };
/// For a report over TCP, where a round takes longer.
const FULL_TCP: Effort = Effort { limit: Duration::from_secs(16), ..FULL };

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let writes = has("--report");
    if !writes && !has("--bench") {
        println!("servers: run by `cargo bench`; nothing to test");
        return Ok(());
    }
    measure::with_quiet_allocator()?;
    let is_wanted = |name: &str| has(name) || arguments.iter().all(|argument| argument.starts_with("--"));
    let (effort, effort_tcp) = if writes { (FULL, FULL_TCP) } else { (QUICK, QUICK) };
    let mut text = tables::head();
    let mut section = |title: &str, table: report::Table| {
        println!("## {title}\n\n{table}");
        text.push_str(&format!("\n## {title}\n\n{table}"));
    };
    if is_wanted("chunked") {
        section("Write calls of a chunked response, 64 x 4 KiB", chunked::table(&chunked::measure()?));
    }
    let mut all: Vec<(&str, tables::Row)> = Vec::new();
    let mut times = |title, unit, peers: &[peers::Peer], rows: Vec<tables::Row>| {
        section(title, tables::ratios(unit, peers, &rows));
        all.extend(rows.into_iter().map(|row| (title, row)));
    };
    if is_wanted("memory") {
        let rows = memory::measure(effort)?;
        times("hyper's server in memory, nothing but reads", "request", &memory::PEERS, rows);
        times("hyper's server and a client, in memory", "request", &memory::PEERS, duplex::measure(effort)?);
    }
    if is_wanted("tcp") {
        times("hyper's server on smol, loopback TCP", "request", &tcp::PEERS, tcp::measure(effort_tcp)?);
    }
    if is_wanted("reads") {
        times("Reads on a smol socket, loopback TCP", "read", &reads::PEERS, reads::measure(effort)?);
    }
    let ahead = tables::ahead(&all);
    println!("{ahead}");
    text.push_str(&format!("\n{ahead}"));
    if writes {
        report::save("servers.md", &text)?;
    }
    Ok(())
}
