"""Lamplighter: the open-source customer platform for utilities.

The rooms, from the bottom up (each may import only those below it):

    model · errors          nouns, no I/O
    plugins · settings      what is installed, how it is set
    store | warehouse       state (PostgreSQL) and facts (columnar)
    context                 whose work, on whose behalf, at what time
    intake                  the one door in
    customers               the customer: identity, consent, release
    insight                 what the facts mean
    web                     pages and API
    app · cli · demo · bench
"""

__version__ = "0.1.0"
