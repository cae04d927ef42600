//! The one cryptography provider of the process.

/// Chooses it, before anything can make a TLS connection.
pub(crate) fn install() {
    // Fails only where one was chosen before, and nothing runs before this.
    let _chosen_before = rustls::crypto::aws_lc_rs::default_provider().install_default();
}
