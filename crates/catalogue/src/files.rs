//! Where the files come from: the built-in catalogue, and the operator's folder over it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use crate::problem::{Problem, Problems};

#[derive(rust_embed::RustEmbed)]
#[folder = "../../catalogue"]
struct BuiltIn;

/// Every file of a catalogue by its path below the catalogue's root (`weather/open-meteo.toml`).
#[derive(Debug, Clone, Default)]
pub struct Files(BTreeMap<String, File>);

/// One file.
#[derive(Debug, Clone)]
pub struct File {
    /// What to call it in messages.
    pub name: String,
    /// Its text.
    pub text: Cow<'static, str>,
    /// Whether the operator wrote it (or changed it): hosts named there are trusted, private ones too.
    pub own: bool,
}

impl Files {
    /// The files of the binary, samples included.
    #[must_use]
    pub fn built_in() -> Self {
        Self::of_binary(|_| true)
    }

    /// The files of the binary without the samples, which only tests and the simulator read: they stay on disk.
    #[must_use]
    pub fn built_in_without_samples() -> Self {
        Self::of_binary(|path| path.matches('/').count() == 1)
    }

    fn of_binary(wanted: impl Fn(&str) -> bool) -> Self {
        let mut files = Self::default();
        for path in BuiltIn::iter().filter(|path| wanted(path)) {
            let Some(content) = BuiltIn::get(&path) else {
                continue;
            };
            let text = match content.data {
                Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
                Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
            };
            files.insert(
                &path,
                File {
                    name: format!("built-in {path}"),
                    text,
                    own: false,
                },
            );
        }
        files
    }

    /// Lays the files of a folder over these. A folder that does not exist is an error, an empty one is not.
    pub fn overlay(&mut self, folder: &Path) -> Result<(), Problems> {
        let mut own = Vec::new();
        walk(folder, folder, &mut own).map_err(|problem| Problems(vec![problem]))?;
        let mut problems = Vec::new();
        for (path, file) in own {
            match crate::patch::over(self.0.get(&path), file) {
                Ok(file) => self.insert(&path, file),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Problems(problems))
        }
    }

    /// Adds a file, in place of one with the same path.
    pub fn insert(&mut self, path: &str, file: File) {
        self.0.insert(path.to_owned(), file);
    }

    /// The file at this path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&File> {
        self.0.get(path)
    }

    /// All files, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &File)> {
        self.0.iter().map(|(path, file)| (path.as_str(), file))
    }
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<(String, File)>) -> Result<(), Problem> {
    let unreadable = |path: &Path, error: std::io::Error| {
        Problem::of_file(path.display().to_string(), error.to_string())
    };
    let entries = std::fs::read_dir(folder).map_err(|error| unreadable(folder, error))?;
    for entry in entries {
        let path = entry.map_err(|error| unreadable(folder, error))?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let known = path
            .extension()
            .is_some_and(|extension| extension == "toml" || extension == "json");
        if hidden {
            continue;
        }
        if path.is_dir() {
            walk(root, &path, found)?;
        } else if known {
            let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
            let below = path
                .strip_prefix(root)
                .unwrap_or(&path)
                .to_string_lossy()
                .replace('\\', "/");
            found.push((
                below,
                File {
                    name: path.display().to_string(),
                    text: text.into(),
                    own: true,
                },
            ));
        }
    }
    Ok(())
}
