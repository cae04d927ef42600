//! A command line cut into words as a POSIX shell (and bash's `$'…'`) cuts it. Nothing is expanded or run.

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::str::Chars;

use super::DraftError;

/// The words of the first command of a line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) list: Vec<String>,
    /// Names of the variables that a shell would have replaced; they stay in the words as `$NAME`.
    pub(super) variables: BTreeSet<String>,
    /// Whether something followed the command: `| jq .`, `> file`.
    pub(super) cut: bool,
}

/// Cuts a command into words; what follows the first command is left out.
pub(super) fn words(command: &str) -> Result<Words, DraftError> {
    let mut lexer = Lexer {
        characters: command.chars().peekable(),
        found: Words::default(),
        word: None,
    };
    lexer.run()?;
    Ok(lexer.found)
}

struct Lexer<'a> {
    characters: Peekable<Chars<'a>>,
    found: Words,
    /// The word under way; `''` begins one too.
    word: Option<String>,
}

impl Lexer<'_> {
    fn run(&mut self) -> Result<(), DraftError> {
        while let Some(character) = self.characters.next() {
            match character {
                '\'' => self.single_quoted()?,
                '"' => self.double_quoted()?,
                '\\' => self.escaped(),
                '$' => self.dollar(true)?,
                '`' => return Err(wrong("it runs another command (`…`): write its output")),
                '\n' if self.word.is_none() && self.found.list.is_empty() => {}
                '#' if self.word.is_none() => self.comment(),
                '&' if !self.next_is('&') => {
                    return Err(wrong(
                        "an `&` outside of quotes ends the command there: put the URL in quotes",
                    ));
                }
                '|' | ';' | '&' | '>' | '<' | '\n' => {
                    self.cut(character);
                    return Ok(());
                }
                '(' | ')' => {
                    return Err(wrong("a parenthesis outside of quotes: put it in quotes"));
                }
                blank if blank.is_whitespace() => self.end(),
                other => self.push(other),
            }
        }
        self.end();
        Ok(())
    }

    fn push(&mut self, character: char) {
        self.word.get_or_insert_default().push(character);
    }

    fn end(&mut self) {
        self.found.list.extend(self.word.take());
    }

    /// Ends the command. Of `2>file`, the number belongs to what is cut off.
    fn cut(&mut self, at: char) {
        if matches!(at, '>' | '<')
            && let Some(word) = &self.word
            && word.chars().all(|character| character.is_ascii_digit())
        {
            self.word = None;
        }
        self.end();
        self.found.cut = at != '\n' || self.characters.clone().any(|rest| !rest.is_whitespace());
    }

    fn next_is(&mut self, wanted: char) -> bool {
        self.characters.peek() == Some(&wanted)
    }

    fn comment(&mut self) {
        while self.characters.next_if(|next| *next != '\n').is_some() {}
    }

    /// A backslash outside of quotes: the next character as it is; before a line's end, both vanish.
    fn escaped(&mut self) {
        if self.next_is('\r') {
            self.characters.next();
        }
        match self.characters.next() {
            Some('\n') => {}
            Some(character) => self.push(character),
            None => self.push('\\'),
        }
    }

    fn single_quoted(&mut self) -> Result<(), DraftError> {
        self.word.get_or_insert_default();
        loop {
            match self.characters.next() {
                Some('\'') => return Ok(()),
                Some(character) => self.push(character),
                None => return Err(wrong("a quote (') is never closed")),
            }
        }
    }

    fn double_quoted(&mut self) -> Result<(), DraftError> {
        self.word.get_or_insert_default();
        loop {
            match self.characters.next() {
                Some('"') => return Ok(()),
                Some('$') => self.dollar(false)?,
                Some('`') => return Err(wrong("it runs another command (`…`): write its output")),
                Some('\\') => match self.characters.next() {
                    Some('\n') => {}
                    Some(character @ ('"' | '\\' | '$' | '`')) => self.push(character),
                    Some(character) => {
                        self.push('\\');
                        self.push(character);
                    }
                    None => return Err(wrong("a quote (\") is never closed")),
                },
                Some(character) => self.push(character),
                None => return Err(wrong("a quote (\") is never closed")),
            }
        }
    }

    /// `$'…'`, `$NAME`, `${NAME}`, or a plain dollar.
    fn dollar(&mut self, outside_of_quotes: bool) -> Result<(), DraftError> {
        match self.characters.peek() {
            Some('\'') if outside_of_quotes => {
                self.characters.next();
                self.ansi_quoted()
            }
            Some('(') => Err(wrong("it runs another command ($(…)): write its output")),
            Some('{') => {
                self.characters.next();
                let name = self.name();
                if name.is_empty() || self.characters.next() != Some('}') {
                    return Err(wrong("of ${…}, only ${NAME} is understood"));
                }
                self.variable(name);
                Ok(())
            }
            _ => {
                let name = self.name();
                if name.is_empty() {
                    self.push('$');
                } else {
                    self.variable(name);
                }
                Ok(())
            }
        }
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(character) = self.characters.next_if(|next| {
            next.is_ascii_alphabetic()
                || *next == '_'
                || (!name.is_empty() && next.is_ascii_digit())
        }) {
            name.push(character);
        }
        name
    }

    fn variable(&mut self, name: String) {
        let word = self.word.get_or_insert_default();
        word.push('$');
        word.push_str(&name);
        self.found.variables.insert(name);
    }

    fn ansi_quoted(&mut self) -> Result<(), DraftError> {
        self.word.get_or_insert_default();
        loop {
            match self.characters.next() {
                Some('\'') => return Ok(()),
                Some('\\') => self.ansi_escape()?,
                Some(character) => self.push(character),
                None => return Err(wrong("a quote ($') is never closed")),
            }
        }
    }

    fn ansi_escape(&mut self) -> Result<(), DraftError> {
        let character = match self.characters.next() {
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some('a') => '\u{7}',
            Some('b') => '\u{8}',
            Some('e' | 'E') => '\u{1b}',
            Some('f') => '\u{c}',
            Some('v') => '\u{b}',
            Some('x') => self.code(16, 2)?,
            Some('u') => self.code(16, 4)?,
            Some('U') => self.code(16, 8)?,
            Some(other @ ('\\' | '\'' | '"' | '?')) => other,
            Some(other) => {
                self.push('\\');
                other
            }
            None => return Err(wrong("a quote ($') is never closed")),
        };
        self.push(character);
        Ok(())
    }

    fn code(&mut self, radix: u32, most: usize) -> Result<char, DraftError> {
        let mut code = 0;
        for _ in 0..most {
            let Some(digit) = self.characters.peek().and_then(|next| next.to_digit(radix)) else {
                break;
            };
            self.characters.next();
            code = code * radix + digit;
        }
        char::from_u32(code).ok_or_else(|| wrong("an escape in $'…' names no character"))
    }
}

fn wrong(reason: &str) -> DraftError {
    DraftError::Shell(reason.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(command: &str) -> Vec<String> {
        words(command).unwrap().list
    }

    #[test]
    fn words_are_cut_as_a_shell_cuts_them() {
        assert_eq!(cut("curl  'a b' c\\ d"), ["curl", "a b", "c d"]);
        assert_eq!(
            cut(r#"curl "a\"b" 'c'"d"e '' "x\n""#),
            ["curl", "a\"b", "cde", "", "x\\n"]
        );
        assert_eq!(cut("curl \\\n  -s \\\r\n  url"), ["curl", "-s", "url"]);
        assert_eq!(cut(r"curl $'it\'s\n\u00e9\x41'"), ["curl", "it's\néA"]);
        assert_eq!(cut("curl a # a comment"), ["curl", "a"]);
        assert_eq!(cut("\n  curl a?b#c\n"), ["curl", "a?b#c"]);
    }

    #[test]
    fn variables_stay_and_are_named_unless_quotes_protect_them() {
        let found = words(r#"curl "$KEY" ${OTHER}x '$NOT' 5$"#).unwrap();
        assert_eq!(found.list, ["curl", "$KEY", "$OTHERx", "$NOT", "5$"]);
        assert_eq!(
            found.variables.into_iter().collect::<Vec<_>>(),
            ["KEY", "OTHER"]
        );
    }

    #[test]
    fn what_follows_the_command_is_left_out() {
        for rest in ["| jq .", "> out.json", "2>/dev/null", "&& echo", "; ls"] {
            let found = words(&format!("curl url {rest}")).unwrap();
            assert_eq!(found.list, ["curl", "url"], "{rest}");
            assert!(found.cut, "{rest}");
        }
        assert!(!words("curl url\n").unwrap().cut);
    }

    #[test]
    fn what_a_shell_would_misread_is_refused_with_its_reason() {
        for (command, reason) in [
            ("curl https://a.example/?a=1&b=2", "put the URL in quotes"),
            ("curl 'a", "never closed"),
            ("curl \"a", "never closed"),
            ("curl $'a", "never closed"),
            ("curl $(cat url)", "another command"),
            ("curl `cat url`", "another command"),
            ("curl ${A:-b}", "only ${NAME}"),
        ] {
            let error = words(command).unwrap_err().to_string();
            assert!(error.contains(reason), "{command}: {error}");
        }
    }
}
