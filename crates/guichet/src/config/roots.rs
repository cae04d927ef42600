//! Certificate authorities besides the usual ones, from PEM files.

use std::fmt;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// The authorities of some files; none by default.
#[derive(Debug, Clone, Default)]
pub(crate) struct ExtraRoots {
    files: Vec<PathBuf>,
    certificates: Vec<CertificateDer<'static>>,
}

impl ExtraRoots {
    /// Reads every certificate of these files. The error names the file.
    pub(super) fn read(files: Vec<PathBuf>) -> Result<Self, String> {
        let mut certificates = Vec::new();
        for file in &files {
            let read = certificates_of(file);
            certificates.extend(read.map_err(|message| format!("{}: {message}", file.display()))?);
        }
        Ok(Self {
            files,
            certificates,
        })
    }

    /// The certificates, each fit to be trusted.
    pub(crate) fn certificates(&self) -> &[CertificateDer<'static>] {
        &self.certificates
    }
}

fn certificates_of(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = std::fs::read(file).map_err(|error| format!("cannot be read: {error}"))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let found = found.map_err(|error| format!("is no PEM: {error}"))?;
    if found.is_empty() {
        return Err(
            "holds no certificate: PEM with `-----BEGIN CERTIFICATE-----` is needed".into(),
        );
    }
    for certificate in &found {
        let added = RootCertStore::empty().add(certificate.clone());
        added.map_err(|error| format!("holds a certificate that cannot be used: {error}"))?;
    }
    Ok(found)
}

/// The files, as the configuration would spell them.
impl fmt::Display for ExtraRoots {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, file) in self.files.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(formatter, "{comma}{}", file.display())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500`; its private
    /// key is gone.
    const AUTHORITY: &str = include_str!("roots/authority.pem");

    #[test]
    fn every_certificate_of_every_file_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one.pem"), folder.path().join("two.pem"));
        std::fs::write(&one, AUTHORITY).unwrap();
        std::fs::write(&two, format!("# both\n{AUTHORITY}\n{AUTHORITY}")).unwrap();
        let read = ExtraRoots::read(vec![one.clone(), two.clone()]).unwrap();
        assert_eq!(read.certificates().len(), 3);
        let shown = format!("{},{}", one.display(), two.display());
        assert_eq!(read.to_string(), shown);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (name, text, wrong) in [
            ("empty.pem", Some(""), "holds no certificate"),
            (
                "broken.pem",
                Some(broken),
                "holds a certificate that cannot be used",
            ),
            ("absent.pem", None, "cannot be read"),
        ] {
            let file = folder.path().join(name);
            if let Some(text) = text {
                std::fs::write(&file, text).unwrap();
            }
            let error = ExtraRoots::read(vec![file]).unwrap_err();
            assert!(error.contains(&format!("{name}: {wrong}")), "{error}");
        }
    }
}
