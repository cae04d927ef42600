//! XML: each element is `{name, attributes, text, children}`; prefixes of names are dropped.

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;
use serde_json::{Map, Value, json};

/// Elements nested deeper are refused, as JSON is.
const DEEPEST: usize = 100;

#[derive(Default)]
struct Element {
    name: String,
    attributes: Map<String, Value>,
    text: String,
    children: Vec<Value>,
}

pub(super) fn read(body: &[u8]) -> Result<Value, String> {
    let wrong = |what: &str| format!("the body is no XML ({what})");
    let text = std::str::from_utf8(body).map_err(|_| wrong("not UTF-8"))?;
    let mut reader = Reader::from_str(text);
    let mut open = vec![Element::default()];
    loop {
        match reader.read_event().map_err(|_| wrong("it breaks off"))? {
            Event::Start(start) if open.len() > DEEPEST => {
                let _ = start;
                return Err(wrong("nested too deep"));
            }
            Event::Start(start) => open.push(element(&start)?),
            Event::Empty(start) => close(element(&start)?, &mut open)?,
            Event::End(_) => {
                let element = open
                    .pop()
                    .ok_or_else(|| wrong("an end without a beginning"))?;
                close(element, &mut open)?;
            }
            Event::Text(part) => add(&mut open, &part.xml10_content()),
            Event::CData(part) => add(&mut open, &part.xml10_content()),
            Event::GeneralRef(reference) => add(&mut open, &resolved(&reference)?),
            Event::Eof => break,
            _ => {}
        }
    }
    let root = open
        .pop()
        .filter(|_| open.is_empty())
        .ok_or_else(|| wrong("it ends too soon"))?;
    root.children
        .into_iter()
        .next()
        .ok_or_else(|| wrong("it is empty"))
}

fn element(start: &BytesStart<'_>) -> Result<Element, String> {
    let name = start.local_name().as_ref().to_owned();
    let mut attributes = Map::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|_| format!("an attribute of `{name}` is no XML"))?;
        let value = quick_xml::escape::unescape(&attribute.value)
            .map_err(|_| format!("an attribute of `{name}` is no XML"))?;
        let key = attribute.key.local_name().as_ref().to_owned();
        attributes.insert(key, Value::from(value.into_owned()));
    }
    Ok(Element {
        name,
        attributes,
        ..Element::default()
    })
}

/// The five entities of XML and numbers; others (which a document would have to declare) are refused.
fn resolved(reference: &BytesRef<'_>) -> Result<String, String> {
    quick_xml::escape::unescape(&format!("&{};", &**reference))
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| "the body declares entities of its own".to_owned())
}

fn add(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

fn close(element: Element, open: &mut [Element]) -> Result<(), String> {
    let Element {
        name,
        attributes,
        text,
        children,
    } = element;
    let parent = open
        .last_mut()
        .ok_or_else(|| "the body is no XML (an end without a beginning)".to_owned())?;
    parent.children.push(json!({
        "name": name,
        "attributes": attributes,
        "text": text.trim(),
        "children": children,
    }));
    Ok(())
}
