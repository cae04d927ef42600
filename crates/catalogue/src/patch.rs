//! An operator's file over a built-in one: in its place, or, with `patch = true`, changing only the keys it names.

use toml::{Table, Value};

use crate::files::File;
use crate::problem::Problem;

/// The file that results from laying `own` over `below`.
pub(crate) fn over(below: Option<&File>, own: File) -> Result<File, Problem> {
    // What does not parse is reported with its line when it is read as what it should be.
    let Ok(mut table) = own.text.parse::<Table>() else {
        return Ok(own);
    };
    if table.remove("patch") != Some(Value::Boolean(true)) {
        return Ok(own);
    }
    let Some(below) = below else {
        return Err(Problem::of_file(
            own.name,
            "`patch = true`, but there is no built-in file of this name to change",
        ));
    };
    let unreadable = |error: toml::de::Error| Problem::of_file(&below.name, error.message());
    let mut merged = below.text.parse::<Table>().map_err(unreadable)?;
    merge(&mut merged, table);
    let text =
        toml::to_string(&merged).map_err(|error| Problem::of_file(&own.name, error.to_string()))?;
    Ok(File {
        name: format!("{} (over {})", own.name, below.name),
        text: text.into(),
        own: true,
    })
}

/// Tables are merged member by member; everything else, arrays too, is replaced.
fn merge(below: &mut Table, over: Table) {
    for (key, value) in over {
        match (below.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(over)) => merge(below, over),
            (_, value) => {
                below.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> File {
        File {
            name: "f.toml".into(),
            text: text.to_owned().into(),
            own: false,
        }
    }

    #[test]
    fn a_patch_changes_only_what_it_names() {
        let below = file(
            "title = 'A'\nbase_url = 'https://a.example'\n[terms]\nlicence = 'X'\nstore = '1h'\n",
        );
        let own = file("patch = true\nbase_url = 'http://10.0.0.1'\n[terms]\nstore = 'never'\n");
        let merged = over(Some(&below), own).unwrap();
        let table: Table = merged.text.parse().unwrap();
        assert_eq!(table["title"].as_str(), Some("A"));
        assert_eq!(table["base_url"].as_str(), Some("http://10.0.0.1"));
        assert_eq!(table["terms"]["licence"].as_str(), Some("X"));
        assert_eq!(table["terms"]["store"].as_str(), Some("never"));
        assert!(merged.own);
    }

    #[test]
    fn a_file_without_the_mark_replaces_and_a_patch_of_nothing_is_refused() {
        assert_eq!(
            over(Some(&file("a = 1")), file("b = 2")).unwrap().text,
            "b = 2"
        );
        assert!(over(None, file("patch = true")).is_err());
    }
}
