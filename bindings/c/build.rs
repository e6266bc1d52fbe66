//! Link arguments of the shared library.

use std::env::{self, VarError};

fn main() -> Result<(), VarError> {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_OS")? == "linux" {
        let major = env::var("CARGO_PKG_VERSION_MAJOR")?;
        let minor = env::var("CARGO_PKG_VERSION_MINOR")?;
        // Before 1.0 every minor version may break the ABI.
        let soname = if major == "0" { format!("0.{minor}") } else { major };
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libtrustdir.so.{soname}");
        // The cryptography registers a thread-exit destructor inside the library: unloading the library
        // while a thread that used it lives would crash that thread when it ends.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
    Ok(())
}
