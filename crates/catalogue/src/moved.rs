//! Servers of models that a variable moves elsewhere: `OLLAMA_BASE_URL` in the place of the address in Ollama's file.

use toml::{Table, Value};
use url::Url;

use crate::files::{File, Files};
use crate::patch;
use crate::problem::{Problem, Problems};

/// Where the files of providers of models are.
const FOLDER: &str = "ai/";

impl Files {
    /// Puts the addresses that variables give into the files that name these variables. It is as if the operator had
    /// written them there: such a host is trusted, a private one too.
    pub fn move_servers(
        &mut self,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<(), Problems> {
        let mut problems = Vec::new();
        let mut moved = Vec::new();
        for (path, file) in self.iter().filter(|(path, _)| path.starts_with(FOLDER)) {
            let Some((name, address)) = address(file, &variable) else {
                continue;
            };
            match over(file, &name, &address) {
                Ok(file) => moved.push((path.to_owned(), file)),
                Err(problem) => problems.push(problem),
            }
        }
        if !problems.is_empty() {
            return Err(Problems(problems));
        }
        for (path, file) in moved {
            self.insert(&path, file);
        }
        Ok(())
    }
}

/// The variable that a file names, and its value. What does not parse is told when it is read as what it should be.
fn address(file: &File, variable: impl Fn(&str) -> Option<String>) -> Option<(String, String)> {
    const KEY: &str = "base_url_env";
    if !file.text.contains(KEY) {
        return None;
    }
    let table: Table = file.text.parse().ok()?;
    let name = table.get(KEY)?.as_str()?;
    let value = variable(name)?;
    Some((name.to_owned(), value.trim().to_owned())).filter(|(_, value)| !value.is_empty())
}

fn over(below: &File, variable: &str, address: &str) -> Result<File, Problem> {
    check(address).map_err(|message| Problem::of_file(variable, message))?;
    let mut table = Table::new();
    table.insert("patch".into(), Value::Boolean(true));
    table.insert("base_url".into(), Value::from(address));
    let own = File {
        name: variable.to_owned(),
        text: table.to_string().into(),
        own: true,
    };
    patch::over(Some(below), own)
}

/// The value is not repeated: an address may hold a password.
fn check(address: &str) -> Result<(), String> {
    const RIGHT: &str = "write it like `http://127.0.0.1:11434`";
    let url = Url::parse(address).map_err(|_| format!("this is no URL; {RIGHT}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!(
            "the URL must begin with http:// or https://; {RIGHT}"
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!(
            "no name and password belong into the URL: a key has a variable of its own; {RIGHT}"
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!(
            "nothing may follow after the path of the URL; {RIGHT}"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Surroundings, load};

    const HOME: &str = "base_url = 'http://localhost:11434'\nbase_url_env = 'HOME_BASE_URL'\nlocal = true\n\
        any_model = true\n";

    fn files() -> Files {
        let mut files = Files::default();
        for (path, text) in [
            ("ai/home.toml", HOME),
            ("ai/far.toml", "base_url = 'https://far.example/v1'\n"),
        ] {
            let file = File {
                name: path.into(),
                text: text.into(),
                own: false,
            };
            files.insert(path, file);
        }
        files
    }

    fn moved(address: &str) -> Result<Files, Problems> {
        let mut files = files();
        let given = |name: &str| (name == "HOME_BASE_URL").then(|| address.to_owned());
        files.move_servers(given).map(|()| files)
    }

    #[test]
    fn a_variable_moves_its_server_and_the_hosts_that_may_be_reached_follow() {
        let files = moved("http://10.0.0.7:11434/").unwrap();
        let catalogue =
            load(&files, &Surroundings::default()).unwrap_or_else(|problems| panic!("{problems}"));
        let home = catalogue.providers["home"].http().unwrap();
        assert_eq!(home.base_url_text, "http://10.0.0.7:11434/");
        assert!(home.own_hosts);
        let reaches = |host: &str| home.hosts.iter().any(|own| own.covers(host));
        assert!(reaches("10.0.0.7") && !reaches("localhost"));
        let far = catalogue.providers["far"].http().unwrap();
        assert_eq!(far.base_url_text, "https://far.example/v1");
    }

    #[test]
    fn an_empty_variable_moves_nothing() {
        for address in ["", "  "] {
            assert_eq!(
                moved(address).unwrap().get("ai/home.toml").unwrap().text,
                HOME
            );
        }
    }

    #[test]
    fn what_is_no_address_of_a_server_is_refused_by_the_name_of_its_variable() {
        for (address, wrong) in [
            ("localhost:11434", "http:// or https://"),
            ("10.0.0.7", "no URL"),
            ("http://me:hunter2@10.0.0.7", "name and password"),
            ("http://10.0.0.7/?key=hunter2", "after the path"),
        ] {
            let problems = moved(address).unwrap_err().to_string();
            assert!(problems.starts_with("HOME_BASE_URL: "), "{problems}");
            assert!(problems.contains(wrong), "{problems}");
            assert!(!problems.contains("hunter2"), "{problems}");
        }
    }
}
