"""Source plug-ins that ship: one file a source, found by the entry point ``lamplighter.sources``."""
