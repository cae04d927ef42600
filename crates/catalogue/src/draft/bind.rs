//! Which place of a request is filled by which parameter of the category's operation.

use serde_json::{Map, Value, json};

use super::known;
use super::quote;
use super::request::{Declared, Slot};
use super::tree::Step;
use crate::model::{Operation, ParameterType};

/// A parameter for a category that does not exist yet.
#[derive(Debug, Clone)]
pub(super) struct Invented {
    pub(super) name: String,
    pub(super) kind: ParameterType,
    pub(super) declared: Declared,
    pub(super) example: Option<Value>,
}

/// Parameters that may fill places.
pub(super) struct Binder {
    parameters: Vec<Parameter>,
    /// Whether parameters may be invented, since the category does not exist.
    inventing: bool,
    /// Whether the request has a latitude and a longitude, by name.
    has_point: bool,
    pub(super) invented: Vec<Invented>,
    /// Values of the parameters that were bound, as filters see them.
    pub(super) seen: Map<String, Value>,
    /// What a call must have for the request to be possible.
    pub(super) accepts: Vec<String>,
    pub(super) notes: Vec<String>,
}

#[derive(Clone)]
struct Parameter {
    name: String,
    kind: ParameterType,
    many: bool,
    required: bool,
    one_of: Vec<String>,
    examples: Vec<Value>,
}

/// Where a place is: what an absent parameter leads to differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Site {
    Path,
    Query,
    Body,
}

impl Binder {
    /// A binder for an operation of the catalogue, or one that invents parameters.
    pub(super) fn new<'a>(
        operation: Option<&Operation>,
        slots: impl Iterator<Item = &'a Slot>,
    ) -> Self {
        let names: Vec<&str> = slots.map(|slot| slot.name.as_str()).collect();
        Self {
            parameters: operation.map(parameters).unwrap_or_default(),
            inventing: operation.is_none(),
            has_point: names.iter().any(|name| known::is_latitude(name))
                && names.iter().any(|name| known::is_longitude(name)),
            invented: Vec::new(),
            seen: Map::new(),
            accepts: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The filter that fills the place, if a parameter does.
    pub(super) fn bind(&mut self, slot: &Slot, site: Site) -> Option<String> {
        if let Some(filter) = self.point(slot) {
            return Some(filter);
        }
        let text = slot.text();
        let found = self
            .parameters
            .iter()
            .find(|parameter| parameter.matches(slot, text.as_deref()));
        let parameter = match found {
            Some(parameter) => parameter.clone(),
            None => match self.place_by_name(slot) {
                Some(filter) => return Some(filter),
                None => self.invent(slot)?,
            },
        };
        self.bound(&parameter, text.as_deref(), site)
    }

    /// Names of required parameters that no place takes.
    pub(super) fn unused(&self) -> Vec<String> {
        let required = self
            .parameters
            .iter()
            .filter(|parameter| parameter.required);
        required
            .filter(|parameter| !self.seen.contains_key(&parameter.name) && !self.inventing)
            .map(|parameter| parameter.name.clone())
            .collect()
    }

    /// Takes a part of the path for the one required text that is in no other place.
    pub(super) fn bind_last_part(&mut self, text: &str) -> Option<String> {
        let unused = self.unused();
        let [name] = unused.as_slice() else {
            return None;
        };
        let parameter = self
            .parameters
            .iter()
            .find(|parameter| parameter.name == *name)?
            .clone();
        let is_text = matches!(parameter.kind, ParameterType::String | ParameterType::Text);
        if !is_text || text.is_empty() {
            return None;
        }
        self.notes.push(format!(
            "`{name}` is taken to be the last part of the path; put it where it belongs if it is not."
        ));
        self.bound(&parameter, Some(text), Site::Path)
    }

    fn bound(&mut self, parameter: &Parameter, text: Option<&str>, site: Site) -> Option<String> {
        let value = text.map(|text| parameter.typed(text));
        if let (Some(value), Some(other)) = (&value, self.seen.get(&parameter.name))
            && value != other
        {
            return None;
        }
        self.seen
            .insert(parameter.name.clone(), value.unwrap_or(Value::Null));
        let path = member(&parameter.name);
        if site == Site::Path && !parameter.required {
            self.accept(&path);
        }
        let lower = matches!(
            parameter.kind,
            ParameterType::Country | ParameterType::Currency
        ) && text
            .is_some_and(|text| text.bytes().any(|byte| byte.is_ascii_lowercase()));
        Some(parameter.filter(&path, lower, site))
    }

    fn accept(&mut self, path: &str) {
        let condition = format!("{path} != null");
        if !self.accepts.contains(&condition) {
            self.accepts.push(condition);
        }
    }

    /// Latitude, longitude, or both in one text, of a place.
    fn point(&mut self, slot: &Slot) -> Option<String> {
        let text = slot.text();
        let number = text.as_deref().and_then(|text| text.parse::<f64>().ok());
        let possible = |most| {
            number.map_or(slot.declared.is_some(), |number| {
                known::is_degrees(number, most)
            })
        };
        let part = if known::is_latitude(&slot.name) && possible(90.0) {
            "lat"
        } else if known::is_longitude(&slot.name) && possible(180.0) {
            "lon"
        } else {
            return self.pair(slot, &text?);
        };
        let place = self.place(self.has_point)?;
        if let Some(number) = number {
            self.see_point(&place, part, number);
        }
        Some(format!("{}.{part}", member(&place)))
    }

    fn pair(&mut self, slot: &Slot, text: &str) -> Option<String> {
        let (lat, lon) = known::coordinates(text)?;
        if !slot.name.is_empty() && !known::is_place(&slot.name) {
            return None;
        }
        let place = self.place(true)?;
        self.see_point(&place, "lat", lat);
        self.see_point(&place, "lon", lon);
        let path = member(&place);
        Some(format!("\"\\({path}.lat),\\({path}.lon)\""))
    }

    /// A place that the provider looks up by its name itself.
    fn place_by_name(&mut self, slot: &Slot) -> Option<String> {
        if self.inventing || !known::is_place(&slot.name) {
            return None;
        }
        let place = self.place(false)?;
        let name = slot.text()?;
        if !name.chars().any(char::is_alphabetic) {
            return None;
        }
        self.see(&place, "name", Value::from(name));
        let path = format!("{}.name", member(&place));
        self.accept(&path);
        self.notes.push(format!(
            "The provider is asked for a place by name, which calls by coordinates do not have: if it takes coordinates too, use `{0}.lat` and `{0}.lon` and drop `accepts`.",
            member(&place)
        ));
        Some(path)
    }

    /// The name of the operation's place parameter.
    fn place(&mut self, may_invent: bool) -> Option<String> {
        let known = self
            .parameters
            .iter()
            .find(|parameter| parameter.kind == ParameterType::Place);
        if let Some(place) = known {
            return Some(place.name.clone());
        }
        if !self.inventing || !may_invent {
            return None;
        }
        self.add(Invented {
            name: "place".into(),
            kind: ParameterType::Place,
            declared: Declared {
                required: true,
                summary: "A name, `lat,lon`, or the two parameters `lat` and `lon`".into(),
                ..Declared::default()
            },
            example: None,
        });
        Some("place".into())
    }

    fn see_point(&mut self, place: &str, part: &str, number: f64) {
        self.see(place, part, json!(number));
    }

    fn see(&mut self, place: &str, part: &str, value: Value) {
        let seen = self.seen.entry(place).or_insert_with(|| json!({}));
        seen[part] = value;
    }

    fn invent(&mut self, slot: &Slot) -> Option<Parameter> {
        if !self.inventing {
            return None;
        }
        let invented = match &slot.declared {
            Some(declared) => declared_parameter(slot, declared),
            None => guessed_parameter(slot)?,
        };
        Some(self.add(invented))
    }

    fn add(&mut self, invented: Invented) -> Parameter {
        let parameter = Parameter {
            name: invented.name.clone(),
            kind: invented.kind,
            many: invented.declared.many,
            required: invented.declared.required,
            one_of: Vec::new(),
            examples: Vec::new(),
        };
        self.parameters.push(parameter.clone());
        self.invented.push(invented);
        parameter
    }
}

impl Parameter {
    /// Whether the place is this parameter's: by name and type, by a telling type, or by the value of an example.
    fn matches(&self, slot: &Slot, text: Option<&str>) -> bool {
        if self.kind == ParameterType::Place {
            return false;
        }
        let fits = |text: &str| {
            let mut items = text.split(if self.many { ',' } else { '\0' });
            items.all(|item| known::fits(self.kind, item))
                && (self.one_of.is_empty() || self.one_of.iter().any(|allowed| allowed == text))
        };
        let named = !slot.name.is_empty() && known::is_meant(&self.name, &slot.name);
        match text {
            None => named,
            Some(text) => {
                fits(text) && (named || known::is_telling(self.kind) || self.is_example(slot, text))
            }
        }
    }

    fn is_example(&self, slot: &Slot, text: &str) -> bool {
        let year = slot.name.is_empty()
            && self.name == "year"
            && text.len() == 4
            && (text.starts_with("19") || text.starts_with("20"));
        let code = slot.name.is_empty()
            && matches!(self.kind, ParameterType::Country | ParameterType::Currency)
            && text.bytes().all(|byte| byte.is_ascii_uppercase());
        let shown = text.len() > 1 && self.examples.iter().any(|example| example == text);
        year || code || shown
    }

    fn typed(&self, text: &str) -> Value {
        if self.many {
            text.split(',')
                .map(|item| known::typed(self.kind, item))
                .collect()
        } else {
            known::typed(self.kind, text)
        }
    }

    fn filter(&self, path: &str, lower: bool, site: Site) -> String {
        let single = match (self.many, lower, self.required) {
            (true, true, _) => format!("({path} // [] | map(ascii_downcase))"),
            (false, true, true) => format!("({path} | ascii_downcase)"),
            (false, true, false) => format!("({path} | if . then ascii_downcase else null end)"),
            (_, false, _) => path.to_owned(),
        };
        if self.many && site == Site::Path {
            format!("({single} | join(\",\"))")
        } else {
            single
        }
    }
}

fn parameters(operation: &Operation) -> Vec<Parameter> {
    let own = |parameter: &crate::model::Parameter| {
        let shown = operation
            .examples
            .iter()
            .filter_map(|example| example.get(&*parameter.name));
        Parameter {
            name: parameter.name.to_string(),
            kind: parameter.kind,
            many: parameter.many.is_some(),
            required: parameter.required || parameter.default.is_some(),
            one_of: parameter.one_of.clone(),
            examples: shown
                .chain(&parameter.example)
                .chain(&parameter.default)
                .cloned()
                .collect(),
        }
    };
    operation.parameters.iter().map(own).collect()
}

fn declared_parameter(slot: &Slot, declared: &Declared) -> Invented {
    let usual = known::usual(&slot.name).filter(|usual| {
        let fits = slot
            .text()
            .is_none_or(|text| known::fits(usual.kind, &text));
        let plain = matches!(declared.kind, None | Some(ParameterType::String));
        fits && plain && !declared.many && declared.one_of.is_empty()
    });
    let kind = usual.map(|usual| usual.kind).or(declared.kind);
    Invented {
        name: usual.map_or_else(|| snake(&slot.name), |usual| usual.name.to_owned()),
        kind: kind.unwrap_or(ParameterType::String),
        declared: declared.clone(),
        example: slot.value.clone(),
    }
}

/// A parameter that a command's value seems to be; anything else stays the constant that it is.
fn guessed_parameter(slot: &Slot) -> Option<Invented> {
    const TELLING: [(&str, ParameterType); 2] =
        [("ip", ParameterType::Ip), ("date", ParameterType::Date)];
    let text = slot.text()?;
    let usual = known::usual(&slot.name)
        .filter(|usual| known::fits(usual.kind, &text))
        .map(|usual| (usual.name, usual.kind));
    let telling = TELLING
        .into_iter()
        .find(|(_, kind)| known::fits(*kind, &text));
    let (name, kind) = usual.or(telling)?;
    let constant = matches!(
        kind,
        ParameterType::Integer | ParameterType::Number | ParameterType::Language
    );
    Some(Invented {
        name: name.into(),
        kind,
        declared: Declared {
            required: !constant,
            default: constant.then(|| known::typed(kind, &text)),
            ..Declared::default()
        },
        example: Some(known::typed(kind, &text)),
    })
}

fn member(name: &str) -> String {
    quote::jq_path(&[Step::Member(name.into())])
}

/// `forecastDays`, `forecast-days` → `forecast_days`.
pub(super) fn snake(name: &str) -> String {
    let mut snake = String::new();
    let mut was_lower = false;
    for character in name.chars() {
        if character.is_ascii_alphanumeric() {
            if character.is_ascii_uppercase() && was_lower {
                snake.push('_');
            }
            snake.push(character.to_ascii_lowercase());
        } else if !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
        was_lower = character.is_ascii_lowercase() || character.is_ascii_digit();
    }
    let snake = snake.trim_end_matches('_');
    match snake.chars().next() {
        None => "value".into(),
        Some(first) if first.is_ascii_digit() => format!("n_{snake}"),
        Some(_) => snake.into(),
    }
}
