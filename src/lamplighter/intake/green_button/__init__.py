"""Green Button (NAESB ESPI) files as customers really have them: read tolerantly, repaired openly, never guessed.

``read`` streams a file into Arrow batches with memory that does not grow with it, ``inspect`` sums it up,
``convert`` writes it as a table. This package fetches nothing, expands no entity, and lands nothing: that is
``intake.sources.green_button``. It knows neither store nor warehouse.
"""

from lamplighter.intake.green_button.convert import convert
from lamplighter.intake.green_button.feed import Feed, read
from lamplighter.intake.green_button.finding import CODES, Finding
from lamplighter.intake.green_button.inspect import inspect

__all__ = ["CODES", "Feed", "Finding", "convert", "inspect", "read"]
