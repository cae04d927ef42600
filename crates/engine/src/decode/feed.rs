//! RSS, Atom and JSON Feed in one shape: `{title, url, updated, entries: [{id, title, url, summary, published, …}]}`.

use serde_json::{Value, json};

pub(super) fn read(body: &[u8]) -> Result<Value, String> {
    let feed = feed_rs::parser::parse(body).map_err(|_| "the body is no feed".to_owned())?;
    let entries = feed.entries.into_iter().map(|entry| {
        json!({
            "id": entry.id,
            "title": entry.title.map(|title| title.content),
            "url": entry.links.first().map(|link| link.href.clone()),
            "summary": entry.summary.map(|summary| summary.content),
            "content": entry.content.and_then(|content| content.body),
            "published": entry.published.map(|at| at.to_rfc3339()),
            "updated": entry.updated.map(|at| at.to_rfc3339()),
            "authors": entry.authors.into_iter().map(|author| author.name).collect::<Vec<_>>(),
            "categories": entry.categories.into_iter().map(|category| category.term).collect::<Vec<_>>(),
        })
    });
    let entries: Vec<Value> = entries.collect();
    Ok(json!({
        "title": feed.title.map(|title| title.content),
        "url": feed.links.first().map(|link| link.href.clone()),
        "updated": feed.updated.map(|at| at.to_rfc3339()),
        "entries": entries,
    }))
}
