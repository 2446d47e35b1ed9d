"""Server-drawn SVG. Standard library only, no style attributes, so it passes a strict Content-Security-Policy.

Two techniques carry everything:
  1. time strips have no viewBox; x and width are percentages, so they stretch while ticks and text keep their size;
  2. curves sit in an inner <svg preserveAspectRatio="none"> with non-scaling strokes, their labels outside it.

The ruler rule: what is well is a short tick on the base line; what is not well stands taller. Height tells the
state before colour does.
"""

from config.draw.axis import Axis, Tick, clock_ticks
from config.draw.calendar import day_axis, day_labels
from config.draw.charts import Band, Phase, Series, chart, range_plot, spark, waterfall
from config.draw.strips import Block, Cell, Point, Span, blocks, daybar, days, points, strip, ticks

__all__ = [
    "Axis",
    "Band",
    "Block",
    "Cell",
    "Phase",
    "Point",
    "Series",
    "Span",
    "Tick",
    "blocks",
    "chart",
    "clock_ticks",
    "day_axis",
    "day_labels",
    "daybar",
    "days",
    "points",
    "range_plot",
    "spark",
    "strip",
    "ticks",
    "waterfall",
]
