//! What several modules of tests share, beside `mock` and `alloc`.

pub mod endless;
pub mod process;
pub mod strace;
pub mod sync_async;

/// Whether a page has a table. Elsewhere than on Unix the table has fewer rows, and the page must
/// have each.
pub fn has_table(page: &str, table: &str) -> bool {
    if cfg!(unix) { page.contains(table) } else { table.lines().all(|row| page.lines().any(|line| line == row)) }
}
