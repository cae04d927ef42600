//! `/docs`: one page for people, made from the catalogue. Nothing is loaded from anywhere.

mod example;

use std::fmt::{self, Display, Write};

use guichet_catalogue::model::{Catalogue, Category, Operation, Parameter};

use crate::promised::Promised;

const STYLE: &str = include_str!("docs/style.css");

/// What a browser may do with the page: apply the style that is in it, and nothing else.
pub(crate) const POLICY: &str = "default-src 'none'; \
     style-src 'sha256-CtB0TJVht4LfrrznCt0g35eV3THeJxXttwvJaU3M/FU='; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page but for the address of the server.
pub(crate) struct Template(String);

/// Where the address goes. No text of the catalogue can spell it: `<` is never written as it is.
const HERE: &str = "<here>";

impl Template {
    /// The page of a server that is asked under this address (`http://localhost:8080`).
    pub(crate) fn at(&self, address: &str) -> String {
        self.0.replace(HERE, &Text(address).to_string())
    }
}

/// The whole page. `promised` says how sure the fallback of an operation is.
pub(crate) fn page(catalogue: &Catalogue, promised: impl Fn(&Operation) -> Promised) -> Template {
    let mut page = String::with_capacity(128 << 10);
    let written = write_page(&mut page, catalogue, &promised);
    debug_assert!(written.is_ok(), "a string takes everything");
    Template(page)
}

type Promises<'promises> = &'promises dyn Fn(&Operation) -> Promised;

fn write_page(page: &mut String, catalogue: &Catalogue, promised: Promises<'_>) -> fmt::Result {
    write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>Guichet</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#content\">Skip to the operations</a>\n"
    )?;
    write_introduction(page)?;
    write_contents(page, catalogue)?;
    page.write_str("<main id=\"content\">\n")?;
    write_models(page)?;
    for category in catalogue.categories.values() {
        write_category(page, category, promised)?;
    }
    page.write_str("</main>\n</body>\n</html>\n")
}

fn write_introduction(page: &mut String) -> fmt::Result {
    page.write_str(
        "<header>\n<h1>Guichet</h1>\n<p>Many APIs behind one key, with guaranteed fallback. Every call carries your key: \
         <code>Authorization: Bearer gch_…</code>. Every operation also takes POST with a JSON object.</p>\n\
         <p>Every operation takes <code>providers</code> (who may answer, in order; <code>!id</code> excludes), \
         <code>max_age</code> (seconds of age accepted), <code>licence</code> (<code>commercial</code>), \
         <code>policy</code> (in which order they are asked), <code>timeout_ms</code> and <code>max_wait_ms</code>.</p>\n\
         <p>For machines: <a href=\"/openapi.json\">/openapi.json</a>.</p>\n</header>\n",
    )
}

/// Models are asked by clients that exist already; what they need is an address and a key.
fn write_models(page: &mut String) -> fmt::Result {
    page.write_str(
        "<section aria-labelledby=\"models\">\n<h2 id=\"models\">Models</h2>\n<p>Clients made for OpenAI and Anthropic ask models here; only the address and the key \
         change. A model is <code>provider/model</code>, a plain name, or <code>auto</code>, <code>auto:fast</code>, \
         <code>auto:code</code> …; <code>/v1/models</code> lists them.</p>\n",
    )?;
    for example in [
        "OpenAI(base_url=&quot;<here>/v1&quot;, api_key=&quot;gch_…&quot;)",
        "Anthropic(base_url=&quot;<here>&quot;, api_key=&quot;gch_…&quot;)",
    ] {
        writeln!(page, "<pre tabindex=\"0\"><code>{example}</code></pre>")?;
    }
    page.write_str("</section>\n")
}

fn write_contents(page: &mut String, catalogue: &Catalogue) -> fmt::Result {
    page.write_str(
        "<nav aria-label=\"Categories\">\n<ul>\n<li><a href=\"#models\">Models</a></li>\n",
    )?;
    for category in catalogue.categories.values() {
        let (id, title) = (Text(&category.id), Text(&category.title));
        writeln!(page, "<li><a href=\"#{id}\">{title}</a></li>")?;
    }
    page.write_str("</ul>\n</nav>\n")
}

fn write_category(page: &mut String, category: &Category, promised: Promises<'_>) -> fmt::Result {
    let (id, title, summary) = (
        Text(&category.id),
        Text(&category.title),
        Text(&category.summary),
    );
    writeln!(
        page,
        "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{title}</h2>\n<p>{summary}</p>"
    )?;
    for operation in category.operations.values() {
        write_operation(page, operation, &promised(operation))?;
    }
    page.write_str("</section>\n")
}

fn write_operation(page: &mut String, operation: &Operation, promised: &Promised) -> fmt::Result {
    let (category, name) = (Text(&operation.id.category), Text(&operation.id.name));
    let (method, summary) = (operation.method.as_str(), Prose(&operation.summary));
    writeln!(
        page,
        "<article id=\"{category}-{name}\">\n<h3><span class=\"method\">{method}</span> \
         <code>/api/{category}/{name}</code></h3>\n<p>{summary}</p>"
    )?;
    write_parameters(page, operation)?;
    write_providers(page, operation, promised)?;
    for call in operation.examples.iter().take(2) {
        let [before, after] = example::curl(operation, call);
        let (before, after) = (Text(&before), Text(&after));
        writeln!(
            page,
            "<pre tabindex=\"0\"><code>{before}{HERE}{after}</code></pre>"
        )?;
    }
    page.write_str("</article>\n")
}

fn write_parameters(page: &mut String, operation: &Operation) -> fmt::Result {
    let shown: Vec<_> = operation
        .parameters
        .iter()
        .filter(|parameter| !parameter.internal)
        .collect();
    if shown.is_empty() {
        return Ok(());
    }
    page.write_str(
        "<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">Parameter</th><th scope=\"col\">Type</th>\
         <th scope=\"col\">Default</th><th scope=\"col\">Meaning</th></tr></thead>\n<tbody>\n",
    )?;
    for parameter in shown {
        write_parameter(page, parameter)?;
    }
    page.write_str("</tbody>\n</table></div>\n")
}

fn write_parameter(page: &mut String, parameter: &Parameter) -> fmt::Result {
    let name = Text(&parameter.name);
    let kind = serde_json::to_value(parameter.kind).unwrap_or_default();
    let kind = kind.as_str().unwrap_or_default();
    let many = if parameter.many.is_some() {
        ", several"
    } else {
        ""
    };
    let default = match (&parameter.default, parameter.required) {
        (Some(default), _) => default
            .as_str()
            .map_or_else(|| default.to_string(), str::to_owned),
        (None, true) => "required".to_owned(),
        (None, false) => String::new(),
    };
    write!(
        page,
        "<tr><th scope=\"row\"><code>{name}</code></th><td>{kind}{many}</td><td>{}</td><td>{}",
        Text(&default),
        Prose(&parameter.summary)
    )?;
    if !parameter.one_of.is_empty() {
        write!(page, " One of {}.", Text(&parameter.one_of.join(", ")))?;
    }
    page.write_str("</td></tr>\n")
}

fn write_providers(page: &mut String, operation: &Operation, promised: &Promised) -> fmt::Result {
    let sentence = promised.sentence();
    let (guarantee, sentence) = (promised.guarantee, Text(&sentence));
    write!(
        page,
        "<p class=\"providers\">Fallback: <strong>{guarantee}</strong> ({sentence}). Asked in this order: "
    )?;
    for (index, endpoint) in operation.endpoints.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        let provider = &endpoint.provider;
        let title = Text(&provider.title);
        if provider.docs.starts_with("https://") {
            let docs = Text(&provider.docs);
            write!(
                page,
                "{comma}<a href=\"{docs}\" rel=\"noreferrer\">{title}</a>"
            )?;
        } else {
            write!(page, "{comma}{title}")?;
        }
    }
    page.write_str(".</p>\n")
}

/// Text within HTML.
struct Text<'text>(&'text str);

impl Display for Text<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => formatter.write_str("&amp;")?,
                '<' => formatter.write_str("&lt;")?,
                '>' => formatter.write_str("&gt;")?,
                '"' => formatter.write_str("&quot;")?,
                '\'' => formatter.write_str("&#39;")?,
                other => formatter.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// Text in which `words` between backticks are code.
struct Prose<'text>(&'text str);

impl Display for Prose<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.0.split('`').enumerate() {
            match index % 2 {
                0 => write!(formatter, "{}", Text(part))?,
                _ => write!(formatter, "<code>{}</code>", Text(part))?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
