//! Tables for people: columns as wide as their widest cell.

use super::{Paint, Tone};

/// Rows under a heading.
#[derive(Debug)]
pub(crate) struct Table {
    heading: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

/// One cell.
#[derive(Debug)]
pub(crate) struct Cell {
    text: String,
    tone: Option<Tone>,
}

impl Cell {
    /// A painted cell.
    pub(crate) fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Self {
            text: text.into(),
            tone: Some(tone),
        }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self {
            text: text.into(),
            tone: None,
        }
    }
}

impl Table {
    /// A table with these columns.
    pub(crate) fn new(heading: impl Into<Vec<&'static str>>) -> Self {
        Self {
            heading: heading.into(),
            rows: Vec::new(),
        }
    }

    /// Adds a row: a cell for each column.
    pub(crate) fn row(&mut self, cells: impl Into<Vec<Cell>>) {
        self.rows.push(cells.into());
    }

    /// The table as text, each line ended.
    pub(crate) fn render(&self, paint: Paint) -> String {
        let widths = self.widths();
        let mut text = String::new();
        let heading = self.heading.iter().map(|title| ((*title).to_owned(), None));
        push_line(&mut text, heading, &widths, paint);
        for row in &self.rows {
            let cells = row.iter().map(|cell| (cell.text.clone(), cell.tone));
            push_line(&mut text, cells, &widths, paint);
        }
        text
    }

    fn widths(&self) -> Vec<usize> {
        let column = |index: usize, title: &str| {
            let cells = self.rows.iter().filter_map(|row| row.get(index));
            let widest = cells.map(|cell| cell.text.chars().count()).max();
            widest.unwrap_or(0).max(title.chars().count())
        };
        self.heading
            .iter()
            .enumerate()
            .map(|(index, title)| column(index, title))
            .collect()
    }
}

fn push_line(
    text: &mut String,
    cells: impl Iterator<Item = (String, Option<Tone>)>,
    widths: &[usize],
    paint: Paint,
) {
    const GAP: &str = "  ";
    let mut line = String::new();
    for ((cell, tone), width) in cells.zip(widths) {
        let padding = " ".repeat(width.saturating_sub(cell.chars().count()));
        line.push_str(&tone.map_or_else(|| cell.clone(), |tone| paint.paint(&cell, tone)));
        line.push_str(&padding);
        line.push_str(GAP);
    }
    text.push_str(line.trim_end());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_whether_or_not_cells_are_painted() {
        let mut table = Table::new(["ID", "STATE"]);
        table.row(["a".into(), Cell::toned("ok", Tone::Good)]);
        table.row(["éééé".into(), "failed".into()]);
        let plain = table.render(Paint { colour: false });
        assert_eq!(plain, "ID    STATE\na     ok\néééé  failed\n");
        let painted = table.render(Paint { colour: true });
        assert_eq!(
            painted
                .replace("\x1b[32m", "")
                .replace("\x1b[0m", "")
                .lines()
                .map(str::trim_end)
                .collect::<Vec<_>>(),
            plain.lines().collect::<Vec<_>>()
        );
    }
}
