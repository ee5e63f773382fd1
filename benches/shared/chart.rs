//! Draws charts as SVG: lines over two logarithmic axes, with their names at their ends.

use std::fmt::Write as _;

use crate::report::{number, thousands};

/// A line of a chart.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// Its name.
    pub(crate) name: String,
    /// Its colour, which colour-blind readers can distinguish from the others.
    pub(crate) colour: &'static str,
    /// Its width.
    pub(crate) width: f64,
    /// Its dashes, in SVG's notation.
    pub(crate) dashes: &'static str,
    /// The points that it connects.
    pub(crate) points: Vec<(f64, f64)>,
}

/// A chart.
#[derive(Clone, Debug)]
pub(crate) struct Chart {
    /// What the figures show.
    pub(crate) title: String,
    /// What was measured.
    pub(crate) subtitle: String,
    /// The name of the horizontal axis.
    pub(crate) x_name: String,
    /// The name of the vertical axis.
    pub(crate) y_name: String,
    /// The marks of the horizontal axis.
    pub(crate) x_ticks: Vec<(f64, String)>,
    /// The unit of the vertical axis.
    pub(crate) y_unit: &'static str,
    /// The lines.
    pub(crate) lines: Vec<Line>,
}

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 470.0;
const LEFT: f64 = 86.0;
const RIGHT: f64 = 226.0;
const TOP: f64 = 84.0;
const BOTTOM: f64 = 62.0;
/// The distance between the names of lines, at least.
const APART: f64 = 19.0;

/// A logarithmic axis.
struct Axis {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Axis {
    fn at(&self, value: f64) -> f64 {
        let share = (value / self.low).ln() / (self.high / self.low).ln();
        self.from + share * (self.to - self.from)
    }
}

impl Chart {
    /// Returns the text of an SVG file.
    pub(crate) fn svg(&self) -> String {
        let mut svg = String::new();
        self.draw(&mut svg).expect("writing to a string does not fail");
        svg
    }

    fn draw(&self, svg: &mut String) -> std::fmt::Result {
        let values = || self.lines.iter().flat_map(|line| line.points.iter().map(|point| point.1));
        let ticks = ticks(values().fold(f64::MAX, f64::min), values().fold(0.0, f64::max));
        let (low, high) = (ticks[0], ticks[ticks.len() - 1]);
        let y = Axis { low, high, from: HEIGHT - BOTTOM, to: TOP };
        let (first, last) = (self.x_ticks[0].0, self.x_ticks[self.x_ticks.len() - 1].0);
        let x = Axis { low: first, high: last, from: LEFT, to: WIDTH - RIGHT };

        writeln!(
            svg,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" font-family="system-ui, 'DejaVu Sans', sans-serif" font-size="13" fill="{INK}" role="img">"#
        )?;
        writeln!(svg, "<title>{}</title>", escape(&self.title))?;
        writeln!(svg, r##"<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>"##)?;
        text(svg, (20.0, 32.0), r#"font-size="17" font-weight="600""#, &self.title)?;
        text(svg, (20.0, 54.0), r##"fill="#555555""##, &self.subtitle)?;

        for tick in &ticks {
            let at = y.at(*tick);
            let colour = if *tick == 1.0 && low < 1.0 { "#999999" } else { "#e2e2e2" };
            rule(svg, (x.from, at), (x.to, at), colour)?;
            let number = format!("{}{}", thousands(*tick), self.y_unit);
            text(svg, (LEFT - 8.0, at + 4.5), r#"text-anchor="end""#, &number)?;
        }
        for (value, name) in &self.x_ticks {
            let at = x.at(*value);
            rule(svg, (at, y.from), (at, y.from + 5.0), INK)?;
            text(svg, (at, y.from + 20.0), r#"text-anchor="middle""#, name)?;
        }
        rule(svg, (x.from, y.from), (x.to, y.from), INK)?;
        let middle = f64::midpoint(x.from, x.to);
        text(svg, (middle, HEIGHT - 16.0), r#"text-anchor="middle""#, &self.x_name)?;
        let middle = f64::midpoint(y.from, y.to);
        let turned = format!(r#"text-anchor="middle" transform="rotate(-90 20 {middle})""#);
        text(svg, (20.0, middle), &turned, &self.y_name)?;

        let mut names = Vec::new();
        for line in &self.lines {
            let path: Vec<_> =
                line.points.iter().map(|point| format!("{:.1},{:.1}", x.at(point.0), y.at(point.1))).collect();
            let Line { colour, width, dashes, .. } = line;
            let style = format!(r#"stroke="{colour}" stroke-width="{width}" stroke-dasharray="{dashes}""#);
            let (path, joins) = (path.join(" "), r#"stroke-linejoin="round" stroke-linecap="round""#);
            writeln!(svg, r#"<polyline points="{path}" fill="none" {style} {joins}/>"#)?;
            if let Some(end) = line.points.last() {
                names.push((y.at(end.1), x.at(end.0), line, end.1));
            }
        }
        names.sort_by(|one, other| one.0.total_cmp(&other.0));
        let wanted: Vec<f64> = names.iter().map(|name| name.0).collect();
        for (at, (end_y, end_x, line, value)) in spread(&wanted, y.from).into_iter().zip(names) {
            let Line { colour, name, .. } = line;
            let style = format!(r#"fill="{colour}" font-weight="600""#);
            let bend = x.to + 12.0;
            writeln!(
                svg,
                r#"<path d="M{:.1},{end_y:.1} L{bend:.1},{at:.1}" stroke="{colour}" stroke-width="0.8" fill="none"/>"#,
                end_x + 2.0
            )?;
            let label = format!("{name}  {}{}", figure(value, self.y_unit), self.y_unit);
            text(svg, (bend + 3.0, at + 4.5), &style, &label)?;
        }
        writeln!(svg, "</svg>")
    }
}

const INK: &str = "#222222";

fn rule(svg: &mut String, from: (f64, f64), to: (f64, f64), colour: &str) -> std::fmt::Result {
    let ((x1, y1), (x2, y2)) = (from, to);
    writeln!(svg, r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" stroke="{colour}"/>"#)
}

fn text(svg: &mut String, (x, y): (f64, f64), style: &str, text: &str) -> std::fmt::Result {
    writeln!(svg, r#"<text x="{x:.1}" y="{y:.1}" {style}>{}</text>"#, escape(text))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Returns places close to the `wanted` ones (sorted), far enough apart, and above `bottom`.
fn spread(wanted: &[f64], bottom: f64) -> Vec<f64> {
    let mut places = wanted.to_vec();
    for _ in 0..200 {
        for i in 1..places.len() {
            let short = APART - (places[i] - places[i - 1]);
            if short > 0.0 {
                places[i - 1] -= short / 2.0;
                places[i] += short / 2.0;
            }
        }
        if let Some(last) = places.last_mut() {
            *last = last.min(bottom - 2.0);
        }
    }
    places
}

/// Returns the marks of a logarithmic axis: powers of ten, and more if the axis is short.
fn ticks(low: f64, high: f64) -> Vec<f64> {
    let steps: &[f64] = match high / low {
        ratio if ratio > 200.0 => &[1.0],
        ratio if ratio > 8.0 => &[1.0, 2.0, 5.0],
        _ => &[1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.0],
    };
    let all: Vec<f64> = (-3..9).flat_map(|power| steps.iter().map(move |step| step * 10_f64.powi(power))).collect();
    // The axis ends at marks outside the values, unless a value exceeds a mark by noise only.
    let first = all.iter().rposition(|tick| *tick <= low * 1.05).unwrap_or(0);
    let last = all.iter().position(|tick| *tick >= high * 0.98).unwrap_or(all.len() - 1);
    all[first..=last.max(first + 1)].to_vec()
}

/// Formats a value of an axis: a count, if the axis has no unit, and otherwise a measurement.
pub(crate) fn figure(value: f64, unit: &str) -> String {
    if unit.is_empty() && value >= 100.0 { thousands(value) } else { number(value) }
}
