//! Comma-separated values: an array of objects named by the header line, all values strings.

use serde_json::{Map, Value};

pub(super) fn read(body: &[u8]) -> Result<Value, String> {
    let wrong = |error: csv::Error| match error.position() {
        Some(position) => format!("the body is no table (line {})", position.line()),
        None => "the body is no table".to_owned(),
    };
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(body);
    let names: Vec<String> = reader
        .headers()
        .map_err(wrong)?
        .iter()
        .map(str::to_owned)
        .collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(wrong)?;
        let row: Map<String, Value> = names
            .iter()
            .cloned()
            .zip(record.iter().map(Value::from))
            .collect();
        rows.push(Value::Object(row));
    }
    Ok(Value::Array(rows))
}
