//! What io-shim costs a server: on smol's sockets, and under hyper's HTTP/1 server.
//!
//! `cargo bench --features full --bench servers` measures quickly and prints tables; with `-- --report` it takes up to three minutes and
//! writes `benches/report/servers.md`, too. Only what is named is measured, if any of `reads`, `tcp`, `memory` and `chunked` is.

mod chunked;
#[path = "../shared/clock.rs"]
mod clock;
mod counted;
mod duplex;
mod http;
mod loopback;
mod measure;
mod memory;
mod native;
mod peers;
mod reads;
mod report;
mod script;
mod sink;
mod tcp;

use std::io;
use std::path::Path;
use std::process::Command;

use measure::Effort;
use peers::names;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let writes = has("--report");
    if !writes && !has("--bench") {
        println!("servers: run by `cargo bench`; nothing to test");
        return Ok(());
    }
    if let Some(status) = with_quiet_allocator()? {
        std::process::exit(status);
    }
    let is_wanted = |name: &str| has(name) || arguments.iter().all(|argument| argument.starts_with("--"));
    let [of_reads, of_tcp, of_memory] =
        if writes { [Effort::READS, Effort::TCP, Effort::MEMORY] } else { [Effort::QUICK; 3] };
    let mut text = report::head();
    let mut section = |title: &str, table: report::Table| {
        println!("## {title}\n\n{table}");
        text.push_str(&format!("\n## {title}\n\n{table}"));
    };
    if is_wanted("chunked") {
        section("Write calls of a chunked response, 64 x 4 KiB", chunked::table(&chunked::measure()?));
    }
    if is_wanted("memory") {
        let rows = memory::measure(of_memory)?;
        section(
            "hyper's server in memory, nothing but reads",
            report::ratios("request", &names(&memory::PEERS), &rows),
        );
        let rows = duplex::measure(of_memory)?;
        section("hyper's server and a client, in memory", report::ratios("request", &names(&memory::PEERS), &rows));
    }
    if is_wanted("tcp") {
        let rows = tcp::measure(of_tcp)?;
        section("hyper's server on smol, loopback TCP", report::ratios("request", &names(&tcp::PEERS), &rows));
    }
    if is_wanted("reads") {
        let rows = reads::measure(of_reads)?;
        section("Reads on a smol socket, loopback TCP", report::ratios("read", &names(&reads::PEERS), &rows));
    }
    if writes {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/report");
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("servers.md"), text)?;
    }
    Ok(())
}

/// Runs this program again with an allocator that returns nothing to the system, unless it has one: page faults are not to
/// decide which peer is the faster one.
fn with_quiet_allocator() -> io::Result<Option<i32>> {
    const SETTINGS: [(&str, &str); 2] = [("MALLOC_MMAP_MAX_", "0"), ("MALLOC_TRIM_THRESHOLD_", "4000000000")];
    if std::env::var_os(SETTINGS[0].0).is_some() {
        return Ok(None);
    }
    let mut again = Command::new(std::env::current_exe()?);
    let status = again.args(std::env::args_os().skip(1)).envs(SETTINGS).status()?;
    Ok(Some(status.code().unwrap_or(1)))
}
