"""Companies of any size, and their extracts as CSV, NDJSON, XML and XLSX; the same seed gives the same bytes.

    python -m benchmarks.support.extracts FILE.csv --people 100000 [--columns 60] [--night 1] [--leavers 3]

Every person is made from the seed and her number alone, so that a million of them take no memory. The cells are those
of real extracts: names in many scripts, quotes, commas and line breaks in cells, columns with few different values, a
tree of managers, hire dates, empty cells and a placeholder. `night` is the day: on each one, another 1% have changed.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from xml.sax.saxutils import escape

HEADER = (
    "WorkerID", "WorkerStatus", "WorkerType", "UserID", "FirstName", "PreferredName", "LastName", "Mail", "ManagerID",
    "HireDate", "LastDay", "Department", "Division", "CostCenter", "Company", "Location", "JobTitle", "StreetAddress",
    "Building", "City", "ZipCode", "CountryCode", "OfficePhone", "Language", "Remark",
)  # fmt: skip
"""The 25 columns that every extract has; one with more columns has `Extra01` and so on behind them."""
FORMS = ("csv", "ndjson", "xml", "xlsx")
SOURCE = "employees"

MAPPING = """\
version: 1
key: WorkerID
required: [UserID, LastName]
status:
  column: WorkerStatus
  values: {Active: true, Terminated: false}
  leave: [On leave]
  first_day: HireDate
  last_day: LastDay
dates: {format: [iso, dd.mm.yyyy], zone: Europe/Berlin}
guard: {off: true}
attributes:
  userName: {column: UserID, case: lower}
  displayName: {template: "{PreferredName|FirstName} {LastName}"}
  name.givenName: FirstName
  name.familyName: LastName
  nickName: {first: [PreferredName, FirstName]}
  title: {column: JobTitle, cut: 128}
  userType: {column: WorkerType, map: {EMP: Employee, CWR: Contractor}, otherwise: "{value}"}
  preferredLanguage: {column: Language, replace: [{from: "_", to: "-"}]}
  emails[type eq "work"].value: {column: Mail, case: lower}
  phoneNumbers[type eq "work"].value: {column: OfficePhone, phone: 49}
  addresses[type eq "work"].streetAddress: {columns: [StreetAddress, Building], join: ", "}
  addresses[type eq "work"].locality: City
  addresses[type eq "work"].region: Location
  addresses[type eq "work"].postalCode: ZipCode
  addresses[type eq "work"].country: {column: CountryCode, country: omit}
  urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber: WorkerID
  urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:costCenter: CostCenter
  urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:organization: Company
  urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:division: Division
  urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department: Department
  urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager: ManagerID
"""
"""A mapping with a rule of nearly every kind; the guard is off, because these companies change at once."""

FIRST_ID = 1_000_000
_TEAM = 9
_FEW = 300  # columns with fewer different values are shared strings in a workbook, as Excel writes them
_MASK = (1 << 64) - 1

_GIVEN = (
    "Anna", "Zoë", "Małgorzata", "José", "Søren", "Łukasz", "Priya", "Noémie", "Олена", "Ελένη", "فاطمة", "花子",
    "지은", "Mary-Jane", "Siobhán", "Nguyễn Thị", "Jürgen", "अनन्या", "Þórdís", "Kekoa",
)  # fmt: skip
_FAMILY = (
    "Müller", "O'Connor", "Kowalczyk", "da Conceição", "Nygård", "Шевчук", "Παπαδόπουλος", "حسن", "山田", "김",
    "D'Souza", "Van Buren", "Çelikbaş", "Weiß", "Smith", "Huỳnh", "शर्मा", "Saint-Pierre", "Błaszczyk", "Mac Giolla",
)  # fmt: skip
_TITLES = (
    "Engineer", "Senior Engineer", "Buyer", "Auditor", "Analyst, Markets", 'Technician "Line 4"', "Field Technician",
    "Calibration Technician", "Recruiter", "Controller", "Editor", "Trainer",
)  # fmt: skip
_PLACES = (
    ("Europe", "Göttingen", "DE", "37073", "0551 2312"),
    ("Europe", "Wrocław", "Poland", "50-001", "+48 71 000"),
    ("Europe", "Θεσσαλονίκη", "GRC", "546 22", "+30 231 000"),
    ("Americas", "Montréal", "CA", "H2Y 0A1", "+1 514 555"),
    ("Asia Pacific", "大阪市", "JP", "530-0001", "+81 6 0000"),
)
_STREETS = ("Lindenstraße", "rue de l'Écluse", "Harbour Row", "Οδός Ερμού", "ul. Świętej Jadwigi")
_REMARKS = ("", "", "", "", "", "", "Badge lost;\nordered again", 'Says "call me, after 9"', "N/A", "see file, page 2")
_LANGUAGES = ("de_DE", "en_GB", "pl_PL", "el_GR", "fr_CA", "ja_JP")


@dataclass(frozen=True)
class Company:
    """Who is in an extract.

    Attributes:
        people: how many.
        columns: of the extract, 25 or more.
        seed: another seed, another company.
        night: which day it is; on day 0 nobody has changed yet, on each later one another 1%.
        everybody: whether on a later day all have changed, not just 1%.
        leavers: so many people (who manage nobody) have left.
        spoiled: one in so many people has a status word that nobody knows, and is rejected; 0 for nobody.
        first: added to everybody's number, so that two companies have nobody in common.
    """

    people: int
    columns: int = 25
    seed: int = 1
    night: int = 0
    everybody: bool = False
    leavers: int = 0
    spoiled: int = 0
    first: int = 0

    @property
    def header(self) -> tuple[str, ...]:
        return HEADER + tuple(f"Extra{number:02d}" for number in range(1, self.columns - len(HEADER) + 1))

    @property
    def changed(self) -> int:
        """How many people differ from the day before, leavers left out."""
        if not self.night:
            return 0
        return self.people if self.everybody else sum(self._moves(number, self.night) for number in range(self.people))

    def next_night(self, **changes: int | bool) -> Company:
        """The same company a day later."""
        return replace(self, night=self.night + 1, **changes)  # type: ignore[arg-type]

    def worker_id(self, number: int) -> str:
        return str(FIRST_ID + self.first + number)

    def rows(self) -> Iterator[tuple[str, ...]]:
        """The cells of everybody, in an order that says nothing."""
        step = _stride(self.people)
        return (self.cells(number * step % self.people) for number in range(self.people))

    def cells(self, number: int) -> tuple[str, ...]:
        """The row of one person."""
        dice = _mix(self.seed << 32 ^ (self.first + number))
        given, family = _GIVEN[dice % 20], _FAMILY[(dice >> 8) % 20]
        region, city, country, code, phone = _PLACES[(dice >> 16) % 5]
        department = (dice >> 24) % 60
        worker_id = self.worker_id(number)
        day = (dice >> 32) % 6000
        hired = f"{2005 + day // 360}-{1 + day // 30 % 12:02d}-{1 + day % 28:02d}"
        has_left = number >= self.people - self.leavers
        moves = sum(self._moves(number, night) for night in range(1, self.night + 1))
        title = _TITLES[(dice >> 40) % 12]
        cells = (
            worker_id,
            "Terminated" if has_left else self._word(number, dice),
            "CWR" if (dice >> 44) % 8 == 0 else "EMP",
            f"W{worker_id}@example.com",
            given,
            given[:3] if (dice >> 48) % 10 == 0 else "",
            f"{family} {chr(65 + (dice >> 50) % 26)}{number % 1000}",
            f"{worker_id}@mail.example.com",
            self.worker_id((number - 1) // _TEAM) if number else "",
            hired if number % 3 else f"{hired[8:]}.{hired[5:7]}.{hired[:4]}",
            "",
            f"Department {department}",
            f"Division {department % 8}",
            f"CC{1000 + department}",
            "Contoso, Ltd.",
            region,
            f"{title} {'I' * (moves % 4 + 1)}{moves}" if moves else title,
            f"{_STREETS[(dice >> 52) % 5]} {(dice >> 54) % 200}",
            f"Building {(dice >> 56) % 12}" if dice % 4 else "",
            city,
            code,
            country,
            f"{phone} {1000 + number % 9000}",
            _LANGUAGES[(dice >> 58) % 6],
            _REMARKS[(dice >> 60) % 10],
        )
        more = self.columns - len(HEADER)
        return cells + tuple(f"Value {(dice >> column % 50) % (column + 2)}" for column in range(more))

    def _word(self, number: int, dice: int) -> str:
        if self.spoiled and number % self.spoiled == self.spoiled - 1:
            return "Suspended"
        return "On leave" if dice % 97 == 3 else "Active"

    def _moves(self, number: int, night: int) -> bool:
        return self.everybody or (number + 37 * night) % 100 == 0


def write(company: Company, path: Path, form: str = "") -> int:
    """Write an extract; returns its bytes.

    Args:
        company: who is in it.
        path: of the file.
        form: one of `FORMS`; what the file's name ends in if it is not given.
    """
    writers: dict[str, Callable[[Company, Path], None]] = {
        "csv": _write_csv,
        "ndjson": _write_ndjson,
        "xml": _write_xml,
        "xlsx": _write_xlsx,
    }
    writers[form or path.suffix.removeprefix(".")](company, path)
    return path.stat().st_size


def content(company: Company, form: str = "csv") -> bytes:
    """A small extract, in memory."""
    if form != "csv":
        raise ValueError("only CSV is made in memory")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(company.header)
    writer.writerows(company.rows())
    return text.getvalue().encode()


def _write_csv(company: Company, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(company.header)
        writer.writerows(company.rows())


def _write_ndjson(company: Company, path: Path) -> None:
    header = company.header
    with path.open("w", encoding="utf-8", newline="") as file:
        for cells in company.rows():
            record = dict(zip(header, cells, strict=True))
            file.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")


def _write_xml(company: Company, path: Path) -> None:
    header = company.header
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n<Workers>\n')
        for cells in company.rows():
            fields = "".join(f"<{name}>{escape(cell)}</{name}>" for name, cell in zip(header, cells, strict=True))
            file.write(f"<Worker>{fields}</Worker>\n")
        file.write("</Workers>\n")


_CONTENT_TYPES = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
    '<Override PartName="/xl/sharedStrings.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
    "</Types>"
)
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PARTS = {
    "[Content_Types].xml": _CONTENT_TYPES,
    "_rels/.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>'
        '<sheet name="Workers" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_RELATIONS}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    ),
}


def _write_xlsx(company: Company, path: Path) -> None:
    """A workbook whose few-valued columns are shared strings, and whose other cells have their text inline.

    Excel shares all strings; of a million people that would be a table of eight million texts, which is not what this
    is about.
    """
    header = company.header
    letters = [_column(index) for index in range(len(header))]
    shared: dict[str, int] = {}
    few = _few_valued(company)

    def cell(place: str, text: str, *, share: bool) -> str:
        if not text:
            return ""
        if share:
            return f'<c r="{place}" t="s"><v>{shared.setdefault(text, len(shared))}</v></c>'
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        for name, text in _PARTS.items():
            package.writestr(_fixed(name), text)
        with package.open(_fixed("xl/worksheets/sheet1.xml"), "w", force_zip64=True) as sheet:
            sheet.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
            for number, cells in enumerate(_with_header(header, company.rows()), 1):
                row = "".join(
                    cell(f"{letters[index]}{number}", text, share=number == 1 or few[index])
                    for index, text in enumerate(cells)
                )
                sheet.write(f'<row r="{number}">{row}</row>'.encode())
            sheet.write(b"</sheetData></worksheet>")
        items = "".join(f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in shared)
        package.writestr(
            _fixed("xl/sharedStrings.xml"), f'<sst xmlns="{_MAIN}" uniqueCount="{len(shared)}">{items}</sst>'
        )


def _few_valued(company: Company) -> Sequence[bool]:
    # Of more people than a few-valued column has values, so that their number tells it from the others.
    some = [company.cells(number) for number in range(min(company.people, 4 * _FEW))]
    return [len(set(column)) < min(_FEW, len(some)) for column in zip(*some, strict=True)]


def _with_header(header: Sequence[str], rows: Iterator[tuple[str, ...]]) -> Iterator[Sequence[str]]:
    yield header
    yield from rows


def _column(index: int) -> str:
    first, last = divmod(index, 26)
    return (chr(64 + first) if first else "") + chr(65 + last)


def _fixed(name: str) -> zipfile.ZipInfo:
    """An entry whose time is always the same, so that the same seed gives the same bytes."""
    entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _stride(people: int) -> int:
    """A step that leads to everybody once."""
    for step in (7919, 7907, 7901, 7883):  # primes; a number of people is not a multiple of all of them
        if people % step:
            return step
    return 1


def _mix(number: int) -> int:
    """64 bits that look like chance; the finalizer of SplitMix64."""
    number = (number + 0x9E3779B97F4A7C15) & _MASK
    number = (number ^ number >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    number = (number ^ number >> 27) * 0x94D049BB133111EB & _MASK
    return number ^ number >> 31


def main() -> None:
    """Write an extract."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.support.extracts", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--columns", type=int, default=25)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--night", type=int, default=0)
    parser.add_argument("--leavers", type=int, default=0)
    options = parser.parse_args()
    company = Company(options.people, options.columns, options.seed, options.night, leavers=options.leavers)
    print(f"{options.file}: {write(company, options.file):,} bytes")


if __name__ == "__main__":
    main()
