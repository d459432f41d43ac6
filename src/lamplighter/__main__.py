"""``python -m lamplighter`` is ``lamplighter``."""

from lamplighter.cli import main

main()
