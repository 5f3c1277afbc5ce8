//! The chart of a work: horizontal bars, written as SVG by hand.
//!
//! Each case and charted metric is a panel with a linear scale of its own that begins at zero. A bar
//! that is more than eight times as long as the next is cut, or no other would be seen. The colours
//! are those of the reader's light or dark scheme, on no background.

use std::fmt::{self, Display, Formatter};

use super::figure::figure;
use crate::contenders::{Contender, FLOOR, Pysched};
use crate::results::Results;
use crate::works::{Case, Metric, Part, Work};

const WIDTH: f64 = 760.0;
const ROW: f64 = 22.0;
const BAR: f64 = 14.0;

/// Where bars begin, right of the names.
const BARS: f64 = 190.0;

/// How long the longest bar is; what is right of it is for its value.
const LONGEST: f64 = 450.0;

/// A bar so many times as long as the next longest is cut.
const CUT: f64 = 8.0;

const STYLE: &str = "\
text{font:13px system-ui,sans-serif;fill:#1f2328}\
.title{font-size:16px;font-weight:600}.panel{font-weight:600}.own{font-weight:600}\
.aside{font-size:12px;fill:#59636e}.name{text-anchor:end}\
.bar{fill:#8c959f}.bar.own{fill:#0969da}\
.bar.floor{fill:none;stroke:#8c959f;stroke-dasharray:3 2}\
.range{stroke:#1f2328;stroke-opacity:.6}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.aside{fill:#9198a1}\
.bar{fill:#6e7681}.bar.own{fill:#4493f8}.bar.floor{fill:none;stroke:#9198a1}\
.range{stroke:#e6edf3}}";

/// A row of a panel.
struct Bar {
    name: &'static str,
    median: f64,
    min: f64,
    max: f64,
}

/// Lines of SVG, from the top of the picture down.
struct Page {
    lines: Vec<String>,
    y: f64,

    /// Whether a bar had to be cut.
    has_cut: bool,
}

/// Text in which nothing is taken for markup.
struct Escaped<'a>(&'a str);

/// The chart, as a whole file.
pub(crate) fn chart(work: &Work, results: &Results) -> String {
    let mut page = Page { lines: Vec::new(), y: 24.0, has_cut: false };
    page.text(0.0, "title", work.question);
    for case in work.cases {
        for metric in work.metrics.iter().filter(|metric| metric.charted) {
            page.panel(case, metric, &bars(work, case, metric, results));
        }
    }
    page.y += ROW / 2.0;
    for (name, remark) in remarks(work) {
        page.y += 17.0;
        page.text(0.0, "aside", &format!("{name}: {remark}"));
    }
    if page.has_cut {
        page.y += 17.0;
        page.text(0.0, "aside", "A bar with a gap is longer than it is drawn.");
    }
    let height = page.y + 12.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" role=\"img\">\n<title>{}</title>\n\
         <style>{STYLE}</style>\n{}\n</svg>\n",
        Escaped(work.question),
        page.lines.join("\n")
    )
}

fn bars(work: &Work, case: &Case, metric: &Metric, results: &Results) -> Vec<Bar> {
    let bar = |name: &'static str| {
        let spread = results.spread(work.name, case.name, name, metric.key)?;
        Some(Bar { name, median: spread.median(), min: spread.min(), max: spread.max() })
    };
    work.entrants.iter().filter_map(|entrant| bar(entrant.contender)).collect()
}

/// What has to be known of a contender, or why it is not there.
fn remarks(work: &Work) -> Vec<(&'static str, String)> {
    let mut remarks = Vec::new();
    for entrant in work.entrants {
        match entrant.part {
            Part::LeftOut(reason) => remarks.push((entrant.contender, format!("none, {reason}"))),
            Part::Runs { divisor, .. } => {
                if divisor > 1 {
                    remarks.push((entrant.contender, format!("with 1/{divisor} of the tasks")));
                }
                if !entrant.note.is_empty() {
                    remarks.push((entrant.contender, entrant.note.to_owned()));
                }
            }
        }
    }
    remarks
}

/// The value that the longest bar stands for.
fn scale(bars: &[Bar]) -> f64 {
    let mut values: Vec<f64> = bars.iter().map(|bar| bar.median).collect();
    values.sort_by(f64::total_cmp);
    while let [.., next, longest] = values[..] {
        if next <= 0.0 || longest <= CUT * next {
            break;
        }
        values.pop();
    }
    values.last().copied().unwrap_or(0.0)
}

impl Page {
    fn text(&mut self, x: f64, class: &str, text: &str) {
        let (y, text) = (self.y, Escaped(text));
        self.lines.push(format!("<text x=\"{x}\" y=\"{y}\" class=\"{class}\">{text}</text>"));
    }

    fn panel(&mut self, case: &Case, metric: &Metric, bars: &[Bar]) {
        if bars.is_empty() {
            return;
        }
        let better = if metric.more { "more is better" } else { "less is better" };
        self.y += 32.0;
        self.text(0.0, "panel", &format!("{}: {} ({better})", case.name, metric.title));
        self.y += 6.0;
        let scale = scale(bars);
        for bar in bars {
            self.bar(bar, scale);
        }
    }

    fn bar(&mut self, bar: &Bar, scale: f64) {
        let class = match bar.name {
            name if name.starts_with(Pysched::NAME) => "own",
            name if name.starts_with(FLOOR) => "floor",
            _ => "peer",
        };
        let length = |value: f64| if scale > 0.0 { LONGEST * value / scale } else { 0.0 };
        let top = self.y + (ROW - BAR) / 2.0;
        self.y += ROW;
        let baseline = std::mem::replace(&mut self.y, top + BAR - 2.0);
        self.text(BARS - 8.0, &format!("name {class}"), bar.name);
        let end = length(bar.median).clamp(0.0, LONGEST);
        if bar.median > scale {
            self.cut(top, class);
        } else {
            self.lines.push(format!(
                "<rect x=\"{BARS}\" y=\"{top:.1}\" width=\"{end:.1}\" height=\"{BAR}\" \
                 class=\"bar {class}\"/>"
            ));
        }
        // Nothing is drawn left of zero; a range that is longer than the scale ends with it.
        let (from, to) = (length(bar.min).max(0.0), length(bar.max).clamp(0.0, LONGEST));
        if to > from && bar.median <= scale {
            self.lines.push(format!(
                "<path d=\"M{:.1} {:.1}H{:.1}\" class=\"range\"/>",
                BARS + from,
                top + BAR / 2.0,
                BARS + to
            ));
        }
        let right = end.max(to);
        self.text((BARS + right + 6.0).round(), class, &figure(bar.median));
        self.y = baseline;
    }

    /// A bar that goes on beyond the picture: two pieces, with a slanted gap between them.
    fn cut(&mut self, top: f64, class: &str) {
        self.has_cut = true;
        let (bottom, right) = (top + BAR, BARS + LONGEST);
        self.lines.push(format!(
            "<path d=\"M{BARS} {top:.1}H{}L{} {bottom:.1}H{BARS}ZM{} {top:.1}H{right}V{bottom:.1}H{}Z\" \
             class=\"bar {class}\"/>",
            right - 24.0,
            right - 30.0,
            right - 16.0,
            right - 22.0,
        ));
    }
}

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let replaced = self.0.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        f.write_str(&replaced)
    }
}
