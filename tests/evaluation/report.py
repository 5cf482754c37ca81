"""The evaluation's figures as one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import jinja2
from markupsafe import Markup

from tests.evaluation import plots
from tests.evaluation.curve import Curve, read_curve
from tests.evaluation.metrics import Share
from tests.evaluation.summary import DETECTIONS, OUTCOME_NAMES, Result, Summary

_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
)


def write_report(
    file: Path, summary: Summary, results: Sequence[Result] | None, curve: Path
) -> None:
    """Write the page to `file`; the learning curve is in it where `curve` exists.

    `results`: the messages, of which the wrong ones are listed; None for a sealed part, of which
    no message and no confusion is shown. Raises ValueError for a curve file of another form.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    measured = read_curve(curve) if curve.exists() else None
    file.write_text(render(summary, results, measured), "utf-8")


def render(summary: Summary, results: Sequence[Result] | None, curve: Curve | None) -> str:
    """Return the page; every text is escaped, plots are SVG of our own making."""
    drawn = {
        "areas": plots.bars(summary.areas) if summary.areas else "",
        "styles": plots.bars(summary.styles) if summary.styles else "",
        "outcomes": plots.outcome_bars(summary.outcomes) if summary.outcomes else "",
        "reliability": plots.reliability_diagram(summary.calibration)
        if summary.calibration
        else "",
        "confusions": plots.confusion_plot(summary.confusions)
        if summary.confusions and results is not None
        else "",
        "curve": plots.learning_curve(curve.by_language()) if curve else "",
    }
    return _TEMPLATES.get_template("report.html.j2").render(
        s=summary,
        results=results,
        curve=curve,
        plots={name: Markup(svg) for name, svg in drawn.items()},
        detections=DETECTIONS,
        outcome_names=OUTCOME_NAMES,
        interval=lambda share: "{:.2f}-{:.2f}".format(*share.interval),
        percent=lambda right, n: Share(right, n).percent,
    )
