//! The pages of the repository's `docs/` folder. This module exists in the documentation only.

/// Which constructor to use for the type you have.
///
#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/CONSTRUCTORS.md")]
pub mod constructors {}

/// What to write instead of another adapter, before and after.
///
#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/MIGRATING.md")]
pub mod migrating {}

/// What the compiler says about typical mistakes, and what to write instead.
///
#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/MISTAKES.md")]
pub mod mistakes {}

/// What closing and dropping do, and files: last writes and positions.
///
#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/CLOSING.md")]
pub mod closing {}

/// Which executor runs what; tokio elsewhere; synchronous code; yielding.
///
#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/EXECUTORS.md")]
pub mod executors {}

/// What is zeroed, what is not, and how to choose.
///
#[doc = include_str!("guide/links.md")]
#[doc = include_str!("guide/charts.md")]
#[doc = include_str!("../docs/ZEROING.md")]
pub mod zeroing {}

/// What it costs at run time and at build time.
///
#[doc = include_str!("guide/links.md")]
#[doc = include_str!("guide/charts.md")]
#[doc = include_str!("../docs/FIGURES.md")]
pub mod figures {}

/// Which traits a shim implements, by constructor.
///
#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/MATRIX.md")]
pub mod matrix {}

/// What the versions of tokio, futures-io, hyper and bytes mean for io-shim's.
///
#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/VERSIONS.md")]
pub mod versions {}

/// The questions of the design debate of 2020, answered with figures.
///
#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/DEBATE.md")]
pub mod debate {}

/// Short programs for common tasks.
///
#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/RECIPES.md")]
pub mod recipes {}
