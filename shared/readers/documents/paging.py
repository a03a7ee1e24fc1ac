"""Signs that a document is only a part of a longer export.

What is looked at stands beside or above the list of people, never inside a record:

* links and marks of a next page that are not empty: `__next`, `@odata.nextLink`, `odata.nextLink`, `nextLink`, `next`,
  `nextPage`, `nextPageUrl`, `nextUrl`, `nextRecordsUrl`, `nextPageToken`, `nextToken`, `nextCursor` (also with `_`
  between the words), wherever in the document they are, `_links.next` and `paging.next` for instance;
* `hasMore`, `hasNext`, `hasNextPage`, `moreRecords` true; `done`, `last`, `lastPage`, `isLast` false;
* `totalPages`, `pageCount` or `pages` above 1;
* a total (`totalSize`, `totalCount`, `totalResults`, `totalElements`, `totalRecords`, `__count`, `@odata.count`) above
  the number of records in the file; one that is just called `total` (it may be one of salaries) only beside words of
  paging such as `limit`, `offset` or `page`.
"""

from __future__ import annotations

import re

from shared.errors import ExtractRefused
from shared.readers.documents.paths import Value

_NEXT = {
    "next",
    "nextlink",
    "nextpage",
    "nextpageurl",
    "nexturl",
    "nextrecordsurl",
    "nextpagetoken",
    "nexttoken",
    "nextcursor",
}
_MORE = {"hasmore", "hasnext", "hasnextpage", "morerecords"}
_DONE = {"done", "last", "lastpage", "islast", "islastpage"}
_PAGES = {"totalpages", "pagecount", "pages"}
_TOTALS = {"totalsize", "totalcount", "totalresults", "totalelements", "totalrecords"}
_VAGUE_TOTALS = {"total", "totalitems", "totalrows", "totalemployees", "totalworkers"}
_WORDS_OF_PAGING = {
    *("limit", "offset", "page", "pagesize", "perpage", "pagenumber", "currentpage", "startindex", "itemsperpage"),
    *("skip", "cursor", "count"),
}
_COUNTS = {"__count", "@odata.count", "odata.count"}
_NUMBER = re.compile(r"[0-9]{1,15}")


class Pages:
    """Collects the signs of one document while it is read."""

    def __init__(self) -> None:
        self._sign = ""
        self._total = 0
        self._total_name = ""
        self._vague = (0, "")
        self._speaks_of_pages = False

    def is_link(self, name: str) -> bool:
        """Whether a key that is spelt so points to a next page, so that its value matters as a whole."""
        return _plain(name) in _NEXT

    def look(self, name: str, value: Value) -> None:
        """Looks at a value outside the records.

        Args:
            name: its key, or the local name of its element.
            value: text, truth value, `None`, or an object or a list as a whole.
        """
        plain = _plain(name)
        word = value.strip().lower() if isinstance(value, str) else value
        number = int(word) if isinstance(word, str) and _NUMBER.fullmatch(word) else 0
        if (
            (plain in _NEXT and word not in (None, False, "", "null", "false", "-1", [], {}))
            or (plain in _MORE and word in (True, "true"))
            or (plain in _DONE and word in (False, "false"))
            or (plain in _PAGES and number > 1)
        ):
            self._sign = self._sign or name
        elif (plain in _TOTALS or name in _COUNTS) and number > self._total:
            self._total, self._total_name = number, name
        elif plain in _VAGUE_TOTALS:
            self._vague = max(self._vague, (number, name))
        self._speaks_of_pages = self._speaks_of_pages or plain in _WORDS_OF_PAGING

    def check(self, records: int) -> None:
        """To be called when all records were read.

        Args:
            records: how many there were.

        Raises:
            ExtractRefused: the document is only a part.
        """
        if self._sign:
            raise ExtractRefused(
                f"This is one page of a longer export: '{self._sign}' says that more follows after these {records:,} "
                "records. Have all pages exported into one file and drop that."
            )
        total, name = self._total, self._total_name
        if self._speaks_of_pages:
            total, name = max((total, name), self._vague)
        if total > records:
            raise ExtractRefused(
                f"This is one page of a longer export: '{name}' says {total:,}, but the file holds {records:,} "
                "records. Have all pages exported into one file and drop that."
            )


def _plain(name: str) -> str:
    letters = re.sub(r"[^a-z]", "", name.lower())
    return letters.removeprefix("odata") if letters.endswith("link") else letters
