//! QR codes: text to an image that a phone reads. Drawing only; nothing here decodes.

use std::fmt::Write as _;

use fast_qr::qr::{QRBuilder, QRCode};
use fast_qr::{ECL, Mode};
use serde_json::{Map, Value, json};

use crate::params::{choice, invalid, required_text};
use crate::{Context, Failure, Function};

pub(crate) const FUNCTIONS: &[(&str, Function)] = &[("qr.encode", encode)];

const LEVELS: &[(&str, Level)] = &[
    (
        "L",
        Level {
            name: "L",
            ecl: ECL::L,
            capacity_bytes: 2953,
        },
    ),
    (
        "M",
        Level {
            name: "M",
            ecl: ECL::M,
            capacity_bytes: 2331,
        },
    ),
    (
        "Q",
        Level {
            name: "Q",
            ecl: ECL::Q,
            capacity_bytes: 1663,
        },
    ),
    (
        "H",
        Level {
            name: "H",
            ecl: ECL::H,
            capacity_bytes: 1273,
        },
    ),
];

const FORMATS: &[(&str, Format)] = &[
    (
        "svg",
        Format {
            name: "svg",
            draw: svg,
        },
    ),
    (
        "text",
        Format {
            name: "text",
            draw: text,
        },
    ),
];

/// The light margin that ISO/IEC 18004 demands around the code, in modules.
const QUIET_ZONE: usize = 4;

/// How much of the code may be damaged: L 7 %, M 15 %, Q 25 %, H 30 %.
#[derive(Clone, Copy)]
struct Level {
    name: &'static str,
    ecl: ECL,
    /// What version 40, the largest, holds in byte mode (ISO/IEC 18004, table 7).
    capacity_bytes: usize,
}

#[derive(Clone, Copy)]
struct Format {
    name: &'static str,
    draw: fn(&QRCode) -> String,
}

/// `text` (not empty), `error_correction` (L, M, Q, H; default M), `format` (svg, text; default svg) → `QrCode`.
fn encode(params: &Map<String, Value>, _: &Context) -> Result<Value, Failure> {
    let content = required_text(params, "text")?;
    let level = choice(params, "error_correction", LEVELS, LEVELS[1].1)?;
    let format = choice(params, "format", FORMATS, FORMATS[0].1)?;
    if content.is_empty() {
        return Err(invalid("text", "must not be empty"));
    }
    let code = build(content, level)?;
    Ok(json!({
        "format": format.name,
        "content": (format.draw)(&code),
        "error_correction": level.name,
        "version": (code.size - 17) / 4,
        "modules": code.size,
        "size": code.size + 2 * QUIET_ZONE,
    }))
}

fn build(content: &str, level: Level) -> Result<QRCode, Failure> {
    let mut builder = QRBuilder::new(content);
    builder.ecl(level.ecl);
    if !content.is_ascii() {
        builder.mode(Mode::Byte);
    }
    builder.build().map_err(|_| {
        let (bytes, capacity) = (content.len(), level.capacity_bytes);
        invalid(
            "text",
            format!(
                "has {bytes} bytes, more than the {capacity} that error correction {} leaves room for; \
                 shorten it or take a lower error_correction",
                level.name
            ),
        )
    })
}

/// A drawing without fixed size: one path, one rectangle per run of dark modules, dark on white.
fn svg(code: &QRCode) -> String {
    let side = code.size + 2 * QUIET_ZONE;
    let mut path = String::new();
    for row in 0..code.size {
        for (start, length) in dark_runs(code, row) {
            let (x, y) = (start + QUIET_ZONE, row + QUIET_ZONE);
            // Writing to a string cannot fail.
            let _ = write!(path, "M{x} {y}h{length}v1h-{length}z");
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path d=\"{path}\"/></svg>"
    )
}

/// Two rows of modules per line of half blocks, for a terminal with a dark background.
fn text(code: &QRCode) -> String {
    let side = code.size + 2 * QUIET_ZONE;
    let line = |top: usize| -> String {
        (0..side)
            .map(
                |column| match (is_dark(code, top, column), is_dark(code, top + 1, column)) {
                    (true, true) => ' ',
                    (true, false) => '▄',
                    (false, true) => '▀',
                    (false, false) => '█',
                },
            )
            .collect()
    };
    (0..side)
        .step_by(2)
        .map(line)
        .collect::<Vec<_>>()
        .join("\n")
}

/// The runs of dark modules in a row, as start and length.
fn dark_runs(code: &QRCode, row: usize) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (column, _) in code[row]
        .iter()
        .enumerate()
        .filter(|(_, module)| module.value())
    {
        match runs.last_mut() {
            Some((start, length)) if *start + *length == column => *length += 1,
            _ => runs.push((column, 1)),
        }
    }
    runs
}

/// Whether the module at this place of the drawing is dark; the margin, and all beyond it, is light.
fn is_dark(code: &QRCode, row: usize, column: usize) -> bool {
    let inside = |place: usize| {
        place
            .checked_sub(QUIET_ZONE)
            .filter(|place| *place < code.size)
    };
    match (inside(row), inside(column)) {
        (Some(row), Some(column)) => code[row][column].value(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEDIUM: Level = LEVELS[1].1;

    #[test]
    fn a_text_beyond_the_largest_code_names_the_capacity() {
        let failure = build(&"é".repeat(700), LEVELS[3].1).unwrap_err();
        let Failure::Invalid {
            param: "text",
            reason,
        } = failure
        else {
            panic!("{failure:?}")
        };
        assert!(
            reason.contains("1400 bytes") && reason.contains("1273"),
            "{reason}"
        );
    }

    #[test]
    fn each_level_holds_exactly_its_capacity() {
        for (_, level) in LEVELS {
            assert!(build(&"x".repeat(level.capacity_bytes), *level).is_ok());
            assert!(build(&"x".repeat(level.capacity_bytes + 1), *level).is_err());
        }
    }

    #[test]
    fn the_drawing_has_the_three_finder_patterns_and_a_margin() {
        let code = build("guichet", MEDIUM).unwrap();
        let drawing = svg(&code);
        assert_eq!(code.size, 21);
        assert!(drawing.contains("viewBox=\"0 0 29 29\""));
        // The upper edges of the two upper finder patterns, and of the lower one.
        for edge in ["M4 4h7v1h-7z", "M18 4h7v1h-7z", "M4 18h7v1h-7z"] {
            assert!(drawing.contains(edge), "{edge} is missing in {drawing}");
        }
    }

    #[test]
    fn the_text_form_is_a_rectangle_of_half_blocks() {
        let code = build("guichet", MEDIUM).unwrap();
        let drawing = text(&code);
        let widths: Vec<usize> = drawing.lines().map(|line| line.chars().count()).collect();
        assert_eq!(widths, vec![29; 15]);
        assert!(drawing.starts_with(&"█".repeat(29)));
    }
}
