"""JSON: what refuses a file, in bounded time and memory."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator

import pytest

from shared.mapping.format import FormatHints
from shared.model import Row
from shared.readers.documents import open_json
from tests.shared.readers.documents.opening import JSON

PEOPLE = '[{"id": "1", "name": "Ada"}, {"id": "2", "name": "Jürgen"}]'
BOTH: list[tuple[str, ...] | str] = [("1", "Ada"), ("2", "Jürgen")]
CUT_OFF = "the upload was cut off. Drop the complete file again."


@pytest.mark.parametrize(
    ("document", "sentence", "line"),
    [
        ('[{"id": 1},\n{"id": 2}', "The file ends too early on line 2: ", 2),
        ('[{"id": 1},\n{"id": "2', "The file ends too early on line 2, in record 2: ", 2),
        ('{"Report_Entry": [{"id": 1}]', "The file ends too early on line 1: ", 1),
        ('{"Report_Entry": [', "The file ends too early on line 1: ", 1),
        ('{"Report_Ent', "The file ends too early on line 1: ", 1),
        ('{"id": 1}\n{"id": 2', "The file ends in the middle of record 2 on line 2: ", 2),
    ],
)
def test_a_file_that_was_cut_off_is_refused(document: str, sentence: str, line: int) -> None:
    assert JSON.refusal(document) == (sentence + CUT_OFF, line)


@pytest.mark.parametrize("cut", range(1, 70))
def test_wherever_a_document_is_cut_it_is_refused(cut: int) -> None:
    whole = f'{{"a": {{"b": true}}, "Report_Entry": {PEOPLE}}} '.rstrip()
    JSON.refusal(whole.encode()[:cut])


@pytest.mark.parametrize(
    ("document", "words", "line"),
    [
        ('[{"id": NaN}]', "record 1 is not valid JSON: on line 1 there is NaN, which is not a number in JSON", 1),
        ('[{"id": 1},\n{"id":\n-Infinity}]', "there is -Infinity", 2),
        ('{"id": 1}\n{"id": Infinity}\n', "there is Infinity", 2),
        ('{"a": NaN, "value": [{"id": 1}]}', "there is NaN", 1),
        ('[{"id": 1}] x', "something after the end of the document", 1),
        ('[{"id": 1}]\n[{"id": 2}]', "something after the end of the document", 2),
        ('{"value": [{"id": 1}]}}', "something after the end of the document", 1),
        ('[{"id": 1} {"id": 2}]', "there is a , or a ] missing", 1),
        ('[{"id": 1},]', "a value is missing before ']'", 1),
        ('{"value": [{"id": 1}],}', "a key is missing or is not in double quotes", 1),
        ('[{"id": 1,}]', "a key is missing or is not in double quotes", 1),
        ("[{'id': 1}]", "a key is missing or is not in double quotes", 1),
        ('[{"id": 01}]', "a comma or a closing bracket is missing", 1),
        ('[{"id" 1}]', "a colon is missing", 1),
        ('[{"id": True}]', "a value is missing or is not written as JSON wants it", 1),
        ('[\n{"a": 1,\n"id": "a\nb"}]', "a text holds a control character or a line break", 3),
        ('[{"id": "\\x"}]', "a text holds a backslash that means nothing in JSON", 1),
        ('[{"id": 1}, {"id": [}]}]', "is not valid JSON", 1),
        ('{"staff": [{"id": 1}], "deep": {"other": [{"id":}]}}', "a value is missing", 1),
        ('{"value" [{"id": 1}]}', "there is a : missing", 1),
    ],
)
def test_what_is_not_json_is_refused(document: str, words: str, line: int) -> None:
    sentence, at = JSON.refusal(document)
    assert words.lower() in sentence.lower()
    assert at == line


def test_what_is_no_list_of_people_is_refused() -> None:
    assert JSON.refusal(b"")[0].startswith("The file is empty (0 bytes).")
    assert JSON.refusal(b" \n\n") == ("The file is blank: there is nobody in it. Drop the complete file.", 3)
    assert JSON.refusal(b"id,name\n1,Ada\n")[0].startswith("This is not JSON")
    assert JSON.refusal('{"a": 1}')[0].startswith("There is no list of people in the document.")
    assert JSON.refusal("[1, 2]")[0].startswith("There is no list of people in the document.")
    assert JSON.refusal('{"a": [{"id": 1}]}', path="b.c")[0].startswith(
        "There is no list of records at 'b.c' in the document; it has a."
    )
    assert "`format.path` cannot be used" in JSON.refusal('{"id": 1}\n{"id": 2}', path="b")[0]
    assert JSON.refusal('{"value": [{"id": 1}]}\n{"value": [{"id": 2}]}')[0] == (
        "The file holds several JSON documents, one on each line. Have everybody exported into one document and drop "
        "that. Only documents with nothing but changes are dropped one by one, the oldest first."
    )


@pytest.mark.parametrize(
    ("document", "names"),
    [
        ('{"staff": [{"id": 1}], "others": [{"id": 2}]}', "'staff' and 'others'"),
        ('{"x": {"staff": [{"id": 1}]}, "y": {"others": [{"id": 2}]}}', "'x.staff' and 'y.others'"),
        ('{"employees": [{"id": 1}], "workers": [{"id": 2}]}', "'employees' and 'workers'"),
    ],
)
def test_two_lists_that_are_equal_are_refused(document: str, names: str) -> None:
    assert JSON.refusal(document) == (
        (
            f"The document has several lists that may be the people: {names}. Nothing of the file was used. Ask IT to "
            "choose one with `format.path`."
        ),
        None,
    )


def test_a_list_that_comes_after_megabytes_of_another_is_refused_too() -> None:
    long = ",".join([json.dumps({"id": "x" * 100_000})] * 50)
    assert "'staff' and 'others'" in JSON.refusal(f'{{"staff": [{long}], "others": [{{"id": 1}}]}}')[0]
    assert "'staff' and 'value'" in JSON.refusal(f'{{"staff": [{long}], "value": [{{"id": 1}}]}}')[0]
    assert "'others' and 'staff'" in JSON.refusal(f'{{"others": [{{"id": 1}}], "staff": [{long}]}}')[0]
    assert len(JSON.cells(f'{{"staff": [{long}], "deep": {{"others": [{{"id": 1}}]}}}}', ["id"])) == 50


def test_a_list_that_occurs_twice_is_refused() -> None:
    assert "'value' occurs twice" in JSON.refusal('{"value": [{"id": 1}], "value": [{"id": 2}]}')[0]


@pytest.mark.parametrize(
    ("around", "sign"),
    [
        ('{"d": {"results": %s, "__next": "https://x"}}', "__next"),
        ('{"@odata.nextLink": "https://x", "value": %s}', "@odata.nextLink"),
        ('{"value": %s, "odata.nextLink": "https://x"}', "odata.nextLink"),
        ('{"totalSize": 2, "done": false, "records": %s}', "done"),
        ('{"records": %s, "nextRecordsUrl": "/x"}', "nextRecordsUrl"),
        ('{"workers": %s, "nextPageToken": "abc"}', "nextPageToken"),
        ('{"data": %s, "next_cursor": "abc"}', "next_cursor"),
        ('{"data": %s, "next": 2}', "next"),
        ('{"data": %s, "_meta": {"links": {"next": {"href": "https://x"}}}}', "next"),
        ('{"items": %s, "hasMore": true}', "hasMore"),
        ('{"items": %s, "links": [{"rel": "self"}, {"rel": "next", "href": "x"}]}', "next"),
        ('{"data": %s, "metadata": {"current_page": 0, "total_pages": 3}}', "total_pages"),
        ('{"workers": %s, "meta": {"completeIndicator": false}}', "completeIndicator"),
        ('{"continuationToken": "x", "value": %s}', "continuationToken"),
        ('{"data": %s, "next_continuation_token": "x"}', "next_continuation_token"),
        ('{"isTruncated": true, "items": %s}', "isTruncated"),
        ('{"data": %s, "truncated": "true"}', "truncated"),
        ('{"total_count": 2, "incomplete_results": true, "items": %s}', "incomplete_results"),
        ('{"currentPage": 1, "lastPage": 4, "data": %s}', "lastPage"),
        ('{"data": %s, "meta": {"last_page": 4, "total": 7}}', "last_page"),
    ],
)
def test_one_page_of_a_longer_export_is_refused(around: str, sign: str) -> None:
    assert JSON.refusal(around % PEOPLE) == (
        (
            f"This is one page of a longer export: '{sign}' says that more follows after these 2 records. Have all "
            "pages exported into one file and drop that."
        ),
        None,
    )


@pytest.mark.parametrize(
    "around",
    [
        '{"continuationToken": null, "isTruncated": false, "incomplete_results": false, "data": %s}',
        '{"current_page": 1, "last_page": 1, "data": %s}',
        '{"current_page": 1, "last_page": 2, "per_page": 1, "total": 2, "data": %s}',
        '{"success": true, "error": null, "errors": [], "data": %s}',
        '{"errors": {}, "error": "0", "data": %s}',
        '{"errors": {"list": [], "text": ""}, "data": %s}',
        '{"data": [{"id": 1, "name": "Ann", "errors": [1], "success": false}, {"id": 2, "name": "Bo"}]}',
    ],
)
def test_a_whole_export_is_read_without_a_word(around: str) -> None:
    table = JSON.open(around.replace("%s", PEOPLE), ["id", "name"])
    assert (len(list(table.rows)), table.notes) == (2, [])


@pytest.mark.parametrize("around", ['{"success": false, "data": %s}', '{"data": %s, "meta": {"is_success": "False"}}'])
def test_an_answer_that_says_that_it_failed_is_refused(around: str) -> None:
    name = "success" if "is_" not in around else "is_success"
    assert JSON.refusal(around % PEOPLE)[0] == (
        f"'{name}' beside the people says false, so the program that wrote the file has met an error, and people may "
        "be missing. Nothing of the file was used. Export the list again and drop that file."
    )


@pytest.mark.parametrize(
    "around",
    [
        '{"data": %s, "errors": [{"message": "x"}]}',
        '{"errors": ["x"], "data": %s}',
        '{"data": %s, "errors": {"code": 5}}',
        '{"data": %s, "meta": {"errors": "time out"}}',
        '{"errors": [[1]], "data": %s}',
    ],
)
def test_errors_beside_the_people_are_told(around: str) -> None:
    table = JSON.open(around.replace("%s", PEOPLE), ["id", "name"])
    note = (
        "The file has 'errors' beside the people, so the program that wrote it has met an error. If people or values "
        "are missing for it, export the list again and drop that file."
    )
    assert (len(list(table.rows)), table.notes) == (2, [note])


def test_a_plain_total_that_may_be_of_people_is_told() -> None:
    table = JSON.open(f'{{"data": {PEOPLE}, "total": 500}}', ["id", "name"])
    note = (
        "'total' beside the people says 500, but the file holds 2 records. If that is the number of people, the file "
        "is a part: have everybody exported into one file and drop that."
    )
    assert (len(list(table.rows)), table.notes) == (2, [note])


@pytest.mark.parametrize(
    "name", ["totalSize", "total_elements", "totalNumber", "totalResults", "__count", "@odata.count"]
)
def test_a_total_above_the_number_of_records_refuses_the_file(name: str) -> None:
    sentence = f"This is one page of a longer export: '{name}' says 1,000, but the file holds 2 records."
    assert JSON.refusal(f'{{"{name}": "1000", "value": {PEOPLE}}}')[0].startswith(sentence)
    assert JSON.cells(f'{{"{name}": 2, "value": {PEOPLE}}}', ["id", "name"]) == BOTH


@pytest.mark.parametrize("beside", ['"limit": 2', '"offset": 0', '"page": 1', '"count": 2', '"per_page": 2'])
def test_a_plain_total_counts_beside_words_of_paging_only(beside: str) -> None:
    sentence = "This is one page of a longer export: 'total' says 9, but the file holds 2 records."
    assert JSON.refusal(f'{{"data": {PEOPLE}, {beside}, "total": 9}}')[0].startswith(sentence)
    assert JSON.cells(f'{{"data": {PEOPLE}, "total": 9}}', ["id", "name"]) == BOTH
    assert JSON.cells(f'{{"data": {PEOPLE}, {beside}, "total": 2}}', ["id", "name"]) == BOTH


@pytest.mark.parametrize(
    ("around", "sign", "at"),
    [
        ('{"items": %s, "count": 2, "hasMore": false, "limit": 25, "offset": 500}', "offset", "500"),
        ('{"success": true, "data": %s, "limit": 2, "offset": "6"}', "offset", "6"),
        ('{"value": %s, "$skip": 1000, "count": 2}', "$skip", "1,000"),
        ('{"workers": %s, "meta": {"startSequence": 101, "completeIndicator": true}}', "startSequence", "101"),
        ('{"Resources": %s, "startIndex": 3, "itemsPerPage": 2}', "startIndex", "3"),
        ('{"data": %s, "page": 2, "per_page": 10}', "page", "2"),
    ],
)
def test_a_last_page_is_no_list(around: str, sign: str, at: str) -> None:
    assert JSON.refusal(around % PEOPLE) == (
        (
            f"This is one page of a longer export: '{sign}' says {at}, so there are people before these 2 records. "
            "Have all pages exported into one file and drop that."
        ),
        None,
    )


@pytest.mark.parametrize(
    ("around", "sign"),
    [
        ('{"count": 1002, "next": null, "previous": "https://x/?page=10", "results": %s}', "previous"),
        ('{"previous": "https://x/?page=10", "results": %s}', "previous"),
        ('{"data": {"employees": {"pageInfo": {"hasNextPage": false, "hasPreviousPage": true}, "nodes": %s}}}',
         "hasPreviousPage"),
        ('{"links": {"first": "?page=1", "prev": "?page=9", "last": "?page=10"}, "data": %s}', "prev"),
        ('{"_links": {"self": {"href": "x"}, "prev": {"href": "y", "templated": false}}, "value": %s}', "prev"),
        ('{"items": %s, "links": [{"rel": "self", "href": "x"}, {"rel": "prev", "href": "y"}]}', "prev"),
        ('{"content": %s, "first": false, "last": true, "number": 9, "size": 100}', "first"),
        ('{"data": %s, "paging": {"nextPage": null, "prevPage": 9}}', "prevPage"),
        ('{"workers": %s, "previous_cursor": "abc"}', "previous_cursor"),
        ('{"data": %s, "previous": 9, "last": 10}', "previous"),
    ],
)  # fmt: skip
def test_a_page_behind_another_one_is_no_list(around: str, sign: str) -> None:
    assert JSON.refusal(around % PEOPLE) == (
        (
            f"This is one page of a longer export: '{sign}' says that there are people before these 2 records. Have "
            "all pages exported into one file and drop that."
        ),
        None,
    )


@pytest.mark.parametrize(
    "around",
    [
        '{"count": 2, "next": null, "previous": "https://x/?page=10", "results": %s}',
        '{"total": 2, "next": null, "previous": "https://x/?page=10", "results": %s}',
        '{"pageInfo": {"hasNextPage": false, "hasPreviousPage": true}, "totalCount": 2, "nodes": %s}',
        '{"links": {"prev": "?page=1"}, "meta": {"per_page": 1}, "data": %s}',
        '{"count": 2, "next": null, "previous": null, "results": %s}',
        '{"links": {"first": "?page=1", "prev": null, "last": "?page=1"}, "data": %s}',
        '{"_links": {"self": {"href": "x"}, "prev": {"href": null}}, "value": %s}',
        '{"_links": {"self": {"href": "x"}, "prev": {"href": ""}}, "value": %s}',
        '{"content": %s, "first": true, "last": true, "number": 0}',
        '{"hasNextPage": false, "hasPreviousPage": false, "prevPage": 0, "nextPage": null, "data": %s}',
        '{"previous": "2026-11-30", "count": 2, "limit": 100, "data": %s}',
        '{"previous": 1001, "count": 1002, "data": %s}',
        '{"previous": "workers_41.json", "data": %s}',
    ],
)
def test_pages_put_together_and_what_is_no_page_before_are_a_list(around: str) -> None:
    assert JSON.cells(around % PEOPLE, ["id", "name"]) == BOTH


def test_people_of_before_are_no_page_before() -> None:
    document = f'{{"previous": {{"day": "1", "employees": {PEOPLE}}}, "now": {{"employees": {PEOPLE}}}}}'
    assert JSON.cells(document, ["id", "name"], path="now.employees") == BOTH


@pytest.mark.parametrize(
    "around",
    [
        '{"data": %s, "limit": 1, "offset": 1}',
        '{"data": %s, "limit": 50, "offset": 1, "total": 2}',
        '{"workers": %s, "meta": {"startSequence": 1, "totalNumber": 2, "completeIndicator": true}}',
        '{"Resources": %s, "startIndex": 1, "itemsPerPage": 2}',
        '{"data": %s, "page": 1, "limit": 2, "offset": 0}',
        '{"data": %s, "offset": 120}',
    ],
)
def test_a_first_page_that_is_the_last_one_and_pages_put_together_are_a_list(around: str) -> None:
    assert JSON.cells(around % PEOPLE, ["id", "name"]) == BOTH


NO_NAMES = (
    "The document holds a list of values for each person, and the names apart or not at all, as pandas writes it with "
    "orient='split' or 'values'. Export the list again with one object for each person (orient='records')."
)
BY_COLUMN = (
    "The document is written column by column: one list of all ids, one of all names, and so on. Export the list again "
    "with one object for each person (pandas: orient='records')."
)
BY_NUMBER = (
    "The document has no list of people but a number for each of them, as pandas writes it with orient='index'. Export "
    "the list again as a list with one object for each person (orient='records')."
)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"id": {"0": "1", "1": "2"}, "name": {"0": "Ann", "1": "Bob"}}', BY_COLUMN),
        ('{"id": {"0": "1"}, "name": {"0": "Ann"}}', BY_COLUMN),
        ('{"columns": ["id", "name"], "index": [0, 1], "data": [["1", "Ann"], ["2", "Bob"]]}', NO_NAMES),
        ('[["1", "Ann"], ["2", "Bob"]]', NO_NAMES),
        ('{"0": {"id": "1", "name": "Ann"}, "1": {"id": "2", "name": "Bob"}}', BY_NUMBER),
    ],
)
def test_what_pandas_writes_is_refused_with_what_to_do_unless_it_is_a_list_of_people(text: str, sentence: str) -> None:
    assert JSON.refusal(text)[0] == sentence
    assert JSON.cells(f'{{"schema": {{"fields": [{{"name": "id"}}]}}, "data": {PEOPLE}}}', ["id", "name"]) == BOTH


def test_a_document_that_is_written_column_by_column_is_refused() -> None:
    assert JSON.refusal('{"id": ["1", "2"], "name": ["Ann", "Bob"]}')[0].startswith(
        "The document is written column by column: one list of all ids, one of all names, and so on."
    )


@pytest.mark.parametrize("value", ["null", '""', "false", "{}", "[]"])
def test_an_empty_link_to_a_next_page_is_none(value: str) -> None:
    assert JSON.cells(f'{{"next": {value}, "__next": {value}, "value": {PEOPLE}}}', ["id", "name"]) == BOTH


def test_nesting_has_a_limit() -> None:
    for bomb in ("[" * 1_000_000, '{"a":' * 1_000_000, '{"value": [{"a": ' + "[" * 1_000_000):
        sentence, line = JSON.refusal(bomb)
        assert "more than 64 levels deep" in sentence
        assert line == 1
    deep = "[" * 70 + "]" * 70
    assert JSON.cells(f'{{"id": 1}}\n{{"id": 2, "x": {deep}}}\n', ["id"]) == [
        ("1",),
        "The line is not valid JSON: objects and lists are nested more than 64 levels deep.",
    ]
    assert JSON.cells('[{"id": 1, "x": %s}]' % ("[" * 60 + "]" * 60), ["id"]) == [("1",)]


@pytest.mark.parametrize(
    "document",
    [
        '[{{"id": "{0}"}}]',
        '{{"id": "1"}}\n{{"id": "{0}"}}',
        '{{"value": [{{"id": "1"}}], "x": "{0}"}}',
        '{{"{0}": 1}}',
        '[{{"id": {0}}}]',
        '[{{"a": [{{"{0}',
        '["{0}',
    ],
)
def test_ten_megabytes_in_one_value_are_refused_in_little_memory(document: str) -> None:
    data = document.format("1" * 10_000_000).encode()
    tracemalloc.start()
    try:
        sentence, line = JSON.refusal(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "more than 1,048,576 characters" in sentence
    assert line == document.count("\n") + 1
    assert peak < 8_000_000


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file() -> None:
    def document(count: int) -> Iterator[bytes]:
        yield b'{"Report_Entry": ['
        for number in range(count):
            yield (b"," if number else b"") + json.dumps({"id": f"{number:06}", "name": "x" * 500}).encode()
        yield b"]}"

    def peak(count: int) -> int:
        tracemalloc.start()
        try:
            rows = open_json(document(count), FormatHints(), ["id", "name"]).rows
            assert sum(isinstance(row, Row) for row in rows) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(10_000) < peak(3_000) * 1.2 + 100_000


def test_people_beside_the_list_that_is_read_refuse_the_file_unless_the_mapping_chooses_it() -> None:
    people, leavers = '[{"id": "1", "name": "Ada"}]', '[{"id": "2", "name": "Bob"}]'
    refused = (
        "The document has people in several places: 'employees' and 'leavers'. Nothing of the file was used. Have "
        "everybody exported into one list, leavers too, or ask IT to choose one place with `format.path`, so that the "
        "others are not read."
    )
    for document in (
        f'{{"employees": {people}, "leavers": {leavers}}}',
        f'{{"leavers": {leavers}, "employees": {people}}}',
        f'{{"employees": {people}, "leavers": {leavers[1:-1]}}}',
        f'{{"employees": [], "leavers": {leavers}}}',
    ):
        assert JSON.refusal(document, ["id", "name"]) == (refused, None)
    deep = f'{{"people": {people}, "old": {{"leavers": {leavers}}}}}'
    assert "'people' and 'old.leavers'" in JSON.refusal(deep, ["id", "name"])[0]
    one = f'{{"data": {people[1:-1]}, "leaver": {leavers[1:-1]}}}'
    assert "'data' and 'leaver'" in JSON.refusal(one, ["id", "name"])[0]
    chosen = JSON.open(f'{{"employees": {people}, "leavers": {leavers}}}', ["id", "name"], path="employees")
    assert [row.cells for row in chosen.rows] == [("1", "Ada")]
    assert chosen.notes == [
        (
            "There are people at 'leavers' too, who were not read, because the mapping chooses another place "
            "(`format.path`). If they count, have everybody exported into one list."
        )
    ]


def test_another_list_with_ids_and_little_else_is_told() -> None:
    wanted = ["Employee ID", "name", "mail", "status"]
    people = '[{"Employee ID": "1", "name": "Ada", "mail": "a", "status": "A"}]'
    for gone in ('"gone": [{"Employee ID": "2"}]', '"old": [{"Employee ID": "", "name": "-"}, {"Employee ID": 2}]'):
        table = JSON.open(f'{{"employees": {people}, "of": {{"Employee ID": 7}}, {gone}}}', wanted)
        assert [row.cells for row in table.rows] == [("1", "Ada", "a", "A")]
        assert table.notes == [
            (
                f"What is listed at '{gone[1:].partition(chr(34))[0]}' has 'Employee ID' too and was not read. If "
                "these are people who have left, have everybody exported into one list; otherwise nothing needs to be "
                "done."
            )
        ]
        chosen = JSON.open(f'{{"employees": {people}, {gone}}}', wanted, path="employees")
        assert (len(list(chosen.rows)), chosen.notes) == (1, [])


def test_what_is_just_called_id_elsewhere_is_nobody() -> None:
    people = '[{"id": "1", "name": "Ada", "mail": "a", "status": "A"}]'
    for other in ('"teams": [{"id": 7}]', '"fields": [{"id": 1, "name": 1, "mail": 1}]', '"run": {"id": 7}'):
        table = JSON.open(f'{{"employees": {people}, {other}}}', ["id", "name", "mail", "status"])
        assert (len(list(table.rows)), table.notes) == (1, [])
