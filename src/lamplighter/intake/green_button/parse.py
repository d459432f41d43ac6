"""Streams the XML of one document: readings into columns, everything else into small entries.

This is the same parser (expat) that ``iterparse`` stands on, driven directly: only so are line numbers known
and can a document type be refused before a single entity of it is expanded. Nothing is ever fetched. Inside an
IntervalBlock two lean handlers take over; they are the only code that runs per element of the bulk.
"""

from collections.abc import Callable
from pathlib import Path
from typing import IO
from xml.parsers import expat

from lamplighter.intake.green_button import codes
from lamplighter.intake.green_button.finding import Findings
from lamplighter.intake.green_button.guard import (
    CHUNK,
    MAX_DEPTH,
    MAX_ENTRIES,
    MAX_NODES,
    MAX_TEXT,
    Refusal,
    broken_words,
    silent_before,
)
from lamplighter.intake.green_button.reading import Fields, ReadingTaker
from lamplighter.intake.green_button.readings import Blocks, ReadingBuffer, Rejects
from lamplighter.intake.green_button.resource import Entry, Node, moment, whole

BLOCK = "IntervalBlock"


class LocalNames(dict[str, str]):
    """Local name of what expat calls ``namespace local``; remembers the names a reading is made of."""

    def __missing__(self, name: str) -> str:
        local = name.rpartition(" ")[2]
        if len(self) < 500:
            self[name] = local
        return local


class Document:
    """What one file holds once it is read: entries without readings, the readings, and the findings."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.findings = Findings()
        self.rejects = Rejects()
        self.readings = ReadingBuffer(self.findings, self.rejects)
        self.blocks = Blocks()
        self.entries: list[Entry] = []
        self.block_groups: dict[tuple[str, str, tuple[str, ...], int], int] = {}
        self.root = ""
        self.own = ""
        self.broken: str | None = None
        self._resources: list[Node] = []
        self._entry: Entry | None = None
        self._entry_blocks: list[int] = []
        self._stack: list[Node] = []
        self._chars: list[str] = []
        self._depth = 0
        self._nodes = 0
        self._order = 0
        self._last_meter_reading = -1
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._names = LocalNames()
        self._unknown_namespaces: set[str] = set()

    def read(self, file: IO[bytes]) -> None:
        """Reads to the end, or to where the file breaks: then ``broken`` says so in a sentence."""
        parser = self._parser
        parser.buffer_text = True
        parser.buffer_size = CHUNK
        parser.ordered_attributes = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._doctype
        parser.ExternalEntityRefHandler = self._doctype
        parser.CharacterDataHandler = self._chars.append
        self._outside()
        final = False
        try:
            while chunk := file.read(CHUNK):
                parser.Parse(chunk)
                if len(self._chars) > 8 and sum(map(len, self._chars)) > MAX_TEXT:
                    raise Refusal("over_limit", f"one text is longer than {MAX_TEXT:,} characters")
                if parser.CurrentByteIndex < silent_before(file.tell()):
                    raise Refusal("over_limit", f"one tag or comment is longer than {MAX_TEXT:,} characters")
            final = True
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            code = "truncated" if final else "not_well_formed"
            self._break(code, error.lineno, broken_words(error, final))
        except Refusal as refusal:
            self._break(refusal.code, parser.CurrentLineNumber, f"{refusal}.")
        except (ValueError, LookupError) as error:
            # An encoding expat does not know: Python is asked, and may not know it either.
            self._break(
                "not_well_formed", parser.CurrentLineNumber, f"the text encoding cannot be read ({error})."
            )
        self._finish()

    def _break(self, code: str, line: int, sentence: str) -> None:
        remedy = "Ask the utility for the file again, or download it once more."
        if code == "unsafe_xml":
            remedy = "Green Button files need none; do not trust this file."
        elif self.entries or self.blocks.group:
            remedy = f"What stood before this line was kept. {remedy}"
        self.broken = f"{self.path.name}, line {line}: {sentence} {remedy}"
        self.findings.add(code, line, self.broken)

    def _finish(self) -> None:
        if self._entry is not None and (self._entry_blocks or self._resources):
            # The links of an entry stand before its content: the readings that were complete are kept.
            self._end_entry()
        self.readings.done()
        self._parser.StartElementHandler = self._parser.EndElementHandler = None
        self._parser.CharacterDataHandler = None

    def _doctype(self, *_: object) -> int:
        raise Refusal(
            "unsafe_xml", "the file declares a document type or an entity (DOCTYPE), which can be an attack"
        )

    # ── outside of IntervalBlocks ────────────────────────────────────────────────────────────────────────────

    def _outside(self) -> None:
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def _start(self, name: str, attributes: list[str]) -> None:
        self._chars.clear()
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Refusal("over_limit", f"elements are nested more than {MAX_DEPTH} deep")
        local = self._names[name]
        if self._depth == 1:
            self._begin_document(name, local)
        if self._stack:
            self._begin_node(local)
        elif local == "entry" and self._entry is None:
            self._begin_entry()
        elif local == "link" and (self._entry is not None or self._depth == 2):
            self._link(attributes)
        elif local == BLOCK:
            self._begin_block(name)
        elif local[:1].isupper() and local != "BatchList":
            # Atom's own names are lower case, ESPI's resources begin with a capital.
            if self._entry is None:
                self._begin_entry()
            self._check_namespace(name, local)
            self._begin_node(local)

    def _begin_document(self, name: str, local: str) -> None:
        self.root = local
        if local in ("feed", "entry"):
            self._check_namespace(name, local)

    def _begin_entry(self) -> None:
        if self._order >= MAX_ENTRIES and len(self.entries) >= MAX_ENTRIES:
            raise Refusal("over_limit", f"the feed has more than {MAX_ENTRIES:,} entries beside readings")
        self._entry = Entry(self._order, self._parser.CurrentLineNumber)
        self._entry_blocks = []
        self._resources = []
        self._nodes = 0
        self._order += 1

    def _link(self, attributes: list[str]) -> None:
        named = dict(zip(attributes[::2], attributes[1::2], strict=True))
        relation, href = named.get("rel", ""), named.get("href", "")
        if self._entry is not None:
            self._entry.link(relation, href)
        elif relation == "self":
            self.own = href

    def _begin_node(self, local: str) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise Refusal("over_limit", f"one entry has more than {MAX_NODES:,} elements beside readings")
        node = Node(local, self._parser.CurrentLineNumber)
        if self._stack:
            self._stack[-1].children.append(node)
        self._stack.append(node)

    def _end(self, name: str) -> None:
        local = self._names[name]
        if self._stack:
            node = self._stack.pop()
            node.text = "".join(self._chars).strip()
            if not self._stack:
                self._resources.append(node)
                if self._depth == 1:
                    self._end_entry()
        elif self._entry is not None:
            if local == "entry":
                self._end_entry()
            elif local == "updated":
                self._entry.updated = moment("".join(self._chars).strip())
            elif local == "title":
                self._entry.title = "".join(self._chars).strip()[:200]
        self._chars.clear()
        self._depth -= 1

    def _end_entry(self) -> None:
        entry = self._entry
        assert entry is not None
        self._entry = None
        self._stack = []
        if self._entry_blocks:
            key = (entry.up, entry.own, entry.related, self._last_meter_reading)
            if entry.up.endswith("/" + BLOCK):
                key = (entry.up, "", (), self._last_meter_reading)
            group = self.block_groups.setdefault(key, len(self.block_groups))
            for block in self._entry_blocks:
                self.blocks.group[block] = group
                self.blocks.updated[block] = entry.updated
        for node in self._resources:
            one = Entry(
                entry.order, entry.line, entry.own, entry.up, entry.related, entry.title, entry.updated
            )
            one.kind, one.node = node.name, node
            self.entries.append(one)
            if node.name == "MeterReading":
                self._last_meter_reading = entry.order
        if not self._resources and not self._entry_blocks:
            self.findings.add(
                "content_missing", entry.line, "The entry holds no resource; it was passed over."
            )

    def _check_namespace(self, name: str, local: str) -> None:
        namespace = name.rpartition(" ")[0]
        if namespace in codes.NAMESPACES or namespace in self._unknown_namespaces:
            return
        if len(self._unknown_namespaces) < 50:
            self._unknown_namespaces.add(namespace)
        words = f"namespace “{namespace}”" if namespace else "no namespace"
        line = self._parser.CurrentLineNumber
        self.findings.add("namespace_unknown", line, f"“{local}” has {words}; it was read by its name.")

    # ── inside of IntervalBlocks ─────────────────────────────────────────────────────────────────────────────

    def _begin_block(self, name: str) -> None:
        if self._entry is None:
            self._begin_entry()
        self._check_namespace(name, BLOCK)
        index = self.blocks.begin(self._parser.CurrentLineNumber)
        self._entry_blocks.append(index)
        self.readings.block(index)
        taker = ReadingTaker(self.readings, self.rejects, self.findings, self._parser)
        start, end = self._block_handlers(taker)
        self._parser.StartElementHandler = start
        self._parser.EndElementHandler = end

    def _block_handlers(
        self, taker: ReadingTaker
    ) -> tuple[Callable[[str, list[str]], None], Callable[[str], None]]:
        """Two closures: per element one dictionary write and no attribute look-up."""
        names, chars, fields = self._names, self._chars, Fields()
        depth = outer = self._depth
        joined = "".join
        take = taker.take

        def start(name: str, attributes: list[str]) -> None:
            nonlocal depth
            depth += 1
            if depth > MAX_DEPTH:
                raise Refusal("over_limit", f"elements are nested more than {MAX_DEPTH} deep")

        def end(name: str) -> None:
            nonlocal depth
            local = names[name]
            if local == "IntervalReading":
                take(fields)
                fields.clear()
            elif depth == outer:
                self._end_block(taker)
                return
            elif local == "interval":
                taker.block_start = whole(fields.get("start"))
                fields.clear()
            elif local == "quality" and local in fields:
                fields[local] += "," + joined(chars)
            else:
                fields[local] = joined(chars)
            chars.clear()
            depth -= 1

        return start, end

    def _end_block(self, taker: ReadingTaker) -> None:
        taker.check_block(self.blocks.line[-1])
        self._chars.clear()
        self._outside()
        if self._depth == 1:
            self._end_entry()
        self._depth -= 1
