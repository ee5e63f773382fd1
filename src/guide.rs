//! The pages of the repository's `docs/`, for those who read here.
//!
//! | page | for |
//! |---|---|
//! | [Migrating](migrating) | those who use another adapter: the same lines before and after |
//! | [Mistakes](mistakes) | what the compiler says of typical ones, and what to write instead |
//! | [Matrix](matrix) | which traits a shim has, by constructor and trait by trait |
//! | [Debate](debate) | the questions of the design debate of 2020, answered with figures |
//!
//! This module is in the documentation alone.

/// The page `docs/MIGRATING.md`.
///
#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/MIGRATING.md")]
pub mod migrating {}

/// The page `docs/MISTAKES.md`.
///
#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/MISTAKES.md")]
pub mod mistakes {}

/// The page `docs/MATRIX.md`.
///
#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/MATRIX.md")]
pub mod matrix {}

/// The page `docs/DEBATE.md`.
///
#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/DEBATE.md")]
pub mod debate {}
