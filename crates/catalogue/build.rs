//! New files of the catalogue are embedded without a change in the sources.

fn main() {
    println!("cargo::rerun-if-changed=../../catalogue");
}
