"""What HR systems call their columns, in the languages in which people export them.

The names of one kind stand in the order of preference: of two columns that could both be meant, the earlier one is.
They are compared by letters and digits alone: `Employee_ID`, `employeeId` and `EMPLOYEE ID` are one name.
"""

from __future__ import annotations

import re
from functools import cache

from shared.letters import bare

KEY, STATUS, FIRST_DAY, LAST_DAY, MANAGER = "key", "status", "first_day", "last_day", "manager"
PRIVATE = "private"
USER_NAME, MAIL, DISPLAY, GIVEN, FAMILY, PREFERRED = "userName", "mail", "displayName", "given", "family", "preferred"
MANAGER_MAIL, MANAGER_NAME = "manager by mail", "manager by name"

_WORDS = {
    KEY: """
        worker id|employee id|employee number|employee no|employee nr|employee #|employee code|empl id|emp id|emp no
        emp num|emp number|worker number|worker no|person number|personnel number|personnel no|personnel id|pers no
        person id external|person id|staff id|staff number|staff no|staff code|associate id|payroll number|payroll id
        file number|hr id|external id|clock number|badge number|xref code|employee|emplid|id
        Personalnummer|Personal-Nr|PersNr|Pers.-Nr.|Personalnr|Personal-ID|Mitarbeiternummer|Mitarbeiter-Nr
        MitarbeiterNr
        Mitarbeiter-ID|MA-Nr|Stammnummer|PNR
        matricule|numéro de matricule|n° matricule|no matricule|code salarié|numéro employé|numéro d'employé
        id employé
        numéro salarié|id salarié|identifiant salarié|identifiant employé|code employé
        número de empleado|num empleado|n.º empleado|nº empleado|id empleado|código empleado|código de empleado|legajo
        número de personal|clave empleado
        personeelsnummer|personeelsnr|medewerkernummer|medewerker nr|medewerker id|medewerkerid|werknemernummer
        werknemer id|pers. nr|stamnummer
        matricola|numero matricola|codice dipendente|id dipendente|numero dipendente|cod dipendente
        número de funcionário|id funcionário|código do funcionário|matrícula|número mecanográfico
        numer pracownika|nr pracownika|id pracownika|numer ewidencyjny|nr ewidencyjny
        anställningsnummer|anst nr|medarbejdernummer|lønnummer|ansattnummer|ansattnr|henkilönumero|osobní číslo
    """,
    STATUS: """
        worker status|employee status|employment status|status|emp status|empl status|hr status|active|is active|state
        account status|work status|job status|employee status code|employment state|lifecycle status|role state
        position status|assignment status|active status|enabled|account enabled|terminated|inactive
        Beschäftigungsstatus|Mitarbeiterstatus|Anstellungsstatus|Personalstatus|aktiv|Aktiv ja/nein
        Beschäftigungsverhältnis
        statut|statut employé|statut salarié|état|actif|situation|statut du contrat
        estado|estado empleado|estado del empleado|situación|activo|estatus
        status medewerker|dienststatus|actief|medewerkerstatus
        stato|stato dipendente|attivo|in forza
        situação|estado do funcionário|ativo|aktywny|stan zatrudnienia|aktiv status|anställningsstatus
    """,
    FIRST_DAY: """
        hire date|start date|last hire date|latest hire date|employment start date|employment start|date of hire
        hire dt|date hired|hire|hired|hired on|start|contract start date|joining date|date of joining|begin date
        original hire date
        Eintritt|Eintrittsdatum|Eintritt am|Beginn|Beschäftigungsbeginn|Vertragsbeginn|Anstellungsdatum
        Einstellungsdatum
        date d'entrée|date embauche|date d'embauche|date d'arrivée|date de début|entrée|date début contrat
        fecha de alta|fecha alta|fecha de ingreso|fecha ingreso|fecha de contratación|fecha contratación|fecha inicio
        datum in dienst|in dienst|indiensttreding|datum indiensttreding|startdatum|begindatum
        data di assunzione|data assunzione|data inizio|data inizio rapporto
        data de admissão|data admissão|data de contratação|data zatrudnienia|anställningsdatum|ansættelsesdato
        ansatt dato
    """,
    LAST_DAY: """
        termination date|end date|last day of work|last working day|last day|last worked|last day worked|term date|end
        last day at work|effective termination date|leaving date|employment end date
        employment end|date of termination|termination dt|contract end date|exit date|date terminated|leave date
        actual termination date|separation date
        Austritt|Austrittsdatum|Austritt am|Ende|Beschäftigungsende|Vertragsende|letzter Arbeitstag
        date de sortie|date de départ|date départ|date de fin|sortie|date fin contrat|dernier jour
        fecha de baja|fecha baja|fecha de salida|fecha de cese|fecha fin
        datum uit dienst|uit dienst|uitdiensttreding|datum uitdiensttreding|einddatum
        data di cessazione|data cessazione|data fine|data fine rapporto
        data de demissão|data de desligamento|data de saída|data zwolnienia|slutdatum|fratrædelsesdato
    """,
    USER_NAME: """
        user principal name|upn|user name|username|login|login name|login id|user id|user|sam account name
        account name
        network id|ad user|ad account|logon name|logon
        Benutzername|Benutzer|Anmeldename|Benutzerkennung|Kennung|Kürzel
        nom d'utilisateur|identifiant|identifiant de connexion|nom utilisateur
        nombre de usuario|usuario|gebruikersnaam|nome utente|utente|nome de usuário|nome de utilizador
        nazwa użytkownika|användarnamn|brugernavn|brukernavn
    """,
    MAIL: """
        work email|work e-mail|work mail|business email|business email address|company email|corporate email
        email work
        primary work email|office email|email|e-mail|mail|email address|e-mail address|mail address|email addr
        email id
        email uri|email information email address|work email address
        E-Mail-Adresse|Emailadresse|dienstliche E-Mail|E-Mail geschäftlich|E-Mail dienstlich|Firmen-E-Mail
        adresse e-mail|adresse mail|courriel|courriel professionnel|email professionnel|mail professionnel|mél
        correo|correo electrónico|correo corporativo|email corporativo|e-mailadres|zakelijk e-mailadres|werk e-mail
        posta elettronica|email aziendale|indirizzo email|correio eletrónico|e-mail corporativo|adres e-mail|e-post
    """,
    DISPLAY: """
        display name|full name|fullname|employee name|worker name|name|preferred full name|complete name|worker
        payroll name
        Anzeigename|vollständiger Name|Mitarbeiter|Mitarbeitername|Vor- und Nachname
        nom complet|nom et prénom|nombre completo|nombre y apellidos|apellidos y nombre|volledige naam|naam
        nome completo|cognome e nome|nominativo|pełna nazwa|fullständigt namn|fulde navn
    """,
    GIVEN: """
        first name|given name|legal first name|forename|firstname|given names|fname|first
        Vorname|Rufname|prénom|prénom usuel|nombre|nombres|primer nombre|voornaam|roepnaam|nome|primeiro nome|imię
        förnamn
        fornavn|etunimi|jméno
    """,
    FAMILY: """
        last name|family name|surname|legal last name|lastname|lname|last|family name 1
        Nachname|Familienname|Zuname|nom|nom de famille|nom d'usage|apellido|apellidos|primer apellido|achternaam
        cognome
        sobrenome|apelido|último nome|nazwisko|efternamn|efternavn|etternavn|sukunimi|příjmení
    """,
    PREFERRED: """
        preferred first name|preferred name|preferred given name|known as|pref first name|nickname|chosen name
        preferred or chosen first name|goes by
    """,
    "name.middleName": """
        middle name|middle initial|mi|middle names|zweiter Vorname|deuxième prénom|segundo nombre|tussenvoegsel
    """,
    "name.honorificPrefix": "prefix|honorific prefix|salutation|Anrede|civilité|tratamiento|aanhef|titel voor|titolo",
    "name.honorificSuffix": "suffix|honorific suffix|name suffix",
    "title": """
        job title|business title|title|position title|position|job name|job|job description|working title
        Stellenbezeichnung|Position|Funktion|Berufsbezeichnung|Jobtitel|Tätigkeit|Stelle
        poste|intitulé du poste|intitulé de poste|fonction|emploi|puesto|cargo|puesto de trabajo|función
        functie|functietitel|functienaam|mansione|posizione|qualifica|função|stanowisko|befattning|stilling
    """,
    "userType": """
        worker type|employee type|emp type|employment type|contract type|person type|worker category|per org
        employee class
        Mitarbeitertyp|Beschäftigungsart|Vertragsart|Mitarbeiterart|Mitarbeitergruppe|type de contrat|type d'employé
        tipo de contrato|tipo de empleado|type contract|soort dienstverband|contractsoort|tipo contratto|tipologia
    """,
    "department": """
        department|dept|department name|dept name|dept descr|org unit|organizational unit|organisation unit|team
        home department description|Abteilung|Abteilungsname|Organisationseinheit|Bereich|département|service
        direction
        departamento|área|afdeling|reparto|dipartimento|ufficio|setor|dział|avdelning|afdelingsnavn
    """,
    "division": """
        division|business unit|division name|Sparte|Geschäftsbereich|Geschäftseinheit|unité|división|unidad de negocio
        divisie|divisione|divisão
    """,
    "costCenter": """
        cost center|cost centre|cost center code|cost center name|Kostenstelle|KST|centre de coût|centre de coûts
        centro de coste|centro de costo|centro de costos|kostenplaats|centro di costo|centro de custo
    """,
    "organization": """
        company|company name|organization|organisation|legal entity|employer|entity|company code|subcompany
        Firma|Gesellschaft|Unternehmen|Buchungskreis|Arbeitgeber|société|entreprise|entité|empresa|sociedad|compañía
        bedrijf|werkgever|azienda|società|spółka|företag|virksomhed
    """,
    MANAGER: """
        manager id|manager employee id|manager worker id|manager number|manager employee number|manager|supervisor id
        supervisor employee number|supervisor eid|supervisor number|supervisor|reports to|reports to id
        line manager id
        line manager|manager emp id|reports to employee id|manager person number|manager person id|boss id|boss
        Vorgesetzter|Vorgesetzte|Vorgesetzten-Nr|Vorgesetzter ID|Vorgesetzter Personalnummer|Vorgesetztennummer
        Führungskraft|Personalnummer Vorgesetzter|Personalnummer Führungskraft|Manager-Nr
        disziplinarischer Vorgesetzter
        responsable|matricule responsable|matricule manager|n+1|supérieur|supérieur hiérarchique|matricule n+1
        id responsable|jefe|supervisor directo|id jefe|leidinggevende|personeelsnummer leidinggevende|manager nummer
        responsabile|matricola responsabile|superiore|gestor|supervisore|przełożony|chef|nærmeste leder|leder
    """,
    MANAGER_MAIL: "manager email|manager e-mail|manager mail|supervisor email|reports to email|manager work email",
    MANAGER_NAME: """
        manager name|supervisor name|reports to name|manager full name|reports to legal name|Name Vorgesetzter
        nom du responsable|nom du manager|nombre del jefe|naam leidinggevende|nome responsabile
    """,
    "streetAddress": """
        street address|street|address|address 1|addr 1|address line 1|work street|street adress|office address
        Straße|Strasse|Strasse und Hausnummer|Anschrift|Adresse|rue|dirección|calle|straat|adres|indirizzo|via|morada
    """,
    "locality": """
        city|work city|town|locality|office city|location city|Ort|Stadt|Arbeitsort|ville|ciudad|localidad|población
        stad|plaats|woonplaats|città|comune|cidade|miasto|stad ort
    """,
    "region": "state|region|province|state province|county|Bundesland|Kanton|région|provincia|provincie|regione",
    "postalCode": """
        zip|zip code|postal code|postcode|post code|PLZ|Postleitzahl|code postal|código postal|cap|postnummer
    """,
    "country": """
        country|country code|work country|location country|country iso|Land|Länderkennzeichen|Ländercode
        Länderschlüssel
        pays|code pays|país|código país|landcode|paese|nazione|kraj
    """,
    "phone": """
        work phone|office phone|business phone|biz phone|phone|telephone|phone number|work telephone|telephone number
        work phone number|direct line|Telefon|Telefonnummer|Telefon geschäftlich|Tel|Durchwahl
        dienstliche Telefonnummer
        téléphone|téléphone professionnel|numéro de téléphone|teléfono|teléfono trabajo|telefoon|telefoonnummer
        telefono
    """,
    "preferredLanguage": "preferred language|language|default locale|locale|Sprache|langue|idioma|taal|lingua|språk",
    "timezone": """
        timezone|time zone|zone|work zone|time zone id|Zeitzone|fuseau horaire|zona horaria|tijdzone|fuso orario
    """,
    PRIVATE: """
        salary|base salary|pay rate|pay|wage|bonus|compensation|iban|bic|bank account|account number|ssn
        social security
        social security number|national id|tax id|passport|birth date|date of birth|dob|birthday|gender|sex|religion
        marital status|nationality|ethnicity|race|disability|password|pin|home phone|mobile|private email|home email
        personal email|home address|private phone|gender pronoun|age
        Gehalt|Lohn|Bankverbindung|Sozialversicherungsnummer|SV-Nummer|Steuer-ID|Steuernummer|Geburtsdatum|GebDat|Geb.-Datum|Geburtstag|Geschlecht
        Konfession|Familienstand|Staatsangehörigkeit|Passwort|private E-Mail|Geburtsort
        salaire|numéro de sécurité sociale|NIR|date de naissance|sexe|nationalité|mot de passe|salario|sueldo|NIF|DNI
        fecha de nacimiento|sexo|contraseña|salaris|BSN|geboortedatum|geslacht|wachtwoord|stipendio|codice fiscale
        data di nascita|sesso|PESEL|data urodzenia|personnummer|fødselsdato
    """,
}
_SIGNS = re.compile(r"[^a-z0-9#+]+")
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "\u0131": "i"})


def fold(name: str) -> str:
    """A name as it is compared: small letters without accents, and digits."""
    return _SIGNS.sub("", bare(name.casefold().translate(_LETTERS)))


@cache
def names() -> dict[str, tuple[str, ...]]:
    """The names of each kind of column as they are compared, the preferred ones first."""
    return {kind: tuple(dict.fromkeys(fold(word) for word in _split(text))) for kind, text in _WORDS.items()}


@cache
def all_names() -> frozenset[str]:
    """Every name as it is compared."""
    return frozenset(name for known in names().values() for name in known)


@cache
def as_written() -> tuple[str, ...]:
    """Every name in the ways in which headers write it, to find the header of a file by."""
    written: dict[str, None] = {}
    for text in _WORDS.values():
        for word in _split(text):
            for spelt in (word, bare(word)):
                parts = re.split(r"[ _-]+", spelt)
                written |= dict.fromkeys((spelt, *(mark.join(parts) for mark in ("", " ", "_", "-"))))
    return tuple(written)


def _split(text: str) -> list[str]:
    return [word.strip() for line in text.split("\n") for word in line.split("|") if word.strip()]
