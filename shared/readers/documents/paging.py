"""Signs that a document is only a part of a longer export.

What is looked at stands beside or above the list of people, never inside a record:

* links and marks of a next page that are not empty: `__next`, `@odata.nextLink`, `odata.nextLink`, `nextLink`, `next`,
  `nextPage`, `nextPageUrl`, `nextUrl`, `nextRecordsUrl`, `nextPageToken`, `nextToken`, `nextCursor`, `nextMarker`,
  `continuationToken` (also with `_` between the words), wherever in the document they are, `_links.next` and
  `paging.next` for instance;
* `hasMore`, `hasNext`, `hasNextPage`, `moreRecords`, `truncated`, `isTruncated`, `incompleteResults` true; `done`,
  `last`, `lastPage`, `isLast`, `completeIndicator` false;
* links and marks of a page before that are not empty: `previous`, `prev`, `previousPage`, `prevLink`, `prev_cursor` and
  the like; `hasPrevious`, `hasPreviousPage` true, `first`, `isFirst` false. Beside other words of paging, because
  `previous` may be the day of the file before;
* `totalPages`, `pageCount` or `pages` above 1, and `lastPage` unless the file holds as many records as the total says;
* a total (`totalSize`, `totalCount`, `totalNumber`, `totalResults`, `totalElements`, `totalRecords`, `__count`,
  `@odata.count`) above the number of records in the file; one that is just called `total` (it may be one of salaries)
  only beside words of paging such as `limit`, `offset` or `page`;
* a place in the whole that is not the first one (`offset`, `skip`, `startAt`, `startIndex`, `startSequence`, `page`,
  `pageNumber`, `currentPage`), or a page before it: links and marks that are not empty (`previous`, `prev`,
  `previousPage`, `prevLink`, `previousCursor` and their like), `hasPrevious`, `hasPreviousPage` true, `first`,
  `isFirst` false. If it may be something else, as `previous` may be the file before, only beside other words of
  paging: the last page of a list is no list. Unless the file holds as many records as the total says, or more than a
  page can have: then the pages were put together. `count` is such a total where no place is said in numbers; where one
  is, it counts the records of the page.

`success` false refuses the file as well. What may mean something else is told: `error` or `errors` that are not empty,
and a `total` above the number of records where nothing else speaks of pages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

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
    "nextmarker",
    "continuationtoken",
    "nextcontinuationtoken",
}
_BEFORE = {
    f"{word}{what}"
    for word in ("previous", "prev")
    for what in ("", "link", "page", "pageurl", "pagelink", "url", "recordsurl", "pagetoken", "token", "cursor")
}
_HAS_BEFORE = {"hasprevious", "hasprev", "haspreviouspage", "hasprevpage"}
_FIRST = {"first", "firstpage", "isfirst", "isfirstpage"}
_MORE = {
    *("hasmore", "hasnext", "hasnextpage", "morerecords", "hasmoreitems", "hasmorepages", "hasmoreresults"),
    *("istruncated", "truncated", "incompleteresults"),
}
_DONE = {"done", "last", "lastpage", "islast", "islastpage", "completeindicator"}
_PAGES = {"totalpages", "pagecount", "pages"}
_SUCCESS = {"success", "issuccess", "succeeded"}
_ERRORS = {"error", "errors"}
_TOTALS = {"totalsize", "totalcount", "totalnumber", "totalresults", "totalelements", "totalrecords"}
_VAGUE_TOTALS = {"total", "totalitems", "totalrows", "totalemployees", "totalworkers"}
_WORDS_OF_PAGING = {
    *("limit", "offset", "page", "pagesize", "perpage", "pagenumber", "currentpage", "startindex", "itemsperpage"),
    *("skip", "cursor", "count"),
}
_AT_FIRST = {  # and with what the first page begins, at most
    **dict.fromkeys(("offset", "skip", "startat"), 0),
    **dict.fromkeys(("startindex", "startsequence", "page", "pagenumber", "currentpage"), 1),
}
_SIZES = {"limit", "pagesize", "perpage", "itemsperpage"}
_COUNTS = {"__count", "@odata.count", "odata.count"}
_ANY_WORD = {
    *(*_WORDS_OF_PAGING, *_AT_FIRST, *_SIZES, *_MORE, *_DONE, *_PAGES, *_TOTALS, *_VAGUE_TOTALS),
    *(*_NEXT, *_BEFORE, *_HAS_BEFORE, *_FIRST),
}
RELATIONS = ("next", "prev", "previous")
"""How a link says to which page it leads."""
_NONE: tuple[Value, ...] = (None, False, "", "null", "false", "-1", [], {})
_DAY = re.compile(r"\d{4}-\d\d-\d\d|\d\d?[./]\d\d?[./]\d{2,4}")  # of the file before, which no page is called by
_NUMBER = re.compile(r"[0-9]{1,15}")


class Pages:
    """Collects the signs of one document while it is read."""

    def __init__(self) -> None:
        self._sign = ""
        self._total = 0
        self._total_name = ""
        self._vague = (0, "")
        self._place = (0, "")
        self._before = ""
        self._is_certain = False  # that this is a page, whatever else is said
        self._count = 0
        self._size = 0
        self._last_page = ""
        self._failed = ""
        self._errors = ""
        self._words: set[str] = set()

    def is_link(self, name: str) -> bool:
        """Whether a key that is spelt so points to a next page, so that its value matters as a whole."""
        return _plain(name) in _NEXT

    def look_inside(self, name: str, members: Mapping[str, Value]) -> None:
        """Looks at an object outside the records that was looked through: of nothing but texts, it may be a link back.

        Args:
            name: its key.
            members: what is in it.
        """
        texts = members.values()
        if _plain(name) in _BEFORE and any(texts) and all(isinstance(text, str | bool) for text in texts):
            self.look(name, members)
        if any(texts):
            self.look_list(name)

    def look_list(self, name: str) -> None:
        """Looks at a list or an object outside the records in which there is something.

        Args:
            name: its key.
        """
        if _plain(name) in _ERRORS:
            self._errors = self._errors or name

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
            (plain in _NEXT and word not in _NONE)
            or (plain in _MORE and word in (True, "true"))
            or (plain in _DONE and word in (False, "false"))
            or (plain in _PAGES and number > 1)
        ):
            self._sign = self._sign or name
        elif (plain in _TOTALS or name in _COUNTS) and number > self._total:
            self._total, self._total_name = number, name
        elif plain in _VAGUE_TOTALS:
            self._vague = max(self._vague, (number, name))
        if (
            (plain in _BEFORE and word not in (*_NONE, "0") and not (isinstance(word, str) and _DAY.match(word)))
            or (plain in _HAS_BEFORE and word in (True, "true"))
            or (plain in _FIRST and word in (False, "false"))
        ):
            self._before = self._before or name
            link = isinstance(word, dict) or (isinstance(word, str) and ("?" in word or "/" in word))
            self._is_certain = self._is_certain or link or plain not in {"previous", "prev", *_FIRST}
        if plain == "lastpage" and number > 1:
            self._last_page = name
        if plain in _SUCCESS and word in (False, "false"):
            self._failed = self._failed or name
        if plain in _ERRORS and word not in (*_NONE, "0", "none", "no", "ok"):
            self._errors = self._errors or name
        if plain == "count":
            self._count = max(self._count, number)
        if plain in _AT_FIRST and number > _AT_FIRST[plain]:
            self._place = max(self._place, (number, name))
        if plain in _SIZES:
            self._size = max(self._size, number)
        if plain in _ANY_WORD:
            self._words.add(plain)

    def notes(self, records: int) -> list[str]:
        """What may mean that people are missing, to be told. For after `check`.

        Args:
            records: how many there were.
        """
        notes = []
        if self._errors:
            notes.append(
                f"The file has '{self._errors}' beside the people, so the program that wrote it has met an error. If "
                "people or values are missing for it, export the list again and drop that file."
            )
        total, name = self._vague
        if total > records and self._words.isdisjoint(_WORDS_OF_PAGING):
            notes.append(
                f"'{name}' beside the people says {total:,}, but the file holds {records:,} records. If that is the "
                "number of people, the file is a part: have everybody exported into one file and drop that."
            )
        return notes

    def check(self, records: int) -> None:
        """To be called when all records were read.

        Args:
            records: how many there were.

        Raises:
            ExtractRefused: the document is only a part.
        """
        if self._failed:
            raise ExtractRefused(
                f"'{self._failed}' beside the people says false, so the program that wrote the file has met an error, "
                "and people may be missing. Nothing of the file was used. Export the list again and drop that file."
            )
        if records not in (self._total, self._vague[0]):
            self._sign = self._sign or self._last_page
        if self._sign:
            raise ExtractRefused(
                f"This is one page of a longer export: '{self._sign}' says that more follows after these {records:,} "
                "records. Have all pages exported into one file and drop that."
            )
        total, name = self._total, self._total_name
        if not self._words.isdisjoint(_WORDS_OF_PAGING):
            total, name = max((total, name), self._vague)
        if total > records:
            raise ExtractRefused(
                f"This is one page of a longer export: '{name}' says {total:,}, but the file holds {records:,} "
                "records. Have all pages exported into one file and drop that."
            )
        if total or 0 < self._size < records:
            return  # the pages were put together
        at, name = self._place
        if len(self._words) > 1 and at:
            raise ExtractRefused(
                f"This is one page of a longer export: '{name}' says {at:,}, so there are people before these "
                f"{records:,} records. Have all pages exported into one file and drop that."
            )
        beside = self._is_certain or len(self._words - {"count"}) > 1
        if self._before and beside and records not in (self._count, self._vague[0]):
            raise ExtractRefused(
                f"This is one page of a longer export: '{self._before}' says that there are people before these "
                f"{records:,} records. Have all pages exported into one file and drop that."
            )


def _plain(name: str) -> str:
    letters = re.sub(r"[^a-z]", "", name.lower())
    return letters.removeprefix("odata") if letters.endswith("link") else letters
