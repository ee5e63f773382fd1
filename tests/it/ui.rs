//! What must not compile, and what it says.

#[test]
fn compile_errors() {
    let tests = trybuild::TestCases::new();
    tests.compile_fail("tests/ui/*.rs");
}
