//! Programs that must not compile, the compiler's messages, and the page that explains them.
//!
//! The messages change with the compiler. To accept the new ones, run this, and read them:
//! `TRYBUILD=overwrite cargo test --all-features --test it -- ui::`

use std::fs;
use std::path::Path;
use std::process::Command;

/// The release of Rust whose messages are committed. Other releases word some of them differently.
const RELEASE: &str = "1.95.";

#[test]
fn compile_errors() {
    if !is_release() {
        return;
    }
    let tests = trybuild::TestCases::new();
    tests.compile_fail("tests/ui/*.rs");
}

/// Returns whether the compiler is of that release, and prints a line if it is not.
fn is_release() -> bool {
    let compiler = std::env::var_os("RUSTC").unwrap_or("rustc".into());
    let version = String::from_utf8(Command::new(compiler).arg("--version").output().unwrap().stdout).unwrap();
    let is = version.split(' ').nth(1).is_some_and(|version| version.starts_with(RELEASE));
    if !is {
        println!("not compared: the messages are those of Rust {RELEASE}x, and this is {version}");
    }
    is
}

/// Returns what the compiler says about a file of `tests/ui/features`, in a package without
/// io-shim's default features.
fn said_without_features(file: &str, dependencies: &str) -> String {
    let package = tempfile::tempdir().unwrap();
    let manifest = format!(
        "[package]\nname = \"without-features\"\nedition = \"2024\"\n[workspace]\n\
         [[bin]]\nname = \"without-features\"\npath = {:?}\n\
         [dependencies]\n{dependencies}\nio-shim.path = {:?}\nio-shim.default-features = false\n",
        root().join("tests/ui/features").join(file),
        root(),
    );
    fs::write(package.path().join("Cargo.toml"), manifest).unwrap();
    fs::copy(root().join("Cargo.lock"), package.path().join("Cargo.lock")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--color=never"])
        .current_dir(package.path())
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("without-features"))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{said}");
    said
}

fn first_error(said: &str) -> &str {
    said.lines().find(|line| line.starts_with("error")).unwrap_or_else(|| panic!("no error in {said}"))
}

#[test]
fn missing_features_are_named() {
    if !is_release() {
        return;
    }
    let said = said_without_features("missing_feature.rs", "io-shim.features = [\"std\"]");
    let first = first_error(&said);
    assert_eq!(first, "error[E0432]: unresolved import `io_shim::Hyper`", "{said}");
    let gate = "the item is gated behind the `hyper` feature";
    let second = "error[E0277]: `Shim::from_hyper` and `for_hyper` need io-shim's feature `hyper`";
    for line in [first, gate, second] {
        assert!(said.contains(line), "{said}");
        assert!(page().contains(line), "{line}");
    }
    assert!(said.contains("add it to io-shim's entry in Cargo.toml: `features = [\"hyper\"]`"), "{said}");
    assert_page_has_advice("missing_feature");
}

/// Without the hidden stand-ins, the compiler would suggest another method of a similar name.
#[test]
fn missing_methods_name_their_feature() {
    if !is_release() {
        return;
    }
    let dependencies = "io-shim.features = [\"tokio\"]\ntokio = { version = \"1\", features = [\"io-util\"] }";
    for (name, feature) in
        [("missing_feature_in_for_hyper", "hyper"), ("missing_feature_in_into_byte_stream", "stream")]
    {
        let said = said_without_features(&format!("{name}.rs"), dependencies);
        let mut errors: Vec<_> = said.lines().filter(|line| line.starts_with("error[")).collect();
        errors.dedup();
        let [error] = errors[..] else { panic!("{name} has several messages, or none: {said}") };
        assert!(error.ends_with(&format!(" io-shim's feature `{feature}`")), "{said}");
        let advice = format!("add it to io-shim's entry in Cargo.toml: `features = [\"{feature}\"]`");
        assert!(said.contains(&advice), "{said}");
        assert!(section(&page(), name).contains(&format!("* It says: `` {error} ``\n")), "{name}: {error}");
        assert_page_has_advice(name);
    }
}

#[test]
fn page_has_what_is_said_where_hyper_gets_a_shim_without_the_feature() {
    if !is_release() {
        return;
    }
    let dependencies =
        "io-shim.features = [\"tokio\"]\nhyper = \"1\"\ntokio = { version = \"1\", features = [\"io-util\"] }";
    let said = said_without_features("missing_feature_for_hyper.rs", dependencies);
    assert!(page().contains(&format!("* It says: `` {} ``\n", first_error(&said))), "{said}");
    assert_page_has_advice("missing_feature_for_hyper");
}

/// The page has a section for each file, with the first line of the message and the file's advice.
#[test]
fn page_explains_every_mistake() {
    let page = page();
    let mistakes = names("tests/ui");
    for name in &mistakes {
        let said = fs::read_to_string(root().join("tests/ui").join(name).with_extension("stderr")).unwrap();
        let section = section(&page, name);
        assert!(section.contains(&format!("* It says: `` {} ``\n", said.lines().next().unwrap())), "{name}: {said}");
        assert!(section.contains("* Written: `"), "{name}");
        assert_advice(section, &root().join("tests/ui").join(name));
    }
    let features = names("tests/ui/features");
    let sections = page.matches("\n## ").count();
    assert_eq!(mistakes.len() + features.len(), sections, "the page has a section that belongs to no file");
}

fn assert_page_has_advice(name: &str) {
    assert_advice(section(&page(), name), &root().join("tests/ui/features").join(name));
}

/// Asserts that a section has the advice that the file begins with. Line breaks may differ.
fn assert_advice(section: &str, file: &Path) {
    let source = fs::read_to_string(file.with_extension("rs")).unwrap();
    let lines: Vec<_> = source.lines().map_while(|line| line.strip_prefix("//! ")).collect();
    let advice = lines.join(" ");
    assert!(advice.starts_with("Instead: "), "{file:?} does not begin with advice");
    let items: Vec<_> =
        section.split("\n* ").map(|item| item.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert!(items.contains(&advice), "{file:?}: {advice}");
}

/// Returns the page's section of that name.
fn section<'a>(page: &'a str, name: &str) -> &'a str {
    let sections: Vec<_> = page.split("\n## ").skip(1).filter(|section| section.lines().next() == Some(name)).collect();
    let [section] = sections[..] else { panic!("docs/MISTAKES.md has no section, or several, of {name}") };
    section
}

/// Returns the names of the Rust files in a directory, without their extension.
fn names(directory: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(directory)).unwrap().map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect()
}

fn page() -> String {
    fs::read_to_string(root().join("docs/MISTAKES.md")).unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
