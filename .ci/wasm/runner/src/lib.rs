//! Runs tests in a WebAssembly module. There, std prints nothing, so the host prints.
#![feature(test)]

extern crate test;

use std::panic::catch_unwind;

use test::{ShouldPanic, TestDescAndFn, TestFn};

mod host {
    #[link(wasm_import_module = "host")]
    unsafe extern "C" {
        /// Prints the bytes.
        pub(crate) fn print(at: *const u8, len: usize);
        /// Fills the memory with random bytes.
        pub(crate) fn random(at: *mut u8, len: usize);
        /// Ends the process.
        pub(crate) fn exit(status: u32) -> !;
    }
}

fn print(text: String) {
    // SAFETY: the host reads the bytes before it returns.
    unsafe { host::print(text.as_ptr(), text.len()) }
}

/// Returns random numbers to the crate getrandom.
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(at: *mut u8, len: usize) -> Result<(), getrandom::Error> {
    // SAFETY: the caller passes memory to write to.
    unsafe { host::random(at, len) };
    Ok(())
}

/// Runs the tests one by one, and prints what libtest prints.
pub fn run(tests: &[&TestDescAndFn]) {
    std::panic::set_hook(Box::new(|info| print(format!("{info}\n"))));
    print(format!("\nrunning {} tests\n", tests.len()));
    let (mut passed, mut failed, mut ignored) = (0, 0, 0);
    for test in tests {
        let name = test.desc.name.as_slice();
        if test.desc.ignore {
            ignored += 1;
            print(format!("test {name} ... ignored\n"));
            continue;
        }
        let TestFn::StaticTestFn(function) = test.testfn else { unreachable!("only functions are tests") };
        print(format!("running {name}\n"));
        let panicked = !matches!(catch_unwind(function), Ok(Ok(())));
        let expected = !matches!(test.desc.should_panic, ShouldPanic::No);
        if panicked == expected {
            passed += 1;
            print(format!("test {name} ... ok\n"));
        } else {
            failed += 1;
            print(format!("test {name} ... FAILED\n"));
        }
    }
    let result = if failed == 0 { "ok" } else { "FAILED" };
    print(format!("\ntest result: {result}. {passed} passed; {failed} failed; {ignored} ignored; 0 measured; 0 filtered out\n"));
    // SAFETY: nothing has to be cleaned up.
    unsafe { host::exit(u32::from(failed > 0)) }
}
