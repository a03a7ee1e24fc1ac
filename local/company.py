"""A fictitious company, Fernhill Instruments, and the extracts that its HR system writes on three days.

The same seed gives the same bytes. Day two is day one with joiners, movers, leavers and a few rows that are broken in
the ways in which rows of real extracts are. On day three a report went wrong, and a third of the people seem to have
left. Each extract says exactly who and what was planted, so that a demo or a test can check that everything adds up.
`python -m local.company FOLDER` writes the files.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path

# The header of the CSV2SCIM samples.
HEADER = (
    "WorkerID",
    "WorkerStatus",
    "WorkerType",
    "UserID",
    "FirstName",
    "LastName",
    "FullName",
    "GenderPronoun",
    "ManagerID",
    "HireDate",
    "OnLeave",
    "Department",
    "Division",
    "CostCenter",
    "Company",
    "Location",
    "JobTitle",
    "StreetAddress",
    "City",
    "CountryCode",
    "OfficePhone",
    "Custom01",
    "Custom02",
    "ZipCode",
)
COMPANY = "Fernhill Instruments"
PEOPLE = 1200
SEED = 2026
FILES = ("workers-day-1.csv", "workers-day-2.csv", "workers-day-3.csv")

_DAY_TWO = date(2026, 11, 23)
_TEAM = 9

Row = dict[str, str]


class Reason(StrEnum):
    """What is wrong with a broken row."""

    NO_ID = "no id"
    NO_STATUS = "no status"
    UNKNOWN_STATUS = "unknown status"
    TOO_MANY_FIELDS = "too many fields"
    TOO_FEW_FIELDS = "too few fields"
    SAME_ID_TWICE = "same id twice"


@dataclass(frozen=True)
class BrokenRow:
    """A row that was broken on purpose.

    Attributes:
        row_number: its line in the file; the header is line 1.
        worker_id: what stands in its first column.
        reason_kind: what is wrong with it.
    """

    row_number: int
    worker_id: str
    reason_kind: Reason


@dataclass(frozen=True)
class Extract:
    """A file, and what was planted in it. Whoever is not named is as the day before.

    Attributes:
        content: the file.
        rows: how many rows it has, without the header.
        joiners: ids of people who were not there the day before.
        movers: ids of people whose department, title or manager changed.
        leavers: ids of people who became `Terminated`.
        broken: the broken rows, by row number.
        mistaken: ids of people who became `Terminated` by mistake.
    """

    content: bytes = field(repr=False)
    rows: int
    joiners: tuple[str, ...] = ()
    movers: tuple[str, ...] = ()
    leavers: tuple[str, ...] = ()
    broken: tuple[BrokenRow, ...] = ()
    mistaken: tuple[str, ...] = ()


def day_one(people: int = PEOPLE, *, seed: int = SEED) -> Extract:
    """The first extract: everybody is active, nothing is wrong.

    Raises:
        ValueError: fewer people than a company with its departments has.
    """
    rows = _Company(people, seed).rows
    return Extract(_write([list(row.values()) for row in rows]), len(rows))


# Long: what happens on one day, from the top to the bottom.
def day_two(
    people: int = PEOPLE, *, joiners: int = 25, movers: int = 60, leavers: int = 15, seed: int = SEED
) -> Extract:
    """The extract of the next day, for the same `people` and `seed`.

    Only people who manage nobody move, leave or have a broken row, so that nobody's manager is in doubt. A person with
    a broken row is as the day before; the two rows without an id are newcomers whose id HR has yet to give.

    Raises:
        ValueError: there are too few people for so many changes.
    """
    company = _Company(people, seed)
    chance = random.Random(f"{seed}/day two")
    managing = {row["ManagerID"] for row in company.rows}
    quiet = [row for row in company.rows if row["WorkerID"] not in managing]
    if len(quiet) < movers + leavers + 6:
        raise ValueError(f"{len(quiet)} people who manage nobody are too few for {movers} movers and {leavers} leavers")
    chosen = chance.sample(quiet, movers + leavers + 6)
    moving, leaving, (silent, mute, retired, long, short, twin) = (
        chosen[:movers],
        chosen[movers : movers + leavers],
        chosen[movers + leavers :],
    )
    for number, row in enumerate(moving):
        company.move(row, number)
    for row in leaving:
        row["WorkerStatus"] = "Terminated"
    *joining, one, other = company.hire(joiners + 2)
    unnumbered = (one, other)

    # What is wrong, by the identity of the row: ids are missing or not unique among these.
    wrong: dict[int, Reason] = {}
    for row in unnumbered:
        row["WorkerID"] = ""
        wrong[id(row)] = Reason.NO_ID
    for row in (silent, mute):
        row["WorkerStatus"] = ""
        wrong[id(row)] = Reason.NO_STATUS
    retired["WorkerStatus"] = "Retired?"
    wrong[id(retired)] = Reason.UNKNOWN_STATUS
    wrong[id(long)] = Reason.TOO_MANY_FIELDS
    wrong[id(short)] = Reason.TOO_FEW_FIELDS
    double = dict(twin)
    company.move(double, 0)
    wrong[id(twin)] = wrong[id(double)] = Reason.SAME_ID_TWICE

    rows = company.rows
    for row in (*joining, *unnumbered, double):
        rows.insert(chance.randrange(len(rows) + 1), row)
    lines = [list(row.values()) for row in rows]
    for row, line in zip(rows, lines, strict=True):
        if row is long:
            # A comma in the address that nobody put in quotes.
            street = HEADER.index("StreetAddress")
            line[street : street + 1] = [line[street], " 2nd floor"]
        if row is short:
            del line[-4:]
    return Extract(
        content=_write(lines),
        rows=len(lines),
        joiners=tuple(row["WorkerID"] for row in joining),
        movers=tuple(row["WorkerID"] for row in moving),
        leavers=tuple(row["WorkerID"] for row in leaving),
        broken=tuple(
            BrokenRow(number, row["WorkerID"], wrong[id(row)]) for number, row in enumerate(rows, 2) if id(row) in wrong
        ),
    )


def day_three(people: int = PEOPLE, *, movers: int = 8, share: float = 0.3, seed: int = SEED) -> Extract:
    """The extract of the day after: the broken rows are as on day one again, and `share` of the people by mistake left.

    The people who move, and those who are said to have left, manage nobody.
    """
    first, second = day_one(people, seed=seed), day_two(people, seed=seed)
    broken = {row.row_number for row in second.broken}
    rows = [row for number, row in enumerate(_read(second), 2) if number not in broken]
    mended = {row.worker_id for row in second.broken}
    rows += [row for row in _read(first) if row["WorkerID"] in mended]
    chance = random.Random(f"{seed}/day three")
    managing = {row["ManagerID"] for row in rows}
    quiet = [row for row in rows if row["WorkerID"] not in managing and row["WorkerStatus"] == "Active"]
    chosen = chance.sample(quiet, movers + int(share * len(rows)))
    for row in chosen[:movers]:
        row["JobTitle"] = f"Senior {row['JobTitle']}"
    for row in chosen[movers:]:
        row["WorkerStatus"] = "Terminated"
    return Extract(
        content=_write([list(row.values()) for row in rows]),
        rows=len(rows),
        movers=tuple(row["WorkerID"] for row in chosen[:movers]),
        mistaken=tuple(row["WorkerID"] for row in chosen[movers:]),
    )


def _read(extract: Extract) -> list[Row]:
    """The rows of an extract; what stands in broken ones is anybody's guess."""
    lines = csv.reader(io.StringIO(extract.content.decode("utf-8-sig"), newline=""))
    next(lines)
    return [dict(zip(HEADER, line, strict=False)) for line in lines]


@dataclass(frozen=True)
class _Department:
    name: str
    division: str
    cost_center: str
    size: int
    titles: tuple[str, ...]


@dataclass(frozen=True)
class _Site:
    location: str
    city: str
    country: str
    streets: tuple[str, ...]
    zip_codes: tuple[str, ...]
    phone: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class _Names:
    """Names of one culture; one in another script carries its spelling in Latin letters after a slash."""

    hers: tuple[str, ...]
    his: tuple[str, ...]
    family: tuple[str, ...]
    family_first: bool = False


class _Company:
    """The people on day one, and the means to change them."""

    def __init__(self, people: int, seed: int) -> None:
        fewest = 1 + len(_DIVISIONS) + 3 * len(_DEPARTMENTS)
        if people < fewest:
            raise ValueError(f"{people} people are too few; {fewest} are enough")
        self._chance = random.Random(seed)
        numbers = self._chance.sample(range(203, 99_000), people + 1000)
        self._ids = iter(f"{number:05d}" for number in numbers)
        self._user_names: set[str] = set()
        # Of each department, its head first: those whom somebody may report to.
        self._managers: dict[str, list[Row]] = {department.name: [] for department in _DEPARTMENTS}
        self.rows: list[Row] = []
        self._found(people)
        # HR's order is nobody's order: managers stand before and after the people who report to them.
        self._chance.shuffle(self.rows)

    def hire(self, count: int) -> list[Row]:
        """Newcomers; the first manages the next three. They are in no row yet."""
        department = _DEPARTMENTS[0]
        hired: list[Row] = []
        for number in range(count):
            if number == 0:
                row = self._person(department, _lead(department), self._managers[department.name][0])
            elif number <= 3:
                row = self._person(department, department.titles[0], hired[0])
            else:
                other = self._department()
                row = self._person(other, other.titles[0], self._chance.choice(self._managers[other.name]))
            row["HireDate"] = _DAY_TWO.isoformat()
            row["OnLeave"] = "False"
            hired.append(row)
        return hired

    def move(self, row: Row, kind: int) -> None:
        """Give a person another department (kind 0, 3, ...), title (1, 4, ...) or manager (2, 5, ...)."""
        department = next(each for each in _DEPARTMENTS if each.name == row["Department"])
        if kind % 3 == 0:
            other = self._chance.choice([each for each in _DEPARTMENTS if each is not department])
            row |= _place(other)
            row["JobTitle"] = self._chance.choice(other.titles)
            row["ManagerID"] = self._chance.choice(self._managers[other.name])["WorkerID"]
        elif kind % 3 == 1:
            row["JobTitle"] = self._chance.choice([title for title in department.titles if title != row["JobTitle"]])
        else:
            ids = [manager["WorkerID"] for manager in self._managers[department.name]]
            row["ManagerID"] = self._chance.choice([id_ for id_ in ids if id_ != row["ManagerID"]])

    def _found(self, people: int) -> None:
        office = _Department("Executive Office", "Corporate", "CC1000", 0, ())
        chief = self._add(office, "Chief Executive Officer", None)
        heads = {division: self._add(office, f"Vice President, {division}", chief) for division in _DIVISIONS}
        # Every department has a head and a team, whatever its size; the rest is shared out by size.
        for department in _DEPARTMENTS:
            head = self._add(department, f"Director, {department.name}", heads[department.division])
            self._managers[department.name].append(head)
            self._managers[department.name].append(self._add(department, _lead(department), head))
        members = dict.fromkeys(self._managers, 0)
        while len(self.rows) < people:
            department = self._department()
            managers = self._managers[department.name]
            if members[department.name] == _TEAM * (len(managers) - 1):
                managers.append(self._add(department, _lead(department), managers[0]))
                continue
            members[department.name] += 1
            self._add(department, self._chance.choice(department.titles), managers[-1])

    def _add(self, department: _Department, title: str, manager: Row | None) -> Row:
        row = self._person(department, title, manager)
        self.rows.append(row)
        return row

    def _department(self) -> _Department:
        return self._chance.choices(_DEPARTMENTS, [department.size for department in _DEPARTMENTS])[0]

    def _person(self, department: _Department, title: str, manager: Row | None) -> Row:
        chance = self._chance
        site = chance.choice(_SITES)
        names = _NAMES[chance.choice(site.names)]
        she = chance.random() < 0.5
        given, given_latin = _spellings(chance.choice(names.hers if she else names.his))
        family, family_latin = _spellings(chance.choice(names.family))
        pronoun = chance.choices(["SHE/HER" if she else "HE/HIM", "THEY/THEM", ""], [88, 4, 8])[0]
        contractor = manager is not None and title in department.titles and chance.random() < 0.12
        hired = date(2004, 1, 5) + timedelta(days=chance.randrange(8300))
        values = {
            "WorkerID": next(self._ids),
            "WorkerStatus": "Active",
            "WorkerType": "Contractor" if contractor else "Employee",
            "UserID": self._user_name(given_latin, family_latin),
            "FirstName": given,
            "LastName": family,
            "FullName": f"{family} {given}" if names.family_first else f"{given} {family}",
            "GenderPronoun": pronoun,
            "ManagerID": manager["WorkerID"] if manager else "",
            "HireDate": hired.isoformat(),
            "OnLeave": str(chance.random() < 0.03),
            **_place(department),
            "Company": COMPANY,
            "Location": site.location,
            "JobTitle": title,
            "StreetAddress": chance.choice(site.streets),
            "City": site.city,
            "CountryCode": site.country,
            "OfficePhone": f"{site.phone}{chance.randrange(100, 1000)}",
            "Custom01": f"B{chance.randrange(1, 400):03d}",
            "Custom02": chance.choice(["", "", "Shift A", "Shift B"]),
            "ZipCode": chance.choice(site.zip_codes),
        }
        return {column: values[column] for column in HEADER}

    def _user_name(self, given: str, family: str) -> str:
        plain = f"{_ascii(given)}.{_ascii(family)}"
        name, number = plain, 1
        while name in self._user_names:
            number += 1
            name = f"{plain}{number}"
        self._user_names.add(name)
        return name


def _lead(department: _Department) -> str:
    return f"{department.name} Team Lead"


def _place(department: _Department) -> Row:
    return {
        "Department": department.name,
        "Division": department.division,
        "CostCenter": department.cost_center,
    }


def _spellings(name: str) -> tuple[str, str]:
    """A name as its bearer writes it, and in Latin letters."""
    own, _, latin = name.partition("/")
    return own, latin or own


def _ascii(name: str) -> str:
    """A name as it stands in a user name: small letters without accents."""
    # Letters that are no accented form of another, so that taking accents off leaves them.
    for letter, plain in (("ß", "ss"), ("ø", "o"), ("ł", "l"), ("ı", "i"), ("đ", "d"), ("æ", "ae"), ("þ", "th")):  # noqa: RUF001
        name = name.replace(letter, plain).replace(letter.upper(), plain)
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "".join(letter for letter in letters if letter.isalpha() or letter == "-")


def _write(lines: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEADER)
    writer.writerows(lines)
    return text.getvalue().encode()


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the extracts into a folder."""
    parser = argparse.ArgumentParser(prog="python -m local.company", description="Write the extracts of three days.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--people", type=int, default=PEOPLE, help="size of the company (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="another seed, another company (default: %(default)s)")
    options = parser.parse_args(arguments)
    days = [day(options.people, seed=options.seed) for day in (day_one, day_two, day_three)]
    options.folder.mkdir(parents=True, exist_ok=True)
    for name, day in zip(FILES, days, strict=True):
        path = options.folder / name
        path.write_bytes(day.content)
        print(
            f"{path}: {day.rows} rows, {len(day.joiners)} joiners, {len(day.movers)} movers, "
            f"{len(day.leavers)} leavers, {len(day.broken)} broken rows, {len(day.mistaken)} people gone by mistake"
        )


_DIVISIONS = ("Products", "Operations", "Customers", "Corporate")
_DEPARTMENTS = (
    _Department(
        "Engineering",
        "Products",
        "CC2010",
        22,
        ("Engineer", "Senior Engineer", "Principal Engineer", "Test Engineer", "Optics Engineer"),
    ),
    _Department("Research", "Products", "CC2020", 8, ("Scientist", "Senior Scientist", "Laboratory Technician")),
    _Department("Design", "Products", "CC2030", 4, ("Designer", "Senior Designer", "Technical Writer")),
    _Department(
        "Manufacturing",
        "Operations",
        "CC3010",
        24,
        ("Assembler", "Machine Operator", "Process Engineer", "Calibration Technician", "Shift Planner"),
    ),
    _Department("Quality", "Operations", "CC3020", 7, ("Quality Inspector", "Quality Engineer", "Auditor")),
    _Department("Logistics", "Operations", "CC3030", 8, ("Warehouse Clerk", "Buyer", "Freight Planner")),
    _Department("Sales", "Customers", "CC4010", 14, ("Account Manager", "Sales Engineer", "Sales Executive")),
    _Department("Marketing", "Customers", "CC4020", 5, ("Campaign Manager", "Analyst, Markets", "Editor")),
    _Department("Service", "Customers", "CC4030", 10, ("Field Technician", "Support Specialist", "Trainer")),
    _Department("Finance", "Corporate", "CC1010", 6, ("Accountant", "Controller", "Analyst, Treasury")),
    _Department("People & Culture", "Corporate", "CC1020", 4, ("Recruiter", "HR Partner", "Payroll Specialist")),
    _Department("IT", "Corporate", "CC1030", 6, ("Systems Engineer", "Service Desk Agent", "Security Analyst")),
)

_NAMES = {
    "english": _Names(
        ("Olivia", "Amelia", "Grace", "Mary-Jane", "Siobhán", "Chloe", "Ruth", "Imogen", "Niamh", "Harriet"),
        ("Jack", "Oliver", "Rhys", "Seán", "Thomas", "Callum", "George", "Ewan", "Desmond", "Alfie"),
        ("O'Connor", "Smith", "Fairweather", "Llewellyn", "Okafor", "Mac Giolla", "Ashdown", "Byrne", "Clarke-Hughes"),
    ),
    "american": _Names(
        ("Emily", "Aaliyah", "Guadalupe", "Kiona", "Madison", "Tamika", "Hannah", "Leilani"),
        ("Tyler", "DeShawn", "José", "Ethan", "Kekoa", "Marcus", "Wyatt", "Jamal"),
        ("Washington", "Begay", "Ramírez", "Kealoha", "Miller", "Brooks", "Nguyen", "Van Buren", "St. John"),
    ),
    "french": _Names(
        ("Élodie", "Françoise", "Noémie", "Anaïs", "Marie-Ève", "Océane", "Gaëlle"),
        ("Jérôme", "Benoît", "François", "Loïc", "Jean-Philippe", "Hervé", "Étienne"),
        ("Lefèvre", "Côté", "D'Amours", "Bélanger", "Gagné", "Saint-Pierre", "Forêt", "Çelikbaş"),
    ),
    "german": _Names(
        ("Jördis", "Käthe", "Anneliese", "Ayşe", "Friederike", "Mareike", "Zoë"),
        ("Jürgen", "Götz", "Björn", "Karl-Heinz", "Matthias", "Emre", "Wolfgang"),
        ("Müller", "Weiß", "Größmann", "von der Heide", "Yıldız", "Schäfer", "Krüger", "Kowalczyk"),  # noqa: RUF001
    ),
    "portuguese": _Names(
        ("Conceição", "Inês", "Letícia", "Tainá", "Beatriz", "Débora", "Iracema"),
        ("João", "Antônio", "Caetano", "Luís", "Ubirajara", "Márcio", "Thiago"),
        ("da Conceição", "Araújo", "Simões", "Magalhães", "dos Santos", "Guimarães", "Assunção"),
    ),
    "polish": _Names(
        ("Małgorzata", "Agnieszka", "Żaneta", "Łucja", "Katarzyna", "Bożena"),
        ("Paweł", "Wojciech", "Łukasz", "Zbigniew", "Grzegorz", "Michał"),
        ("Wójcik", "Błaszczyk", "Kołodziej", "Dąbek", "Gałązka", "Szczęsny"),
    ),
    "nordic": _Names(
        ("Åsa", "Freyja", "Ingebjørg", "Þórdís", "Päivi", "Märta"),
        ("Øyvind", "Søren", "Guðmundur", "Håkon", "Väinö", "Åke"),
        ("Lindström", "Sørensen", "Ødegård", "Hämäläinen", "Nygård", "Æbelø"),
    ),
    "vietnamese": _Names(
        ("Thị Hạnh", "Ngọc Ánh", "Phương Thảo", "Mỹ Linh"),
        ("Văn Đức", "Quốc Bảo", "Minh Tuấn", "Hữu Phước"),
        ("Nguyễn", "Trần", "Đặng", "Phạm", "Huỳnh"),
        family_first=True,
    ),
    "ukrainian": _Names(
        ("Олена/Olena", "Соломія/Solomiia", "Наталія/Nataliia", "Зоряна/Zoriana", "Ганна/Hanna"),
        ("Тарас/Taras", "Андрій/Andrii", "Богдан/Bohdan", "Юрій/Yurii", "Остап/Ostap"),  # noqa: RUF001
        ("Шевчук/Shevchuk", "Коваленко/Kovalenko", "Ґудзь/Gudz", "Лисенко/Lysenko", "Їжакевич/Yizhakevych"),
    ),
    "greek": _Names(
        ("Ελένη/Eleni", "Κατερίνα/Katerina", "Δέσποινα/Despoina", "Ιωάννα/Ioanna"),
        ("Γιώργος/Giorgos", "Δημήτρης/Dimitris", "Νίκος/Nikos", "Σταύρος/Stavros"),
        ("Παπαδόπουλος/Papadopoulos", "Οικονόμου/Oikonomou", "Βλάχος/Vlachos", "Αγγελίδης/Angelidis"),
    ),
    "arabic": _Names(
        ("فاطمة/Fatima", "ليلى/Layla", "مريم/Mariam", "نور/Nour"),
        ("محمد/Mohamed", "يوسف/Youssef", "عمر/Omar", "كريم/Karim"),
        ("حسن/Hassan", "الشريف/El-Sherif", "منصور/Mansour", "عبد الله/Abdallah"),
    ),
    "indian": _Names(
        ("Priya", "Lakshmi", "अनन्या/Ananya", "Meenakshi", "காவ்யா/Kavya", "Harpreet"),
        ("Arjun", "Venkatesh", "रोहन/Rohan", "Subramaniam", "கார்த்திக்/Karthik", "Gurpreet"),
        ("Iyer", "Chatterjee", "Singh", "शर्मा/Sharma", "Ramanathan", "D'Souza", "Patel"),
    ),
    "japanese": _Names(
        ("花子/Hanako", "美咲/Misaki", "さくら/Sakura", "陽子/Yoko", "結衣/Yui"),
        ("太郎/Taro", "健一/Kenichi", "大輔/Daisuke", "翔太/Shota", "隆/Takashi"),
        ("山田/Yamada", "佐藤/Sato", "高橋/Takahashi", "渡邊/Watanabe", "小林/Kobayashi"),
        family_first=True,
    ),
    "korean": _Names(
        ("지은/Jieun", "서연/Seoyeon", "민지/Minji", "하윤/Hayun"),
        ("민준/Minjun", "도윤/Doyun", "성호/Seongho", "지훈/Jihoon"),
        ("김/Kim", "이/Lee", "박/Park", "최/Choi", "정/Jeong"),
        family_first=True,
    ),
}

_SITES = (
    _Site(
        "Europe",
        "Bristol",
        "GB",
        ("14 Harbour Row", "3 Tyndall's Yard", "Unit 7, Brunel Park"),
        ("BS1 4ZZ", "BS1 5ZY"),
        "+44 117 496 0",
        ("english", "english", "indian", "greek", "polish"),
    ),
    _Site(
        "Europe",
        "Göttingen",
        "DE",
        ("Lindenstraße 12", "Am Mühlengraben 5a", "Prüfhof 1"),
        ("37073", "37085"),
        "+49 551 2312 5",
        ("german", "german", "polish", "ukrainian", "arabic"),
    ),
    _Site(
        "Europe",
        "Wrocław",
        "PL",
        ("ul. Świętej Jadwigi 8", "pl. Młyński 2/14"),
        ("50-001", "50-266"),
        "+48 71 000 0",
        ("polish", "polish", "ukrainian"),
    ),
    _Site(
        "Europe",
        "Malmö",
        "SE",
        ("Östra Kajen 21", "Fyrgränd 4"),
        ("211 20", "00211"),
        "+46 40 628 0",
        ("nordic", "nordic", "arabic", "german"),
    ),
    _Site(
        "Europe",
        "Θεσσαλονίκη",
        "GR",
        ("Οδός Ερμού 17", "Πλατεία Ναυαρίνου 3"),
        ("546 22", "546 24"),
        "+30 231 000 0",
        ("greek",),
    ),
    _Site(
        "Americas",
        "Seattle",
        "US",
        ("1201 Sounder Ave, Suite 400", "88 Ferry St", "5 Kettle Ct, Bldg. B"),
        ("98101", "98109"),
        "+1 206 555 0",
        ("american", "american", "american", "vietnamese", "korean"),
    ),
    _Site(
        "Americas",
        "Boston",
        "US",
        ("40 Lantern Way", "9 Cooper's Aly"),
        ("02110", "02139"),
        "+1 617 555 0",
        ("american", "english", "portuguese"),
    ),
    _Site(
        "Americas",
        "Montréal",
        "CA",
        ("7, rue de l'Écluse", "310, chemin du Vieux-Moulin"),
        ("H2Y 0A1", "H3C 0B2"),
        "+1 514 555 0",
        ("french", "french", "vietnamese", "arabic"),
    ),
    _Site(
        "Americas",
        "São Paulo",
        "BR",
        ("Rua das Acácias, 455", "Avenida Ipê-Roxo, 1020"),
        ("01000-000", "04500-001"),
        "+55 11 0000 0",
        ("portuguese", "portuguese", "japanese"),
    ),
    _Site(
        "Asia Pacific",
        "Bengaluru",
        "IN",
        ("12, 4th Cross, Lalbagh View", "Tower C, Granite Park"),
        ("560001", "560027"),
        "+91 80 0000 0",
        ("indian",),
    ),
    _Site(
        "Asia Pacific",
        "大阪市",
        "JP",
        ("北区天満橋1-2-3", "中央区本町4-5"),
        ("530-0001", "541-0053"),
        "+81 6 0000 0",
        ("japanese",),
    ),
    _Site(
        "Asia Pacific",
        "Suwon",
        "KR",
        ("45, Maehyang-ro", "8, Hwaseong-gil"),
        ("16489", "16512"),
        "+82 31 000 0",
        ("korean",),
    ),
    _Site(
        "Middle East & Africa",
        "Cairo",
        "EG",
        ("شارع النيل 9", "22 Garden Sq."),
        ("11511", "11519"),
        "+20 2 0000 0",
        ("arabic",),
    ),
)


if __name__ == "__main__":
    main()
